#include "explain/replay.h"

#include "explain/findings_fixture.h"
#include "explain/plans.h"

namespace lastcommit {
namespace {

class ReplayTest : public FindingsTest {};

TEST_F(ReplayTest, APlanThatHoldsHoldsEachTime) {
  const auto repetition = Repeat(*trial_, PlanKilledInCommit(kHonest), 3);
  ASSERT_THAT(repetition, IsOk());
  EXPECT_TRUE(repetition->is_stable());
  EXPECT_EQ(Describe(*repetition), "3 of 3 held");
}

TEST_F(ReplayTest, APlanThatIsViolatedIsSoEachTime) {
  const auto repetition = Repeat(*trial_, PlanKilledInCommit(kDishonest), 3);
  ASSERT_THAT(repetition, IsOk());
  EXPECT_EQ(Describe(*repetition), "3 of 3 violated(lost_commit)");
  EXPECT_EQ(Name(repetition->first.verdict), "violated(lost_commit)");
}

TEST_F(ReplayTest, APlanIsRunAtLeastOnce) {
  const auto repetition = Repeat(*trial_, PlanKilledInCommit(kHonest), 0);
  ASSERT_THAT(repetition, IsOk());
  EXPECT_EQ(repetition->times, 1);
}

TEST_F(ReplayTest, AnErrorOfTheTesterIsReturned) {
  EXPECT_THAT(Repeat(*trial_, PlanKilledInCommit("none"), 3),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST(RepetitionTest, DifferentVerdictsAreAllToldWithTheirRate) {
  Repetition repetition;
  repetition.times = 5;
  repetition.verdicts = {{"held", 3}, {"violated(lost_commit)", 2}};
  EXPECT_FALSE(repetition.is_stable());
  EXPECT_EQ(Describe(repetition), "3 of 5 held, 2 of 5 violated(lost_commit)");
}

}  // namespace
}  // namespace lastcommit
