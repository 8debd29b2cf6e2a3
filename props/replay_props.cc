// LASTCOMMIT_REPLAY=TOKEN: the one plan of the token, run and judged as a
// property. Without it: a token made here does what a given one would do.

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "explain/finding.h"
#include "explain/replay.h"
#include "explain/story.h"
#include "generate/arbitrary_plan.h"
#include "props/environment.h"
#include "subject/registry.h"
#include "token/token.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

constexpr int kTimes = 20;

void PrintStory(const Plan& plan, const Repetition& repetition) {
  std::printf("%s\n%s\n%s\n", ReadableProgram(plan).c_str(),
              repetition.first.verdict.why.c_str(),
              Describe(repetition).c_str());
}

TEST(Replay, ThePlanOfTheToken) {
  const std::optional<std::string> token = ReplayToken();
  if (!token.has_value()) GTEST_SKIP() << "LASTCOMMIT_REPLAY is not set";
  const absl::StatusOr<Plan> plan = ParseToken(*token);
  ASSERT_TRUE(plan.ok()) << "LASTCOMMIT_REPLAY: " << plan.status().message();
  const auto trial = TrialRunner::Create({});
  ASSERT_TRUE(trial.ok()) << trial.status();
  const auto repetition =
      Repeat(**trial, *plan, static_cast<int>(PropertyTrials(kTimes)));
  ASSERT_TRUE(repetition.ok()) << repetition.status();
  PrintStory(*plan, *repetition);
  EXPECT_EQ(Describe(*repetition),
            absl::StrCat(repetition->times, " of ", repetition->times, " held"))
      << repetition->first.verdict.why;
}

// The first violated plan of a saver whose bug shows in a few trials.
std::optional<std::string> TokenOfAShrunkFinding(TrialRunner& trial) {
  const GenerateOptions options = {.saver = "planted-ack-before-commit",
                                   .fault = FaultChoice::kKill};
  for (std::uint64_t index = 0; index < 500; ++index) {
    const CaseKey key = {PropertySeed(), index};
    const Plan plan = PlanAt(key, options);
    const auto result = trial.Run(plan);
    if (!result.ok() || !result->verdict.violation) continue;
    const auto shrunk = ShrinkPlan(trial, plan, *result, {});
    if (!shrunk.ok()) return std::nullopt;
    const auto token = PrintToken(shrunk->plan);
    if (token.ok()) return *token;
  }
  return std::nullopt;
}

TEST(Replay, ATokenOfAShrunkFindingFailsEachTime) {
  const auto trial = TrialRunner::Create({});
  ASSERT_TRUE(trial.ok()) << trial.status();
  const auto token = TokenOfAShrunkFinding(**trial);
  ASSERT_TRUE(token.has_value());
  const absl::StatusOr<Plan> plan = ParseToken(*token);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto repetition = Repeat(**trial, *plan, kTimes);
  ASSERT_TRUE(repetition.ok()) << repetition.status();
  EXPECT_EQ(Describe(*repetition), "20 of 20 violated(lost_commit)");
}

}  // namespace
}  // namespace lastcommit
