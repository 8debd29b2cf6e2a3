#include <gtest/gtest.h>
// RapidCheck's header for GoogleTest needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <string>

#include "generate/arbitrary_plan.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

// One that only blame makes, and no generator.
Survival ArbitraryChosen() {
  Survival survival = {.kind = SurvivalKind::kChosen};
  survival.number = *rc::gen::arbitrary<std::uint64_t>();
  survival.directory = *rc::gen::inRange<std::int64_t>(-1, 5);
  std::int64_t change = 0;
  for (int i = *rc::gen::inRange(0, 20); i > 0; --i) {
    change += *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    Fate fate = {change};
    fate.kind = static_cast<FateKind>(*rc::gen::inRange(0, kFateKinds));
    if (fate.kind != FateKind::kLost && fate.kind != FateKind::kZeros) {
      fate.bytes = *rc::gen::inRange<std::int64_t>(0, kMaxFateNumber);
    }
    survival.fates.push_back(fate);
  }
  return survival;
}

void ChooseSurvivals(Plan& plan) {
  for (Round& round : plan.rounds) {
    const auto step = CrashStep(round);
    if (!step.has_value()) continue;
    round.steps[*step].crash->survival = ArbitraryChosen();
  }
}

Plan ArbitraryPlan() {
  GenerateOptions options;
  options.engine =
      static_cast<EngineChoice>(*rc::gen::inRange(0, kEngineChoices));
  options.fault = static_cast<FaultChoice>(*rc::gen::inRange(0, kFaultChoices));
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  Plan plan = PlanAt({seed, *rc::gen::inRange<std::uint64_t>(0, 50)}, options);
  // What the generator of plans leaves at its defaults.
  const bool may_lose_power = MayLosePower(plan);
  if (*rc::gen::arbitrary<bool>() && may_lose_power) ChooseSurvivals(plan);
  if (*rc::gen::arbitrary<bool>()) {
    plan.expected =
        static_cast<ViolationClass>(*rc::gen::inRange(0, kViolationClasses));
  }
  if (*rc::gen::arbitrary<bool>()) plan.sqlite.from = 3011000;
  if (*rc::gen::arbitrary<bool>()) plan.sqlite.before = 3050002;
  return plan;
}

RC_GTEST_PROP(Codec, PlanTextRoundTrips, ()) {
  const Plan plan = ArbitraryPlan();
  const absl::StatusOr<Plan> parsed = ParsePlan(PrintPlan(plan), "printed");
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == plan);
}

// A text that ends early is refused, or is the whole plan's beginning: rounds
// that are complete.
RC_GTEST_PROP(Codec, CutOffPlanTextIsNeverAnotherPlan, ()) {
  const Plan plan = ArbitraryPlan();
  const std::string text = PrintPlan(plan);
  const auto size = *rc::gen::inRange<std::size_t>(0, text.size());
  const absl::StatusOr<Plan> parsed = ParsePlan(text.substr(0, size), "cut");
  if (!parsed.ok()) return;
  RC_ASSERT(parsed->rounds.size() < plan.rounds.size());
  Plan beginning = plan;
  beginning.rounds.resize(parsed->rounds.size());
  RC_ASSERT(*parsed == beginning);
}

RC_GTEST_PROP(Codec, ChangedPlanTextNeverBreaksTheParser, ()) {
  std::string text = PrintPlan(ArbitraryPlan());
  for (int i = *rc::gen::inRange(1, 5); i > 0; --i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = *rc::gen::arbitrary<char>();
  }
  const absl::StatusOr<Plan> parsed = ParsePlan(text, "changed");
  if (parsed.ok()) {
    RC_ASSERT(*ParsePlan(PrintPlan(*parsed), "again") == *parsed);
  } else {
    RC_ASSERT(parsed.status().message().substr(0, 7) == "changed");
  }
}

}  // namespace
}  // namespace lastcommit
