#include "oracle/round_judge.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "oracle/error_answers.h"
#include "oracle/lock_entitlement.h"
#include "oracle/step_claims.h"

namespace lastcommit {
namespace {

// Besides the saver's.
bool HasItsOwnConnection(StepKind kind) {
  return kind == StepKind::kLiveRead || kind == StepKind::kBackup;
}

class RoundJudge {
 public:
  RoundJudge(const Plan& plan, const Round& round, const RoundTrace& trace,
             const BeforeRound& before, ReferenceModel& model,
             RoundCounts& counts)
      : plan_(plan),
        round_(round),
        trace_(trace),
        death_(before.death),
        model_(model),
        counts_(counts) {
    in_doubt_.after_power_loss = before.after_power_loss;
    if (Clients(round_) == 1) return;
    for (const auto& with : before.after_power_loss) {
      lingering_.push_back(replayed_.overtaken.size());
      replayed_.overtaken.push_back(
          {std::make_shared<const ReferenceModel>(*with), 0, 0, kNever});
    }
  }

  // Brings the model to what was acknowledged.
  Replayed Replay() {
    replayed_.during.resize(round_.steps.size());
    CommitOrder order = OrderSteps(round_, trace_, death_, model_);
    NoteOrder(order);
    replayed_.verdict = CompareAcknowledgements();
    if (replayed_.verdict.held()) replayed_.verdict = order.verdict;
    replayed_.closed_alone = order.closed_alone;
    NoteCloses();
    for (const OrderedStep& ordered : order.steps) {
      if (!replayed_.verdict.held()) break;
      Replay(ordered);
    }
    // Last: what is answered or lost says more.
    if (replayed_.verdict.held()) replayed_.verdict = order.waits;
    replayed_.at_end = in_doubt_;
    replayed_.promises = PromisesOf(plan_, round_, trace_);
    if (replayed_.verdict.held() && order.in_flight.has_value()) {
      Leave(*order.in_flight);
    }
    replayed_.highest_cut = model_.state().cut;
    return std::move(replayed_);
  }

 private:
  void NoteOrder(const CommitOrder& order) {
    previous_.assign(round_.steps.size(), kNoStep);
    for (const std::vector<std::size_t>& program : Programs(round_)) {
      for (std::size_t n = 1; n < program.size(); ++n) {
        previous_[program[n]] = program[n - 1];
      }
    }
    counts_.refusals += order.refusals;
    counts_.refusals_not_judged += order.refusals_not_judged;
    counts_.commits_in_turn += order.commits_in_turn;
    counts_.checkpoints_across_commits += order.checkpoints_across_commits;
  }

  // Who was told that a commit is there relies on it, whatever is said next.
  Verdict CompareAcknowledgements() const {
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const StepRecord& record = trace_.records[i];
      if (!HasReturned(i) || record.acknowledged_at == kNever) continue;
      const Outcome found = Found(i);
      if (found == Outcome{absl::StatusCode::kOk, record.acknowledged}) {
        continue;
      }
      return Verdict::Violated(
          ViolationClass::kLostCommit,
          absl::StrCat("step ", i, " (",
                       std::string(Name(round_.steps[i].kind)),
                       ") acknowledged commit ", record.acknowledged,
                       ", and then answered ",
                       absl::StatusCodeToString(found.code), " ", found.value));
    }
    return Verdict::Held();
  }

  void NoteCloses() {
    for (const std::vector<std::size_t>& program : Programs(round_)) {
      if (program.empty()) continue;
      const std::size_t i = program.back();
      replayed_.closed_without_error &= ClosesWithoutError(i);
      replayed_.may_leave_journal |= !IsSettled(i);
    }
  }

  // A close that gets an error leaves what it could not finish, and has nobody
  // to tell (https://sqlite.org/c3ref/close.html); so does one whose checkpoint
  // finds that the connection was interrupted (walCheckpoint() in wal.c).
  // Without a saver there is none.
  bool ClosesWithoutError(std::size_t i) const {
    return HasReturned(i) && round_.steps[i].kind == StepKind::kClose &&
           HadSaver(i) && ErrorsIn(i) == 0 && !IsInterrupted(i);
  }

  // Whether the connection of step `i` has used the database since its newest
  // error. A pager that could not roll back leaves its journal hot and lets go
  // of its lock (PAGER_ERROR and pager_unlock() in pager.c); whoever reads next
  // rolls it back, which may be another process.
  bool IsSettled(std::size_t i) const {
    for (std::size_t j = previous_[i]; j != kNoStep; j = previous_[j]) {
      if (ErrorsIn(j) > 0) return false;
      const StepKind kind = round_.steps[j].kind;
      const bool reads = kind == StepKind::kOpen || kind == StepKind::kReopen ||
                         kind == StepKind::kBegin || kind == StepKind::kRead ||
                         kind == StepKind::kListCheckpoints || IsChange(kind);
      if (reads && Found(j).code == absl::StatusCode::kOk) return true;
    }
    return true;
  }

  void Replay(const OrderedStep& ordered) {
    const std::size_t i = ordered.step;
    const std::int64_t cut = model_.state().cut;
    switch (ordered.kind) {
      case OrderedStep::Kind::kGone:
        Bury(i);
        return;
      case OrderedStep::Kind::kPresumed:
        model_.Apply(round_.steps[i]);
        Decide(i);
        live_.clear();
        if (HasReturned(i)) NoteErrors(i);
        break;
      case OrderedStep::Kind::kRefused:
        ++counts_.steps;
        NoteErrors(i);
        DoubtCreation(i);
        if (trace_.records[i].is_in_doubt) replayed_.verdict = FalseDoubt(i);
        break;
      case OrderedStep::Kind::kReturned:
        ++counts_.steps;
        NoteErrors(i);
        replayed_.during[i] = in_doubt_;
        is_shared_ = ordered.is_shared;
        replayed_.verdict = FollowAndCompare(i);
        NotePromise(i, cut);
        NoteProgress(i, cut);
        break;
    }
    const std::int64_t after = model_.state().cut;
    counts_.commits += std::max<std::int64_t>(0, after - cut);
    // Creating the schema is commit 0, and who opens it knows that it is there.
    const bool opens = round_.steps[i].kind == StepKind::kOpen ||
                       round_.steps[i].kind == StepKind::kReopen;
    if (after > cut || (opens && after == 0)) {
      const StepKind kind = round_.steps[i].kind;
      const bool is_of_this =
          IsChange(kind) || kind == StepKind::kCommit || (opens && after == 0);
      const bool is_acknowledged = AcknowledgedAt(i) != kNever;
      // What was never acknowledged is there once another one has read it.
      const Mark there_at =
          is_acknowledged ? AcknowledgedAt(i) : ordered.shown_at;
      replayed_.commits.push_back({after, AttemptedAt(after, i, trace_),
                                   there_at, is_of_this && is_acknowledged,
                                   trace_.records[i].calls.wal_written});
      Overtake(after, there_at);
    }
  }

  bool HasReturned(std::size_t i) const {
    return trace_.records[i].progress.load(std::memory_order_acquire) ==
           Progress::kReturned;
  }

  // What a dead client was committing is in doubt.
  void Bury(std::size_t i) {
    ReferenceModel with = model_;
    model_.Crash();
    if (HasReturned(i)) return;
    with.Apply(round_.steps[i]);
    with.Crash();
    if (with.state().cut <= model_.state().cut) return;
    Doubt(with, in_doubt_);
    // As one that failed: its frames are in the WAL, and a loss of power may
    // take what was written over them later and leave them.
    lingering_.push_back(replayed_.overtaken.size());
    replayed_.overtaken.push_back({in_doubt_.after_kill.back(),
                                   trace_.records[i].intended_at, kNever,
                                   kNever,
                                   /*is_of_the_dead=*/true});
  }

  void Overtake(std::int64_t cut, Mark at) {
    for (Overtaken& gone : replayed_.overtaken) {
      if (gone.with->state().cut <= cut) {
        gone.overtaken_at = std::min(gone.overtaken_at, at);
      }
    }
  }

  // It may have made the schema before another client was in its way.
  void DoubtCreation(std::size_t i) {
    const StepKind kind = round_.steps[i].kind;
    if (model_.state().cut >= 0 ||
        (kind != StepKind::kOpen && kind != StepKind::kReopen)) {
      return;
    }
    ReferenceModel with = model_;
    with.Apply(round_.steps[i]);
    Doubt(with, in_doubt_);
  }

  // When the caller could rely on it.
  Mark AcknowledgedAt(std::size_t i) const {
    const StepRecord& record = trace_.records[i];
    return HasReturned(i) && Found(i).code == absl::StatusCode::kOk
               ? std::min(record.acknowledged_at, record.returned_at)
               : record.acknowledged_at;
  }

  // Those before the step's client's next one; they are counted up.
  std::int64_t ErrorsIn(std::size_t i) const {
    const std::int64_t before =
        previous_[i] == kNoStep ? 0 : trace_.records[previous_[i]].errors;
    return trace_.records[i].errors - before;
  }

  void NoteErrors(std::size_t i) {
    const std::int64_t errors = ErrorsIn(i);
    counts_.errors += errors;
    if (round_.steps[i].kind == StepKind::kOpen) {
      counts_.errors_in_open += errors;
    }
  }

  // Whether a client that had an error goes on with the connection that had it.
  void NoteProgress(std::size_t i, std::int64_t cut_before) {
    bool& has_error =
        has_error_behind_[static_cast<std::size_t>(round_.steps[i].client)];
    const StepKind kind = round_.steps[i].kind;
    if (kind == StepKind::kOpen || kind == StepKind::kReopen) has_error = false;
    if (ErrorsIn(i) > 0) {
      has_error = true;
    } else if (has_error && model_.state().cut > cut_before) {
      ++counts_.went_on;
      has_error = false;
    }
  }

  void NoteRefusal(std::size_t i) {
    if (Found(i).code == absl::StatusCode::kFailedPrecondition) {
      ++counts_.refused_for_removal;
    }
  }

  // The step that everything ended in.
  void Leave(std::size_t i) {
    replayed_.in_flight = i;
    replayed_.was_writing_database = WasWritingDatabase(i);
    // Nobody can say whether it had been there.
    if (round_.steps[i].kind == StepKind::kUnlink) NoteRemoval(i, trace_.now);
    replayed_.in_flight_acknowledged =
        trace_.records[i].progress.load(std::memory_order_acquire) ==
        Progress::kAcknowledged;
    for (ReferenceModel other : live_) {
      other.Apply(round_.steps[i]);
      other.Crash();
      Doubt(other, replayed_.at_end);
    }
  }

  // Also if it died in the middle of its first write.
  bool WasWritingDatabase(std::size_t i) const {
    const CallMark before =
        previous_[i] == kNoStep
            ? 0
            : trace_.records[previous_[i]].calls.database_written;
    const CrashPlace place = PlaceOf(round_.steps[i].client, trace_);
    const bool is_at_it = place.point.moment == Moment::kDuring &&
                          place.call.role == FileRole::kDatabase &&
                          place.call.kind == IoKind::kWrite;
    return is_at_it || trace_.database_written > before;
  }

  Verdict FollowAndCompare(std::size_t i) {
    const bool was_in_transaction = model_.in_transaction();
    const bool may_abort = was_in_transaction && MayAbort(i);
    Verdict verdict = Follow(i, *replayed_.during[i]);
    if (!verdict.held()) return verdict;
    return CompareErrorClaims(i, was_in_transaction, may_abort);
  }

  Verdict Follow(std::size_t i, InDoubt& during) {
    if (LeavesHalfATransaction(i)) {
      model_.Apply(round_.steps[i]);
      return Undefined();
    }
    // What it answers is the tester's own.
    if (round_.steps[i].kind == StepKind::kUnlink && !HadNoSaver(i)) {
      if (Found(i).value != 0) NoteRemoval(i, trace_.records[i].returned_at);
      return Verdict::Held();
    }
    if (trace_.records[i].errors > 0 || !in_doubt_.after_kill.empty() ||
        has_removal_) {
      return FollowWithErrors(i, during);
    }
    const bool in_transaction = model_.in_transaction();
    const Outcome expected = model_.Apply(round_.steps[i]);
    Verdict verdict = Compare(i, expected, in_transaction);
    if (verdict.held() && IsUndefined(i, expected)) return Undefined();
    return verdict;
  }

  void NoteRemoval(std::size_t i, Mark at) {
    const DatabaseFile file = round_.steps[i].file;
    has_removal_ = true;
    replayed_.removals.of[static_cast<std::size_t>(file)] = true;
    if (file != DatabaseFile::kIndex) replayed_.removals.at = at;
    has_journal_without_database_ |=
        file == DatabaseFile::kDatabase &&
        Found(i).value ==
            static_cast<std::int64_t>(Unlinked::kFileBesideAJournal) &&
        plan_.profile.journal_mode != JournalMode::kWal;
  }

  static Verdict Undefined() {
    return Verdict::Skipped(
        SkipReason::kNoDemand,
        "https://sqlite.org/pragma.html#pragma_journal_mode: with OFF, "
        "\"the ROLLBACK command no longer works\"");
  }

  bool WasAborted(std::size_t i) const {
    return previous_[i] != kNoStep && trace_.records[previous_[i]].is_aborted;
  }

  Outcome Found(std::size_t i) const {
    return {static_cast<absl::StatusCode>(trace_.records[i].code),
            trace_.records[i].value};
  }

  bool HadSaver(std::size_t i) const {
    return previous_[i] != kNoStep && trace_.records[previous_[i]].has_saver;
  }

  // The driver's own answer, which says nothing of the database although a
  // saver may give the same.
  bool HadNoSaver(std::size_t i) const {
    const StepKind kind = round_.steps[i].kind;
    return previous_[i] != kNoStep && !HadSaver(i) &&
           kind != StepKind::kReopen && kind != StepKind::kClose;
  }

  Verdict FollowWithErrors(std::size_t i, InDoubt& during) {
    if (HadNoSaver(i)) {
      return Compare(i, {absl::StatusCode::kFailedPrecondition, 0}, false);
    }
    const Step& step = round_.steps[i];
    const Outcome found = Found(i);
    const ReferenceModel before = model_;
    const std::vector<ReferenceModel> live_before = live_;
    const Outcome expected = model_.Apply(step);
    std::vector<ReferenceModel> matching;
    // Of what came later in time the step says nothing by not showing it.
    std::vector<ReferenceModel> not_yet_there;
    const bool is_earlier = trace_.records[i].intended_at < failed_at_;
    for (ReferenceModel& other : live_) {
      const ReferenceModel as_it_was = other;
      if (other.Apply(step) != found) {
        if (is_earlier) not_yet_there.push_back(as_it_was);
        continue;
      }
      if (!other.in_transaction()) Doubt(other, during);
      matching.push_back(std::move(other));
    }
    if (found == expected) {
      if (IsUndefined(i, expected)) return Undefined();
      live_ = std::move(matching);
      std::move(not_yet_there.begin(), not_yet_there.end(),
                std::back_inserter(live_));
      DecideBy(i, before);
    } else if (!matching.empty()) {
      // What was in doubt is there. Of several that answer alike each may be.
      model_ = std::move(matching.front());
      live_.assign(std::next(matching.begin()), matching.end());
      Decide(i);
      for (const ReferenceModel& other : live_) {
        if (!other.in_transaction()) Doubt(other, in_doubt_);
      }
    } else if (found.code == absl::StatusCode::kOk &&
               step.kind == StepKind::kRollback && WasAborted(i)) {
      model_ = before;  // it had no transaction any more
      live_ = live_before;
    } else if (HasCause(i, before.in_transaction())) {
      if (plan_.profile.journal_mode == JournalMode::kOff) return Undefined();
      model_ = before;
      live_ = live_before;
      NoteRefusal(i);
      Fail(i, during);
    } else {
      return Compare(i, expected, before.in_transaction());
    }
    NoteSpoiled(i);
    return CompareClaim(i);
  }

  // A step went as without errors.
  void DecideBy(std::size_t i, const ReferenceModel& before) {
    // It comes later in the order, but not in time.
    if (trace_.records[i].intended_at < failed_at_) return;
    const StepKind kind = round_.steps[i].kind;
    // The first to open recovers (https://sqlite.org/walformat.html section
    // 2.3.3); who comes later takes what is there.
    const bool has_recovered =
        (kind == StepKind::kOpen || kind == StepKind::kReopen) && !is_shared_;
    const bool has_committed = model_.state().cut > before.state().cut;
    // In WAL mode what failed stays in the WAL until a commit overwrites it,
    // whatever readers see.
    if (has_recovered || has_committed ||
        (live_.empty() && !MayBeIn(plan_, JournalMode::kWal))) {
      Decide(i);
      for (const ReferenceModel& other : live_) {
        if (!other.in_transaction()) Doubt(other, in_doubt_);
      }
    }
  }

  // By what the step shows nothing that failed before it is in doubt.
  void Decide(std::size_t i) {
    in_doubt_.after_kill.clear();
    for (const std::size_t failed : failed_) {
      Overtaken& commit = replayed_.overtaken[failed];
      commit.overtaken_at =
          std::min(commit.overtaken_at, trace_.records[i].returned_at);
    }
    failed_.clear();
  }

  static void Doubt(const ReferenceModel& model, InDoubt& in_doubt) {
    const auto copy = std::make_shared<const ReferenceModel>(model);
    in_doubt.after_kill.push_back(copy);
    in_doubt.after_power_loss.push_back(copy);
  }

  // The operation is absent. What became of its transaction is for the saver to
  // say: https://sqlite.org/c3ref/get_autocommit.html.
  void Fail(std::size_t i, InDoubt& during) {
    const StepRecord& record = trace_.records[i];
    const Step& step = round_.steps[i];
    ReferenceModel with = model_;
    with.Apply(step);
    const bool would_commit = with.state().cut > model_.state().cut;
    if (would_commit) Doubt(with, during);
    const bool has_ended = step.kind == StepKind::kReopen ||
                           !record.has_saver || !record.is_in_transaction;
    if (has_ended) {
      model_.Crash();
      for (ReferenceModel& other : live_) other.Crash();
    }
    // Of a schema that was made before opening failed nobody is told anything.
    const bool makes_schema =
        step.kind == StepKind::kOpen || step.kind == StepKind::kReopen;
    // Another client may have committed under its number.
    const bool is_overtaken = Clients(round_) > 1 && record.is_in_doubt &&
                              with.state().cut != record.attempted;
    if (would_commit && !is_overtaken && (record.is_in_doubt || makes_schema)) {
      Doubt(with, in_doubt_);
      failed_at_ = record.returned_at;
      if (Clients(round_) > 1) {
        // What others are at meanwhile may come before it in the order.
        failed_.push_back(replayed_.overtaken.size());
        replayed_.overtaken.push_back(
            {std::make_shared<const ReferenceModel>(with), record.intended_at,
             kNever, kNever});
        lingering_.push_back(failed_.back());
      }
      live_.push_back(std::move(with));
    }
  }

  // Whether something was injected that may make this step fail as it did. Once
  // it is over, the same connection has to go on: only a transaction that was
  // aborted is refused until it is rolled back, and a reopen that failed leaves
  // no connection (HadNoSaver).
  bool HasCause(std::size_t i, bool was_in_transaction) const {
    const absl::StatusCode code = Found(i).code;
    switch (code) {
      case absl::StatusCode::kOk:
        return false;
      case absl::StatusCode::kDataLoss:
        return IsAboutARead(i) ||
               (is_spoiled_ && !HasItsOwnConnection(round_.steps[i].kind));
      case absl::StatusCode::kAborted:
        return (WasAborted(i) && round_.steps[i].kind != StepKind::kRollback) ||
               (was_in_transaction && MayAbort(i));
      case absl::StatusCode::kCancelled:
        return IsInterrupted(i);
      case absl::StatusCode::kFailedPrecondition:
        return IsRefusedForRemoval(i);
      case absl::StatusCode::kUnknown:
        if (CannotRead(i, was_in_transaction)) return true;
        [[fallthrough]];
      default:
        return ErrorsIn(i) > 0 && Injected().has_value() &&
               MayAnswer(*Injected(), code);
    }
  }

  // A step that failed may end its transaction: by an error of its own, or in a
  // transaction that a read has spoiled.
  bool MayAbort(std::size_t i) const { return ErrorsIn(i) > 0 || is_spoiled_; }

  // Whoever begins to read without a WAL looks whether a journal that is there
  // is hot, and cannot open it without its database, whose mode it takes:
  // SQLITE_IOERR_FSTAT (hasHotJournal() in pager.c, findCreateFileMode() in
  // os_unix.c). An empty one counts as none.
  bool CannotRead(std::size_t i, bool is_in_transaction) const {
    const StepKind kind = round_.steps[i].kind;
    return has_journal_without_database_ && !is_in_transaction &&
           (kind == StepKind::kRead || kind == StepKind::kListCheckpoints ||
            kind == StepKind::kUpdateTask);
  }

  // Of a database one of whose files was removed every change is refused until
  // it is opened again (saver/sqlite_saver.h); reading goes on.
  bool IsRefusedForRemoval(std::size_t i) const {
    switch (round_.steps[i].kind) {
      case StepKind::kBegin:
      case StepKind::kCommit:
      case StepKind::kWalCheckpoint:
      case StepKind::kVacuum:
        return has_removal_;
      default:
        return has_removal_ && IsChange(round_.steps[i].kind);
    }
  }

  std::optional<ErrorKind> Injected() const {
    const auto step = ErrorStep(round_);
    if (!step.has_value()) return std::nullopt;
    return round_.steps[*step].error->kind;
  }

  // An interrupt that finds no statement at work stops what checks for it next
  // (https://sqlite.org/c3ref/interrupt.html), once: the next statement that
  // begins takes it back (sqlite3Step() in vdbeapi.c, sqlite3RunParser() in
  // tokenize.c). A refusal may have had none, and a step with a connection of
  // its own has none on this one.
  bool IsInterrupted(std::size_t i) const {
    if (Injected() != ErrorKind::kInterrupt) return false;
    if (ErrorsIn(i) > 0) return true;
    for (std::size_t j = previous_[i]; j != kNoStep; j = previous_[j]) {
      if (ErrorsIn(j) > 0) return true;
      if (HasItsOwnConnection(round_.steps[j].kind)) continue;
      const absl::StatusCode code = Found(j).code;
      if (!IsAboutContent(code) && code != absl::StatusCode::kAborted) break;
    }
    return false;
  }

  // The "unix" VFS calls an EIO from a read SQLITE_IOERR_CORRUPTFS, which
  // statements report as SQLITE_CORRUPT (unixRead in os_unix.c, "abort_due_to_
  // error" in vdbe.c). Whether anything is damaged is for the reopen to say.
  bool IsAboutARead(std::size_t i) const {
    return plan_.engine == Engine::kFork && ErrorsIn(i) > 0 &&
           Injected() == ErrorKind::kRead;
  }

  // After that SQLite answers the rest of the transaction with the same code:
  // writes and COMMIT (SQLITE_CorruptRdOnly in vdbe.c and vdbeaux.c), and all
  // of it if it was the journal that could not be read (PAGER_ERROR in
  // pager.c). A second connection knows nothing of it.
  void NoteSpoiled(std::size_t i) {
    const bool has_begun =
        Found(i).code == absl::StatusCode::kDataLoss && IsAboutARead(i);
    is_spoiled_ = model_.in_transaction() && (is_spoiled_ || has_begun);
  }

  // The saver must know whether its transaction is open.
  Verdict CompareClaim(std::size_t i) const {
    const StepRecord& record = trace_.records[i];
    if (!record.has_saver ||
        record.is_in_transaction == model_.in_transaction()) {
      return Verdict::Held();
    }
    return Verdict::Violated(
        ViolationClass::kWrongAnswer,
        absl::StrCat(
            "after step ", i, " (", std::string(Name(round_.steps[i].kind)),
            ") the saver says that ", record.is_in_transaction ? "a" : "no",
            " transaction is open, the model that ",
            model_.in_transaction() ? "one" : "none", " is"));
  }

  // What it says of an error: that its transaction is gone, and refused until
  // it is rolled back; that a commit which failed may be there.
  Verdict CompareErrorClaims(std::size_t i, bool was_in_transaction,
                             bool may_abort) const {
    const StepRecord& record = trace_.records[i];
    const StepKind kind = round_.steps[i].kind;
    const bool ends = kind == StepKind::kRollback ||
                      kind == StepKind::kCommit || kind == StepKind::kReopen;
    const bool may_be_aborted =
        !record.is_in_transaction && ((WasAborted(i) && !ends) || may_abort);
    if (record.is_aborted && !may_be_aborted) {
      return Verdict::Violated(
          ViolationClass::kWrongAnswer,
          absl::StrCat("after step ", i, " (", std::string(Name(kind)),
                       ") the saver says that its transaction is aborted",
                       record.is_in_transaction ? " and open" : ""));
    }
    const bool may_commit =
        was_in_transaction ? kind == StepKind::kCommit : IsChange(kind);
    // A transaction that a read has spoiled ends with its COMMIT, too.
    const absl::StatusCode code = Found(i).code;
    const bool has_failed =
        ErrorsIn(i) > 0 || code == absl::StatusCode::kDataLoss;
    const bool may_be_in_doubt = may_commit && has_failed &&
                                 !record.is_in_transaction &&
                                 !IsAboutContent(code);
    if (record.is_in_doubt && !may_be_in_doubt) return FalseDoubt(i);
    return Verdict::Held();
  }

  Verdict FalseDoubt(std::size_t i) const {
    return Verdict::Violated(
        ViolationClass::kWrongAnswer,
        absl::StrCat("step ", i, " (", std::string(Name(round_.steps[i].kind)),
                     ") answered ", absl::StatusCodeToString(Found(i).code),
                     " and that a commit is in doubt, where none failed"));
  }

  void NotePromise(std::size_t i, std::int64_t cut_before) {
    const StepKind kind = round_.steps[i].kind;
    const bool opens = kind == StepKind::kOpen || kind == StepKind::kReopen;
    if (opens || Found(i).code != absl::StatusCode::kOk ||
        model_.state().cut <= cut_before) {
      return;
    }
    // Its sync was one of the directory, or came after one.
    if (plan_.profile.synchronous >= Synchronous::kFull) {
      in_doubt_.after_power_loss = in_doubt_.after_kill;
      if (trace_.records[i].intended_at < failed_at_) return;
      for (const std::size_t commit : lingering_) {
        Mark& until = replayed_.overtaken[commit].lost_power_until;
        until = std::min(until, AcknowledgedAt(i));
      }
      lingering_.clear();
    }
  }

  // Without a journal nothing can be undone: also not by a connection that
  // ends, and what a reopen finds then, if anything, is not to be compared.
  bool LeavesHalfATransaction(std::size_t i) const {
    const StepKind kind = round_.steps[i].kind;
    return plan_.profile.journal_mode == JournalMode::kOff &&
           model_.in_transaction() &&
           (kind == StepKind::kClose || kind == StepKind::kReopen);
  }

  // The same of a step that answered as it must.
  bool IsUndefined(std::size_t i, const Outcome& expected) const {
    const StepKind kind = round_.steps[i].kind;
    return plan_.profile.journal_mode == JournalMode::kOff &&
           (kind == StepKind::kRollback || kind == StepKind::kRollbackTo ||
            (IsChange(kind) && expected.code != absl::StatusCode::kOk));
  }

  Verdict Compare(std::size_t i, const Outcome& expected,
                  bool in_transaction) const {
    const StepRecord& record = trace_.records[i];
    const StepKind kind = round_.steps[i].kind;
    const Outcome found = Found(i);
    if (found == expected) return Verdict::Held();
    // With a rollback journal a writer holds RESERVED, which lets readers in,
    // until its cache spills into the database file, then EXCLUSIVE until the
    // transaction ends (https://sqlite.org/lockingv3.html section 5.0), also if
    // there was nothing to write: pager_write_pagelist() in pager.c takes the
    // lock first, and then leaves out pages beyond the end of the file. With a
    // WAL readers never wait.
    if (HasItsOwnConnection(kind) && in_transaction &&
        record.transaction_spilled &&
        found.code == absl::StatusCode::kUnavailable &&
        (plan_.profile.journal_mode != JournalMode::kWal ||
         ChangesJournalMode(plan_))) {
      return Verdict::Held();
    }
    return Verdict::Violated(ClassOf(kind, found), Explain(i, expected, found));
  }

  static ViolationClass ClassOf(StepKind kind, const Outcome& found) {
    if (found.code == absl::StatusCode::kDataLoss) {
      return ViolationClass::kDamaged;
    }
    if (kind == StepKind::kOpen || kind == StepKind::kReopen) {
      return found.code == absl::StatusCode::kOk
                 ? ViolationClass::kUnstableRecovery
                 : ViolationClass::kOpenFailed;
    }
    if (kind == StepKind::kRead || HasItsOwnConnection(kind) ||
        kind == StepKind::kListCheckpoints) {
      return ViolationClass::kWrongRead;
    }
    return ViolationClass::kWrongAnswer;
  }

  std::string Explain(std::size_t i, const Outcome& expected,
                      const Outcome& found) const {
    const std::string message =
        trace_.message_step == i + 1
            ? absl::StrCat(": ", absl::CHexEscape(trace_.message))
            : "";
    return absl::StrCat("step ", i, " (",
                        std::string(Name(round_.steps[i].kind)), ") answered ",
                        absl::StatusCodeToString(found.code), " ", found.value,
                        ", the model ", absl::StatusCodeToString(expected.code),
                        " ", expected.value, message, WhyNotBusy(i, found));
  }

  // Which locks were in its way, if it says so.
  std::string WhyNotBusy(std::size_t i, const Outcome& found) const {
    if (found.code != absl::StatusCode::kUnavailable || Clients(round_) == 1) {
      return "";
    }
    return LockEntitlement(round_, trace_, /*has_schema=*/true).Explain(i);
  }

  const Plan& plan_;
  const Round& round_;
  const RoundTrace& trace_;
  const std::optional<DeathOfOne> death_;
  ReferenceModel& model_;
  RoundCounts& counts_;
  Replayed replayed_;
  // Commits that failed: what a crash may bring back, and what the connection
  // may see, with the steps since.
  InDoubt in_doubt_;
  std::vector<ReferenceModel> live_;
  Mark failed_at_ = 0;  // when the newest of them did
  // Where they are in `replayed_.overtaken`: those that nothing has decided,
  // and those that a loss of power may still bring back.
  std::vector<std::size_t> failed_;
  std::vector<std::size_t> lingering_;
  static constexpr std::size_t kNoStep =
      std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> previous_;  // by step, of the same client
  bool is_spoiled_ = false;  // the transaction that is open, by a read
  bool has_removal_ = false;
  bool has_journal_without_database_ = false;
  bool is_shared_ = false;  // the step that is followed, as OrderedStep has it
  // By client: its connection had an error, and has committed nothing since.
  std::array<bool, kMaxClients> has_error_behind_ = {};
};

}  // namespace

Alternatives AlternativesAt(Mark now, bool is_kill, Alternatives by_order,
                            const Replayed& replayed, Mark wal_synced) {
  for (const Overtaken& gone : replayed.overtaken) {
    by_order.erase(std::remove(by_order.begin(), by_order.end(), gone.with),
                   by_order.end());
    const Mark until = is_kill
                           ? gone.overtaken_at
                           : std::max(gone.overtaken_at, gone.lost_power_until);
    const bool is_written_over =
        gone.is_of_the_dead && gone.overtaken_at <= wal_synced;
    if (gone.attempted_at <= now && now < until && !is_written_over) {
      by_order.push_back(gone.with);
    }
  }
  return by_order;
}

Mark AttemptedAt(std::int64_t cut, std::size_t step, const RoundTrace& trace) {
  return trace.records[cut == 0 ? 0 : step].intended_at;
}

Replayed ReplayRound(const Plan& plan, const Round& round,
                     const RoundTrace& trace, const BeforeRound& before,
                     ReferenceModel& model, RoundCounts& counts) {
  return RoundJudge(plan, round, trace, before, model, counts).Replay();
}

}  // namespace lastcommit
