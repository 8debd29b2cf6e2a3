// What a plan says about several clients, as text.

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "plan/codec.h"
#include "plan/plans.h"

namespace lastcommit {
namespace {

constexpr char kOpenOfOther[] = "{\"step\":\"open\",\"client\":1}\n";
constexpr char kCloseOfOther[] = "{\"step\":\"close\",\"client\":1}\n";

// Everything that clients have away from its default, both ends of each limit;
// the second round has one client only.
Plan PlanOfClients() {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.schedule = {ScheduleKind::kDirected, ~std::uint64_t{0}, 100};
  plan.rounds = {
      {{{.kind = StepKind::kOpen, .switches = {{0, 0}, {1'000'000, 3}}},
        {.kind = StepKind::kOpen, .client = 3, .switches = {{17, 0}}},
        Op(threads::Kind::kAppendLog, {.thread = 2},
           {.client = 3,
            .crash = CrashPoint{.io = 1, .is_of_one = true},
            .error = IoError{ErrorKind::kSync, 3}}),
        {.kind = StepKind::kClose, .client = 3},
        {.kind = StepKind::kClose}}},
      {{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}};
  return plan;
}

// PlanOfClients() as it is stored. Never to be changed.
constexpr char kClientsText[] =
    R"~({"lastcommit":2,"saver":"sqlite","engine":"sim","profile":)~"
    R"~({"journal_mode":"wal","synchronous":"full","page_size":4096,)~"
    R"~("cache_size":0,"wal_autocheckpoint":1000},"expect":"held",)~"
    R"~("schedule":{"kind":"directed","seed":18446744073709551615,"rate":100}}
{"step":"open","switches":"0>0,1000000>3"}
{"step":"open","client":3,"switches":"17>0"}
{"step":"append_log","client":3,"thread":2,)~"
    R"~("crash":{"io":1,"moment":"before","who":"one"},)~"
    R"~("error":{"kind":"sync","at":3}}
{"step":"close","client":3}
{"step":"close"}
{"step":"open"}
{"step":"close"}
)~";

// The header with that schedule, and two clients that only open and close.
std::string WithSchedule(const std::string& schedule) {
  const std::string header = absl::StrReplaceAll(
      kHeaderLine,
      {{"\"held\"", absl::StrCat("\"held\",\"schedule\":", schedule)}});
  return absl::StrCat(header, kOpenLine, kOpenOfOther, kCloseOfOther,
                      kCloseLine);
}

TEST(ClientsCodecTest, EverythingOfClientsPrintsAsItAlwaysDid) {
  EXPECT_EQ(PrintPlan(PlanOfClients()), kClientsText);
}

TEST(ClientsCodecTest, EverythingOfClientsParsesBack) {
  EXPECT_THAT(ParsePlan(kClientsText, "plan"), IsOkAndHolds(PlanOfClients()));
}

TEST(ClientsCodecTest, EveryScheduleParsesBack) {
  for (int i = 0; i < kScheduleKinds; ++i) {
    Plan plan = PlanOfClients();
    plan.schedule = {static_cast<ScheduleKind>(i), 7, 5};
    if (RunsFreely(plan)) plan.engine = Engine::kFork;
    EXPECT_THAT(ParsePlan(PrintPlan(plan), "plan"), IsOkAndHolds(plan));
  }
}

TEST(ClientsCodecTest, NothingRunsFreelyInASimulation) {
  const std::string real =
      WithSchedule("{\"kind\":\"free\",\"seed\":0,\"rate\":0}");
  EXPECT_EQ(ErrorOf(real), "");
  const std::string simulated =
      absl::StrReplaceAll(real, {{"\"fork\"", "\"sim\""}});
  EXPECT_THAT(ErrorOf(simulated), testing::HasSubstr("'free' needs real"));
}

TEST(ClientsCodecTest, DefaultsMayBeGiven) {
  const std::string step = R"({"step":"read","client":0,"switches":"","crash":)"
                           R"({"io":0,"moment":"before","who":"all"}})"
                           "\n";
  const absl::StatusOr<Plan> plan = ParsePlan(PlanText(step), "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->rounds[0].steps[1],
            (Step{.kind = StepKind::kRead, .crash = CrashPoint{}}));
}

TEST(ClientsCodecTest, AClientThatIsNoneIsRefused) {
  EXPECT_EQ(ErrorOf(PlanText("{\"step\":\"open\",\"client\":4}\n")),
            "plan:3: client: 4 is outside the limits (allowed 0 to 3)");
  EXPECT_EQ(ErrorOf(PlanText("{\"step\":\"open\",\"client\":-1}\n")),
            "plan:3: client: -1 is outside the limits (allowed 0 to 3)");
  EXPECT_EQ(ErrorOf(PlanText("{\"step\":\"open\",\"client\":\"1\"}\n")),
            "plan:3: client: '1' is not a whole number (allowed 0 to 3)");
}

TEST(ClientsCodecTest, AStepIsBetweenItsClientsOpenAndClose) {
  const std::string read = "{\"step\":\"read\",\"client\":1}\n";
  const std::string open = kOpenOfOther;
  const std::string close = kCloseOfOther;
  EXPECT_EQ(ErrorOf(PlanText(open + read + close)), "");
  EXPECT_EQ(ErrorOf(PlanText(read)),
            "plan:3: step: 'read' of client 1 is out of place (allowed "
            "'open')");
  EXPECT_EQ(ErrorOf(PlanText(close)),
            "plan:3: step: 'close' of client 1 is out of place (allowed "
            "'open')");
  EXPECT_EQ(ErrorOf(PlanText(open + open)),
            "plan:4: step: 'open' of client 1 is out of place (allowed all but "
            "'open')");
  EXPECT_EQ(ErrorOf(PlanText(open + close + read)),
            "plan:5: step: 'read' of client 1 is out of place (allowed nothing "
            "after its 'close')");
  EXPECT_EQ(ErrorOf(PlanText(open + close + open)),
            "plan:5: step: 'open' of client 1 is out of place (allowed nothing "
            "after its 'close')");
  EXPECT_EQ(ErrorOf(absl::StrCat(kHeaderLine, open)),
            "plan:2: step: 'open' of client 1 is out of place (allowed after "
            "client 0's 'open')");
}

TEST(ClientsCodecTest, ClientZeroClosesLast) {
  EXPECT_EQ(ErrorOf(PlanText(kOpenOfOther)),
            "plan:4: step: client 1 has not closed (allowed is client 0's "
            "'close' last)");
  // And each round begins without the others.
  EXPECT_EQ(
      ErrorOf(absl::StrCat(PlanText(absl::StrCat(kOpenOfOther, kCloseOfOther)),
                           kOpenLine, kCloseOfOther, kCloseLine)),
      "plan:7: step: 'close' of client 1 is out of place (allowed "
      "'open')");
}

TEST(ClientsCodecTest, SwitchesThatAreNotRightAreRefused) {
  const std::vector<std::string> bad = {"0",
                                        "0>",
                                        ">1",
                                        "0>4",
                                        "0>-1",
                                        "-1>0",
                                        "00>1",
                                        "0>01",
                                        "0>1,",
                                        ",0>1",
                                        "5>1,5>0",
                                        "5>1,4>0",
                                        "0>1 ",
                                        "0<1",
                                        "0>1;2>0",
                                        "1000001>0",
                                        "99999999999999999999>0"};
  for (const std::string& text : bad) {
    EXPECT_EQ(ErrorOf(PlanText(absl::StrCat(R"({"step":"read","switches":")",
                                            text, "\"}\n"))),
              absl::StrCat(
                  "plan:3: switches: '", text,
                  "' says no switches (allowed up to 10000 such as "
                  "0>1,17>2, their yield points ascending from 0 to 1000000, "
                  "the clients 0 to 3)"));
  }
  EXPECT_EQ(ErrorOf(PlanText("{\"step\":\"read\",\"switches\":1}\n")),
            "plan:3: switches: 1 is not a string (allowed text in quotes)");
}

TEST(ClientsCodecTest, AStepHasTenThousandSwitchesAtMost) {
  std::vector<Switch> switches;
  for (int i = 0; i < static_cast<int>(kMaxSwitches); ++i) {
    switches.push_back({i, 1});
  }
  EXPECT_EQ(ParseSwitches(PrintSwitches(switches)), switches);
  switches.push_back({static_cast<std::int64_t>(kMaxSwitches), 1});
  EXPECT_EQ(ParseSwitches(PrintSwitches(switches)), std::nullopt);
}

TEST(ClientsCodecTest, AScheduleThatIsNotRightIsRefused) {
  EXPECT_EQ(ErrorOf(WithSchedule(R"({"kind":"random","seed":1,"rate":5})")),
            "");
  EXPECT_EQ(ErrorOf(WithSchedule(R"({"kind":"fair","seed":1,"rate":5})")),
            "plan:1: schedule.kind: 'fair' is not known (allowed plan, random, "
            "few, round_robin, directed, free)");
  EXPECT_EQ(ErrorOf(WithSchedule(R"({"kind":"random","seed":1,"rate":101})")),
            "plan:1: schedule.rate: 101 is outside the limits (allowed 0 to "
            "100)");
  EXPECT_EQ(ErrorOf(WithSchedule(R"({"kind":"random","seed":-1,"rate":5})")),
            "plan:1: schedule.seed: -1 is not a whole number (allowed 0 to "
            "18446744073709551615)");
  EXPECT_EQ(ErrorOf(WithSchedule("\"random\"")),
            "plan:1: schedule: 'random' is not an object (allowed fields in "
            "braces)");
  EXPECT_EQ(ErrorOf(WithSchedule(R"({"kind":"random","turns":1})")),
            "plan:1: schedule.turns: unknown field");
}

TEST(ClientsCodecTest, OneClientHasNoSchedule) {
  const std::string text = absl::StrReplaceAll(
      PlanText(""), {{"\"held\"",
                      "\"held\",\"schedule\":{\"kind\":\"few\","
                      "\"seed\":1,\"rate\":5}"}});
  EXPECT_EQ(ErrorOf(text), "plan:3: schedule: there is one client only");
}

// The death of one client, and then what ends the round.
TEST(ClientsCodecTest, ARoundHasOneCrashOfOneAndOneOfAll) {
  const auto read = [](int client, const char* who) {
    return absl::StrCat(R"({"step":"read","client":)", client,
                        R"(,"crash":{"io":1,"moment":"after","who":")", who,
                        "\"}}\n");
  };
  const auto text = [&](const std::string& first, const std::string& second) {
    return PlanText(absl::StrCat(kOpenOfOther, first, second, kCloseOfOther));
  };
  const absl::StatusOr<Plan> plan =
      ParsePlan(text(read(0, "one"), read(1, "all")), "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(DeathStep(plan->rounds[0]), 2u);
  EXPECT_EQ(CrashStep(plan->rounds[0]), 3u);
  EXPECT_THAT(ParsePlan(PrintPlan(*plan), "plan"), IsOkAndHolds(*plan));
  EXPECT_EQ(ErrorOf(text(read(0, "one"), read(1, "one"))),
            "plan:5: crash: line 4 has one already (allowed 1 a round of one "
            "client)");
  EXPECT_EQ(ErrorOf(text(read(0, "all"), read(1, "all"))),
            "plan:5: crash: line 4 has one already (allowed 1 a round)");
}

TEST(ClientsCodecTest, OnlyAKillIsOfOne) {
  const auto text = [](const std::string& crash) {
    return PlanText(absl::StrCat(
        R"({"step":"read","crash":{"io":1,"moment":"after",)", crash, "}}\n"));
  };
  EXPECT_EQ(ErrorOf(text(R"("survive":"all","who":"one")")), "");
  EXPECT_EQ(ErrorOf(text(R"("survive":"none","who":"all")")), "");
  EXPECT_EQ(ErrorOf(text(R"("survive":"none","who":"one")")),
            "plan:3: crash.who: 'one' loses no power (allowed at survive "
            "'all')");
  EXPECT_EQ(ErrorOf(text(R"("who":"two")")),
            "plan:3: crash.who: 'two' is not known (allowed all, one)");
}

}  // namespace
}  // namespace lastcommit
