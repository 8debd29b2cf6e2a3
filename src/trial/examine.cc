#include "trial/examine.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "disk/confined_vfs.h"
#include "disk/page_digest.h"
#include "saver/sqlite_status.h"
#include "sql/tables.h"
#include "status/status.h"
#include "trial/driver.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

constexpr std::size_t kMostKnownPages = 1024;

std::string DatabaseIn(const std::string& directory) {
  return absl::StrCat(directory, "/", kDatabaseName);
}

absl::Status Pragma(sqlite3* connection, const char* sql,
                    int (*row)(void*, int, char**, char**), void* argument) {
  return saver::SqliteStatus(
      sqlite3_exec(connection, sql, row, argument, nullptr), connection, sql);
}

int AddIntegrityRow(void* lines, int count, char** values, char** /*names*/) {
  const std::string line = count > 0 && values[0] != nullptr ? values[0] : "";
  if (line != "ok") {
    static_cast<std::vector<std::string>*>(lines)->push_back(line);
  }
  return 0;
}

int AddForeignKeyRow(void* lines, int count, char** values, char** /*names*/) {
  std::string line;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&line, i > 0 ? "|" : "",
                    values[i] == nullptr ? "NULL" : values[i]);
  }
  static_cast<std::vector<std::string>*>(lines)->push_back(line);
  return 0;
}

absl::Status ReadRows(sqlite3* connection, const SaverEntry& entry,
                      const std::string& path, PlainRead& read) {
  RETURN_IF_ERROR(Pragma(connection, "PRAGMA integrity_check(10)",
                         AddIntegrityRow, &read.observation.integrity));
  if (entry.enforces_foreign_keys) {
    RETURN_IF_ERROR(Pragma(connection, "PRAGMA foreign_key_check",
                           AddForeignKeyRow, &read.observation.foreign_keys));
  }
  ASSIGN_OR_RETURN(read.observation.state, entry.read(connection, path));
  const State& state = read.observation.state;
  read.state_digest = Digest(state);
  read.rows_digest = sql::BrokenIn(state) == nullptr
                         ? read.state_digest
                         : Digest(sql::WithoutBroken(state));
  return absl::OkStatus();
}

absl::Status ReadAll(sqlite3* connection, const SaverEntry& entry,
                     const std::string& path, PlainRead& read) {
  RETURN_IF_ERROR(ReadRows(connection, entry, path, read));
  int log_frames = 0;
  int checkpointed = 0;
  sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            &log_frames, &checkpointed);
  read.wal_frames = log_frames > 0 ? log_frames : 0;
  return absl::OkStatus();
}

absl::Status ReadNew(sqlite3* connection, const SaverEntry& entry,
                     SimDisk& disk, const std::string& path, KnownPages& known,
                     PlainRead& read) {
  std::int64_t wal_frames = 0;
  const auto pages = DigestOfPages(connection, disk, path, wal_frames);
  if (!pages.has_value()) return ReadAll(connection, entry, path, read);
  const auto found = known.find(*pages);
  if (found != known.end()) {
    read = *found->second;
  } else {
    RETURN_IF_ERROR(ReadRows(connection, entry, path, read));
    if (known.size() < kMostKnownPages) {
      known.emplace(*pages, std::make_shared<const PlainRead>(read));
    }
  }
  read.wal_frames = wal_frames;
  return absl::OkStatus();
}

// `read_all` gets the connection.
template <typename ReadAll>
PlainRead ReadWith(const SaverEntry& entry, const std::string& path,
                   ReadAll read_all) {
  PlainRead read;
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const Connection connection(raw);
  read.observation.opened =
      saver::SqliteStatus(result, connection.get(), "opening the copy");
  if (result == SQLITE_OK && entry.attach != nullptr) {
    read.observation.opened = entry.attach(connection.get(), path);
  }
  if (read.observation.opened.ok()) {
    read.observation.opened = read_all(connection.get(), read);
  }
  return read;
}

Verdict UncleanClose(const Leftovers& left) {
  return Verdict::Violated(
      ViolationClass::kUncleanClose,
      left.hot_journal ? "a hot journal is left after a close"
                       : absl::StrCat("a WAL of ", left.wal_bytes,
                                      " bytes is left after the last close"));
}

// JudgeState(), but where nothing differs from the model and an invariant of
// the script is broken, that is what is violated.
Verdict JudgeRows(const State& expected, const State& found,
                  ViolationClass violation, const std::string& where) {
  Verdict verdict = JudgeState(expected, found, violation, where);
  if (!verdict.held() && sql::BrokenIn(found) != nullptr &&
      Digest(sql::WithoutBroken(found)) == Digest(expected)) {
    verdict.violation = ViolationClass::kBrokenInvariant;
  }
  return verdict;
}

// The database file alone, after a close, against the model.
absl::StatusOr<Verdict> JudgeDatabaseAlone(const ExamineTask& task,
                                           const ReferenceModel& model) {
  const Leftovers left = task.remains->FindLeftovers();
  if (left.hot_journal || left.wal_bytes > 0) return UncleanClose(left);
  ASSIGN_OR_RETURN(
      const std::shared_ptr<const PlainRead> read,
      task.remains->ReadCopy(*task.entry, CopyWhat::kDatabaseAlone));
  const Observation& observed = read->observation;
  if (absl::IsResourceExhausted(observed.opened)) return observed.opened;
  LegalCuts exact = task.legal;
  exact.lowest = exact.highest = model.state().cut;
  Verdict verdict = JudgeCut(observed, exact);
  if (!verdict.held()) return verdict;
  return JudgeRows(model.state(), observed.state, ViolationClass::kUncleanClose,
                   "the database file alone after a close");
}

// Carries one step out on the saver and the model; held if they agree. Nothing
// injects a full disk, so that one is the machine's and no verdict.
absl::StatusOr<Verdict> Probe(Driver& driver, ReferenceModel& model,
                              const Step& step, ViolationClass violation) {
  const Outcome expected = model.Apply(step);
  const Answer answer = driver.Run(step, [](std::int64_t) {});
  if (answer.outcome == expected) return Verdict::Held();
  if (IsOutOfResources(answer)) {
    return absl::ResourceExhaustedError(answer.message);
  }
  return Verdict::Violated(
      violation,
      absl::StrCat("after recovery, ", std::string(NameOf(step)), " answered ",
                   absl::StatusCodeToString(answer.outcome.code), " ",
                   answer.outcome.value, ", the model ",
                   absl::StatusCodeToString(expected.code), " ", expected.value,
                   answer.message.empty() ? "" : ": ",
                   absl::CHexEscape(answer.message)));
}

absl::StatusOr<Verdict> JudgeSaverRead(Driver& driver,
                                       const ReferenceModel& model,
                                       ViolationClass violation,
                                       const std::string& where) {
  const absl::StatusOr<State> state = driver.saver()->ReadState();
  if (absl::IsResourceExhausted(state.status())) return state.status();
  if (!state.ok()) {
    return Verdict::Violated(
        violation, absl::StrCat(where, ": reading failed: ",
                                absl::CHexEscape(state.status().message())));
  }
  return JudgeRows(model.state(), *state, violation, where);
}

Step Control(StepKind kind) {
  Step step;
  step.kind = kind;
  return step;
}

// In one transaction, if the store has those.
std::vector<Step> ProbeSteps(const SaverEntry& entry) {
  const bool has_transactions = !entry.Lacks(StepKind::kBegin);
  std::vector<Step> steps;
  if (has_transactions) steps.push_back(Control(StepKind::kBegin));
  for (const Operation& operation : entry.dialect->probe()) {
    steps.push_back(StepOf(operation));
  }
  if (has_transactions) steps.push_back(Control(StepKind::kCommit));
  return steps;
}

// After the last round: the saver itself recovers, reads, writes, closes and
// opens again.
absl::StatusOr<Verdict> JudgeThroughSaver(const ExamineTask& task,
                                          ReferenceModel model) {
  Driver driver(*task.entry, task.remains->database(), *task.profile);
  ASSIGN_OR_RETURN(Verdict verdict,
                   Probe(driver, model, Control(StepKind::kOpen),
                         ViolationClass::kUnstableRecovery));
  if (driver.saver() == nullptr)
    verdict.violation = ViolationClass::kOpenFailed;
  if (!verdict.held()) return verdict;
  ASSIGN_OR_RETURN(
      verdict, JudgeSaverRead(driver, model, ViolationClass::kUnstableRecovery,
                              "the saver after its recovery"));
  if (!verdict.held()) return verdict;
  for (const Step& step : ProbeSteps(*task.entry)) {
    ASSIGN_OR_RETURN(verdict,
                     Probe(driver, model, step, ViolationClass::kNotWritable));
    if (!verdict.held()) return verdict;
  }
  ASSIGN_OR_RETURN(verdict, Probe(driver, model, Control(StepKind::kClose),
                                  ViolationClass::kNotWritable));
  if (!verdict.held()) return verdict;
  ASSIGN_OR_RETURN(verdict, JudgeDatabaseAlone(task, model));
  if (!verdict.held()) return verdict;
  ASSIGN_OR_RETURN(verdict, Probe(driver, model, Control(StepKind::kOpen),
                                  ViolationClass::kNotWritable));
  if (!verdict.held()) return verdict;
  return JudgeSaverRead(driver, model, ViolationClass::kNotWritable,
                        "the saver after a new transaction and a reopen");
}

// What was read, or what the main database has of it.
bool IsAtItsCut(const ExamineTask& task, const PlainRead& read,
                const ReferenceModel& model) {
  const State& found = read.observation.state;
  if (found.cut > model.state().cut) return false;
  if (read.rows_digest == model.DigestOfCut(found.cut)) return true;
  if (task.attached_legal.empty()) return false;
  ReferenceModel at_its_cut = model;
  at_its_cut.RevertTo(found.cut);
  return RowDigestsOf(0, sql::WithoutBroken(found)) ==
         RowDigestsOf(0, at_its_cut.state());
}

// Which of the alternatives it is; -1 if it is the model, or none of them.
int Choose(const ExamineTask& task, const PlainRead& read, LegalCuts& legal) {
  const std::int64_t cut = read.observation.state.cut;
  const bool is_legal_cut = cut >= legal.lowest && cut <= legal.highest;
  if (task.alternatives == nullptr ||
      (is_legal_cut && IsAtItsCut(task, read, *task.model))) {
    return -1;
  }
  for (std::size_t i = 0; i < task.alternatives->size(); ++i) {
    const ReferenceModel& other = *(*task.alternatives)[i];
    if (cut < legal.lowest || !IsAtItsCut(task, read, other)) continue;
    legal.highest = std::max(legal.highest, other.state().cut);
    return static_cast<int>(i);
  }
  return -1;
}

const Alternatives& AlternativesOf(const ExamineTask& task) {
  static const Alternatives kNone;
  return task.alternatives == nullptr ? kNone : *task.alternatives;
}

// Where the attached databases are.
void PlaceAttached(const ExamineTask& task, const State& found,
                   Examination& examination) {
  if (task.attached_legal.empty() || found.cut < 0) return;
  const Worlds worlds = {*task.model, AlternativesOf(task)};
  FoundPlaces found_places =
      FindPlaces(sql::WithoutBroken(found), examination.alternative,
                 task.attached_legal, worlds);
  examination.verdict = std::move(found_places.verdict);
  examination.is_mixed = found_places.is_mixed;
  examination.attached = found_places.places;
}

// What the databases hold together; the model is where the main one is.
State Mixed(const ExamineTask& task, const ReferenceModel& main,
            const Examination& examination) {
  return WithAttached(
      main.state(),
      AttachedRows(task.attached_legal.size(), examination.attached,
                   {*task.model, AlternativesOf(task)}));
}

bool GoesThroughSaver(const ExamineTask& task, const Leftovers& left,
                      const PlainRead& read) {
  if (!task.through_saver || task.once == nullptr) return task.through_saver;
  return task.once
      ->insert({read.state_digest, left.hot_journal, left.wal_bytes > 0,
                read.wal_frames > 0})
      .second;
}

const ReferenceModel& ModelOf(const ExamineTask& task, int alternative) {
  return alternative < 0
             ? *task.model
             : *(*task.alternatives)[static_cast<std::size_t>(alternative)];
}

}  // namespace

PlainRead ReadByPlainSql(const SaverEntry& entry, const std::string& path) {
  return ReadWith(entry, path, [&](sqlite3* connection, PlainRead& read) {
    return ReadAll(connection, entry, path, read);
  });
}

PlainRead ReadByPlainSql(const SaverEntry& entry, SimDisk& disk,
                         const std::string& path, KnownPages& known) {
  return ReadWith(entry, path, [&](sqlite3* connection, PlainRead& read) {
    return ReadNew(connection, entry, disk, path, known, read);
  });
}

Leftovers RealRemains::FindLeftovers() {
  return lastcommit::FindLeftovers(directory_);
}

absl::StatusOr<std::shared_ptr<const PlainRead>> RealRemains::ReadCopy(
    const SaverEntry& entry, CopyWhat what) {
  RETURN_IF_ERROR(CopyDirectory(directory_, copy_directory_, what));
  // A journal names its super-journal with the whole path, which is not that of
  // the copy: without this, reading would change what is still to be read.
  RETURN_IF_ERROR(ConfineSqlite(copy_directory_));
  const std::string path = DatabaseIn(copy_directory_);
  const bool is_there = access(path.c_str(), F_OK) == 0;
  auto read = std::make_shared<const PlainRead>(
      is_there ? ReadByPlainSql(entry, path) : PlainRead());
  RETURN_IF_ERROR(ConfineSqlite(directory_));  // for the saver
  return read;
}

std::string RealRemains::database() { return DatabaseIn(directory_); }

absl::StatusOr<Examination> Examine(const ExamineTask& task) {
  Examination examination;
  const Leftovers left = task.remains->FindLeftovers();
  examination.hot_journal = left.hot_journal;
  const bool may_be_hot = !task.closed || task.may_leave_journal;
  if ((left.hot_journal && !may_be_hot) ||
      (left.wal_bytes > 0 && task.closed)) {
    examination.verdict = UncleanClose(left);
    return examination;
  }
  ASSIGN_OR_RETURN(
      const std::shared_ptr<const PlainRead> read,
      task.remains->ReadCopy(
          *task.entry, may_be_hot ? CopyWhat::kAll : CopyWhat::kDatabaseAlone));
  const Observation& observed = read->observation;
  if (absl::IsResourceExhausted(observed.opened)) {
    return observed.opened;  // the machine's, see Probe
  }
  examination.wal_frames_recovered = read->wal_frames;
  examination.cut = observed.state.cut;
  examination.was_read = observed.opened.ok();
  examination.is_damaged = !observed.opened.ok() ||
                           !observed.integrity.empty() ||
                           !observed.foreign_keys.empty();
  if (task.legal.anything) {
    examination.verdict =
        Verdict::Skipped(SkipReason::kNoDemand, std::string(task.legal.source));
    return examination;
  }
  LegalCuts legal = task.legal;
  examination.alternative = Choose(task, *read, legal);
  examination.lowest = legal.lowest;
  examination.highest = legal.highest;
  examination.verdict = JudgeCut(observed, legal);
  if (examination.verdict.held()) {
    PlaceAttached(task, observed.state, examination);
  }
  const ReferenceModel& newest = ModelOf(task, examination.alternative);
  const bool through_saver =
      examination.verdict.held() && GoesThroughSaver(task, left, *read);
  if (examination.verdict.held() && !through_saver &&
      read->state_digest == newest.DigestOfCut(observed.state.cut)) {
    return examination;
  }
  ReferenceModel model = newest;
  model.RevertTo(std::clamp(examination.cut, legal.lowest,
                            std::min(legal.highest, model.state().cut)));
  if (examination.verdict.held() && examination.is_mixed) {
    model.TakeRows(Mixed(task, model, examination));
  }
  if (!examination.verdict.held()) {
    if (observed.opened.ok()) {
      Verdict rows = JudgeState(model.state(), observed.state,
                                ViolationClass::kNotACut, "rows");
      absl::StrAppend(&examination.verdict.why, "\n", rows.why);
      examination.verdict.rows = std::move(rows.rows);
    }
    return examination;
  }
  examination.verdict =
      JudgeRows(model.state(), observed.state, ViolationClass::kNotACut,
                "plain SQL on what the round left");
  if (!examination.verdict.held() || !through_saver) return examination;
  ASSIGN_OR_RETURN(examination.verdict,
                   JudgeThroughSaver(task, std::move(model)));
  return examination;
}

}  // namespace lastcommit
