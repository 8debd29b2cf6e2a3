// The schedule of a plan with several clients: who goes on where. Pure values;
// docs/plan-format.md has their text form, trial/client_schedule.h carries them
// out.

#ifndef LASTCOMMIT_PLAN_SCHEDULE_H_
#define LASTCOMMIT_PLAN_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

// Without a switch a step runs to its end, and then the next one in the order
// of the round does, whosever it is.
enum class ScheduleKind {
  kPlan,        // the switches of the steps, and no others
  kRandom,      // at each call with the same chance
  kFew,         // the same, with a small one
  kRoundRobin,  // after so many calls the next client
  // In checkpoints, commits, opens and closes one switch, and then the others
  // run whole steps: few are needed, but at the right place.
  kDirected,
  // The processes run as the kernel lets them, and nobody decides: what the
  // plan gives may differ each time. On real processes only.
  kFree,
};
inline constexpr int kScheduleKinds = static_cast<int>(ScheduleKind::kFree) + 1;

struct Schedule {
  ScheduleKind kind = ScheduleKind::kPlan;
  std::uint64_t seed = 0;
  // The chance of a switch at a call, kRandom: in percent, kFew: in a
  // thousandth. kDirected: of one in a step, in percent. kRoundRobin: after how
  // many calls.
  int rate = 0;

  bool operator==(const Schedule&) const = default;
};

// At the yield point `at` of a step (2 n - 1: before its n-th call of the VFS,
// 2 n: after it; all calls count, also those that no crash has; 0: before the
// step begins) client `to` goes on: to the end of its step, to a switch of its
// own, or until it sleeps.
struct Switch {
  std::int64_t at = 0;
  int to = 0;

  bool operator==(const Switch&) const = default;
};

inline constexpr int kMaxClients = 4;
// Limits of what is parsed.
inline constexpr std::int64_t kMaxSwitchAt = 1'000'000;
inline constexpr std::size_t kMaxSwitches = 10'000;
inline constexpr int kMaxScheduleRate = 100;

std::string_view Name(ScheduleKind kind);
std::optional<ScheduleKind> ParseScheduleKind(std::string_view name);

// "0>1,17>2": as one word, ascending by call. nullopt: not in that form, not in
// order, or beyond the limits. No switches are no text.
std::string PrintSwitches(const std::vector<Switch>& switches);
std::optional<std::vector<Switch>> ParseSwitches(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_SCHEDULE_H_
