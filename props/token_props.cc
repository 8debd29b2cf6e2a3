#include <gtest/gtest.h>
// RapidCheck's header for GoogleTest needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "generate/shrink_edits.h"
#include "plan/codec.h"
#include "subject/registry.h"
#include "token/plan_difference.h"
#include "token/token.h"

namespace lastcommit {
namespace {

struct GeneratedPlan {
  CaseKey key;
  GenerateOptions options;
  Plan plan;
};

GeneratedPlan ArbitraryGeneratedPlan() {
  GeneratedPlan generated;
  generated.key = {*rc::gen::arbitrary<std::uint64_t>(),
                   *rc::gen::inRange<std::uint64_t>(0, 100'000)};
  generated.options.saver = *rc::gen::elementOf(SaverNames());
  generated.options.fault =
      static_cast<FaultChoice>(*rc::gen::inRange(0, kFaultChoices));
  generated.options.engine =
      static_cast<EngineChoice>(*rc::gen::inRange(0, kEngineChoices));
  generated.plan = PlanAt(generated.key, generated.options);
  return generated;
}

// After some of the edits of shrinking.
Plan ArbitrarySimplerPlan(Plan plan) {
  for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
    const std::vector<Edit> edits = SimplerEdits(plan);
    const auto most = *rc::gen::inRange<std::size_t>(1, edits.size() + 1);
    const auto at = *rc::gen::inRange<std::size_t>(0, most);
    if (std::optional<Plan> simpler = edits[at](plan)) {
      plan = *std::move(simpler);
    }
  }
  return plan;
}

RC_GTEST_PROP(Token, RegeneratesThePlan, ()) {
  const GeneratedPlan generated = ArbitraryGeneratedPlan();
  const auto token =
      PrintToken(generated.key, generated.options, generated.plan);
  RC_ASSERT(token.ok());
  RC_ASSERT(token->size() <= kMaxTokenSize);
  const absl::StatusOr<Plan> parsed = ParseToken(*token, SaverNames());
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == generated.plan);
}

RC_GTEST_PROP(Token, RegeneratesTheShrunkPlanOrIsNone, ()) {
  const GeneratedPlan generated = ArbitraryGeneratedPlan();
  const Plan plan = ArbitrarySimplerPlan(generated.plan);
  const auto token = PrintToken(generated.key, generated.options, plan);
  if (!token.ok()) {
    RC_ASSERT(token.status().code() == absl::StatusCode::kResourceExhausted);
    RC_TAG("does not fit");
    return;
  }
  RC_ASSERT(token->size() <= kMaxTokenSize);
  const absl::StatusOr<Plan> parsed = ParseToken(*token, SaverNames());
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == plan);
}

// However much it is.
RC_GTEST_PROP(Token, WhatShrinkingDidIsDecodedUnchanged, ()) {
  const Plan generated = ArbitraryGeneratedPlan().plan;
  const Plan plan = ArbitrarySimplerPlan(generated);
  const absl::StatusOr<Plan> decoded =
      DecodeDifference(generated, EncodeDifference(generated, plan));
  RC_ASSERT(decoded.ok());
  RC_ASSERT(*decoded == plan);
}

RC_GTEST_PROP(Token, AMistypedOneIsRefused, ()) {
  const GeneratedPlan generated = ArbitraryGeneratedPlan();
  const auto token =
      PrintToken(generated.key, generated.options, generated.plan);
  RC_ASSERT(token.ok());
  std::string mistyped = *token;
  mistyped[*rc::gen::inRange<std::size_t>(0, mistyped.size())] =
      *rc::gen::arbitrary<char>();
  RC_PRE(mistyped != *token);
  RC_ASSERT(ParseToken(mistyped, SaverNames()).status().code() ==
            absl::StatusCode::kInvalidArgument);
}

RC_GTEST_PROP(Token, AnyBytesAreADifferenceOrRefused, ()) {
  const Plan generated = ArbitraryGeneratedPlan().plan;
  const absl::StatusOr<Plan> plan =
      DecodeDifference(generated, *rc::gen::arbitrary<std::string>());
  if (plan.ok()) {
    RC_ASSERT(*ParsePlan(PrintPlan(*plan), "printed") == *plan);
  } else {
    RC_ASSERT(plan.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace lastcommit
