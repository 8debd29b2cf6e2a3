#include "oracle/round_judge.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <utility>

#include "oracle/answers.h"
#include "oracle/closes.h"
#include "oracle/commit_order.h"
#include "oracle/doubts.h"
#include "oracle/durability_promises.h"
#include "oracle/error_causes.h"
#include "oracle/round_view.h"
#include "oracle/saver_claims.h"
#include "oracle/without_journal.h"

namespace lastcommit {
namespace {

// Replays the steps on the model, in the order in which they took effect.
class RoundJudge {
 public:
  RoundJudge(const Plan& plan, const RoundView& view, const BeforeRound& before,
             ReferenceModel& model, RoundCounts& counts)
      : plan_(plan),
        view_(view),
        death_(before.death),
        has_attached_(before.has_attached),
        model_(model),
        counts_(counts),
        doubts_(plan, view, before.after_power_loss),
        causes_(plan, view),
        answers_(plan, view) {}

  // Brings the model to what was acknowledged.
  Replayed Replay() {
    replayed_.during.resize(view_.steps());
    const CommitOrder order = OrderSteps(view_, death_, model_);
    Count(order);
    replayed_.verdict = answers_.CompareAcknowledgements();
    if (replayed_.verdict.held()) replayed_.verdict = order.verdict;
    replayed_.closed_alone = order.closed_alone;
    NoteCloses();
    for (const OrderedStep& ordered : order.steps) {
      if (!replayed_.verdict.held()) break;
      Replay(ordered);
    }
    // Last: what is answered or lost says more.
    if (replayed_.verdict.held()) replayed_.verdict = order.waits;
    replayed_.at_end = doubts_.in_doubt();
    replayed_.promises = PromisesOf(plan_, view_.round(), view_.trace());
    if (replayed_.verdict.held() && order.in_flight.has_value()) {
      EndIn(*order.in_flight);
    }
    replayed_.highest_cut = model_.state().cut;
    replayed_.overtaken = doubts_.overtaken();
    replayed_.removals = causes_.removals();
    NoteWalWrites();
    return std::move(replayed_);
  }

 private:
  void Count(const CommitOrder& order) {
    counts_.refusals += order.refusals;
    counts_.refusals_not_judged += order.refusals_not_judged;
    counts_.commits_in_turn += order.commits_in_turn;
    counts_.checkpoints_across_commits += order.checkpoints_across_commits;
  }

  void NoteCloses() {
    for (const std::vector<std::size_t>& program : Programs(view_.round())) {
      if (program.empty()) continue;
      const std::size_t i = program.back();
      replayed_.closed_without_error &= ClosesWithoutError(view_, causes_, i);
      replayed_.may_leave_journal |= !IsSettled(view_, i, has_attached_);
    }
  }

  void NoteWalWrites() {
    for (std::size_t i = 0; i < view_.steps(); ++i) {
      const StepRecord& record = view_.record(i);
      if (record.calls.wal_written == 0) continue;
      replayed_.wal_written_from =
          std::min(replayed_.wal_written_from, record.intended_at);
    }
  }

  void Replay(const OrderedStep& ordered) {
    const std::size_t i = ordered.step;
    const std::int64_t cut = model_.state().cut;
    switch (ordered.kind) {
      case OrderedStep::Kind::kGone:
        LoseTransaction(i);
        return;
      case OrderedStep::Kind::kPresumed:
        model_.Apply(view_.step(i));
        doubts_.Decide(i);
        doubts_.set_possible({});
        if (view_.HasReturned(i)) CountErrors(i);
        break;
      case OrderedStep::Kind::kRefused:
        ++counts_.steps;
        CountErrors(i);
        doubts_.DoubtCreation(i, model_);
        if (HasGivenUp(i)) model_.Crash();
        if (view_.record(i).is_in_doubt) {
          replayed_.verdict = FalseDoubt(view_, i);
        }
        break;
      case OrderedStep::Kind::kReturned:
        ++counts_.steps;
        CountErrors(i);
        replayed_.during[i] = doubts_.in_doubt();
        replayed_.verdict = FollowAndCompare(ordered);
        if (HasCommitted(i, cut)) doubts_.SyncAway(i);
        CountProgress(i, cut);
        break;
    }
    NoteCommit(ordered, cut);
  }

  // Excuse: HasGivenUp.
  // It would have started the WAL anew, and could not have a lock of the
  // wal-index for that: SQLITE_PROTOCOL (walRestartLog() in wal.c), which is no
  // SQLITE_BUSY to sqlite3VdbeHalt() in vdbeaux.c.
  bool HasGivenUp(std::size_t i) const {
    return view_.step(i).kind == StepKind::kCommit && view_.ErrorsIn(i) > 0 &&
           MayBeIn(plan_, saver::JournalMode::kWal) &&
           !view_.record(i).is_in_transaction;
  }

  void LoseTransaction(std::size_t i) {
    const ReferenceModel with = model_;
    model_.Crash();
    doubts_.DoubtCommitOfTheDead(i, with, model_);
  }

  // It acknowledged a commit that was asked for.
  bool HasCommitted(std::size_t i, std::int64_t cut_before) const {
    return !IsOpening(view_.step(i).kind) &&
           view_.Found(i).code == absl::StatusCode::kOk &&
           model_.state().cut > cut_before;
  }

  void NoteCommit(const OrderedStep& ordered, std::int64_t cut_before) {
    const std::size_t i = ordered.step;
    const StepKind kind = view_.step(i).kind;
    const std::int64_t cut = model_.state().cut;
    counts_.commits += std::max<std::int64_t>(0, cut - cut_before);
    // Creating the schema is commit 0, and a client that opens it knows that it
    // is there.
    const bool opens_new = IsOpening(kind) && cut == 0;
    if (cut <= cut_before && !opens_new) return;
    const bool is_of_this =
        IsChange(kind) || kind == StepKind::kCommit || opens_new;
    const bool is_acknowledged = view_.AcknowledgedAt(i) != kNever;
    // What was never acknowledged is there once another one has read it.
    const Mark there_at =
        is_acknowledged ? view_.AcknowledgedAt(i) : ordered.shown_at;
    replayed_.commits.push_back({cut, AttemptedAt(cut, i, view_.trace()),
                                 there_at, is_of_this && is_acknowledged,
                                 view_.record(i).calls.wal_written,
                                 view_.record(i).calls.attached_wal_written});
    doubts_.Overtake(cut, there_at);
  }

  void CountErrors(std::size_t i) {
    const std::int64_t errors = view_.ErrorsIn(i);
    counts_.errors += errors;
    if (view_.step(i).kind == StepKind::kOpen) counts_.errors_in_open += errors;
  }

  // Whether a client that had an error goes on with the connection that had it.
  void CountProgress(std::size_t i, std::int64_t cut_before) {
    bool& has_error =
        has_error_behind_[static_cast<std::size_t>(view_.step(i).client)];
    if (IsOpening(view_.step(i).kind)) has_error = false;
    if (view_.ErrorsIn(i) > 0) {
      has_error = true;
    } else if (has_error && model_.state().cut > cut_before) {
      ++counts_.went_on;
      has_error = false;
    }
  }

  // The step that everything ended in.
  void EndIn(std::size_t i) {
    replayed_.in_flight = i;
    replayed_.was_writing_database = WasWritingDatabase(i);
    // Nobody can say whether it had been there.
    if (view_.step(i).kind == StepKind::kUnlink) {
      causes_.NoteRemoval(i, view_.trace().now);
    }
    replayed_.in_flight_acknowledged =
        view_.record(i).progress.load(std::memory_order_acquire) ==
        Progress::kAcknowledged;
    doubts_.DoubtInFlight(i, replayed_.at_end);
  }

  // Also if it died in the middle of its first write.
  bool WasWritingDatabase(std::size_t i) const {
    const auto previous = view_.Previous(i);
    const CallMark before = previous.has_value()
                                ? view_.record(*previous).calls.database_written
                                : 0;
    const CrashPlace place = PlaceOf(view_.step(i).client, view_.trace());
    const bool is_at_it = place.point.moment == Moment::kDuring &&
                          place.call.role == FileRole::kDatabase &&
                          place.call.kind == IoKind::kWrite;
    return is_at_it || view_.trace().database_written > before;
  }

  Verdict FollowAndCompare(const OrderedStep& ordered) {
    const std::size_t i = ordered.step;
    const bool was_in_transaction = model_.in_transaction();
    const bool may_abort = was_in_transaction && causes_.MayAbort(i);
    Verdict verdict = Follow(ordered);
    if (!verdict.held()) return verdict;
    return CompareErrorClaims(view_, i, was_in_transaction, may_abort);
  }

  Verdict Follow(const OrderedStep& ordered) {
    const std::size_t i = ordered.step;
    const Step& step = view_.step(i);
    if (LeavesHalfATransaction(plan_, step, model_.in_transaction())) {
      model_.Apply(step);
      return NoDemandWithoutJournal();
    }
    // What it answers is the tester's own.
    if (step.kind == StepKind::kUnlink && !view_.HadNoSaver(i)) {
      if (view_.Found(i).value != 0) {
        causes_.NoteRemoval(i, view_.record(i).returned_at);
      }
      return Verdict::Held();
    }
    if (view_.record(i).errors > 0 || !doubts_.in_doubt().after_kill.empty() ||
        causes_.has_removal()) {
      return FollowWithErrors(ordered);
    }
    const bool in_transaction = model_.in_transaction();
    const Outcome expected = model_.Apply(step);
    Verdict verdict = answers_.CompareAnswer(i, expected, in_transaction);
    if (verdict.held() && CannotUndo(plan_, step, expected)) {
      return NoDemandWithoutJournal();
    }
    return verdict;
  }

  Verdict FollowWithErrors(const OrderedStep& ordered) {
    const std::size_t i = ordered.step;
    if (view_.HadNoSaver(i)) {
      return answers_.CompareAnswer(
          i, {absl::StatusCode::kFailedPrecondition, 0}, false);
    }
    const Step& step = view_.step(i);
    const Outcome found = view_.Found(i);
    const ReferenceModel before = model_;
    const Outcome expected = model_.Apply(step);
    Doubts::Matching matching = doubts_.MatchAnswer(i, *replayed_.during[i]);
    if (found == expected) {
      if (CannotUndo(plan_, step, expected)) return NoDemandWithoutJournal();
      std::move(matching.not_yet_there.begin(), matching.not_yet_there.end(),
                std::back_inserter(matching.with_it));
      doubts_.set_possible(std::move(matching.with_it));
      doubts_.DecideBy(i, before, model_, ordered.is_shared);
    } else if (!matching.with_it.empty()) {
      TakeAsThere(i, std::move(matching.with_it));
    } else if (found.code == absl::StatusCode::kOk &&
               step.kind == StepKind::kRollback && view_.WasAborted(i)) {
      model_ = before;  // it had no transaction any more
    } else if (causes_.HasCause(i, before.in_transaction())) {
      if (plan_.profile.journal_mode == saver::JournalMode::kOff) {
        return NoDemandWithoutJournal();
      }
      model_ = before;
      if (found.code == absl::StatusCode::kFailedPrecondition) {
        ++counts_.refused_for_removal;
      }
      doubts_.DoubtFailed(i, model_, *replayed_.during[i]);
    } else {
      return answers_.CompareAnswer(i, expected, before.in_transaction());
    }
    causes_.NoteSpoiled(i, model_.in_transaction());
    return CompareTransaction(view_, i, model_.in_transaction());
  }

  // What was in doubt is there. Of several that answer alike each may be.
  void TakeAsThere(std::size_t i, PossibleModels matching) {
    model_ = std::move(matching.front());
    matching.erase(matching.begin());
    doubts_.set_possible(std::move(matching));
    doubts_.Decide(i);
    doubts_.DoubtPossible();
  }

  const Plan& plan_;
  const RoundView& view_;
  const std::optional<DeathOfOne> death_;
  const bool has_attached_;
  ReferenceModel& model_;
  RoundCounts& counts_;
  Replayed replayed_;
  Doubts doubts_;
  ErrorCauses causes_;
  const Answers answers_;
  // By client: its connection had an error, and has committed nothing since.
  std::array<bool, kMaxClients> has_error_behind_ = {};
};

}  // namespace

Replayed ReplayRound(const Plan& plan, const Round& round,
                     const RoundTrace& trace, const BeforeRound& before,
                     ReferenceModel& model, RoundCounts& counts) {
  const RoundView view(round, trace);
  return RoundJudge(plan, view, before, model, counts).Replay();
}

}  // namespace lastcommit
