#include "model/contract.h"

#include <algorithm>
#include <array>

#include "names/names.h"

namespace lastcommit {
namespace {

// A killed process leaves its writes with the operating system, so that
// `synchronous` does not matter:
// https://sqlite.org/pragma.html#pragma_synchronous
// ("commits are still durable across an application crash", said of OFF).
constexpr std::string_view kRollbackJournal =
    "https://sqlite.org/atomiccommit.html sections 3.11, 4.2: a transaction "
    "commits when its rollback journal stops being hot";
constexpr std::string_view kWriteAheadLog =
    "https://sqlite.org/walformat.html section 4.4: a transaction is in when "
    "its commit frame is valid";
constexpr std::string_view kNoJournal =
    "https://sqlite.org/pragma.html#pragma_journal_mode: MEMORY and OFF, \"the "
    "database file will very likely go corrupt\" when the program crashes in "
    "the middle of a transaction";
constexpr std::string_view kNoFault =
    "https://sqlite.org/transactional.html: without a crash every commit that "
    "was acknowledged is there, and nothing else";

constexpr std::string_view kAttached =
    "https://sqlite.org/lang_attach.html: with journal_mode WAL transactions "
    "\"continue to be atomic within each individual database file\", but after "
    "a crash \"in the middle of a COMMIT where two or more database files are "
    "updated, some of those files might get the changes where others might "
    "not\"; with synchronous=OFF vdbeCommit() makes no super-journal either";

constexpr std::string_view kFileRemoved =
    "https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_"
    "file_while_in_use; https://sqlite.org/wal.html#the_wal_file: without its "
    "WAL a database may lose what was committed, or be corrupted";

constexpr std::array<ContractRow, 6> kKill = {{
    {saver::JournalMode::kDelete, false, kRollbackJournal},
    {saver::JournalMode::kTruncate, false, kRollbackJournal},
    {saver::JournalMode::kPersist, false, kRollbackJournal},
    {saver::JournalMode::kWal, false, kWriteAheadLog},
    {saver::JournalMode::kMemory, true, kNoJournal},
    {saver::JournalMode::kOff, true, kNoJournal},
}};

// Power loss. Names of functions are those of pager.c and wal.c.
constexpr std::string_view kSyncOff =
    "https://sqlite.org/pragma.html#pragma_synchronous: with OFF \"the "
    "database "
    "might become corrupted if the operating system crashes or the computer "
    "loses power\"";
// The journal's header says how many pages follow and is written after them,
// with one sync for both; and nothing syncs the directory after the deletion.
constexpr std::string_view kDeleteNormal =
    "https://sqlite.org/pragma.html#pragma_synchronous: with NORMAL \"there is "
    "a very small (though non-zero) chance that a power failure at just the "
    "wrong time could corrupt the database in journal_mode=DELETE\"; "
    "https://sqlite.org/howtocorrupt.html#_disk_drives_that_do_not_honor_sync_"
    "requests for reordered writes";
constexpr std::string_view kDeleteFull =
    "https://sqlite.org/pragma.html#pragma_synchronous: EXTRA is like FULL, "
    "and syncs the directory after the journal was unlinked, without which a "
    "commit \"might roll back following a power loss\"; pager_end_transaction "
    "deletes it without a sync, and the next journal's first sync covers that";
constexpr std::string_view kDeleteExtra =
    "https://sqlite.org/pragma.html#pragma_synchronous: EXTRA syncs the "
    "directory that contains the rollback journal after it is unlinked";
constexpr std::string_view kTruncateNormal =
    "https://sqlite.org/pragma.html#pragma_synchronous on NORMAL; "
    "pager_end_transaction syncs the truncated journal only if fullSync";
constexpr std::string_view kTruncateFull =
    "https://sqlite.org/pragma.html#pragma_synchronous on FULL; "
    "pager_end_transaction syncs the truncated journal since 3.8.7.1";
constexpr std::string_view kPersistNormal =
    "https://sqlite.org/pragma.html#pragma_synchronous on NORMAL; "
    "zeroJournalHdr syncs the journal whose header it has zeroed";
constexpr std::string_view kPersistFull =
    "https://sqlite.org/pragma.html#pragma_synchronous on FULL; "
    "zeroJournalHdr syncs the journal whose header it has zeroed";
constexpr std::string_view kWalNormal =
    "https://sqlite.org/wal.html#performance_considerations and "
    "https://sqlite.org/pragma.html#pragma_synchronous: WAL mode \"is always "
    "consistent with synchronous=NORMAL\", but commits may roll back until a "
    "checkpoint syncs the WAL; frames are padded to sectors at FULL only";
constexpr std::string_view kWalFull =
    "https://sqlite.org/pragma.html#pragma_synchronous: with FULL the WAL is "
    "synced after each transaction commit";

constexpr PowerLossRow Anything(saver::JournalMode mode) {
  return {mode,    saver::Synchronous::kOff, LowerBound::kNone, false, false,
          kSyncOff};
}
constexpr PowerLossRow WithoutJournal(saver::JournalMode mode,
                                      saver::Synchronous level) {
  return {mode, level, LowerBound::kNothingPending, false, false, kNoJournal};
}

constexpr std::array<PowerLossRow, 24> kPowerLoss = {{
    Anything(saver::JournalMode::kDelete),
    {saver::JournalMode::kDelete, saver::Synchronous::kNormal,
     LowerBound::kUnlessDirectorySynced, true, false, kDeleteNormal},
    {saver::JournalMode::kDelete, saver::Synchronous::kFull,
     LowerBound::kUnlessDirectorySynced, false, false, kDeleteFull},
    {saver::JournalMode::kDelete, saver::Synchronous::kExtra,
     LowerBound::kAcknowledged, false, false, kDeleteExtra},
    Anything(saver::JournalMode::kTruncate),
    {saver::JournalMode::kTruncate, saver::Synchronous::kNormal,
     LowerBound::kOneMayBeMissing, true, false, kTruncateNormal},
    {saver::JournalMode::kTruncate, saver::Synchronous::kFull,
     LowerBound::kAcknowledged, false, false, kTruncateFull},
    {saver::JournalMode::kTruncate, saver::Synchronous::kExtra,
     LowerBound::kAcknowledged, false, false, kTruncateFull},
    Anything(saver::JournalMode::kPersist),
    {saver::JournalMode::kPersist, saver::Synchronous::kNormal,
     LowerBound::kAcknowledged, true, false, kPersistNormal},
    {saver::JournalMode::kPersist, saver::Synchronous::kFull,
     LowerBound::kAcknowledged, false, false, kPersistFull},
    {saver::JournalMode::kPersist, saver::Synchronous::kExtra,
     LowerBound::kAcknowledged, false, false, kPersistFull},
    Anything(saver::JournalMode::kMemory),
    WithoutJournal(saver::JournalMode::kMemory, saver::Synchronous::kNormal),
    WithoutJournal(saver::JournalMode::kMemory, saver::Synchronous::kFull),
    WithoutJournal(saver::JournalMode::kMemory, saver::Synchronous::kExtra),
    Anything(saver::JournalMode::kWal),
    {saver::JournalMode::kWal, saver::Synchronous::kNormal,
     LowerBound::kWalSynced, false, true, kWalNormal},
    {saver::JournalMode::kWal, saver::Synchronous::kFull,
     LowerBound::kAcknowledged, false, false, kWalFull},
    {saver::JournalMode::kWal, saver::Synchronous::kExtra,
     LowerBound::kAcknowledged, false, false, kWalFull},
    Anything(saver::JournalMode::kOff),
    WithoutJournal(saver::JournalMode::kOff, saver::Synchronous::kNormal),
    WithoutJournal(saver::JournalMode::kOff, saver::Synchronous::kFull),
    WithoutJournal(saver::JournalMode::kOff, saver::Synchronous::kExtra),
}};

std::int64_t LowestAfterPowerLoss(LowerBound bound, saver::Synchronous promised,
                                  const CrashFacts& facts) {
  const std::int64_t n = facts.acknowledged;
  // The schema is made with a rollback journal whatever the journal mode will
  // be; until the directory is synced after its deletion it may come back. At
  // EXTRA that sync is a part of the commit (kDeleteExtra).
  const bool is_kept =
      facts.directory_synced >= 0 || (promised == saver::Synchronous::kExtra &&
                                      bound == LowerBound::kAcknowledged);
  const std::int64_t schema = is_kept ? 0 : -1;
  if (n <= 0) return std::min(n, schema);
  switch (bound) {
    case LowerBound::kAcknowledged:
    case LowerBound::kNothingPending:
    case LowerBound::kNone:
      return n;
    case LowerBound::kOneMayBeMissing:
      return n - 1;
    case LowerBound::kUnlessDirectorySynced:
      return std::max(n - 1, facts.directory_synced);
    case LowerBound::kWalSynced:
      return std::max(schema, facts.wal_synced);
  }
  return n;
}

LegalCuts AfterPowerLoss(const Profile& promised, const CrashFacts& facts) {
  const PowerLossRow& row = PowerLossRowFor(promised);
  LegalCuts cuts;
  cuts.source = row.source;
  cuts.lowest = LowestAfterPowerLoss(row.lower, promised.synchronous, facts);
  cuts.highest = facts.acknowledged + facts.unacknowledged + facts.candidates;
  cuts.anything =
      row.lower == LowerBound::kNone ||
      (row.needs_order && !facts.is_in_order_per_file) ||
      (row.needs_powersafe_overwrite && !promised.powersafe_overwrite) ||
      (row.lower == LowerBound::kNothingPending &&
       facts.database_written_since_commit);
  return cuts;
}

LegalCuts AfterKillOrClose(const Profile& promised, const CrashFacts& facts) {
  LegalCuts cuts;
  cuts.lowest = facts.acknowledged;
  cuts.highest = facts.acknowledged;
  if (facts.fault == Fault::kNone) {
    cuts.source = kNoFault;
    return cuts;
  }
  for (const ContractRow& row : kKill) {
    if (row.journal_mode != promised.journal_mode) continue;
    cuts.source = row.source;
    if (row.needs_journal_on_disk) {
      // Without a write to the file the transaction left no trace.
      cuts.anything = facts.database_written_since_commit;
    } else {
      cuts.highest = facts.acknowledged + facts.candidates;
    }
  }
  return cuts;
}

}  // namespace

std::string_view Name(Fault fault) {
  constexpr Names<Fault, Fault::kPowerLoss> kNames("none", "kill",
                                                   "power_loss");
  return kNames.Of(fault);
}

std::string_view Name(LowerBound bound) {
  constexpr Names<LowerBound, LowerBound::kNothingPending> kNames(
      "none", "acknowledged", "one_may_be_missing", "unless_directory_synced",
      "wal_synced", "nothing_pending");
  return kNames.Of(bound);
}

std::span<const ContractRow> KillContract() { return kKill; }
std::span<const PowerLossRow> PowerLossContract() { return kPowerLoss; }

const PowerLossRow& PowerLossRowFor(const Profile& promised) {
  const auto found =
      std::find_if(kPowerLoss.begin(), kPowerLoss.end(),
                   [&promised](const PowerLossRow& row) {
                     return row.journal_mode == promised.journal_mode &&
                            row.synchronous == promised.synchronous;
                   });
  return *found;
}

LegalCuts ContractFor(const Profile& promised, const CrashFacts& facts) {
  if (facts.fault == Fault::kPowerLoss) return AfterPowerLoss(promised, facts);
  LegalCuts cuts = AfterKillOrClose(promised, facts);
  if (!facts.kept.has_value()) return cuts;
  cuts.source = kFileRemoved;
  cuts.lowest = std::min(cuts.lowest, *facts.kept);
  cuts.anything |= facts.is_half_copied;
  return cuts;
}

std::vector<LegalCuts> AttachedContractFor(const Profile& promised,
                                           const CrashFacts& facts) {
  std::vector<LegalCuts> legal;
  if (IsAtomicOverAttached(promised)) return legal;
  for (int database = 1; database <= facts.attached; ++database) {
    CrashFacts of_it = facts;
    of_it.wal_synced = Of(database, facts.attached_wal_synced);
    legal.push_back(ContractFor(promised, of_it));
    if (facts.fault != Fault::kNone) legal.back().source = kAttached;
  }
  return legal;
}

}  // namespace lastcommit
