#include "oracle/commit_numbers.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace lastcommit {

CommitNumbers::CommitNumbers(const RoundView& view, RoundUnits& units,
                             std::int64_t base)
    : view_(view), units_(units), base_(base) {
  FindCommits();
}

void CommitNumbers::FindCommits() {
  if (base_ < 0) FindCreation();
  for (std::vector<Unit>& units : units_) {
    for (Unit& unit : units) {
      if ((unit.is_in_flight || unit.is_in_doubt) &&
          unit.attempted_at != kNever) {
        candidates_.push_back(&unit);
      }
      if (unit.is_committed && !AddCommit(unit)) return;
    }
  }
  FillGaps();
}

// Rule: AddCommit.
bool CommitNumbers::AddCommit(Unit& unit) {
  const auto [found, is_new] = commits_.emplace(unit.counter, &unit);
  if (is_new || found->second == &unit) return true;
  verdict_ = Verdict::Violated(
      ViolationClass::kLostCommit,
      absl::StrCat("two transactions were acknowledged as commit ",
                   unit.counter, ": that of client ", found->second->client,
                   " with step ", found->second->steps.back(),
                   " and that of client ", unit.client, " with step ",
                   unit.steps.back()));
  return false;
}

// Excuse: FindCreation.
// The schema is commit 0: the first client that could open has made it.
void CommitNumbers::FindCreation() {
  Unit* first = nullptr;
  for (std::vector<Unit>& units : units_) {
    for (Unit& unit : units) {
      if (!IsOpening(view_.step(unit.steps.back()).kind)) continue;
      // A saver has opened also if it could not tell the counter.
      const bool has_opened =
          !unit.is_in_flight && view_.record(unit.steps.back()).has_saver;
      if (has_opened && (first == nullptr || unit.ended_at < first->ended_at)) {
        first = &unit;
      }
      unit.attempted_at = unit.began_at;
    }
  }
  if (first == nullptr) return;
  first->is_committed = true;
  first->is_in_doubt = view_.Code(first->steps.back()) != absl::StatusCode::kOk;
  first->counter = 0;
  first->acknowledged_at = first->ended_at;
}

// Excuse: FillGaps.
// A commit that had not returned, or failed, is there if other transactions
// came after it: they have read the counter under the write lock, whatever
// became of them.
void CommitNumbers::FillGaps() {
  std::int64_t last = commits_.empty() ? base_ : commits_.rbegin()->first;
  for (const std::vector<Unit>& units : units_) {
    for (const Unit& unit : units) {
      for (const std::size_t step : unit.steps) {
        const StepRecord& record = view_.record(step);
        last = std::max(last, record.attempted);
        if (record.progress != Progress::kReturned) continue;
        const auto [found, is_new] =
            begun_.emplace(record.attempted, record.returned_at);
        found->second = std::min(found->second, record.returned_at);
      }
    }
  }
  for (std::int64_t number = base_ + 1; number < last; ++number) {
    if (commits_.contains(number)) continue;
    Unit* const unit = NewestCandidate(number, /*in_flight=*/false);
    if (unit != nullptr) commits_.emplace(number, unit);
  }
}

// Excuse: NewestCandidate.
// Of two units with one number it is the later that may be there: the number
// was still to be had. Which of them began first says nothing, since it may
// have waited for the lock; but whoever began when somebody had come behind the
// number has that of an earlier transaction, and died before it had its own.
Unit* CommitNumbers::NewestCandidate(std::int64_t number,
                                     bool in_flight) const {
  const Mark shown_at = ShownAt(number);
  Unit* newest = nullptr;
  for (Unit* unit : candidates_) {
    if (unit->counter != number || (in_flight && !unit->is_in_flight) ||
        unit->began_at > shown_at) {
      continue;
    }
    if (newest == nullptr || unit->ended_at > newest->ended_at) newest = unit;
  }
  return newest;
}

Unit* CommitNumbers::Find(std::int64_t number) const {
  const auto found = commits_.find(number);
  return found == commits_.end() ? nullptr : found->second;
}

bool CommitNumbers::IsCommit(const Unit& unit) const {
  return Find(unit.counter) == &unit;
}

std::int64_t CommitNumbers::AcknowledgedBefore(Mark mark) const {
  std::int64_t cut = base_;
  for (const auto& [number, unit] : commits_) {
    if (unit->acknowledged_at < mark) cut = std::max(cut, number);
  }
  return cut;
}

std::int64_t CommitNumbers::AttemptedBefore(Mark mark) const {
  std::int64_t cut = base_;
  for (const auto& [number, unit] : commits_) {
    if (unit->attempted_at < mark) cut = std::max(cut, number);
  }
  for (const Unit* unit : candidates_) {
    if (unit->attempted_at < mark) cut = std::max(cut, unit->counter);
  }
  return cut;
}

Mark CommitNumbers::ShownAt(std::int64_t number) const {
  Mark shown = kNever;
  for (auto later = begun_.upper_bound(number); later != begun_.end();
       ++later) {
    shown = std::min(shown, later->second);
  }
  return shown;
}

// Excuse: Presume.
// A client that is waiting may have seen a commit that did not return.
Unit* CommitNumbers::Presume(std::int64_t number) {
  Unit* const unit = NewestCandidate(number, /*in_flight=*/true);
  if (unit == nullptr || commits_.contains(number)) return nullptr;
  return commits_.emplace(number, unit).first->second;
}

void CommitNumbers::Forget() {
  commits_.clear();
  candidates_.clear();
}

std::int64_t CommitNumbers::InTurn() const {
  std::int64_t count = 0;
  int last_client = -1;
  for (const auto& [number, unit] : commits_) {
    if (last_client >= 0 && unit->client != last_client) ++count;
    last_client = unit->client;
  }
  return count;
}

bool CommitNumbers::HasCommitOfOther(const Unit& unit) const {
  for (const auto& [number, other] : commits_) {
    if (other->client != unit.client && other->attempted_at < unit.ended_at &&
        other->acknowledged_at > unit.began_at) {
      return true;
    }
  }
  return false;
}

}  // namespace lastcommit
