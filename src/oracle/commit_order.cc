#include "oracle/commit_order.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "oracle/commit_numbers.h"
#include "oracle/company.h"
#include "oracle/error_answers.h"
#include "oracle/lock_entitlement.h"
#include "oracle/refused_steps.h"

namespace lastcommit {
namespace {

// Puts the units of all clients into one order: each where its answer fits.
class Placing {
 public:
  Placing(const RoundView& view, const std::optional<DeathOfOne>& death,
          ReferenceModel before)
      : view_(view),
        model_(std::move(before)),
        entitlement_(view.round(), view.trace(), model_.state().cut >= 0),
        units_(ReadUnits(view, death)),
        company_(view, units_, death),
        numbers_(view, units_, model_.state().cut),
        refused_(view, company_, numbers_, entitlement_) {
    for (std::vector<Unit>& units : units_) queues_.push_back({units, 0});
  }

  CommitOrder Order() {
    order_.verdict = numbers_.verdict();
    if (!order_.verdict.held()) return std::move(order_);
    CountConcurrency();
    order_.closed_alone = company_.ClosedAlone();
    order_.waits = entitlement_.CheckWaits();
    while (true) {
      PlaceWhatFits();
      const std::int64_t next = model_.state().cut + 1;
      Unit* commit = numbers_.Find(next);
      if (commit == nullptr && IsAnyWaiting()) commit = numbers_.Presume(next);
      if (commit == nullptr) break;
      PlaceCommit(*commit);
    }
    PlaceTheRest();
    return std::move(order_);
  }

 private:
  // Of a client: its units that are not placed yet.
  struct Queue {
    std::vector<Unit>& units;
    std::size_t next = 0;

    bool is_empty() const { return next == units.size(); }
    Unit& front() { return units[next]; }
  };

  bool IsAnyWaiting() {
    return std::any_of(queues_.begin(), queues_.end(), [](Queue& queue) {
      return !queue.is_empty() && !queue.front().is_in_flight;
    });
  }

  // Rule: FitsHere.
  // Whether the only step of a unit answered what it would at this cut.
  bool FitsHere(std::size_t step) const {
    const Outcome found = view_.Found(step);
    switch (view_.step(step).kind) {
      case StepKind::kOpen:
      case StepKind::kReopen:
        return found.code != absl::StatusCode::kOk ||
               found.value == model_.state().cut;
      case StepKind::kRead:
      case StepKind::kLiveRead:
      case StepKind::kBackup:
      case StepKind::kQuery: {
        ReferenceModel same = model_;
        return same.Apply(view_.step(step)) == found;
      }
      default: {
        if (!IsChange(view_.step(step).kind)) return true;
        ReferenceModel changed = model_;
        return changed.Apply(view_.step(step)) == found;
      }
    }
  }

  // Rule: Fits.
  // Whether a unit that commits nothing can stand at this cut.
  bool Fits(const Unit& unit) const {
    const std::int64_t cut = model_.state().cut;
    if (unit.is_transaction) {
      const bool may_commit_later = unit.is_in_flight &&
                                    unit.attempted_at != kNever &&
                                    numbers_.Find(unit.counter) == nullptr;
      return unit.counter <= cut + 1 && !may_commit_later;
    }
    if (unit.is_in_flight) return IsOvertaken(unit);
    const std::size_t step = unit.steps.back();
    if (unit.is_in_doubt) return unit.counter <= cut + 1;
    const StepRecord& record = view_.record(step);
    if (cut < numbers_.AcknowledgedBefore(record.intended_at)) return false;
    if (cut >= numbers_.AttemptedBefore(record.returned_at)) return true;
    // An answer about content fits one place, also with an error in the step.
    const bool failed_anywhere =
        refused_.HasFailed(step) && !IsAboutContent(CodeOf(record));
    return refused_.IsRefused(unit, step) || refused_.LostARace(unit, step) ||
           failed_anywhere || FitsHere(step);
  }

  // Excuse: IsOvertaken.
  // It died in a commit whose number another transaction has. Until then it may
  // have been there.
  bool IsOvertaken(const Unit& unit) const {
    return unit.is_in_flight && unit.attempted_at != kNever &&
           !numbers_.IsCommit(unit) && unit.counter <= model_.state().cut + 1 &&
           numbers_.Find(unit.counter) != nullptr;
  }

  void PlaceWhatFits() {
    for (Queue& queue : queues_) {
      while (!queue.is_empty() && !numbers_.IsCommit(queue.front()) &&
             Fits(queue.front())) {
        Place(queue.front());
        ++queue.next;
      }
    }
  }

  // What stands before it in its program is placed, too, whether it fits or
  // not: the judgement then says what is wrong with it.
  void PlaceCommit(Unit& unit) {
    for (Queue& queue : queues_) {
      if (queue.is_empty() || queue.front().client != unit.client) continue;
      while (&queue.front() != &unit) {
        Place(queue.front());
        ++queue.next;
      }
      ++queue.next;
    }
    Place(unit);
    for (const std::size_t step : unit.steps) {
      const bool is_absent = refused_.HasFailed(step) &&
                             !(unit.is_in_doubt && step == unit.steps.back());
      if (!is_absent && !refused_.IsRefused(unit, step)) {
        model_.Apply(view_.step(step));
      }
    }
    if (model_.state().cut == unit.counter) return;
    // It refuses what was acknowledged; the judgement finds that.
    numbers_.Forget();
  }

  void PlaceTheRest() {
    std::vector<Unit*> rest;
    std::vector<Unit*> last;
    for (Queue& queue : queues_) {
      for (; !queue.is_empty(); ++queue.next) {
        Unit& unit = queue.front();
        const bool is_open =
            unit.is_transaction && !unit.is_left && unit.ended_at == kNever;
        (unit.is_in_flight || is_open ? last : rest).push_back(&unit);
      }
    }
    // Units are placed as time went: what an answer says of a commit in doubt
    // holds for those that came after it.
    std::stable_sort(rest.begin(), rest.end(), [](Unit* a, Unit* b) {
      return a->ended_at < b->ended_at;
    });
    for (Unit* unit : rest) Place(*unit);
    // The unit that may be the next commit comes last. If there are two, the
    // client of one was dead when the other took its number.
    std::stable_sort(last.begin(), last.end(), [&](Unit* a, Unit* b) {
      return std::pair(MayBeNext(*a), !company_.IsDead(*a)) <
             std::pair(MayBeNext(*b), !company_.IsDead(*b));
    });
    const bool has_next = !last.empty() && MayBeNext(*last.back());
    if (has_next) next_commit_ = last.back();
    for (Unit* unit : last) Place(*unit);
    if (has_next) order_.in_flight = last.back()->steps.back();
  }

  bool MayBeNext(const Unit& unit) const {
    if (!unit.is_in_flight || unit.attempted_at == kNever) return false;
    if (numbers_.Find(unit.counter) != nullptr) return false;  // another is
    const bool creates = numbers_.base() < 0 && model_.state().cut < 0;
    return creates || unit.counter == model_.state().cut + 1;
  }

  void Place(const Unit& unit) {
    if (!unit.is_transaction && unit.is_in_flight && !numbers_.IsCommit(unit) &&
        &unit != next_commit_) {
      if (IsOvertaken(unit) || MayBeNext(unit)) {
        order_.steps.push_back({unit.steps.back(), OrderedStep::Kind::kGone});
      }
      return;
    }
    for (const std::size_t step : unit.steps) {
      OrderedStep ordered = {step, OrderedStep::Kind::kReturned};
      ordered.is_shared = company_.IsShared(unit, step);
      const bool is_running = unit.is_in_flight && step == unit.steps.back();
      const bool is_in_doubt = unit.is_in_doubt && step == unit.steps.back();
      if (is_running && !numbers_.IsCommit(unit)) break;
      if (is_running || (is_in_doubt && numbers_.IsCommit(unit))) {
        ordered.kind = OrderedStep::Kind::kPresumed;
        // The client that made the schema has a saver.
        ordered.shown_at =
            std::min(numbers_.ShownAt(unit.counter), unit.acknowledged_at);
      } else if (refused_.IsRefused(unit, step) ||
                 refused_.LostARace(unit, step)) {
        ordered.kind = OrderedStep::Kind::kRefused;
        ++order_.refusals;
        if (refused_.IsNotJudged(step)) ++order_.refusals_not_judged;
      }
      order_.steps.push_back(ordered);
    }
    const bool is_gone = unit.is_transaction && !numbers_.IsCommit(unit) &&
                         (unit.is_left || unit.is_in_flight ||
                          unit.ended_at == kNever || company_.IsDead(unit));
    if (is_gone && &unit != next_commit_) {
      order_.steps.push_back({unit.steps.back(), OrderedStep::Kind::kGone});
    }
  }

  void CountConcurrency() {
    order_.commits_in_turn = numbers_.InTurn();
    for (const std::vector<Unit>& units : units_) {
      for (const Unit& unit : units) {
        if (view_.step(unit.steps.front()).kind == StepKind::kWalCheckpoint &&
            view_.record(unit.steps.front()).calls.writes > 0 &&
            numbers_.HasCommitOfOther(unit)) {
          ++order_.checkpoints_across_commits;
        }
      }
    }
  }

  const RoundView& view_;
  ReferenceModel model_;  // at the cut that is placed
  const LockEntitlement entitlement_;
  RoundUnits units_;
  const Company company_;
  CommitNumbers numbers_;
  const RefusedSteps refused_;
  std::vector<Queue> queues_;
  const Unit* next_commit_ = nullptr;  // the one that may be the next commit
  CommitOrder order_;
};

// With one client the order is that of the plan.
CommitOrder OrderOfOne(const RoundView& view) {
  CommitOrder order;
  for (std::size_t i = 0; i < view.steps(); ++i) {
    const Progress progress = view.record(i).progress;
    if (progress == Progress::kNone) break;
    if (progress != Progress::kReturned) {
      order.in_flight = i;
      break;
    }
    order.steps.push_back({i, OrderedStep::Kind::kReturned});
  }
  return order;
}

}  // namespace

CommitOrder OrderSteps(const RoundView& view,
                       const std::optional<DeathOfOne>& death,
                       const ReferenceModel& before) {
  if (Clients(view.round()) == 1) return OrderOfOne(view);
  return Placing(view, death, before).Order();
}

}  // namespace lastcommit
