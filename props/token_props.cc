#include <gtest/gtest.h>
// RapidCheck's header for GoogleTest needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "generate/arbitrary_plan.h"
#include "generate/mix.h"
#include "generate/shrink_edits.h"
#include "plan/codec.h"
#include "results/identity.h"
#include "subject/registry.h"
#include "token/token.h"

namespace lastcommit {
namespace {

Plan ArbitraryGeneratedPlan() {
  const CaseKey key = {*rc::gen::arbitrary<std::uint64_t>(),
                       *rc::gen::inRange<std::uint64_t>(0, 100'000)};
  GenerateOptions options;
  ChooseSaver(*rc::gen::elementOf(SaverNames()), options);
  options.fault = static_cast<FaultChoice>(*rc::gen::inRange(0, kFaultChoices));
  options.engine =
      static_cast<EngineChoice>(*rc::gen::inRange(0, kEngineChoices));
  options.clients = *rc::gen::inRange(1, kMaxClients + 1);
  RC_PRE(!MixOf(options).empty());  // no engine has all faults of all clients
  return PlanAt(key, options);
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

RC_GTEST_PROP(Token, RegeneratesTheShrunkPlanOrIsNone, ()) {
  const Plan plan = ArbitrarySimplerPlan(ArbitraryGeneratedPlan());
  const auto token = PrintToken(plan);
  if (!token.ok()) {
    RC_ASSERT(token.status().code() == absl::StatusCode::kResourceExhausted);
    RC_TAG("does not fit");
    return;
  }
  RC_ASSERT(token->size() <= kMaxTokenSize);
  const absl::StatusOr<Plan> parsed = ParseToken(*token);
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == plan);
}

RC_GTEST_PROP(Token, AMistypedOneIsRefused, ()) {
  const auto token = PrintToken(ArbitrarySimplerPlan(ArbitraryGeneratedPlan()));
  RC_PRE(token.ok());
  std::string mistyped = *token;
  mistyped[*rc::gen::inRange<std::size_t>(0, mistyped.size())] =
      *rc::gen::arbitrary<char>();
  RC_PRE(mistyped != *token);
  RC_ASSERT(ParseToken(mistyped).status().code() ==
            absl::StatusCode::kInvalidArgument);
}

RC_GTEST_PROP(Token, AnyBytesAreRefusedOrAPlan, ()) {
  std::string token;
  absl::WebSafeBase64Escape(*rc::gen::arbitrary<std::string>(), &token);
  const absl::StatusOr<Plan> plan = ParseToken("lc2_" + token);
  if (plan.ok()) {
    RC_ASSERT(*ParsePlan(PrintPlan(*plan), "printed") == *plan);
  } else {
    RC_ASSERT(plan.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace lastcommit
