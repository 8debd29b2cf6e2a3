#include "subject/registry.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "store/attached.h"
#include "subject/own_tables.h"
#include "subject/plain_keys.h"
#include "subject/planted.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

absl::StatusOr<std::unique_ptr<Store>> OpenSqlite(const std::string& path,
                                                  const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SqliteSubject>(std::move(saver));
}

class Undefended : public SqliteSubject {
 public:
  using SqliteSubject::SqliteSubject;
  absl::Status Vacuum() override {
    if (in_transaction()) return SqliteSubject::Vacuum();  // refuses
    return saver::SqliteStatus(
        sqlite3_exec(saver().connection(), "VACUUM", nullptr, nullptr, nullptr),
        saver().connection(), "VACUUM");
  }
};

absl::StatusOr<std::unique_ptr<Store>> OpenUndefended(const std::string& path,
                                                      const Profile& profile) {
  saver::Options options = OptionsFor(profile);
  options.avoid_sqlite_bugs = false;
  ASSIGN_OR_RETURN(auto saver, saver::SqliteSaver::Open(path, options));
  return std::make_unique<Undefended>(std::move(saver));
}

// What another program does to the same file: its checkpoints, after commits
// too, are SQLite's own, and so is its cache. The journal mode is the file's,
// and `synchronous` is what the plan promises of every commit.
absl::StatusOr<std::unique_ptr<Store>> OpenStranger(const std::string& path,
                                                    const Profile& profile) {
  Profile stock = profile;
  stock.cache_size = 0;
  return OpenUndefended(path, stock);
}

SaverEntry Sqlite() {
  return {"sqlite", "SqliteSaver with its defaults", std::nullopt, OpenSqlite,
          ReadStateBySql};
}

SaverEntry SqliteUndefended() {
  SaverEntry entry = {"sqlite-undefended",
                      "SqliteSaver without its defences against bugs of SQLite "
                      "(docs/findings.md)",
                      std::nullopt, OpenUndefended, ReadStateBySql};
  entry.defences = Defences::kBuiltIn;
  return entry;
}

SaverEntry SqliteStranger() {
  SaverEntry entry = Sqlite();
  entry.name = "sqlite-stranger";
  entry.description =
      "sqlite, and all clients but the first are strangers: stock settings, no "
      "defences (docs/saver.md)";
  entry.needs_clients = 2;
  entry.open_for_others = OpenStranger;
  entry.defences_of_others = Defences::kBuiltIn;
  return entry;
}

// A planted saver whose bug shows in these classes as well, now and then.
SaverEntry AlsoShowing(SaverEntry entry, std::vector<ViolationClass> classes) {
  entry.also_planted = std::move(classes);
  return entry;
}

std::vector<SaverEntry> PlantedSavers() {
  using enum ViolationClass;
  return {
      PlantedAckBeforeCommit(),
      PlantedTwoTransactions(),
      PlantedBlobInFile(),
      PlantedJournalOff(),
      PlantedCommitInErrorPath(),
      AlsoShowing(PlantedWriteInRecovery(), {kPhantomCommit}),
      PlantedRecoveryInTwoTransactions(),
      PlantedCreationInTwoTransactions(),
      AlsoShowing(PlantedCreationBeforeSettings(), {kDamaged}),
      PlantedDeleteInTwoTransactions(),
      PlantedCopyInTwoTransactions(),
      PlantedChunksOneByOne(),
      AlsoShowing(PlantedWalThrownAway(),
                  {kDamaged, kLostCommit, kNotACut, kOpenFailed}),
      AlsoShowing(PlantedLogNumbersReused(), {kNotACut}),
      AlsoShowing(PlantedCounterWrittenAtClose(), {kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedOverwritesFirstWrite(), {kWrongRead}),
      AlsoShowing(PlantedBlobAsText(), {kWrongRead}),
      AlsoShowing(PlantedFirstDigestKept(), {kDamaged, kWrongRead}),
      PlantedSwallowedError(),
      AlsoShowing(PlantedNoTombstone(), {kNotACut, kWrongRead}),
      PlantedTaskVersionOutside(),
      AlsoShowing(PlantedRemovedFilesUnnoticed(), {kWrongAnswer}),
      AlsoShowing(PlantedWalSyncDropped(), {kDamaged, kNotACut}),
      AlsoShowing(PlantedDatabaseSyncDropped(), {kLostCommit, kNotACut}),
      AlsoShowing(PlantedDirectorySyncDropped(),
                  {kDamaged, kNotACut, kPhantomCommit}),
      AlsoShowing(PlantedNormalOnly(), {kDamaged}),
      AlsoShowing(PlantedBulkUnsynced(), {kDamaged, kNotACut, kPhantomCommit}),
      AlsoShowing(PlantedCheckpointUnsynced(), {kLostCommit, kNotACut}),
      AlsoShowing(PlantedCloseUnsynced(), {kDamaged, kNotACut}),
      PlantedWalRewritten(),
      PlantedCheckpointDoesNothing(),
      PlantedVacuumDoesNothing(),
      PlantedModeChangeDoesNothing(),
      PlantedBackupWithoutWal(),
      PlantedMigrationInTwoCommits(),
      AlsoShowing(PlantedMigrationLosesRows(), {kUnstableRecovery, kWrongRead}),
      AlsoShowing(PlantedFailedCommitIgnored(), {kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedFailedCommitRepeated(), {kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedFullDiskIgnored(), {kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedHalfWithoutMemory(), {kWrongAnswer, kWrongRead}),
      PlantedAcknowledgedInAnyCase(),
      AlsoShowing(PlantedDoubtDenied(), {kNotACut}),
      PlantedDoubtEverywhere(),
      AlsoShowing(PlantedInterruptedForEver(), {kWrongRead}),
      PlantedAbortedForEver(),
      AlsoShowing(PlantedIoErrorAsNotFound(), {kWrongRead}),
      AlsoShowing(PlantedIoErrorAsBusy(), {kWrongRead}),
      PlantedFlagOfItsOwn(),
      PlantedOpenAfterError(),
      PlantedWalLeftByClose(),
      AlsoShowing(PlantedCommitAtClose(), {kUnstableRecovery}),
      PlantedRecoveryRefused(),
      AlsoShowing(PlantedReadOnlyAfterCrash(), {kWrongAnswer}),
      AlsoShowing(PlantedCounterReadBeforeLock(), {kWrongAnswer, kWrongRead}),
      PlantedTaskCheckBeforeLock(),
      AlsoShowing(PlantedBusyCheckpointIgnored(),
                  {kLostCommit, kOpenFailed, kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedReaderNeverReset(), {kWrongAnswer}),
      AlsoShowing(PlantedBareModeChange(),
                  {kDamaged, kWrongAnswer, kWrongRead}),
      PlantedReadAsAWriter(),
      PlantedWriteLockKept(),
      PlantedBusyWithoutATry(),
      PlantedAllTakenForChanged(),
      PlantedBackupInTwoReads(),
      AlsoShowing(PlantedNormalForOthers(), {kDamaged}),
      PlantedOthersIgnoreFailedCommit(),
      AlsoShowing(PlantedIndexLocksShared(),
                  {kDamaged, kUnstableRecovery, kWrongAnswer, kWrongRead}),
      AlsoShowing(PlantedLocksLostByClose(),
                  {kDamaged, kOpenFailed, kWrongAnswer, kWrongRead}),
      PlantedKeysLostUpdate(),
      PlantedKeysTornTransaction(),
      PlantedKeysAckBeforeCommit(),
      PlantedKeysDeletedComesBack(),
  };
}

std::vector<SaverEntry> AllSavers() {
  std::vector<SaverEntry> savers = {Sqlite(), SqliteUndefended(),
                                    SqliteStranger()};
  for (SaverEntry (*const make)() : kOwnTables) savers.push_back(make());
  for (SaverEntry& planted : PlantedSavers()) {
    savers.push_back(std::move(planted));
  }
  return savers;
}

std::vector<SaverEntry>& Known() {
  static std::vector<SaverEntry> known = AllSavers();
  return known;
}

absl::Status CheckSteps(const Plan& plan, const SaverEntry& entry) {
  if (entry.lacks.empty() && entry.lacks_operations.empty()) {
    return absl::OkStatus();
  }
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) {
      const bool is_there =
          !entry.Lacks(step.kind) &&
          std::count(entry.lacks_operations.begin(),
                     entry.lacks_operations.end(), step.operation.spec) == 0;
      if (is_there) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("the saver ", std::string(entry.name), " has no step ",
                       std::string(NameOf(step))));
    }
  }
  return absl::OkStatus();
}

// What an error or the death of one client leaves of a commit that is one in
// each database is not judged, and no reader has a snapshot over all of them.
absl::Status CheckAttached(const Plan& plan, const SaverEntry& entry) {
  if (entry.attached.empty() || IsAtomicOverAttached(plan.profile)) {
    return absl::OkStatus();
  }
  const bool has_error = std::any_of(
      plan.rounds.begin(), plan.rounds.end(), [](const Round& round) {
        return std::any_of(
            round.steps.begin(), round.steps.end(),
            [](const Step& step) { return step.error.has_value(); });
      });
  if (Clients(plan) == 1 && !has_error) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      plan.saver,
      " attaches databases: without a super-journal (journal_mode WAL, or "
      "synchronous OFF) its plans have one client and no errors"));
}

}  // namespace

std::span<const SaverEntry> Savers() { return Known(); }

void RegisterSaver(SaverEntry entry) { Known().push_back(std::move(entry)); }

std::string OptionsOfRegistered() {
  std::string options;
  for (const SaverEntry& entry : Savers()) {
    if (entry.option.empty()) continue;
    absl::StrAppend(&options, options.empty() ? "" : " ", entry.option);
  }
  return options;
}

std::vector<std::string> SaverNames() {
  std::vector<std::string> names;
  for (const SaverEntry& entry : Savers()) names.emplace_back(entry.name);
  return names;
}

const SaverEntry* FindSaver(std::string_view name) {
  for (const SaverEntry& entry : Savers()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

absl::StatusOr<const SaverEntry*> SaverOf(const Plan& plan) {
  const SaverEntry* const entry = FindSaver(plan.saver);
  if (entry == nullptr) {
    return absl::NotFoundError(absl::StrCat(
        "there is no saver named \"", absl::CHexEscape(plan.saver), "\""));
  }
  if (entry->is_driven != (plan.engine == Engine::kRecord)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the saver ", plan.saver, " is ", entry->is_driven ? "" : "not ",
        "driven from outside, and the plan is for the engine ",
        std::string(Name(plan.engine))));
  }
  if (entry->is_driven && Clients(plan) > entry->clients) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the plan has ", Clients(plan), " clients, and of ", plan.saver, " ",
        entry->clients, " may have a store open at once"));
  }
  RETURN_IF_ERROR(CheckAttached(plan, *entry));
  if (entry->dialect == plan.dialect) {
    RETURN_IF_ERROR(CheckSteps(plan, *entry));
    return entry;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the plan is of the dialect ",
                   std::string(plan.dialect->name), ", and the saver ",
                   plan.saver, " of ", std::string(entry->dialect->name)));
}

}  // namespace lastcommit
