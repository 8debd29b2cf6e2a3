#include "trial/client_schedule.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "xxhash.h"

namespace lastcommit {

ClientSchedule::ClientSchedule(const Plan& plan, std::size_t round)
    : schedule_(plan.schedule), round_(round), steps_(plan.rounds[round]) {}

std::optional<int> ClientSchedule::At(const YieldPoint& point,
                                      const std::vector<int>& others) const {
  const std::vector<Switch>& switches = steps_.steps[point.step].switches;
  const auto found = std::lower_bound(
      switches.begin(), switches.end(), point.at,
      [](const Switch& one, std::int64_t at) { return one.at < at; });
  if (found != switches.end() && found->at == point.at) {
    const bool can_go =
        std::find(others.begin(), others.end(), found->to) != others.end();
    return can_go ? std::optional(found->to) : std::nullopt;
  }
  if (schedule_.kind == ScheduleKind::kPlan ||
      schedule_.kind == ScheduleKind::kFree) {
    return std::nullopt;
  }
  const auto rate = static_cast<std::uint64_t>(schedule_.rate);
  if (schedule_.kind == ScheduleKind::kRoundRobin) {
    if (rate == 0 || point.at == 0 ||
        static_cast<std::uint64_t>(point.at) % rate != 0) {
      return std::nullopt;
    }
    const auto next =
        std::upper_bound(others.begin(), others.end(), point.client);
    return next == others.end() ? others.front() : *next;
  }
  if (schedule_.kind == ScheduleKind::kDirected) {
    if (!IsDirectedAt(point)) return std::nullopt;
  } else {
    const std::uint64_t bound =
        schedule_.kind == ScheduleKind::kFew ? 1000 : 100;
    if (RandomAt(point, point.at) % bound >= rate) return std::nullopt;
  }
  return others[(RandomAt(point, point.at) >> 32) % others.size()];
}

// Most of what matters is near the beginning of a step.
bool ClientSchedule::IsDirectedAt(const YieldPoint& point) const {
  if (!point.is_delicate || point.is_nested) return false;
  constexpr std::int64_t kNoPoint = -1;
  const std::uint64_t random = RandomAt(point, kNoPoint);
  if (random % 100 >= static_cast<std::uint64_t>(schedule_.rate)) return false;
  constexpr std::uint64_t kWithin[] = {8, 32, 128};
  const std::uint64_t within = kWithin[(random >> 8) % std::size(kWithin)];
  return static_cast<std::uint64_t>(point.at) == (random >> 16) % within;
}

std::uint64_t ClientSchedule::RandomAt(const YieldPoint& point,
                                       std::int64_t at) const {
  const std::array<std::uint64_t, 4> key = {
      round_, static_cast<std::uint64_t>(point.client), point.in_program,
      static_cast<std::uint64_t>(at)};
  return XXH3_64bits_withSeed(key.data(), sizeof(key), schedule_.seed);
}

}  // namespace lastcommit
