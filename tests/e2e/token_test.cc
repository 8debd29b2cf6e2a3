#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "absl/strings/str_cat.h"
#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// A finding of a real run, of which nothing is left but its token.
class TokenTest : public ProgramTest {
 protected:
  TokenTest() {
    const Directory run;
    const Outcome outcome =
        Program(run.path(), {"fuzz", "--jobs=1", "--trials=500", "--fault=kill",
                             "--clients=1", "--stop-after=1", "--json=a.json",
                             std::string("--saver=") + kDishonest})
            .Wait();
    EXPECT_EQ(outcome.exit_code, 1);
    const auto json = nlohmann::json::parse(run.Get("a.json"));
    finding_ = json.at("findings").at(0);
    token_ = finding_.at("token");
    out_ = outcome.out;
    story_ =
        run.Get(finding_.at("directory").get<std::string>() + "/story.txt");
  }

  Outcome RunProps(const std::string& token, const std::string& filter,
                   const std::string& trials = "") {
    return Program(directory_.path(), "/usr/bin/env",
                   {"LASTCOMMIT_REPLAY=" + token, "LASTCOMMIT_TRIALS=" + trials,
                    PROPS, "--gtest_filter=" + filter})
        .Wait();
  }

  nlohmann::json finding_;
  std::string token_;
  std::string out_;
  std::string story_;
};

TEST_F(TokenTest, IsPrintedInTheStoryInTheLastLinesAndInTheJson) {
  EXPECT_THAT(token_, MatchesRegex("lc2_[A-Za-z0-9_-]{1,156}"));
  EXPECT_THAT(story_,
              HasSubstr("\nreplay:  lastcommit replay " + token_ + "\n"));
  EXPECT_THAT(out_,
              HasSubstr("\n  without the file: lastcommit replay " + token_ +
                        "\nnext: run a command above, which tells how "
                        "it fails\nVIOLATED: "));
}

TEST_F(TokenTest, ReplaysTheShrunkPlanTwentyTimesOutOfTwenty) {
  const Outcome outcome = Run({"replay", token_, "--repeat=20"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("lastcommit replay " + token_ + "; "));
  EXPECT_THAT(outcome.out, EndsWith("\n20 of 20 violated(lost_commit)\n"));
  const std::size_t program = outcome.out.find("saver ");
  EXPECT_THAT(story_, HasSubstr(outcome.out.substr(
                          program, outcome.out.find("then: ") - program)));
}

TEST_F(TokenTest, ReplaysAsAPropertyAndFails) {
  const Outcome outcome = RunProps(token_, "Replay.*");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("\n20 of 20 violated(lost_commit)\n"));
  EXPECT_THAT(outcome.out, HasSubstr("<== KILLED"));
}

TEST_F(TokenTest, ReplaysAsAPropertyAsOftenAsItIsAskedTo) {
  EXPECT_THAT(RunProps(token_, "*", "3").out,
              HasSubstr("\n3 of 3 violated(lost_commit)\n"));
}

TEST_F(TokenTest, OtherPropertiesAreSkippedMeanwhile) {
  const Outcome outcome = RunProps(token_, "Kill.WithoutACrashEverythingHolds");
  EXPECT_EQ(outcome.exit_code, 77);
  EXPECT_EQ(outcome.out,
            "skipped: LASTCOMMIT_REPLAY is set, and props.replay runs it\n");
}

TEST_F(TokenTest, CanBeShown) {
  const Outcome outcome = Run({"show", token_});
  EXPECT_EQ(outcome.exit_code, 0);
  // Without what the story says of how it ran.
  const std::string plan = std::regex_replace(
      story_, std::regex(" +-- [^\n]*| +acknowledged: [^\n]*\n"), "");
  EXPECT_THAT(plan, HasSubstr(outcome.out));
}

TEST_F(TokenTest, HasNoExpectation) {
  ExpectError(Run({"replay", token_, "--expect"}), 2,
              "--expect needs a plan file: nothing is expected of a token");
}

TEST_F(TokenTest, ThatIsMistypedIsRefusedEverywhere) {
  constexpr char kMessage[] =
      "the token is refused: it is mistyped or cut off (its checksum does not "
      "match)";
  token_.back() = token_.back() == 'A' ? 'B' : 'A';
  ExpectError(Run({"replay", token_}), 2, kMessage);
  ExpectError(Run({"show", token_}), 2, kMessage);
  const Outcome outcome = RunProps(token_, "Replay.*");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out,
              HasSubstr(absl::StrCat("LASTCOMMIT_REPLAY: ", kMessage)));
}

}  // namespace
}  // namespace lastcommit
