#include "token/token.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "operations.h"
#include "plan/codec.h"
#include "token/forged_token.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr char kText[] =
    R"({"lastcommit":2,"saver":"sqlite","engine":"sim","profile":{"journal_mode":"wal","synchronous":"full","page_size":4096,"cache_size":0,"wal_autocheckpoint":1000},"expect":"held"}
{"step":"open"}
{"step":"put_blob","id":1,"size":4000,"crash":{"io":3,"moment":"before"}}
{"step":"close"}
)";

Plan SmallPlan() {
  const absl::StatusOr<Plan> plan = ParsePlan(kText, "text");
  EXPECT_THAT(plan, IsOk());
  return plan.value_or(Plan());
}

std::string SmallToken() {
  const absl::StatusOr<std::string> token = PrintToken(SmallPlan());
  EXPECT_THAT(token, IsOk());
  return token.value_or("");
}

// The shortest and the plainest first.
std::vector<std::filesystem::path> StoredPlans() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CORPUS)) {
    if (entry.path().extension() == ".plan") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

void ExpectRefused(const std::string& token, const std::string& why) {
  const absl::StatusOr<Plan> plan = ParseToken(token);
  EXPECT_THAT(plan, StatusIs(absl::StatusCode::kInvalidArgument)) << token;
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("the token is refused: " + why));
}

TEST(TokenTest, IsThePlanOrThereIsNone) {
  int with = 0;
  for (const EngineChoice engine : {EngineChoice::kFork, EngineChoice::kSim}) {
    for (int clients = 1; clients <= kMaxClients; ++clients) {
      for (std::uint64_t index = 0; index < 50; ++index) {
        const Plan plan =
            PlanAt({1, index}, {.engine = engine, .clients = clients});
        const absl::StatusOr<std::string> token = PrintToken(plan);
        if (!token.ok()) {
          ASSERT_THAT(token, StatusIs(absl::StatusCode::kResourceExhausted));
          continue;
        }
        ++with;
        ASSERT_LE(token->size(), kMaxTokenSize);
        ASSERT_THAT(ParseToken(*token), IsOkAndHolds(plan));
      }
    }
  }
  EXPECT_GT(with, 0);
}

// Of one client and of several, on a simulated disk and of real processes.
TEST(TokenTest, OfAStoredPlanIsShort) {
  constexpr std::size_t kLongPlan = 1500;  // bytes of its text
  constexpr std::size_t kShort = 160;
  std::vector<std::size_t> sizes;
  int too_long = 0;
  for (const auto& path : StoredPlans()) {
    const absl::StatusOr<Plan> plan = ReadPlanFile(path);
    ASSERT_THAT(plan, IsOk()) << path;
    const absl::StatusOr<std::string> token = PrintToken(*plan);
    if (!token.ok()) {
      EXPECT_GT(PrintPlan(*plan).size(), kLongPlan) << path;
      ++too_long;
      continue;
    }
    EXPECT_THAT(ParseToken(*token), IsOkAndHolds(WithoutExpectation(*plan)));
    sizes.push_back(token->size());
  }
  std::sort(sizes.begin(), sizes.end());
  ASSERT_GT(sizes.size(), 100U);
  EXPECT_LE(sizes[sizes.size() * 9 / 10], kShort);
  EXPECT_GT(too_long, 0);  // one of 29 kB
}

TEST(TokenTest, DoesNotDependOnWhatIsExpectedOfThePlan) {
  Plan plan = SmallPlan();
  plan.expected = ViolationClass::kLostCommit;
  plan.sqlite = {3011000, 3050002};
  EXPECT_THAT(PrintToken(plan), IsOkAndHolds(SmallToken()));
}

TEST(TokenTest, IsAWordThatNoShellChanges) {
  EXPECT_THAT(SmallToken(), MatchesRegex("lc2_[A-Za-z0-9_-]+"));
}

// What people have written down, whatever this program would print today.
TEST(TokenTest, OfAnEarlierProgramIsReadAsItWas) {
  EXPECT_THAT(ParseToken("lc2_I-CXoeABHDUmatWFkpiMiUlMtVwAjADbzA"),
              IsOkAndHolds(SmallPlan()));
}

TEST(TokenTest, APlanThatIsTooLongIsResourceExhausted) {
  Plan plan = SmallPlan();
  for (std::uint64_t i = 0; i < 100; ++i) {
    plan.rounds[0].steps.insert(
        plan.rounds[0].steps.begin() + 1,
        Op(threads::Kind::kAppendLog,
           {.content = {static_cast<std::int64_t>(97 * i), i * i * i}}));
  }
  const absl::Status status = PrintToken(plan).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()),
              MatchesRegex("the plan is too long for a token: [0-9]+ "
                           "characters \\(allowed 400\\)"));
}

TEST(TokenTest, EachChangeOfOneCharacterIsRefused) {
  const std::string token = SmallToken();
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string mistyped = token;
      mistyped[at] = static_cast<char>(byte);
      if (mistyped == token) continue;
      ASSERT_THAT(ParseToken(mistyped),
                  StatusIs(absl::StatusCode::kInvalidArgument))
          << mistyped;
    }
  }
}

TEST(TokenTest, TwoCharactersInTheWrongOrderAreRefused) {
  const std::string token = SmallToken();
  for (std::size_t at = 0; at + 1 < token.size(); ++at) {
    std::string mistyped = token;
    std::swap(mistyped[at], mistyped[at + 1]);
    if (mistyped != token) ExpectRefused(mistyped, "");
  }
}

TEST(TokenTest, ACharacterTooManyOrTooFewIsRefused) {
  const std::string token = SmallToken();
  for (std::size_t at = 0; at <= token.size(); ++at) {
    ExpectRefused(token.substr(0, at) + "A" + token.substr(at), "");
    if (at == token.size()) break;
    ExpectRefused(token.substr(0, at), "");
    std::string without = token;
    ExpectRefused(without.erase(at, 1), "");
  }
}

TEST(TokenTest, SaysThatItIsMistyped) {
  std::string token = SmallToken();
  token[10] = token[10] == 'A' ? 'B' : 'A';
  ExpectRefused(token,
                "it is mistyped or cut off (its checksum does not match)");
}

TEST(TokenTest, TooManyCharactersAreRefusedUnread) {
  ExpectRefused("lc2_" + std::string(100'000'000, 'A'),
                "100000004 characters are too many (allowed 400)");
}

TEST(TokenTest, TheFormerFormatIsRefusedWithWhatToDo) {
  ExpectRefused("lc1_AQABAt4BaqconkGNmeXCb_AZXiDbmsHCdUd-6A",
                "it is of the former format lc1, which only the program that "
                "printed it can read; replay the plan file of the finding");
}

TEST(TokenTest, AnotherFormatIsRefused) {
  ExpectRefused("lc3_" + SmallToken().substr(4), "it is of another format");
}

TEST(TokenTest, WithoutItsPrefixItIsNone) {
  ExpectRefused(SmallToken().substr(4), "it does not begin like one");
}

// The checksum is right.
TEST(TokenTest, ATextThatIsNoPlanIsRefusedWithItsLine) {
  ExpectRefused(ForgedToken("{}\n"), "the plan in it:1: ");
  ExpectRefused(ForgedToken(""), "the plan in it:1: ");
  ExpectRefused(ForgedToken("\x1b]0;x\x07\n"), "the plan in it:1: column 1");
}

TEST(TokenTest, ATextThatIsAPlanIsOneHoweverItIsCompressed) {
  EXPECT_THAT(ParseToken(ForgedToken(kText)), IsOkAndHolds(SmallPlan()));
}

TEST(TokenTest, WhatStandsBehindTheTextIsRefused) {
  ExpectRefused(ForgedToken(kText, "x"), "it is mistyped or cut off");
}

TEST(TokenTest, ATextOfManyBytesFromAFewIsRefused) {
  const std::string token = ForgedToken(std::string(200'000, ' '));
  ASSERT_LE(token.size(), kMaxTokenSize);
  ExpectRefused(token, "the plan in it:1: ");
}

TEST(LooksLikeTokenTest, NoNameOfAFileThatIsOneToday) {
  EXPECT_TRUE(LooksLikeToken(SmallToken()));
  EXPECT_TRUE(LooksLikeToken("lc12_x"));
  for (const char* text : {"", "lc", "lc_", "lc1", "lc1_a.plan", "./lc1_a",
                           "lc1_a/b", "LC1_a", "a.plan", "lca_b"}) {
    EXPECT_FALSE(LooksLikeToken(text)) << text;
  }
}

}  // namespace
}  // namespace lastcommit
