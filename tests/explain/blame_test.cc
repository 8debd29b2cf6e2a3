#include "explain/blame.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "explain/findings_fixture.h"
#include "explain/sim_plans.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

class BlameTest : public FindingsTest {
 protected:
  absl::StatusOr<Blame> Find(const Plan& plan) {
    return FindBlame(*trial_, plan, Run(plan), options_);
  }

  static Survival& SurvivalOf(Plan& plan) {
    Round& round = plan.rounds.back();
    return round.steps[*CrashStep(round)].crash->survival;
  }

  BlameOptions options_;
};

TEST_F(BlameTest, ACommitInAWalThatWasNotSyncedIsLostWithTheWal) {
  const auto blame = Find(PlanWithoutPower(kDropsWalSyncs));
  ASSERT_THAT(blame, IsOk());
  EXPECT_EQ(Name(blame->verdict), "violated(lost_commit)");
  EXPECT_TRUE(blame->is_minimal);
  EXPECT_GT(blame->lost_before, 1);
  EXPECT_THAT(blame->view.lines,
              ElementsAre("lost: directory entry of state.db-wal (created)"));
}

TEST_F(BlameTest, OneFrameOfTheCommitIsEnough) {
  Plan plan = PlanWithoutPower(kDropsWalSyncs);
  const auto all = ViewPowerLoss(trial_->sim(), plan);
  ASSERT_THAT(all, IsOk());
  SurvivalOf(plan) = all->chosen;
  SurvivalOf(plan).directory = -1;
  SurvivalOf(plan).fates.erase(SurvivalOf(plan).fates.begin());  // the header
  const auto blame = Find(plan);
  ASSERT_THAT(blame, IsOk());
  EXPECT_THAT(blame->view.lines,
              ElementsAre(testing::StartsWith("lost: WAL frame 1 of commit 1 "
                                              "(database page ")));
}

TEST_F(BlameTest, WithoutAnySingleOneNothingIsViolated) {
  Plan plan = PlanWithoutPower("planted-database-sync-dropped");
  plan.profile.journal_mode = saver::JournalMode::kPersist;
  SurvivalOf(plan) = {SurvivalKind::kSubset, 5};
  for (std::uint64_t seed = 0; !Run(plan).verdict.violation; ++seed) {
    ASSERT_LT(seed, 100U);
    SurvivalOf(plan).number = seed;
  }
  const auto blame = Find(plan);
  ASSERT_THAT(blame, IsOk());
  ASSERT_TRUE(blame->is_minimal);
  const Survival minimal = blame->view.chosen;
  EXPECT_EQ(static_cast<std::int64_t>(minimal.fates.size()), blame->lost);
  EXPECT_TRUE(Run(blame->plan).verdict.violation);
  for (std::size_t i = 0; i < minimal.fates.size(); ++i) {
    Plan less = blame->plan;
    std::vector<Fate>& fates = SurvivalOf(less).fates;
    fates.erase(fates.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(Run(less).verdict.violation) << i;
  }
}

TEST_F(BlameTest, ALimitEndsItWithWhatStillFails) {
  options_.max_trials = 2;
  const auto blame = Find(PlanWithoutPower(kDropsWalSyncs));
  ASSERT_THAT(blame, IsOk());
  EXPECT_FALSE(blame->is_minimal);
  EXPECT_TRUE(blame->verdict.violation);
}

TEST_F(BlameTest, AViolationBeforeTheLossOfPowerHasNoBlame) {
  Plan plan = PlanWithoutPower(kDropsWalSyncs);
  plan.rounds.push_back(plan.rounds[0]);  // is not reached
  SurvivalOf(plan) = {SurvivalKind::kAll};
  plan.rounds[0].steps[2].crash->survival = {SurvivalKind::kNone};
  EXPECT_THAT(CheckLosesPower(plan),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Find(plan), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(CheckLosesPowerTest, SaysWhatThePlanIsInstead) {
  Plan plan = PlanWithoutPower("sqlite");
  EXPECT_THAT(CheckLosesPower(plan), IsOk());
  plan.rounds[0].steps[2].crash->survival = {};
  EXPECT_THAT(CheckLosesPower(plan).message(), testing::HasSubstr("a kill"));
  plan.rounds[0].steps[2].crash.reset();
  EXPECT_THAT(CheckLosesPower(plan).message(), testing::HasSubstr("no crash"));
  plan.engine = Engine::kFork;
  EXPECT_THAT(CheckLosesPower(plan).message(),
              testing::HasSubstr("the engine sim"));
}

}  // namespace
}  // namespace lastcommit
