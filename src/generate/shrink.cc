#include "generate/shrink.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "generate/shrink_edits.h"
#include "plan/codec.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// Small, since every trial forks this process.
std::uint64_t DigestOf(const Plan& plan) {
  const std::string text = PrintPlan(plan);
  return XXH3_64bits(text.data(), text.size());
}

std::size_t Switches(const Plan& plan) {
  std::size_t switches = 0;
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) switches += step.switches.size();
  }
  return switches;
}

// Of a schedule only the run shows what it draws.
bool IsSimpler(const Plan& candidate, const Plan& ran, const Plan& than) {
  return candidate.schedule == than.schedule ||
         candidate.schedule.kind == ScheduleKind::kPlan ||
         Switches(ran) < Switches(than);
}

std::size_t FirstOfKind(int kind, const std::vector<Edit>& edits) {
  const auto first = std::partition_point(
      edits.begin(), edits.end(),
      [kind](const Edit& edit) { return edit.kind < kind; });
  return static_cast<std::size_t>(first - edits.begin());
}

}  // namespace

absl::StatusOr<ShrinkResult> Shrink(const Plan& failing,
                                    const StillFails& still_fails,
                                    const ShrinkLimits& limits) {
  const absl::Time deadline = absl::Now() + limits.max_time;
  ShrinkResult result;
  result.plan = failing;
  if (limits.is_enough(failing)) {
    result.is_enough = true;
    return result;
  }
  std::unordered_set<std::uint64_t> tried;
  tried.insert(DigestOf(failing));
  std::vector<Edit> edits = SimplerEdits(result.plan);
  std::size_t next = 0;
  // Minimal is what a whole turn of the edits finds nothing simpler for.
  std::size_t in_vain = 0;
  while (in_vain < edits.size()) {
    next %= edits.size();
    const Edit& edit = edits[next];
    const int kind = edit.kind;
    const std::size_t after_success =
        next - edit.back - FirstOfKind(kind, edits);
    const std::optional<Plan> candidate = edit(result.plan);
    ++next;
    ++in_vain;
    if (!candidate.has_value()) continue;
    if (!tried.insert(DigestOf(*candidate)).second) continue;
    if (result.trials >= limits.max_trials || absl::Now() > deadline) {
      return result;
    }
    ++result.trials;
    absl::StatusOr<std::optional<Plan>> outcome = still_fails(*candidate);
    if (absl::IsCancelled(outcome.status())) return result;
    RETURN_IF_ERROR(outcome.status());
    if (!outcome->has_value() ||
        !IsSimpler(*candidate, **outcome, result.plan)) {
      continue;
    }
    result.plan = **std::move(outcome);
    limits.on_taken(result.plan);
    if (limits.is_enough(result.plan)) {
      result.is_enough = true;
      return result;
    }
    tried.insert(DigestOf(result.plan));
    // With edits of the same kind: what is bolder has just failed, and comes
    // again in the next turn. Of other kinds there may be fewer now.
    edits = SimplerEdits(result.plan);
    next = std::min(FirstOfKind(kind, edits) + after_success,
                    FirstOfKind(kind + 1, edits));
    in_vain = 0;
  }
  result.is_minimal = true;
  return result;
}

}  // namespace lastcommit
