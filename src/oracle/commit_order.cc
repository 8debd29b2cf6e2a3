#include "oracle/commit_order.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "oracle/client_units.h"
#include "oracle/error_answers.h"
#include "oracle/lock_entitlement.h"

namespace lastcommit {
namespace {

class Sorter {
 public:
  Sorter(const Round& round, const RoundTrace& trace,
         const std::optional<DeathOfOne>& death, ReferenceModel before)
      : round_(round),
        trace_(trace),
        death_(death),
        model_(std::move(before)),
        entitlement_(round, trace, model_.state().cut >= 0) {}

  CommitOrder Sort() {
    for (const std::vector<std::size_t>& program : Programs(round_)) {
      if (program.empty()) continue;
      for (std::size_t n = 1; n < program.size(); ++n) {
        previous_[program[n]] = program[n - 1];
      }
      queues_.push_back({ReadUnits(round_, trace_, program), 0});
    }
    // Every client's process is gone, or the one's that died.
    for (Queue& queue : queues_) {
      for (Unit& unit : queue.units) {
        if (death_.has_value() && unit.client == death_->client) {
          unit.ended_at = std::min(unit.ended_at, death_->at);
        }
      }
    }
    FindCommits();
    if (!order_.verdict.held()) return std::move(order_);
    CountConcurrency();
    order_.closed_alone = ClosedAlone();
    order_.waits = entitlement_.CheckWaits();
    while (true) {
      PlaceWhatFits();
      auto next = commits_.find(model_.state().cut + 1);
      if (next == commits_.end()) next = Presume();
      if (next == commits_.end()) break;
      PlaceCommit(*next->second);
    }
    PlaceTheRest();
    return std::move(order_);
  }

 private:
  struct Queue {
    std::vector<Unit> units;
    std::size_t next = 0;

    bool is_empty() const { return next == units.size(); }
    Unit& front() { return units[next]; }
  };

  // Which unit is which commit.
  void FindCommits() {
    base_ = model_.state().cut;
    if (base_ < 0) FindCreation();
    for (Queue& queue : queues_) {
      for (Unit& unit : queue.units) {
        if ((unit.is_in_flight || unit.is_in_doubt) &&
            unit.attempted_at != kNever) {
          candidates_.push_back(&unit);
        }
        if (unit.is_committed && !AddCommit(unit)) return;
      }
    }
    FillGaps();
  }

  bool AddCommit(Unit& unit) {
    const auto [found, is_new] = commits_.emplace(unit.counter, &unit);
    if (is_new || found->second == &unit) return true;
    order_.verdict = Verdict::Violated(
        ViolationClass::kLostCommit,
        absl::StrCat("two transactions were acknowledged as commit ",
                     unit.counter, ": that of client ", found->second->client,
                     " with step ", found->second->steps.back(),
                     " and that of client ", unit.client, " with step ",
                     unit.steps.back()));
    return false;
  }

  // The schema is commit 0: made by the first who could open.
  void FindCreation() {
    Unit* first = nullptr;
    for (Queue& queue : queues_) {
      for (Unit& unit : queue.units) {
        if (!IsOpening(round_.steps[unit.steps.back()].kind)) continue;
        // Its saver is there also if it could not tell the counter.
        const bool has_opened =
            !unit.is_in_flight && trace_.records[unit.steps.back()].has_saver;
        if (has_opened &&
            (first == nullptr || unit.ended_at < first->ended_at)) {
          first = &unit;
        }
        unit.attempted_at = unit.began_at;
      }
    }
    if (first == nullptr) return;
    first->is_committed = true;
    first->is_in_doubt =
        CodeOf(trace_.records[first->steps.back()]) != absl::StatusCode::kOk;
    first->counter = 0;
    first->acknowledged_at = first->ended_at;
  }

  // What had not returned, or failed, is there if others came after it: they
  // have read the counter under the write lock, whatever became of them.
  void FillGaps() {
    std::int64_t last = commits_.empty() ? base_ : commits_.rbegin()->first;
    for (const Queue& queue : queues_) {
      for (const Unit& unit : queue.units) {
        for (const std::size_t step : unit.steps) {
          const StepRecord& record = trace_.records[step];
          last = std::max(last, record.attempted);
          if (record.progress != Progress::kReturned) continue;
          const auto [found, is_new] =
              begun_.emplace(record.attempted, record.returned_at);
          found->second = std::min(found->second, record.returned_at);
        }
      }
    }
    for (std::int64_t counter = base_ + 1; counter < last; ++counter) {
      if (commits_.contains(counter)) continue;
      Unit* const unit = NewestCandidate(counter, /*in_flight=*/false);
      if (unit != nullptr) commits_.emplace(counter, unit);
    }
  }

  // Of two with one number it is the later that may be there: the number was
  // still to be had. Which one began first says nothing, since it may have
  // waited for the lock.
  Unit* NewestCandidate(std::int64_t counter, bool in_flight) const {
    Unit* newest = nullptr;
    for (Unit* unit : candidates_) {
      if (unit->counter != counter || (in_flight && !unit->is_in_flight)) {
        continue;
      }
      if (newest == nullptr || unit->ended_at > newest->ended_at) newest = unit;
    }
    return newest;
  }

  // When a transaction with a higher number had begun.
  Mark ShownAt(std::int64_t counter) const {
    Mark shown = kNever;
    for (auto later = begun_.upper_bound(counter); later != begun_.end();
         ++later) {
      shown = std::min(shown, later->second);
    }
    return shown;
  }

  // Who is waiting may have seen a commit that did not return.
  std::map<std::int64_t, Unit*>::iterator Presume() {
    const auto is_waiting = [&](Queue& queue) {
      return !queue.is_empty() && !queue.front().is_in_flight;
    };
    if (std::none_of(queues_.begin(), queues_.end(), is_waiting)) {
      return commits_.end();
    }
    const std::int64_t next = model_.state().cut + 1;
    Unit* const unit = NewestCandidate(next, /*in_flight=*/true);
    if (unit == nullptr || commits_.contains(next)) return commits_.end();
    return commits_.emplace(next, unit).first;
  }

  // Everything acknowledged before `mark`.
  std::int64_t AcknowledgedBefore(Mark mark) const {
    std::int64_t cut = base_;
    for (const auto& [counter, unit] : commits_) {
      if (unit->acknowledged_at < mark) cut = std::max(cut, counter);
    }
    return cut;
  }
  std::int64_t AttemptedBefore(Mark mark) const {
    std::int64_t cut = base_;
    for (const auto& [counter, unit] : commits_) {
      if (unit->attempted_at < mark) cut = std::max(cut, counter);
    }
    for (const Unit* unit : candidates_) {
      if (unit->attempted_at < mark) cut = std::max(cut, unit->counter);
    }
    return cut;
  }

  // Whether another client was at something meanwhile, or had an error in its
  // newest step, which may have left it its locks.
  bool HasCompany(const Unit& unit, std::size_t step) const {
    const StepRecord& record = trace_.records[step];
    for (const Queue& queue : queues_) {
      if (!IsConnected(queue, unit, step)) continue;
      for (std::size_t i = 0; i < queue.units.size(); ++i) {
        if (queue.units[i].began_at >= record.returned_at) break;
        if (LetsGoAt(queue, i) > record.intended_at) return true;
      }
    }
    return false;
  }

  // When the client has no lock of its i-th unit any more. What an error has
  // left it, its next step settles.
  Mark LetsGoAt(const Queue& queue, std::size_t i) const {
    const std::int64_t before = i == 0 ? 0 : ErrorsUpTo(queue.units[i - 1]);
    if (ErrorsUpTo(queue.units[i]) == before) return queue.units[i].ended_at;
    return i + 1 == queue.units.size() ? kNever : queue.units[i + 1].ended_at;
  }
  std::int64_t ErrorsUpTo(const Unit& unit) const {
    return trace_.records[unit.steps.back()].errors;
  }

  // Whether it is of another client, which had the database open at some time
  // meanwhile.
  bool IsConnected(const Queue& queue, const Unit& unit,
                   std::size_t step) const {
    const StepRecord& record = trace_.records[step];
    return !queue.units.empty() && queue.units.front().client != unit.client &&
           queue.units.front().began_at < record.returned_at &&
           LeftAt(queue.units.back()) > record.intended_at;
  }
  // `last`: the client's last unit.
  Mark LeftAt(const Unit& last) const {
    if (IsDead(last)) return death_->at;
    return round_.steps[last.steps.back()].kind == StepKind::kClose
               ? last.ended_at
               : kNever;
  }

  bool IsShared(const Unit& unit, std::size_t step) const {
    return std::any_of(queues_.begin(), queues_.end(), [&](const Queue& queue) {
      return IsConnected(queue, unit, step);
    });
  }

  // It failed because a call of it was made to fail, or had taken its
  // transaction.
  bool HasFailed(std::size_t step) const {
    const StepRecord& record = trace_.records[step];
    if (CodeOf(record) == absl::StatusCode::kOk) return false;
    const auto previous = previous_.find(step);
    if (previous == previous_.end()) return record.errors > 0;
    const StepRecord& before = trace_.records[previous->second];
    return record.errors > before.errors || before.is_aborted;
  }

  // Busy, or not opened because of that.
  bool IsRefused(const Unit& unit, std::size_t step) const {
    const absl::StatusCode code = CodeOf(trace_.records[step]);
    if (code == absl::StatusCode::kFailedPrecondition) {
      const auto previous = previous_.find(step);
      return previous != previous_.end() &&
             !trace_.records[previous->second].has_saver;
    }
    if (code != absl::StatusCode::kUnavailable) return false;
    const std::optional<bool> may_be_busy = entitlement_.MayBeBusy(step);
    if (may_be_busy.has_value()) return *may_be_busy;
    return HasCompany(unit, step) ||
           (NeedsTheFileAlone(step) && IsShared(unit, step));
  }

  // Nobody leaves WAL while others have the database open
  // (sqlite3PagerCloseWal() in pager.c), also not to open it in the mode that
  // it had.
  bool NeedsTheFileAlone(std::size_t step) const {
    const StepKind kind = round_.steps[step].kind;
    return (kind == StepKind::kJournalMode &&
            round_.steps[step].journal_mode != JournalMode::kWal) ||
           (IsOpening(kind) &&
            std::any_of(round_.steps.begin(), round_.steps.end(),
                        [](const Step& other) {
                          return other.kind == StepKind::kJournalMode;
                        }));
  }

  // Whether the only step of a unit answered what it would at this cut.
  bool FitsHere(std::size_t step) const {
    const StepRecord& record = trace_.records[step];
    const Outcome found = {CodeOf(record), record.value};
    switch (round_.steps[step].kind) {
      case StepKind::kOpen:
      case StepKind::kReopen:
        return found.code != absl::StatusCode::kOk ||
               found.value == model_.state().cut;
      case StepKind::kRead:
      case StepKind::kLiveRead:
      case StepKind::kBackup:
      case StepKind::kListCheckpoints: {
        ReferenceModel same = model_;
        return same.Apply(round_.steps[step]) == found;
      }
      default: {
        if (!IsChange(round_.steps[step].kind)) return true;
        ReferenceModel changed = model_;
        return changed.Apply(round_.steps[step]) == found;
      }
    }
  }

  // The task is read first and then updated; in between another client may have
  // updated it, or deleted its thread. Not in a transaction: that has the write
  // lock, and reads what nobody else can change.
  bool LostARace(const Unit& unit, std::size_t at) const {
    const Step& update = round_.steps[at];
    const StepRecord& record = trace_.records[at];
    if (unit.is_transaction || update.kind != StepKind::kUpdateTask ||
        CodeOf(record) != absl::StatusCode::kFailedPrecondition) {
      return false;
    }
    const std::int64_t first = AcknowledgedBefore(record.intended_at) + 1;
    const std::int64_t last = LastSeenByUpdate(at);
    for (const auto& [counter, other] : commits_) {
      if (counter < first || counter > last || other->client == unit.client) {
        continue;
      }
      for (const std::size_t i : other->steps) {
        const Step& step = round_.steps[i];
        const bool changes_it =
            step.kind == StepKind::kDeleteThread ||
            (step.kind == StepKind::kUpdateTask && step.task == update.task);
        if (changes_it && step.thread == update.thread &&
            CodeOf(trace_.records[i]) == absl::StatusCode::kOk) {
          return true;
        }
      }
    }
    return false;
  }

  // The newest commit that can have been there when the update looked again. If
  // it took the write lock, the number that it read there says it.
  std::int64_t LastSeenByUpdate(std::size_t step) const {
    const StepRecord& record = trace_.records[step];
    const auto previous = previous_.find(step);
    const std::int64_t before =
        previous == previous_.end()
            ? 0
            : trace_.records[previous->second].attempted;
    const std::int64_t last = AttemptedBefore(record.returned_at);
    return record.attempted == before ? last
                                      : std::min(last, record.attempted - 1);
  }

  // Whether a unit that commits nothing can stand at this cut.
  bool Fits(const Unit& unit) const {
    const std::int64_t cut = model_.state().cut;
    if (unit.is_transaction) {
      const bool may_commit_later = unit.is_in_flight &&
                                    unit.attempted_at != kNever &&
                                    !commits_.contains(unit.counter);
      return unit.counter <= cut + 1 && !may_commit_later;
    }
    if (unit.is_in_flight) return IsOvertaken(unit);
    const std::size_t step = unit.steps.back();
    if (unit.is_in_doubt) return unit.counter <= cut + 1;
    const StepRecord& record = trace_.records[step];
    if (cut < AcknowledgedBefore(record.intended_at)) return false;
    if (cut >= AttemptedBefore(record.returned_at)) return true;
    // An answer about content fits one place, also with an error in the step.
    const bool failed_anywhere =
        HasFailed(step) && !IsAboutContent(CodeOf(record));
    return IsRefused(unit, step) || LostARace(unit, step) || failed_anywhere ||
           FitsHere(step);
  }

  // It died in a commit whose number another transaction has. Until then it may
  // have been there.
  bool IsOvertaken(const Unit& unit) const {
    return unit.is_in_flight && unit.attempted_at != kNever &&
           !IsCommit(unit) && unit.counter <= model_.state().cut + 1 &&
           commits_.contains(unit.counter);
  }

  bool IsCommit(const Unit& unit) const {
    const auto found = commits_.find(unit.counter);
    return found != commits_.end() && found->second == &unit;
  }

  void PlaceWhatFits() {
    for (Queue& queue : queues_) {
      while (!queue.is_empty() && !IsCommit(queue.front()) &&
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
      const bool is_absent =
          HasFailed(step) && !(unit.is_in_doubt && step == unit.steps.back());
      if (!is_absent && !IsRefused(unit, step)) {
        model_.Apply(round_.steps[step]);
      }
    }
    if (model_.state().cut == unit.counter) return;
    // It refuses what was acknowledged; the judgement finds that.
    commits_.clear();
    candidates_.clear();
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
    // As time went: what an answer says of a commit in doubt holds for those
    // that came after it.
    std::stable_sort(rest.begin(), rest.end(), [](Unit* a, Unit* b) {
      return a->ended_at < b->ended_at;
    });
    for (Unit* unit : rest) Place(*unit);
    // The one that may be the next commit comes last. If there are two, one was
    // dead when the other took its number.
    std::stable_sort(last.begin(), last.end(), [&](Unit* a, Unit* b) {
      return std::pair(MayBeNext(*a), !IsDead(*a)) <
             std::pair(MayBeNext(*b), !IsDead(*b));
    });
    const bool has_next = !last.empty() && MayBeNext(*last.back());
    if (has_next) next_commit_ = last.back();
    for (Unit* unit : last) Place(*unit);
    if (has_next) order_.in_flight = last.back()->steps.back();
  }

  bool IsDead(const Unit& unit) const {
    return death_.has_value() && unit.client == death_->client;
  }

  bool MayBeNext(const Unit& unit) const {
    if (!unit.is_in_flight || unit.attempted_at == kNever) return false;
    if (commits_.contains(unit.counter)) return false;  // another one is
    const bool creates = base_ < 0 && model_.state().cut < 0;
    return creates || unit.counter == model_.state().cut + 1;
  }

  void Place(const Unit& unit) {
    if (!unit.is_transaction && unit.is_in_flight && !IsCommit(unit) &&
        &unit != next_commit_) {
      if (IsOvertaken(unit) || MayBeNext(unit)) {
        order_.steps.push_back({unit.steps.back(), OrderedStep::Kind::kGone});
      }
      return;
    }
    for (const std::size_t step : unit.steps) {
      OrderedStep ordered = {step, OrderedStep::Kind::kReturned};
      ordered.is_shared = IsShared(unit, step);
      const bool is_running = unit.is_in_flight && step == unit.steps.back();
      const bool is_in_doubt = unit.is_in_doubt && step == unit.steps.back();
      if (is_running && !IsCommit(unit)) break;
      if (is_running || (is_in_doubt && IsCommit(unit))) {
        ordered.kind = OrderedStep::Kind::kPresumed;
        // Who made the schema has a saver.
        ordered.shown_at =
            std::min(ShownAt(unit.counter), unit.acknowledged_at);
      } else if (IsRefused(unit, step) || LostARace(unit, step)) {
        ordered.kind = OrderedStep::Kind::kRefused;
        ++order_.refusals;
        if (CodeOf(trace_.records[step]) == absl::StatusCode::kUnavailable &&
            !entitlement_.MayBeBusy(step).has_value()) {
          ++order_.refusals_not_judged;
        }
      }
      order_.steps.push_back(ordered);
    }
    const bool is_gone = unit.is_transaction && !IsCommit(unit) &&
                         (unit.is_left || unit.is_in_flight ||
                          unit.ended_at == kNever || IsDead(unit));
    if (is_gone && &unit != next_commit_) {
      order_.steps.push_back({unit.steps.back(), OrderedStep::Kind::kGone});
    }
  }

  void CountConcurrency() {
    int last_client = -1;
    for (const auto& [counter, unit] : commits_) {
      if (last_client >= 0 && unit->client != last_client) {
        ++order_.commits_in_turn;
      }
      last_client = unit->client;
    }
    for (const Queue& queue : queues_) {
      for (const Unit& unit : queue.units) {
        if (round_.steps[unit.steps.front()].kind == StepKind::kWalCheckpoint &&
            trace_.records[unit.steps.front()].calls.writes > 0 &&
            HasCommitOfOther(unit)) {
          ++order_.checkpoints_across_commits;
        }
      }
    }
  }

  // Two that close at the same time may each take the other for one that stays.
  bool ClosedAlone() const {
    const Unit* last = nullptr;
    for (const Queue& queue : queues_) {
      const Unit* const unit = LastConnected(queue);
      if (unit == nullptr) continue;
      if (last == nullptr || unit->ended_at > last->ended_at) last = unit;
    }
    if (last == nullptr ||
        round_.steps[last->steps.back()].kind != StepKind::kClose ||
        MayNotKnowTheMode(*last)) {
      return false;
    }
    return std::all_of(queues_.begin(), queues_.end(), [&](const Queue& queue) {
      const Unit* const unit = LastConnected(queue);
      return unit == nullptr || unit == last || unit->ended_at < last->began_at;
    });
  }

  // Who has not read since another one went over to WAL knows of none, and
  // leaves it (sqlite3PagerClose() in pager.c).
  bool MayNotKnowTheMode(const Unit& last) const {
    return std::any_of(queues_.begin(), queues_.end(), [&](const Queue& queue) {
      return std::any_of(
          queue.units.begin(), queue.units.end(), [&](const Unit& unit) {
            const std::size_t step = unit.steps.front();
            return unit.client != last.client &&
                   round_.steps[step].kind == StepKind::kJournalMode &&
                   CodeOf(trace_.records[step]) == absl::StatusCode::kOk;
          });
    });
  }

  // The client's last unit that had a connection: its close, or an open that
  // failed.
  const Unit* LastConnected(const Queue& queue) const {
    const auto has_connection = [this](const Unit& unit) {
      const std::size_t step = unit.steps.front();
      const auto previous = previous_.find(step);
      return IsOpening(round_.steps[step].kind) ||
             (previous != previous_.end() &&
              trace_.records[previous->second].has_saver);
    };
    const auto last =
        std::find_if(queue.units.rbegin(), queue.units.rend(), has_connection);
    return last == queue.units.rend() ? nullptr : &*last;
  }

  bool HasCommitOfOther(const Unit& unit) const {
    for (const auto& [counter, other] : commits_) {
      if (other->client != unit.client && other->attempted_at < unit.ended_at &&
          other->acknowledged_at > unit.began_at) {
        return true;
      }
    }
    return false;
  }

  const Round& round_;
  const RoundTrace& trace_;
  const std::optional<DeathOfOne>& death_;
  ReferenceModel model_;  // at the cut that is placed
  const LockEntitlement entitlement_;
  std::int64_t base_ = -1;
  std::vector<Queue> queues_;
  std::map<std::size_t, std::size_t> previous_;  // step of the same client
  std::map<std::int64_t, Unit*> commits_;
  std::map<std::int64_t, Mark> begun_;  // transactions, by their numbers
  std::vector<Unit*> candidates_;       // in flight, or in doubt
  const Unit* next_commit_ = nullptr;   // the one that may be the next commit
  CommitOrder order_;
};

// Nothing has to be found out.
CommitOrder OrderOfOne(const Round& round, const RoundTrace& trace) {
  CommitOrder order;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const Progress progress = trace.records[i].progress;
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

CommitOrder OrderSteps(const Round& round, const RoundTrace& trace,
                       const std::optional<DeathOfOne>& death,
                       const ReferenceModel& before) {
  if (Clients(round) == 1) return OrderOfOne(round, trace);
  return Sorter(round, trace, death, before).Sort();
}

}  // namespace lastcommit
