// CommitOrderTest: records of rounds written by hand, in the order in which
// things happened.

#ifndef LASTCOMMIT_TESTS_ORACLE_COMMIT_ORDER_FIXTURE_H_
#define LASTCOMMIT_TESTS_ORACLE_COMMIT_ORDER_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "operations.h"
#include "oracle/commit_order.h"
#include "trial/plans.h"

namespace lastcommit {

using Kind = OrderedStep::Kind;

inline constexpr absl::StatusCode kBusy = absl::StatusCode::kUnavailable;
inline constexpr absl::StatusCode kRefused =
    absl::StatusCode::kFailedPrecondition;

// Two clients, on a database that has its schema and a task with version 1. The
// first two steps are their opens, and have returned.
class CommitOrderTest : public testing::Test {
 protected:
  CommitOrderTest() {
    before_.Apply(StepOf(StepKind::kOpen));
    before_.Apply(Op(threads::Kind::kCreateTask));
    before_.Apply(StepOf(StepKind::kClose));
  }

  void Use(std::vector<Step> steps) {
    round_.steps = {By(0, StepKind::kOpen), By(1, StepKind::kOpen)};
    for (Step& step : steps) round_.steps.push_back(std::move(step));
    ClearRound(*trace_, round_.steps.size());
    for (const std::size_t open : {0, 1}) {
      Begin(open);
      Return(open, {absl::StatusCode::kOk, base()});
    }
  }

  std::int64_t base() const { return before_.state().cut; }

  // ---- What happens, one after the other ----

  void Begin(std::size_t i) {
    StepRecord& record = trace_->records[i];
    record.intended_at = ++trace_->now;
    record.acknowledged_at = kNever;
    record.progress = Progress::kIntended;
  }
  // It has the write lock, and would be commit `number` of the round.
  void Lock(std::size_t i, std::int64_t number) {
    trace_->records[i].attempted = base() + number;
  }
  void Return(std::size_t i, const Outcome& outcome = {}) {
    StepRecord& record = trace_->records[i];
    record.code = static_cast<std::int32_t>(outcome.code);
    record.value = outcome.value;
    const StepKind kind = round_.steps[i].kind;
    record.has_saver = kind != StepKind::kClose;
    bool& is_open = in_transaction_[round_.steps[i].client];
    if (outcome.code == absl::StatusCode::kOk) {
      if (kind == StepKind::kBegin) is_open = true;
      if (kind == StepKind::kCommit || kind == StepKind::kRollback) {
        is_open = false;
      }
    }
    record.is_in_transaction = is_open;
    record.is_aborted = false;
    record.returned_at = ++trace_->now;
    record.progress = Progress::kReturned;
  }
  void Run(std::size_t i, const Outcome& outcome = {}) {
    Begin(i);
    Return(i, outcome);
  }
  void RunAsCommit(std::size_t i, std::int64_t number) {
    Begin(i);
    Lock(i, number);
    Return(i);
  }

  // What the step answers after those.
  Outcome After(const std::vector<std::size_t>& steps, std::size_t i) const {
    ReferenceModel model = before_;
    for (const std::size_t step : steps) model.Apply(round_.steps[step]);
    return model.Apply(round_.steps[i]);
  }

  CommitOrder Order(std::optional<DeathOfOne> death = std::nullopt) const {
    return OrderSteps(RoundView(round_, *trace_), death, before_);
  }
  // Behind the opens.
  std::vector<std::size_t> Sorted() const {
    std::vector<std::size_t> steps;
    for (const OrderedStep& ordered : Order().steps) {
      if (ordered.step > 1) steps.push_back(ordered.step);
    }
    return steps;
  }
  // How the step takes part; nullopt: not at all.
  std::optional<Kind> KindOf(
      std::size_t i, std::optional<DeathOfOne> death = std::nullopt) const {
    for (const OrderedStep& ordered : Order(death).steps) {
      if (ordered.step == i) return ordered.kind;
    }
    return std::nullopt;
  }

  Round round_;
  std::unique_ptr<RoundTrace> trace_ = std::make_unique<RoundTrace>();
  ReferenceModel before_;
  bool in_transaction_[kMaxClients] = {};
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_ORACLE_COMMIT_ORDER_FIXTURE_H_
