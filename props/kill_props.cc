#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "explain/finding.h"
#include "plan/plan.h"
#include "props/environment.h"
#include "props/kill_properties.h"
#include "subject/registry.h"
#include "tests/operations.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kTrialsOfKills = 250;

TrialProperty KillProperty(std::string name, const std::string& saver) {
  TrialProperty property;
  property.name = std::move(name);
  property.generate.saver = saver;
  property.generate.fault = FaultChoice::kKill;
  property.trials = PropertyTrials(kTrialsOfKills);
  return property;
}

void MoveCrash(Round& round, std::size_t step, CrashPoint point) {
  for (Step& each : round.steps) each.crash.reset();
  round.steps[step].crash = point;
}

// With a crash, appends give it some more I/O calls to count.
Round OpenAndClose(std::optional<CrashPoint> crash) {
  Step open;
  open.kind = StepKind::kOpen;
  open.crash = crash;
  const Step append = Op(threads::Kind::kAppendLog, {.content = {100, 1}});
  Step read;
  read.kind = StepKind::kRead;
  Step close;
  close.kind = StepKind::kClose;
  if (!crash.has_value()) return {{open, read, close}};
  return {{open, append, append, append, read, close}};
}

// Calls and moments in turn, so that all of them come up.
CrashPoint CrashInTurn(std::uint64_t index, std::int64_t most_io) {
  const auto io =
      static_cast<std::int64_t>(index % static_cast<std::uint64_t>(most_io));
  return {io, io == 0 ? Moment::kBefore : static_cast<Moment>(index / 7 % 3)};
}

void ExpectHeld(const TrialProperty& property) {
  const PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
  EXPECT_EQ(outcome.failure, "");
  std::printf("%s", outcome.ledger.Print().c_str());
}

}  // namespace

TrialProperty AcknowledgedCommitsSurviveAnyKill(const std::string& saver) {
  return KillProperty("acknowledged_commits_survive_any_kill", saver);
}

TrialProperty NothingUncommittedSurvives(const std::string& saver) {
  TrialProperty property = KillProperty("nothing_uncommitted_survives", saver);
  property.bend = [](Plan plan, std::uint64_t index) -> std::optional<Plan> {
    Round& round = plan.rounds.back();
    std::vector<std::size_t> changes;
    std::vector<std::size_t> refused;
    for (std::size_t i = 0; i < round.steps.size(); ++i) {
      if (IsChange(round.steps[i].kind)) changes.push_back(i);
      if (round.steps[i].operation.invalid_at() > 0) refused.push_back(i);
    }
    if (changes.empty()) return std::nullopt;
    // A batch that is refused in its middle has something to leave.
    if (index % 2 == 0 && !refused.empty()) changes = refused;
    MoveCrash(round, changes[index % changes.size()], CrashInTurn(index, 40));
    return plan;
  };
  return property;
}

TrialProperty RecoveryIsIdempotent(const std::string& saver) {
  TrialProperty property = KillProperty("recovery_is_idempotent", saver);
  property.bend = [](Plan plan, std::uint64_t) -> std::optional<Plan> {
    while (plan.rounds.size() > 2) {
      plan.rounds.erase(plan.rounds.begin());
    }
    plan.rounds.push_back(OpenAndClose(std::nullopt));
    plan.rounds.push_back(OpenAndClose(std::nullopt));
    return plan;
  };
  return property;
}

TrialProperty RepeatedCrashesConverge(const std::string& saver) {
  TrialProperty property = KillProperty("repeated_crashes_converge", saver);
  property.bend = [](Plan plan, std::uint64_t index) -> std::optional<Plan> {
    plan.rounds.erase(plan.rounds.begin(), plan.rounds.end() - 1);
    for (std::uint64_t i = 0; i < 3; ++i) {
      plan.rounds.push_back(OpenAndClose(CrashInTurn(index + 5 * i, 24)));
    }
    return plan;
  };
  return property;
}

TrialProperty CreationIsAllOrNothing(const std::string& saver) {
  TrialProperty property = KillProperty("creation_is_all_or_nothing", saver);
  property.bend = [](Plan plan, std::uint64_t index) -> std::optional<Plan> {
    MoveCrash(plan.rounds.front(), 0, CrashInTurn(index, 24));
    return plan;
  };
  return property;
}

std::vector<PropertyTwin> PropertyTwins() {
  return {
      {AcknowledgedCommitsSurviveAnyKill, "planted-ack-before-commit"},
      {NothingUncommittedSurvives, "planted-commit-in-error-path"},
      {RecoveryIsIdempotent, "planted-write-in-recovery"},
      {RepeatedCrashesConverge, "planted-recovery-in-two-transactions"},
      {CreationIsAllOrNothing, "planted-creation-in-two-transactions"},
  };
}

TEST(Kill, WithoutACrashEverythingHolds) {
  TrialProperty property = KillProperty("without_a_crash", "sqlite");
  property.generate.fault = FaultChoice::kNone;
  ExpectHeld(property);
}

TEST(Kill, AcknowledgedCommitsSurviveAnyKill) {
  ExpectHeld(AcknowledgedCommitsSurviveAnyKill("sqlite"));
}
TEST(Kill, NothingUncommittedSurvives) {
  ExpectHeld(NothingUncommittedSurvives("sqlite"));
}
TEST(Kill, RecoveryIsIdempotent) { ExpectHeld(RecoveryIsIdempotent("sqlite")); }
TEST(Kill, RepeatedCrashesConverge) {
  ExpectHeld(RepeatedCrashesConverge("sqlite"));
}
TEST(Kill, CreationIsAllOrNothing) {
  ExpectHeld(CreationIsAllOrNothing("sqlite"));
}

// On a saver whose bug shows in a few trials.
TEST(Kill, ShrinkingStaysInItsClass) {
  const TrialProperty property =
      AcknowledgedCommitsSurviveAnyKill("planted-ack-before-commit");
  auto trial = TrialRunner::Create({});
  ASSERT_TRUE(trial.ok()) << trial.status();
  int shrunk = 0;
  for (std::uint64_t index = 0; index < 500 && shrunk < 3; ++index) {
    const Plan plan = PlanAt({PropertySeed(), index}, property.generate);
    const auto result = (*trial)->Run(plan);
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->verdict.violation) continue;
    const auto smaller = ShrinkPlan(**trial, plan, *result, {});
    ASSERT_TRUE(smaller.ok()) << smaller.status();
    const auto again = (*trial)->Run(smaller->plan);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(Name(again->verdict), Name(result->verdict));
    // open, begin, a change or none, commit, close
    EXPECT_LE(smaller->plan.rounds[0].steps.size(), 5U);
    EXPECT_EQ(smaller->plan.rounds.size(), 1U);
    ++shrunk;
  }
  EXPECT_EQ(shrunk, 3);
}

}  // namespace lastcommit
