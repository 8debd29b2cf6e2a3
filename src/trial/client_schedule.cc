#include "trial/client_schedule.h"

#include <algorithm>
#include <array>

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
  if (schedule_.kind == ScheduleKind::kPlan) return std::nullopt;
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
  if (schedule_.kind == ScheduleKind::kDirected && !point.is_delicate) {
    return std::nullopt;
  }
  const std::array<std::uint64_t, 4> key = {
      round_, static_cast<std::uint64_t>(point.client), point.in_program,
      static_cast<std::uint64_t>(point.at)};
  const std::uint64_t random =
      XXH3_64bits_withSeed(key.data(), sizeof(key), schedule_.seed);
  const std::uint64_t bound = schedule_.kind == ScheduleKind::kFew ? 1000 : 100;
  if (random % bound >= rate) return std::nullopt;
  return others[(random >> 32) % others.size()];
}

}  // namespace lastcommit
