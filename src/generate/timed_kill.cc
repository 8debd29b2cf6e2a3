#include "generate/timed_kill.h"

#include <algorithm>
#include <cstddef>

namespace lastcommit {
namespace {

// What a process does at least before the kill may be due, so that one that is
// sent late (the parent has to wake up) still finds it at work.
constexpr std::int64_t kLeastLeftUs = 60;

// Microseconds, on a fast machine without a disk.
std::int64_t LeastCost(const Step& step, bool creates) {
  const std::int64_t count = step.operation.count();
  const std::int64_t bytes = step.operation.content.size * count / 2000;
  switch (step.kind) {
    case StepKind::kOpen:
      return creates ? 400 : 100;
    case StepKind::kClose:
    case StepKind::kLiveRead:
    case StepKind::kBackup:
      return 50;
    case StepKind::kReopen:
      return 150;
    case StepKind::kCommit:
    case StepKind::kWalCheckpoint:
      return 15;
    case StepKind::kRead:
      return 20;
    case StepKind::kJournalMode:
      return 30;
    case StepKind::kVacuum:
      return 200;
    default:
      return (IsChange(step.kind) ? 8 : 1) + bytes + count / 2;
  }
}

// Uniform over the orders of magnitude up to `most`.
std::int64_t LogUniform(std::uint64_t draw, std::int64_t most) {
  int bits = 0;
  while (bits < 62 && (std::int64_t{2} << bits) <= most) ++bits;
  const std::int64_t low = std::int64_t{1}
                           << draw % static_cast<std::uint64_t>(bits + 1);
  const std::uint64_t within = draw / static_cast<std::uint64_t>(bits + 1);
  return std::min(
      low + static_cast<std::int64_t>(within % static_cast<std::uint64_t>(low)),
      most);
}

}  // namespace

void PlaceTimedKill(const TimedKillDraws& draws, bool creates, Round& round) {
  std::vector<Step>& steps = round.steps;
  std::size_t last = steps.size();
  std::int64_t left = 0;
  while (last > 0 && left < kLeastLeftUs) {
    left += LeastCost(steps[--last], creates);
  }
  const std::size_t chosen = draws.step % (last + 1);
  for (std::size_t i = chosen; i < last; ++i) {
    left += LeastCost(steps[i], creates);
  }
  steps[chosen].kill_after_us = LogUniform(
      draws.delay,
      std::clamp<std::int64_t>(left, 1, PlanLimits::kMaxKillAfterUs));
}

}  // namespace lastcommit
