#include "generate/clients_draw.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace lastcommit {

// A client that has more left to do comes more often, so that all end together.
// Client 0 opens first and closes last.
Round Interleave(Draw& draw, std::vector<Round> programs) {
  Round round;
  Step last = std::move(programs[0].steps.back());
  programs[0].steps.pop_back();
  std::vector<std::size_t> next(programs.size(), 0);
  std::size_t left = 0;
  for (const Round& program : programs) left += program.steps.size();
  const auto take = [&](std::size_t client) {
    Step& step = programs[client].steps[next[client]++];
    step.client = static_cast<int>(client);
    round.steps.push_back(std::move(step));
    --left;
  };
  take(0);
  while (left > 0) {
    std::uint64_t chosen = draw.Below(left);
    for (std::size_t client = 0; client < programs.size(); ++client) {
      const std::size_t rest = programs[client].steps.size() - next[client];
      if (chosen < rest) {
        take(client);
        break;
      }
      chosen -= rest;
    }
  }
  round.steps.push_back(std::move(last));
  return round;
}

Schedule DrawSchedule(Draw& draw, std::optional<ScheduleKind> kind) {
  Schedule schedule;
  schedule.kind = kind.value_or(draw.Weighted<ScheduleKind>({
      {3, ScheduleKind::kRandom},
      {3, ScheduleKind::kFew},
      {1, ScheduleKind::kRoundRobin},
      {8, ScheduleKind::kDirected},
      {1, ScheduleKind::kPlan},
  }));
  switch (schedule.kind) {
    case ScheduleKind::kPlan:
    case ScheduleKind::kFree:
      return schedule;
    case ScheduleKind::kRandom:
      schedule.rate = draw.Element({1, 2, 5, 10, 20, 40});
      break;
    case ScheduleKind::kFew:
      schedule.rate = draw.Element({1, 2, 5, 10, 20});
      break;
    case ScheduleKind::kRoundRobin:
      schedule.rate = draw.Int(1, 60);
      return schedule;
    case ScheduleKind::kDirected:
      schedule.rate = draw.Element({30, 60, 100});
      break;
  }
  schedule.seed = draw.Seed();
  return schedule;
}

}  // namespace lastcommit
