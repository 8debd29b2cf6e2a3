#include "model/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "threads/specs.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr LegalCuts kSevenOrEight = {
    .lowest = 7, .highest = 8, .source = "the contract"};

Observation Found(std::int64_t cut) {
  Observation observed;
  observed.state.cut = cut;
  return observed;
}

TEST(JudgeCutTest, EveryLegalCutHolds) {
  EXPECT_TRUE(JudgeCut(Found(7), kSevenOrEight).held());
  EXPECT_TRUE(JudgeCut(Found(8), kSevenOrEight).held());
}

TEST(JudgeCutTest, LessThanWasAcknowledgedIsALostCommit) {
  const Verdict verdict = JudgeCut(Found(6), kSevenOrEight);
  EXPECT_EQ(verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(verdict.why,
              StartsWith("commit 7 must be there, and after recovery "
                         "it is not: found cut 6"));
  EXPECT_THAT(
      JudgeCut(Found(4), kSevenOrEight).why,
      StartsWith("commits 5 to 7 must be there, and after recovery they "
                 "are not: found cut 4"));
  EXPECT_THAT(verdict.why, HasSubstr("cut 7 to cut 8 (the contract)"));
}

TEST(JudgeCutTest, AMissingSchemaIsALostCommit) {
  const Verdict verdict = JudgeCut(Found(-1), kSevenOrEight);
  EXPECT_EQ(verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(
      verdict.why,
      StartsWith("commits up to 7 must be there, and after recovery not "
                 "even the schema is: found no schema"));
}

TEST(JudgeCutTest, MoreThanWasAttemptedIsAPhantomCommit) {
  EXPECT_EQ(JudgeCut(Found(9), kSevenOrEight).violation,
            ViolationClass::kPhantomCommit);
}

TEST(JudgeCutTest, AnUnreadableDatabaseIsDamaged) {
  Observation observed = Found(7);
  observed.opened = absl::DataLossError("malformed\n\x1b");
  const Verdict verdict = JudgeCut(observed, kSevenOrEight);
  EXPECT_EQ(verdict.violation, ViolationClass::kDamaged);
  EXPECT_THAT(verdict.why, Not(HasSubstr("\x1b")));
}

TEST(JudgeCutTest, ComplaintsOfTheChecksAreDamage) {
  Observation observed = Found(7);
  observed.integrity = {"row 1 missing from index i"};
  EXPECT_EQ(JudgeCut(observed, kSevenOrEight).violation,
            ViolationClass::kDamaged);
  EXPECT_THAT(JudgeCut(observed, kSevenOrEight).why,
              HasSubstr("row 1 missing from index i"));
  observed.integrity.clear();
  observed.foreign_keys = {"logs 3 threads 0"};
  EXPECT_EQ(JudgeCut(observed, kSevenOrEight).violation,
            ViolationClass::kDamaged);
}

TEST(JudgeCutTest, DamageIsNamedBeforeALostCommit) {
  Observation observed = Found(3);
  observed.integrity = {"wrong page count"};
  EXPECT_EQ(JudgeCut(observed, kSevenOrEight).violation,
            ViolationClass::kDamaged);
}

TEST(JudgeStateTest, EqualStatesHold) {
  EXPECT_TRUE(
      JudgeState(State(), State(), ViolationClass::kNotACut, "here").held());
}

TEST(JudgeStateTest, ADifferenceIsOfTheClassAndPlaceThatWereAskedFor) {
  State expected;
  expected.cut = 2;
  expected.rows[{threads::kLogs, {"t"}, 1}] = RowHasher().Text("x").Finish();
  State found;
  found.cut = 2;
  const Verdict verdict =
      JudgeState(expected, found, ViolationClass::kWrongRead, "live read");
  EXPECT_EQ(verdict.violation, ViolationClass::kWrongRead);
  EXPECT_THAT(verdict.why, HasSubstr("live read: expected cut 2 with 1 rows"));
  EXPECT_THAT(verdict.why, HasSubstr("log t #1: expected 1 bytes"));
}

TEST(JudgeStateTest, TheCutIsPartOfTheState) {
  State found;
  found.cut = 0;
  EXPECT_EQ(
      JudgeState(State(), found, ViolationClass::kNotACut, "here").violation,
      ViolationClass::kNotACut);
}

TEST(VerdictTest, HasAStableName) {
  EXPECT_EQ(Name(Verdict::Held()), "held");
  EXPECT_EQ(Name(Verdict::Violated(ViolationClass::kLostCommit, "")),
            "violated(lost_commit)");
  EXPECT_EQ(Name(Verdict::Skipped(SkipReason::kNotReached, "")),
            "skipped(not_reached)");
  EXPECT_EQ(Name(Verdict::Skipped(SkipReason::kNoDemand, "")),
            "skipped(no_demand)");
}

TEST(VerdictTest, OnlyHeldIsHeld) {
  EXPECT_TRUE(Verdict::Held().held());
  EXPECT_FALSE(Verdict::Skipped(SkipReason::kNoDemand, "").held());
  EXPECT_FALSE(Verdict::Violated(ViolationClass::kHung, "").held());
}

}  // namespace
}  // namespace lastcommit
