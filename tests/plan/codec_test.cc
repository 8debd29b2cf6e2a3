#include "plan/codec.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "plan/plans.h"
#include "plan/sqlite_version.h"
#include "plan/step_fields.h"

namespace lastcommit {
namespace {

// Every field of every kind away from its default, both ends of each limit.
Plan FullPlan() {
  constexpr std::uint64_t kMaxSeed = std::numeric_limits<std::uint64_t>::max();
  Plan plan;
  plan.saver = "planted-lost-commit-2";
  plan.profile = {saver::JournalMode::kTruncate, saver::Synchronous::kExtra,
                  65536, 1'000'000, 0};
  plan.expected = ViolationClass::kLostCommit;
  plan.sqlite = {3011000, 3050002};
  plan.rounds = {
      {{{.kind = StepKind::kOpen, .crash = CrashPoint{0, Moment::kBefore}},
        {.kind = StepKind::kBegin},
        Op(threads::Kind::kPutCheckpoint, {.thread = 99999,
                                           .ns = 1,
                                           .id = 3,
                                           .parent = 0,
                                           .content = {4 << 20, kMaxSeed},
                                           .invalid_at = 0}),
        Op(threads::Kind::kPutWrite, {.thread = 1,
                                      .ns = 99999,
                                      .id = 4,
                                      .task = 99999,
                                      .idx = 99999,
                                      .replace = 1,
                                      .content = {5, 6}}),
        Op(threads::Kind::kPutWrites, {.thread = 1,
                                       .ns = 2,
                                       .id = 4,
                                       .task = 1,
                                       .idx = 3,
                                       .replace = 1,
                                       .content = {5, 6},
                                       .count = 1000}),
        Op(threads::Kind::kCommitStep, {.thread = 1,
                                        .ns = 2,
                                        .id = 4,
                                        .parent = 99999,
                                        .task = 1,
                                        .idx = 3,
                                        .replace = 1,
                                        .content = {5, 6},
                                        .count = 7,
                                        .invalid_at = 0}),
        {.kind = StepKind::kSavepoint},
        Op(threads::Kind::kAppendLog, {.thread = 2,
                                       .content = {1, std::uint64_t{1} << 63},
                                       .level = saver::LogLevel::kDebug}),
        Op(threads::Kind::kAppendLogs, {.thread = 2,
                                        .content = {3, 4},
                                        .count = 1000,
                                        .invalid_at = 999,
                                        .level = saver::LogLevel::kError}),
        Op(threads::Kind::kCreateTask,
           {.thread = 3, .task = 5, .content = {8, 9}, .invalid_at = 0}),
        Op(threads::Kind::kUpdateTask, {.thread = 3,
                                        .task = 5,
                                        .replace = 1,
                                        .content = {8, 9},
                                        .invalid_at = 0,
                                        .state = saver::TaskState::kCancelled,
                                        .stale = 99999}),
        {.kind = StepKind::kRollbackTo, .up = 16},
        {.kind = StepKind::kRelease},
        Op(threads::Kind::kPutBlob, {.thread = 1, .id = 7, .content = {9, 5}}),
        Op(threads::Kind::kStreamBlob,
           {.thread = 1, .id = 7, .content = {900, 5}, .chunk = 64}),
        {.kind = StepKind::kRollback},
        {.kind = StepKind::kClose}}},
      {{{.kind = StepKind::kOpen},
        Op(threads::Kind::kDeleteThread, {.thread = 4}),
        Op(threads::Kind::kPrune, {.thread = 4, .ns = 1, .keep = 99999}),
        Op(threads::Kind::kListCheckpoints,
           {.thread = 4, .ns = 1, .filter = 2, .before = 0, .limit = 99999}),
        {.kind = StepKind::kRead},
        {.kind = StepKind::kLiveRead},
        {.kind = StepKind::kWalCheckpoint,
         .mode = saver::CheckpointMode::kTruncate},
        {.kind = StepKind::kVacuum},
        {.kind = StepKind::kReopen},
        {.kind = StepKind::kBegin},
        {.kind = StepKind::kCommit},
        {.kind = StepKind::kClose,
         .crash = CrashPoint{1'000'000, Moment::kDuring}}}}};
  return plan;
}

// FullPlan() as it has been stored since version 2. Never to be changed.
constexpr char kFullText[] =
    R"~({"lastcommit":2,"saver":"planted-lost-commit-2","engine":"fork",)~"
    R"~("profile":{"journal_mode":"truncate","synchronous":"extra",)~"
    R"~("page_size":65536,"cache_size":1000000,"wal_autocheckpoint":0},)~"
    R"~("expect":"violated(lost_commit)",)~"
    R"~("sqlite":{"from":"3.11.0","before":"3.50.2"}}
{"step":"open","crash":{"io":0,"moment":"before"}}
{"step":"begin"}
{"step":"put_checkpoint","thread":99999,"ns":1,"id":3,"parent":0,)~"
    R"~("size":4194304,"seed":18446744073709551615,"invalid_at":0}
{"step":"put_write","thread":1,"ns":99999,"id":4,"task":99999,)~"
    R"~("idx":99999,"replace":1,"size":5,"seed":6}
{"step":"put_writes","thread":1,"ns":2,"id":4,"task":1,"idx":3,)~"
    R"~("replace":1,"size":5,"seed":6,"count":1000}
{"step":"commit_step","thread":1,"ns":2,"id":4,"parent":99999,"task":1,)~"
    R"~("idx":3,"replace":1,"size":5,"seed":6,"count":7,"invalid_at":0}
{"step":"savepoint"}
{"step":"append_log","thread":2,"size":1,"seed":9223372036854775808,)~"
    R"~("level":"debug"}
{"step":"append_logs","thread":2,"size":3,"seed":4,"count":1000,)~"
    R"~("invalid_at":999,"level":"error"}
{"step":"create_task","thread":3,"task":5,"size":8,"seed":9,"invalid_at":0}
{"step":"update_task","thread":3,"task":5,"state":"cancelled",)~"
    R"~("stale":99999,"replace":1,"size":8,"seed":9,"invalid_at":0}
{"step":"rollback_to","up":16}
{"step":"release"}
{"step":"put_blob","thread":1,"id":7,"size":9,"seed":5}
{"step":"stream_blob","thread":1,"id":7,"size":900,"seed":5,"chunk":64}
{"step":"rollback"}
{"step":"close"}
{"step":"open"}
{"step":"delete_thread","thread":4}
{"step":"prune","thread":4,"ns":1,"keep":99999}
{"step":"list_checkpoints","thread":4,"ns":1,"filter":2,"before":0,)~"
    R"~("limit":99999}
{"step":"read"}
{"step":"live_read"}
{"step":"wal_checkpoint","mode":"truncate"}
{"step":"vacuum"}
{"step":"reopen"}
{"step":"begin"}
{"step":"commit"}
{"step":"close","crash":{"io":1000000,"moment":"during"}}
)~";

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(CodecTest, EveryFieldPrintsAsItAlwaysDid) {
  EXPECT_EQ(PrintPlan(FullPlan()), kFullText);
}

TEST(CodecTest, EveryFieldParsesBack) {
  const absl::StatusOr<Plan> plan = ParsePlan(kFullText, "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(*plan, FullPlan());
}

TEST(CodecTest, ThePlanOfEachEnumeratorParsesBack) {
  Plan plan = SmallestPlan();
  for (int i = 0; i < kViolationClasses; ++i) {
    plan.expected = static_cast<ViolationClass>(i);
    const absl::StatusOr<Plan> parsed = ParsePlan(PrintPlan(plan), "plan");
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, plan);
  }
}

// It came after FullPlan() was written down.
TEST(CodecTest, ACopyOfAThreadParsesBack) {
  Plan plan = SmallestPlan();
  std::vector<Step>& steps = plan.rounds[0].steps;
  for (const threads::Arguments& arguments :
       {threads::Arguments{.thread = 3, .into = 0}, threads::Arguments{}}) {
    steps.insert(steps.begin() + 1, Op(threads::Kind::kCopyThread, arguments));
  }
  const std::string text = PrintPlan(plan);
  EXPECT_NE(text.find("{\"step\":\"copy_thread\"}\n"
                      "{\"step\":\"copy_thread\",\"thread\":3,\"into\":0}\n"),
            std::string::npos)
      << text;
  EXPECT_THAT(ParsePlan(text, "plan"), IsOkAndHolds(plan));
}

TEST(CodecTest, EachNameOfAControlParsesToItsKind) {
  for (int i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    EXPECT_EQ(ParseStepKind(Name(kind)),
              IsOperation(kind) ? std::nullopt : std::optional(kind));
  }
  EXPECT_EQ(ParseStepKind(""), std::nullopt);
  EXPECT_EQ(ParseStepKind("Open"), std::nullopt);
}

TEST(CodecTest, ASqliteRangeMayLackEitherEnd) {
  for (const SqliteRange range :
       {SqliteRange{3011000, 0}, SqliteRange{0, 3050002}, SqliteRange{1, 2},
        SqliteRange{0, 999'999'999}}) {
    Plan plan = SmallestPlan();
    plan.sqlite = range;
    const absl::StatusOr<Plan> parsed = ParsePlan(PrintPlan(plan), "plan");
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, plan);
  }
}

TEST(CodecTest, ASqliteVersionHasThreePlainNumbers) {
  EXPECT_EQ(ParseSqliteVersion("3.40.1"), 3040001);
  EXPECT_EQ(ParseSqliteVersion("999.999.999"), 999'999'999);
  EXPECT_EQ(ParseSqliteVersion("0.0.1"), 1);
  for (const std::string_view text :
       {"", ".", "..", "3", "3.40", "3.40.", "3.40.1.", "3.40.1.0", "3..1",
        "03.40.1", "3.040.1", "3.40.1000", "-3.40.1", "3.40.1 ", "0.0.0",
        "999.999.999.999", "99999999999999999999.0.0"}) {
    EXPECT_EQ(ParseSqliteVersion(text), std::nullopt) << text;
  }
}

TEST(CodecTest, DefaultsAreLeftOut) {
  EXPECT_EQ(PrintPlan(SmallestPlan()), PlanText(""));
  EXPECT_EQ(PrintStep(Op(threads::Kind::kPutCheckpoint)),
            R"({"step":"put_checkpoint"})");
}

TEST(CodecTest, DefaultsMayBeGivenInAnyOrderAndSpacing) {
  const absl::StatusOr<Plan> plan = ParsePlan(
      PlanText(R"( {"parent": -1, "thread" : 0, "step":"put_checkpoint"} )"
               "\n"),
      "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->rounds[0].steps[1], Op(threads::Kind::kPutCheckpoint));
}

TEST(CodecTest, FieldsThatAKindDoesNotUseAreNotPrinted) {
  EXPECT_EQ(PrintStep({.kind = StepKind::kCommit, .up = 2}),
            R"({"step":"commit"})");
}

TEST(CodecTest, TheStateOfACommitStepCountsBesideItsWrites) {
  const std::string step =
      "{\"step\":\"commit_step\",\"size\":4194304,\"count\":63}\n";
  EXPECT_EQ(ErrorOf(PlanText(step)), "");
  EXPECT_NE(ErrorOf(PlanText(step + "{\"step\":\"put_blob\",\"size\":1}\n")),
            "");
}

TEST(CodecTest, AnyPlanPrintsAsPrintableAscii) {
  Plan plan = FullPlan();
  plan.saver = "\x01\xff\"\n\u00e9";
  for (const char c : PrintPlan(plan)) {
    EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n') << static_cast<int>(c);
  }
}

TEST(CodecTest, APlanCutAnywhereInALineIsRefused) {
  const std::string text = kFullText;
  for (std::size_t size = 0; size < text.size(); ++size) {
    // Behind the first close a shorter plan is complete.
    if (absl::EndsWith(text.substr(0, size), kCloseLine)) continue;
    EXPECT_NE(ErrorOf(text.substr(0, size)), "") << size;
  }
}

TEST(CodecTest, NoChangedByteMakesItThrow) {
  for (std::size_t i = 0; i < sizeof(kFullText) - 1; ++i) {
    for (const char c : {'\0', '\n', '\r', '"', '{', '[', '9', '-', '\xff'}) {
      std::string text = kFullText;
      text[i] = c;
      ErrorOf(text);
    }
  }
}

TEST(CodecTest, TextOfTheInputIsEscapedAndCutInMessages) {
  const std::string long_text(1000, 'x');
  const std::string error =
      ErrorOf(PlanText("{\"step\":\"\\u001b\\u00e9" + long_text + "\"}\n"));
  EXPECT_TRUE(absl::StartsWith(
      error, "plan:3: step: '\\x1b\\xc3\\xa9" + std::string(57, 'x') +
                 "...' is not known (allowed open, close, reopen, "))
      << error;
  EXPECT_LT(error.size(), 450u);
}

TEST(CodecTest, TheNameIsEscapedInMessages) {
  const absl::StatusOr<Plan> plan = ParsePlan("", "a\nb");
  EXPECT_EQ(plan.status().message(), "a\\nb:1: plan: the text is empty");
}

TEST(CodecTest, HugeInputIsRefusedBeforeItIsParsed) {
  EXPECT_EQ(ErrorOf(std::string(100 << 20, '[')),
            "plan:1: plan: 104857600 bytes are too many (allowed 67108864)");
  EXPECT_EQ(ErrorOf(std::string(2 << 20, '[') + "\n"),
            "plan:1: line: 2097152 bytes are too many (allowed 1048576)");
  EXPECT_EQ(ErrorOf(PlanText(std::string(2 << 20, '['))),
            "plan:3: line: 2097168 bytes are too many (allowed 1048576)");
}

TEST(CodecTest, DeepNestingIsRefusedAtItsFirstLevel) {
  const std::string deep = Repeated("[", 500'000) + Repeated("]", 500'000);
  EXPECT_EQ(ErrorOf(PlanText(deep + "\n")),
            "plan:3: line: an array is not allowed");
  EXPECT_EQ(ErrorOf(PlanText("{\"thread\":" + deep + "}\n")),
            "plan:3: thread: an array is not allowed");
  EXPECT_EQ(ErrorOf(PlanText(Repeated("{\"crash\":", 100'000) + "\n")),
            "plan:3: crash.crash: an object is too deep here");
}

TEST(CodecTest, RoundsStepsAndContentsHaveLimits) {
  const std::string round = std::string(kOpenLine) + kCloseLine;
  EXPECT_EQ(ErrorOf(kHeaderLine + Repeated(round, 128)), "");
  EXPECT_EQ(ErrorOf(kHeaderLine + Repeated(round, 129)),
            "plan:258: step: too many rounds (allowed 128)");
  EXPECT_EQ(ErrorOf(PlanText(Repeated("{\"step\":\"read\"}\n", 4094))), "");
  EXPECT_EQ(ErrorOf(PlanText(Repeated("{\"step\":\"read\"}\n", 4095))),
            "plan:4098: step: too many steps (allowed 4096 a round)");
  const std::string blob = "{\"step\":\"put_blob\",\"size\":4194304}\n";
  EXPECT_EQ(ErrorOf(PlanText(Repeated(blob, 64))), "");
  EXPECT_EQ(ErrorOf(PlanText(Repeated(blob, 65))),
            "plan:67: size: the contents so far are 272629760 bytes (allowed "
            "268435456 in a plan)");
  EXPECT_EQ(
      ErrorOf(PlanText(
          "{\"step\":\"append_logs\",\"size\":4194304,\"count\":1000}\n")),
      "plan:3: size: the contents so far are 4194304000 bytes (allowed "
      "268435456 in a plan)");
  const std::string copy = "{\"step\":\"copy_thread\"}\n";
  const std::string blobs = Repeated(blob, 16);
  EXPECT_EQ(ErrorOf(PlanText(blobs + Repeated(copy, 16))), "");
  EXPECT_EQ(ErrorOf(PlanText(blobs + Repeated(copy, 17))),
            "plan:35: step: the copies so far may be 1140850688 bytes (allowed "
            "1073741824 in a plan)");
}

// A step line between open and close, and what is said about it.
struct BadStep {
  std::string line;
  std::string error;  // behind "plan:3: "
};

void ExpectRefused(const std::vector<BadStep>& steps) {
  for (const BadStep& step : steps) {
    EXPECT_EQ(ErrorOf(PlanText(step.line + "\n")), "plan:3: " + step.error);
  }
}

TEST(CodecTest, ALineThatIsNoJsonObjectIsRefused) {
  ExpectRefused(std::vector<BadStep>{
      {"", "line: is blank"},
      {" ", "column 2: not JSON"},
      {"{\"step\":\"read\"}\r",
       "column 16: the byte '\\r' (allowed printable ASCII, lines "
       "ended by \\n alone)"},
      {"{\"step\":\"r\xc3\"}",
       "column 11: the byte '\\xc3' (allowed printable ASCII, lines "
       "ended by \\n alone)"},
      {std::string("{\"step\"\0:1}", 11),
       "column 8: the byte '\\x00' (allowed printable ASCII, lines "
       "ended by \\n alone)"},
      {"{\"step\":\"read\"", "column 15: not JSON"},
      {"{\"step\":\"read\"}}", "column 16: not JSON"},
      {"{\"step\":\"read\"} {}", "column 17: not JSON"},
      {"{\"step\":\"read\",}", "column 16: not JSON"},
      {"{'step':'read'}", "column 2: not JSON"},
      {"{\"step\":\"\\ud800\"}", "column 16: not JSON"},
      {"{\"step\":\"read\",\"thread\":01}", "column 26: not JSON"},
      {"{\"step\":\"read\",\"thread\":1e400}",
       "column 29: the number is too large"},
      {"\"read\"", "line: not a JSON object"},
      {"1", "line: not a JSON object"},
      {"null", "line: not a JSON object"},
      {"[]", "line: an array is not allowed"}});
}

TEST(CodecTest, FieldsThatAreNotInTheTableAreRefused) {
  ExpectRefused(std::vector<BadStep>{
      {"{}", "step: is missing"},
      {"{\"step\":7}", "step: 7 is not a string (allowed text in quotes)"},
      {"{\"step\":\"commit\",\"up\":1}",
       "up: does not belong to step 'commit' (allowed client, crash, "
       "kill_after_us, error, switches)"},
      {"{\"step\":\"put_blob\",\"ns\":1}",
       "ns: does not belong to step 'put_blob' (allowed thread, id, "
       "size, seed, client, crash, kill_after_us, error, switches)"},
      {"{\"step\":\"read\",\"colour\":1}", "colour: unknown field"},
      {"{\"step\":\"read\",\"a.b\\u0000\":1}", "'a.b\\x00': unknown field"},
      {"{\"step\":\"read\",\"\":1}", "'': unknown field"},
      {"{\"step\":\"read\",\"crash.io\":1}", "'crash.io': unknown field"},
      {"{\"step\":\"read\",\"step\":\"read\"}", "'step': stands here twice"},
      {"{\"step\":\"put_blob\",\"id\":1,\"id\":1}", "'id': stands here twice"},
      {"{\"step\":\"read\",\"crash\":{\"io\":1,\"io\":2}}",
       "'crash.io': stands here twice"},
      {"{\"step\":\"read\",\"crash\":{}}", "crash.io: is missing"},
      {"{\"step\":\"read\",\"crash\":{\"io\":1}}", "crash.moment: is missing"},
      {"{\"step\":\"read\",\"crash\":3}",
       "crash: 3 is not an object (allowed fields in braces)"},
      {"{\"step\":\"read\",\"crash\":{\"io\":1,\"moment\":\"after\","
       "\"up\":1}}",
       "crash.up: unknown field"},
      {"{\"step\":\"read\",\"crash\":{\"io\":1000001,\"moment\":"
       "\"after\"}}",
       "crash.io: 1000001 is outside the limits (allowed 0 to "
       "1000000)"},
      {"{\"step\":\"read\",\"crash\":{\"io\":1,\"moment\":\"now\"}}",
       "crash.moment: 'now' is not known (allowed before, during, "
       "after)"},
      {"{\"step\":\"wal_checkpoint\",\"mode\":\"FULL\"}",
       "mode: 'FULL' is not known (allowed passive, full, restart, "
       "truncate)"}});
}

TEST(CodecTest, NumbersOutsideTheirLimitsAreRefused) {
  ExpectRefused(std::vector<BadStep>{
      {"{\"step\":\"put_blob\",\"id\":100000}",
       "id: 100000 is outside the limits (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":-1}",
       "id: -1 is outside the limits (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":9223372036854775808}",
       "id: 9223372036854775808 is outside the limits (allowed 0 to "
       "99999)"},
      {"{\"step\":\"put_blob\",\"id\":4294967296}",
       "id: 4294967296 is outside the limits (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":1.0}",
       "id: '1.0' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":1e2}",
       "id: '1e2' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":-0}",
       "id: '-0' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":true}",
       "id: 'true' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":null}",
       "id: 'null' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":\"1\"}",
       "id: '1' is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"id\":{}}",
       "id: an object is not a whole number (allowed 0 to 99999)"},
      {"{\"step\":\"put_blob\",\"seed\":18446744073709551616}",
       "seed: '18446744073709551616' is not a whole number (allowed 0 "
       "to 18446744073709551615)"},
      {"{\"step\":\"put_blob\",\"seed\":-1}",
       "seed: -1 is not a whole number (allowed 0 to "
       "18446744073709551615)"},
      {"{\"step\":\"put_blob\",\"size\":4194305}",
       "size: 4194305 is outside the limits (allowed 0 to 4194304)"},
      {"{\"step\":\"put_checkpoint\",\"parent\":-2}",
       "parent: -2 is outside the limits (allowed -1 to 99999)"},
      {"{\"step\":\"append_logs\",\"count\":0}",
       "count: 0 is outside the limits (allowed 1 to 1000)"},
      {"{\"step\":\"append_logs\",\"invalid_at\":3,\"count\":3}",
       "invalid_at: 3 is outside the limits (allowed -1 to 2)"},
      {"{\"step\":\"append_log\",\"invalid_at\":1}",
       "invalid_at: 1 is outside the limits (allowed -1 to 0)"},
      {"{\"step\":\"rollback_to\",\"up\":17}",
       "up: 17 is outside the limits (allowed 0 to 16)"}});
}

// The header with one text in it replaced, and what is said about it.
struct BadHeader {
  std::string from;
  std::string to;
  std::string error;  // behind "plan:1: "
};

void ExpectRefused(const std::vector<BadHeader>& headers) {
  for (const BadHeader& header : headers) {
    const std::string text =
        absl::StrReplaceAll(PlanText(""), {{header.from, header.to}});
    EXPECT_NE(text, PlanText("")) << header.from;
    EXPECT_EQ(ErrorOf(text), "plan:1: " + header.error);
  }
}

TEST(CodecTest, AHeaderThatIsNotCompleteAndRightIsRefused) {
  ExpectRefused(std::vector<BadHeader>{
      {"\"lastcommit\":2", "\"lastcommit\":3,\"new\":0",
       "lastcommit: 3 is not a known version (allowed 2)"},
      {"\"lastcommit\":2", "\"lastcommit\":1",
       "lastcommit: 1 is a former version, whose steps meant something else "
       "(allowed 2)"},
      {"\"lastcommit\":2", "\"lastcommit\":\"2\"",
       "lastcommit: '2' is not a known version (allowed 2)"},
      {"\"lastcommit\":2,", "", "lastcommit: is missing: this is no plan"},
      {"\"engine\":\"fork\",", "", "engine: is missing"},
      {"\"engine\":\"fork\"", "\"engine\":\"steam\"",
       "engine: 'steam' is not known (allowed fork, sim)"},
      {"\"held\"", "\"held\",\"images\":1",
       "images: does not belong to engine 'fork'"},
      {":1000}", ":1000,\"sector_size\":513}",
       "profile.sector_size: 513 is not a power of two (allowed 512 to "
       "65536)"},
      {":1000}", ":1000,\"sector_size\":131072}",
       "profile.sector_size: 131072 is outside the limits (allowed 512 to "
       "65536)"},
      {":1000}", ":1000,\"psow\":2}",
       "profile.psow: 2 is outside the limits (allowed 0 to 1)"},
      {"\"engine\":\"fork\"", "\"engine\":\"sim\",\"images\":10001",
       "images: 10001 is outside the limits (allowed 0 to 10000)"},
      {"\"engine\"", "\"motor\"", "motor: unknown field"},
      {"\"saver\":\"sqlite\"", "\"saver\":\"\"",
       "saver: '' is not a saver's name (allowed 1 to 40 of a-z, "
       "0-9 and -)"},
      {"\"saver\":\"sqlite\"", "\"saver\":\"../x\"",
       "saver: '../x' is not a saver's name (allowed 1 to 40 of "
       "a-z, 0-9 and -)"},
      {"\"saver\":\"sqlite\"", "\"saver\":3",
       "saver: 3 is not a string (allowed text in quotes)"},
      {"\"cache_size\":0,", "", "profile.cache_size: is missing"},
      {"\"cache_size\":0", "\"cache_size\":-2",
       "profile.cache_size: -2 is outside the limits (allowed 0 to "
       "1000000)"},
      {"\"cache_size\":0", "\"cache_size\":0,\"cache_size\":0",
       "'profile.cache_size': stands here twice"},
      {"\"page_size\":4096", "\"page_size\":4097",
       "profile.page_size: 4097 is not a power of two (allowed 512 "
       "to 65536)"},
      {"\"page_size\":4096", "\"page_size\":256",
       "profile.page_size: 256 is outside the limits (allowed 512 "
       "to 65536)"},
      {":1000}", ":1000001}",
       "profile.wal_autocheckpoint: 1000001 is outside the limits "
       "(allowed 0 to 1000000)"},
      {"\"wal\"", "\"WAL\"",
       "profile.journal_mode: 'WAL' is not known (allowed delete, "
       "truncate, persist, memory, wal, off)"},
      {"\"full\"", "\"half\"",
       "profile.synchronous: 'half' is not known (allowed off, "
       "normal, full, extra)"},
      {"\"held\"", "\"held\",\"sqlite\":7",
       "sqlite: 7 is not an object (allowed fields in braces)"},
      {"\"held\"", "\"held\",\"sqlite\":{\"from\":\"3.040.1\"}",
       "sqlite.from: '3.040.1' is not known (allowed such as "
       "3.40.1)"},
      {"\"held\"", "\"held\",\"sqlite\":{\"from\":\"0.0.0\"}",
       "sqlite.from: '0.0.0' is not known (allowed such as "
       "3.40.1)"},
      {"\"held\"", "\"held\",\"sqlite\":{\"since\":\"3.1.0\"}",
       "sqlite.since: unknown field"},
      {"\"held\"",
       "\"held\",\"sqlite\":{\"from\":\"3.9.0\",\"before\":"
       "\"3.9.0\"}",
       "sqlite.before: '3.9.0' leaves no version (allowed above "
       "3.9.0)"},
      {"\"held\"", "\"violated(held)\"",
       "expect: 'violated(held)' is not known (allowed held, "
       "violated(lost_commit), violated(phantom_commit), "
       "violated(not_a_cut), violated(damaged), "
       "violated(open_failed), violated(wrong_answer), "
       "violated(wrong_read), violated(unstable_recovery), "
       "violated(not_writable), violated(unclean_close), "
       "violated(crashed), violated(hung), violated(flaky), "
       "violated(broken_invariant))"}});
}

// A whole text, and what is said about it.
struct BadPlan {
  std::string text;
  std::string error;
};

void ExpectRefused(const std::vector<BadPlan>& plans) {
  for (const BadPlan& plan : plans) {
    EXPECT_EQ(ErrorOf(plan.text), plan.error);
  }
}

const char kCrash[] =
    "{\"step\":\"read\",\"crash\":{\"io\":1,\"moment\":\"after\"}}\n";

const char kTimedKill[] = "{\"step\":\"read\",\"kill_after_us\":5}\n";

TEST(CodecTest, LinesThatMakeNoRoundsAreRefused) {
  ExpectRefused(std::vector<BadPlan>{
      {"", "plan:1: plan: the text is empty"},
      {"\n", "plan:1: line: is blank"},
      {"\xef\xbb\xbf{}\n",
       "plan:1: column 1: the byte '\\xef' (allowed printable ASCII, "
       "lines ended by \\n alone)"},
      {kHeaderLine, "plan:1: plan: has no round (allowed 1 or more)"},
      {std::string(kHeaderLine) + kOpenLine,
       "plan:2: plan: is cut off: the last round has no 'close'"},
      {PlanText("").substr(0, PlanText("").size() - 1),
       "plan:3: plan: is cut off: the last line has no newline"},
      {PlanText("") + "\n", "plan:4: line: is blank"},
      {std::string(kOpenLine) + kCloseLine,
       "plan:1: lastcommit: is missing: this is no plan"},
      {std::string(kHeaderLine) + kHeaderLine, "plan:2: step: is missing"},
      {PlanText(kOpenLine),
       "plan:3: step: 'open' inside a round (allowed after 'close')"},
      {PlanText("") + "{\"step\":\"read\"}\n",
       "plan:4: step: 'read' outside a round (allowed 'open')"},
      {PlanText("") + kCloseLine,
       "plan:4: step: 'close' outside a round (allowed 'open')"},
      {PlanText(absl::StrCat(kCrash, kCrash)),
       "plan:4: crash: line 3 has one already (allowed 1 a round)"},
      {PlanText(absl::StrCat(kCrash, kTimedKill)),
       "plan:4: kill_after_us: line 3 has one already (allowed 1 a round)"},
      {PlanText(absl::StrCat(kTimedKill, kCrash)),
       "plan:4: crash: line 3 has one already (allowed 1 a round)"},
      {PlanText("{\"step\":\"read\",\"crash\":{\"io\":1,\"moment\":\"after\"},"
                "\"kill_after_us\":5}\n"),
       "plan:3: kill_after_us: the step has a crash too (allowed 1 of them a "
       "round)"}});
}

TEST(CodecTest, ATimedKillRoundTripsAtItsLimits) {
  for (const std::int64_t us : {std::int64_t{0}, PlanLimits::kMaxKillAfterUs}) {
    const std::string text = PlanText(
        absl::StrCat("{\"step\":\"read\",\"kill_after_us\":", us, "}\n"));
    const absl::StatusOr<Plan> plan = ParsePlan(text, "plan");
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(plan->rounds[0].steps[1].kill_after_us, us);
    EXPECT_TRUE(HasTimedKill(*plan));
    EXPECT_EQ(PrintPlan(*plan), text);
  }
  EXPECT_EQ(
      ErrorOf(PlanText("{\"step\":\"read\",\"kill_after_us\":10000001}\n")),
      "plan:3: kill_after_us: 10000001 is outside the limits (allowed 0 "
      "to 10000000)");
}

TEST(CodecTest, EachRoundMayHaveACrash) {
  const std::string round = absl::StrCat(kOpenLine, kCrash, kCloseLine);
  const absl::StatusOr<Plan> plan =
      ParsePlan(absl::StrCat(kHeaderLine, round, round), "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(CrashStep(plan->rounds[0]), 1u);
  EXPECT_EQ(CrashStep(plan->rounds[1]), 1u);
  EXPECT_EQ(CrashStep(Round()), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
