// What a plan asks of a driver.

#include "driven/conversation.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "driven/plans.h"
#include "gmock/gmock.h"

namespace lastcommit::driven {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> AskedIn(const Conversation& conversation) {
  std::vector<std::string> asked;
  for (const absl::string_view line :
       absl::StrSplit(conversation.requests, '\n', absl::SkipEmpty())) {
    asked.push_back(nlohmann::json::parse(line).at("do").get<std::string>());
  }
  return asked;
}

TEST(ConversationTest, TheStateIsAskedForAfterAnOpenAndBeforeAClose) {
  const Plan plan = PlanOf({Put(1, 1), {.kind = StepKind::kReopen}});
  EXPECT_THAT(AskedIn(ConversationOf(plan, "/db")),
              ElementsAre("open", "state", "put", "close", "open", "state",
                          "state", "close"));
}

TEST(ConversationTest, CutsAreTheStatesAfterCommits) {
  const Plan plan = PlanOf({Put(1, 1),
                            {.kind = StepKind::kBegin},
                            Put(1, 2),
                            Put(2, 3),
                            {.kind = StepKind::kCommit}});
  const Conversation conversation = ConversationOf(plan, "/db");
  ASSERT_EQ(conversation.cuts.size(), 3u);  // the first: the new store
  EXPECT_EQ(conversation.cuts[0].rows.size(), 0u);
  EXPECT_EQ(conversation.cuts[1].rows.size(), 1u);
  EXPECT_EQ(conversation.cuts[2].rows.size(), 2u);
  EXPECT_EQ(conversation.exchanges[4].cut_after, 1);  // put in the transaction
  EXPECT_EQ(conversation.exchanges[6].cut_before, 1);
  EXPECT_EQ(conversation.exchanges[6].cut_after, 2);
}

TEST(ConversationTest, AStateInATransactionHasItsChanges) {
  const Plan plan = PlanOf({{.kind = StepKind::kBegin},
                            Put(1, 1),
                            {.kind = StepKind::kRead},
                            {.kind = StepKind::kRollback}});
  const Conversation conversation = ConversationOf(plan, "/db");
  EXPECT_EQ(conversation.exchanges[4].state->rows.size(), 1u);
  EXPECT_EQ(conversation.exchanges[6].state->rows.size(), 0u);
}

TEST(ConversationTest, IsTheSameEachTime) {
  const Plan plan = PlanOf({Put(1, 1), Put(2, 2)});
  const Conversation first = ConversationOf(plan, "/db");
  EXPECT_EQ(first.requests, ConversationOf(plan, "/db").requests);
}

}  // namespace
}  // namespace lastcommit::driven
