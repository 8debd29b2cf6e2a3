#include "token/token.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generator_golden.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "token/forged_token.h"
#include "token/walks.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

const std::vector<std::string> kSavers = {"sqlite", "other-saver"};

std::string TokenOf(const CaseKey& key, const GenerateOptions& options,
                    const Plan& plan) {
  const absl::StatusOr<std::string> token = PrintToken(key, options, plan);
  EXPECT_THAT(token, IsOk());
  return token.value_or("");
}

std::string TokenOf(const CaseKey& key, const GenerateOptions& options = {}) {
  return TokenOf(key, options, PlanAt(key, options));
}

// As shrinking might do it. Does not call it, or a change of its edits would
// look like one of the tokens.
Plan Shrunk(Plan plan, std::uint64_t seed) {
  Dice dice(seed);
  while (plan.rounds.size() > 2) plan.rounds.erase(plan.rounds.begin());
  for (Round& round : plan.rounds) {
    Round shrunk;
    for (Step& step : round.steps) {
      const bool is_frame =
          step.kind == StepKind::kOpen || step.kind == StepKind::kClose;
      if (!is_frame && dice.Below(5) != 0) continue;
      step.crash.reset();
      step.thread = 0;
      step.content.seed = dice.Below(4) == 0 ? step.content.seed : 0;
      step.content.size -= step.content.size / 3;
      shrunk.steps.push_back(step);
    }
    shrunk.steps.end()[-2].crash =
        CrashPoint{static_cast<std::int64_t>(dice.Below(9)), Moment::kAfter};
    round = shrunk;
  }
  plan.profile.cache_size = 0;
  return plan;
}

std::string ShrunkToken() {
  const CaseKey key = {1, 4};
  return TokenOf(key, {}, Shrunk(PlanAt(key, {}), 1));
}

void ExpectRefused(const std::string& token, const std::string& why) {
  const absl::StatusOr<Plan> plan = ParseToken(token, kSavers);
  EXPECT_THAT(plan, StatusIs(absl::StatusCode::kInvalidArgument)) << token;
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("the token is refused: " + why));
}

TEST(TokenTest, RegeneratesThePlanOfAnyKeyAndOptions) {
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  for (const CaseKey& key : {CaseKey{0, 0}, {1, 2}, {kMost, kMost}}) {
    for (const FaultChoice fault : kAllFaults) {
      for (const std::string& saver : kSavers) {
        for (int engine = 0; engine < kEngineChoices; ++engine) {
          const GenerateOptions options = {
              .saver = saver,
              .engine = static_cast<EngineChoice>(engine),
              .fault = fault};
          EXPECT_THAT(ParseToken(TokenOf(key, options), kSavers),
                      IsOkAndHolds(PlanAt(key, options)));
        }
      }
    }
  }
}

TEST(TokenTest, RegeneratesWhatShrinkingMadeOfThePlan) {
  int walks = 0;
  int ends = 0;  // of walks, that have tokens
  ForEachWalk([&](const CaseKey& key, const GenerateOptions& options,
                  const std::vector<Plan>& walk) {
    ++walks;
    for (const Plan& plan : walk) {
      const absl::StatusOr<std::string> token = PrintToken(key, options, plan);
      if (!token.ok()) {
        ASSERT_THAT(token, StatusIs(absl::StatusCode::kResourceExhausted));
        continue;
      }
      ends += &plan == &walk.back() ? 1 : 0;
      ASSERT_LE(token->size(), kMaxTokenSize);
      ASSERT_THAT(ParseToken(*token, kSavers), IsOkAndHolds(plan));
    }
  });
  // Walks end before shrinking would: what it leaves is simpler still.
  EXPECT_GT(ends, walks * 9 / 10);
}

TEST(TokenTest, IsAFunctionOfKeyOptionsAndPlan) {
  EXPECT_EQ(ShrunkToken(), ShrunkToken());
  EXPECT_NE(TokenOf({1, 2}), TokenOf({2, 1}));
  EXPECT_NE(TokenOf({1, 2}), TokenOf({1, 2}, {.fault = FaultChoice::kKill}));
}

TEST(TokenTest, DoesNotDependOnWhatIsExpectedOfThePlan) {
  Plan plan = PlanAt({1, 2}, {});
  plan.expected = ViolationClass::kLostCommit;
  plan.sqlite = {3011000, 3050002};
  EXPECT_EQ(TokenOf({1, 2}, {}, plan), TokenOf({1, 2}));
}

TEST(TokenTest, IsAWordThatNoShellChanges) {
  EXPECT_THAT(ShrunkToken(), MatchesRegex("lc1_[A-Za-z0-9_-]+"));
}

TEST(TokenTest, OfAGeneratedPlanIsShort) {
  EXPECT_LE(TokenOf({1, 1'000'000}).size(), 32u);
  EXPECT_LE(TokenOf({~std::uint64_t{0}, ~std::uint64_t{0}}).size(), 56u);
}

TEST(TokenTest, APlanThatDoesNotFitIsResourceExhausted) {
  Plan plan = PlanAt({1, 2}, {});
  plan.rounds[0].steps.insert(plan.rounds[0].steps.end() - 1, 100,
                              {.kind = StepKind::kAppendLog, .thread = 77});
  for (std::size_t i = 60; i < 90; ++i) {
    plan.rounds[0].steps[i].content = {static_cast<std::int64_t>(997 * i), i};
  }
  EXPECT_THAT(PrintToken({1, 2}, {}, plan),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(TokenTest, APlanOfAnotherSaverHasNoToken) {
  EXPECT_THAT(PrintToken({1, 2}, {}, PlanAt({1, 2}, {.saver = "other-saver"})),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(TokenTest, EachChangeOfOneCharacterIsRefused) {
  const std::string token = ShrunkToken();
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string mistyped = token;
      mistyped[at] = static_cast<char>(byte);
      if (mistyped == token) continue;
      ASSERT_THAT(ParseToken(mistyped, kSavers),
                  StatusIs(absl::StatusCode::kInvalidArgument))
          << mistyped;
    }
  }
}

TEST(TokenTest, TwoCharactersInTheWrongOrderAreRefused) {
  const std::string token = ShrunkToken();
  for (std::size_t at = 0; at + 1 < token.size(); ++at) {
    std::string mistyped = token;
    std::swap(mistyped[at], mistyped[at + 1]);
    if (mistyped != token) ExpectRefused(mistyped, "");
  }
}

TEST(TokenTest, ACharacterTooManyOrTooFewIsRefused) {
  const std::string token = ShrunkToken();
  for (std::size_t at = 0; at <= token.size(); ++at) {
    ExpectRefused(token.substr(0, at) + "A" + token.substr(at), "");
    if (at == token.size()) break;
    ExpectRefused(token.substr(0, at), "");
    std::string without = token;
    ExpectRefused(without.erase(at, 1), "");
  }
}

TEST(TokenTest, SaysThatItIsMistyped) {
  std::string token = ShrunkToken();
  token[10] = token[10] == 'A' ? 'B' : 'A';
  ExpectRefused(token,
                "it is mistyped or cut off (its checksum does not match)");
}

TEST(TokenTest, TooManyCharactersAreRefusedUnread) {
  ExpectRefused("lc1_" + std::string(100'000'000, 'A'),
                "100000004 characters are too many (allowed 120)");
}

TEST(TokenTest, AnotherFormatIsRefused) {
  ExpectRefused("lc2_" + ShrunkToken().substr(4), "it is of another format");
}

TEST(TokenTest, WithoutItsPrefixItIsNone) {
  ExpectRefused(ShrunkToken().substr(4), "it does not begin like one");
}

TEST(TokenTest, AnotherVersionOfTheGeneratorIsRefusedWithBothVersions) {
  std::string body = BodyOf(ShrunkToken());
  ASSERT_EQ(body[0], kGeneratorVersion);
  ++body[0];
  ExpectRefused(
      ForgedToken(body),
      absl::StrCat("it is of generator version ", kGeneratorVersion + 1,
                   ", and this program has version ", kGeneratorVersion));
}

// What blame leaves of a power loss is mostly a few fates; many do not fit.
TEST(TokenTest, AFewChosenFatesFitAndManyAreResourceExhausted) {
  const GenerateOptions options = {.engine = EngineChoice::kSim,
                                   .fault = FaultChoice::kPowerLoss};
  Plan plan = PlanAt({1, 2}, options);
  Round& round = plan.rounds.back();
  Survival& survival = round.steps[*CrashStep(round)].crash->survival;
  survival = {SurvivalKind::kChosen, 3, {{2}, {17, FateKind::kHead, 512}}, 1};
  EXPECT_THAT(ParseToken(TokenOf({1, 2}, options, plan), kSavers),
              IsOkAndHolds(plan));
  for (std::int64_t i = 0; i < 60; ++i) {
    survival.fates.push_back({1000 + i * i * i, FateKind::kTail, 7 * i * i});
  }
  EXPECT_THAT(PrintToken({1, 2}, options, plan),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// What shrinking does to clients and their switches is no part of a token.
TEST(TokenTest, APlanOfSeveralClientsHasNone) {
  const auto status_of = [](const GenerateOptions& options) {
    return PrintToken({1, 2}, options, PlanAt({1, 2}, options)).status();
  };
  for (int clients = 2; clients <= kMaxClients; ++clients) {
    EXPECT_THAT(status_of({.engine = EngineChoice::kSim, .clients = clients}),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(
      status_of({.engine = EngineChoice::kSim, .schedule = ScheduleKind::kFew}),
      StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(status_of({.engine = EngineChoice::kSim}), IsOk());
}

TEST(TokenTest, AnUnknownSaverIsRefusedWithTheOnesThereAre) {
  ExpectRefused(TokenOf({1, 2}, {.saver = "gone"}),
                "it is of a saver that this program does not have; there are: "
                "sqlite other-saver");
}

// The checksum is right; what is inside gives another plan than the digest's.
TEST(TokenTest, APlanThatIsNotTheOneItWasMadeOfIsRefused) {
  std::string body = BodyOf(TokenOf({1, 2}));
  ++body[4];  // the index
  ExpectRefused(ForgedToken(body),
                "the plan it gives is not the one it was made of");
}

TEST(TokenTest, FieldsThatAreNotKnownAreRefused) {
  for (const std::size_t field : {1, 2}) {  // engine, fault
    std::string body = BodyOf(TokenOf({1, 2}));
    body[field] = '\x7f';
    ExpectRefused(ForgedToken(body), "its fields are not known");
  }
  ExpectRefused(ForgedToken(BodyOf(TokenOf({1, 2})).substr(0, 8)),
                "its fields are not known");
  const std::string version(1, char{kGeneratorVersion});
  ExpectRefused(ForgedToken(version + std::string(60, '\xff')),
                "its fields are not known");
}

// Bytes behind the end of a difference change nothing.
TEST(TokenTest, AForgedDifferenceNeverGivesAnotherPlan) {
  const std::string good = BodyOf(TokenOf({1, 2}));
  const Plan plan = PlanAt({1, 2}, {});
  Dice dice(2);
  for (int i = 0; i < 1000; ++i) {
    std::string body = good;
    for (std::size_t size = 1 + dice.Below(60); size > 0; --size) {
      body += static_cast<char>(dice.Below(256));
    }
    const absl::StatusOr<Plan> parsed = ParseToken(ForgedToken(body), kSavers);
    if (parsed.ok()) {
      ASSERT_EQ(*parsed, plan);
    } else {
      ExpectRefused(ForgedToken(body), "the plan it gives is not the one");
    }
  }
}

// Also of the way in which tokens say what shrinking did.
TEST(TokenTest, TheTokensOfThisGeneratorVersionAreTheGoldenOnes) {
  std::string lines;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const CaseKey key = {1, index};
    const Plan plan = PlanAt(key, {});
    absl::StrAppend(&lines, TokenOf(key), "\n",
                    TokenOf(key, {}, Shrunk(plan, index)), "\n");
  }
  ExpectGoldenOfGenerator(std::string(GOLDEN) + "tokens.txt", lines);
}

TEST(LooksLikeTokenTest, NoNameOfAFileThatIsOneToday) {
  EXPECT_TRUE(LooksLikeToken(ShrunkToken()));
  EXPECT_TRUE(LooksLikeToken("lc12_x"));
  for (const char* text : {"", "lc", "lc_", "lc1", "lc1_a.plan", "./lc1_a",
                           "lc1_a/b", "LC1_a", "a.plan", "lca_b"}) {
    EXPECT_FALSE(LooksLikeToken(text)) << text;
  }
}

}  // namespace
}  // namespace lastcommit
