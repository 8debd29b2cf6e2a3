#include "results/residual_risk.h"

#include <cstdint>
#include <initializer_list>

#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

// As many trials as there are words, each with a crash of that signature.
void AddTrials(std::initializer_list<const char*> whats, Tally& tally) {
  TrialsRecord record;
  const auto first = static_cast<std::uint64_t>(tally.ledger.trials());
  record.indexes.Add({first, first + whats.size()});
  record.cells[{.group = CellGroup::kTrials}] =
      static_cast<std::int64_t>(whats.size());
  for (const char* const what : whats) {
    ++record.cells[{
        .group = CellGroup::kSignature, .engine = Engine::kSim, .what = what}];
  }
  tally.Add(record);
}

TEST(ResidualRiskTest, CountsWhatIsNewInTheLastTenth) {
  Tally tally;
  AddTrials({"a", "a", "b", "b", "a", "a", "a", "a"}, tally);  // 0 to 7
  AddTrials({"b"}, tally);                                     // 8
  EXPECT_EQ(ResidualRiskOf(tally).new_at_the_end, 0);
  AddTrials({"c"}, tally);  // 9, of ten
  const ResidualRisk risk = ResidualRiskOf(tally);
  EXPECT_EQ(risk.crashes, 10);
  EXPECT_EQ(risk.signatures, 3);
  EXPECT_EQ(risk.seen_once, 1);
  EXPECT_EQ(risk.new_at_the_end, 1);
  EXPECT_DOUBLE_EQ(risk.unseen(), 0.1);
  AddTrials({"c", "a"}, tally);  // not in the last tenth any more
  EXPECT_EQ(ResidualRiskOf(tally).new_at_the_end, 0);
  EXPECT_DOUBLE_EQ(ResidualRiskOf(tally).unseen(), 0);
}

TEST(ResidualRiskTest, ARecordThatReachesIntoTheLastTenthMayBeNewThere) {
  Tally tally;
  AddTrials({"a", "a", "a", "a", "a", "a", "a", "a"}, tally);  // 0 to 7
  AddTrials({"a", "b"}, tally);                                // 8 and 9
  EXPECT_EQ(ResidualRiskOf(tally).new_at_the_end, 1);
}

TEST(ResidualRiskTest, HasABoundAlsoWhereNothingWasSeenOnce) {
  ResidualRisk risk = {.crashes = 300};
  EXPECT_DOUBLE_EQ(risk.unseen(), 0);
  EXPECT_DOUBLE_EQ(risk.unseen_at_most(), 0.01);
  EXPECT_THAT(InWords(risk), HasSubstr("less than 0.01 %, and hardly of more "
                                       "than 1 %."));
  risk.seen_once = 4;
  EXPECT_DOUBLE_EQ(risk.unseen_at_most(), 11.0 / 300);
  risk.crashes = 4;
  EXPECT_DOUBLE_EQ(risk.unseen_at_most(), 1);
}

TEST(ResidualRiskTest, OfOtherCellsHasNothing) {
  Tally tally;
  TrialsRecord record;
  record.indexes.Add({0, 1});
  record.cells = {{{.group = CellGroup::kTrials}, 1},
                  {{.group = CellGroup::kOutcome, .what = "spilled"}, 1}};
  tally.Add(record);
  const ResidualRisk risk = ResidualRiskOf(tally);
  EXPECT_EQ(risk.signatures, 0);
  EXPECT_DOUBLE_EQ(risk.unseen(), 1) << "everything is still unseen";
  EXPECT_THAT(InWords(risk), HasSubstr("nothing can be said"));
}

TEST(ResidualRiskTest, IsSaidInWords) {
  EXPECT_EQ(InWords({.crashes = 400,
                     .signatures = 30,
                     .seen_once = 2,
                     .new_at_the_end = 1}),
            "400 crashes and errors were of 30 signatures; 1 of them was new "
            "in the last tenth of the trials, and 2 were seen once. By the "
            "estimate of Good and Turing the next one has a signature that "
            "none had with a probability of 0.5 %, and hardly of more than "
            "2 %.");
}

}  // namespace
}  // namespace lastcommit
