// What a driver says, read with distrust.

#include "driven/protocol.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "checkpoints/specs.h"
#include "gmock/gmock.h"
#include "keys/pairs.h"
#include "logs/specs.h"
#include "queue/specs.h"

namespace lastcommit::driven {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Answers Parsed(const std::string& text) {
  const auto answers = ParseAnswers(text, 1, 2);
  EXPECT_TRUE(answers.ok()) << answers.status();
  return answers.value_or(Answers());
}

std::string WhyNot(const std::string& text) {
  return std::string(ParseAnswers(text, 1, 2).status().message());
}

TEST(ParseAnswersTest, ALineWithoutItsEndIsNoAnswerYet) {
  const Answers answers = Parsed("{\"id\":1}\n{\"id\":2}");
  EXPECT_EQ(answers.replies.size(), 1u);
  EXPECT_THAT(answers.line_ends, ElementsAre(9u));
}

TEST(ParseAnswersTest, AnAnswerIsAnAcknowledgement) {
  const Answers answers = Parsed("{\"id\":1}\n{\"id\":2}\n");
  EXPECT_EQ(answers.acks.at(2), 1u);
}

TEST(ParseAnswersTest, AnAcknowledgementMayComeBefore) {
  const Answers answers = Parsed("{\"ack\":1}\n{\"id\":1}\n");
  EXPECT_EQ(answers.acks.at(1), 0u);
  EXPECT_EQ(answers.replies.at(0).line, 1u);
}

TEST(ParseAnswersTest, AnErrorAcknowledgesNothing) {
  const Answers answers =
      Parsed("{\"id\":1,\"error\":\"full\",\"message\":\"no room\"}\n");
  EXPECT_FALSE(answers.acks.contains(1));
  EXPECT_EQ(answers.replies.at(0).code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(InWords(answers.replies.at(0)), "the error full (no room)");
}

TEST(ParseAnswersTest, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_THAT(WhyNot("{\"id\":1}\nnull\n"),
              HasSubstr("line 2 of the driver's answers is no JSON object"));
  EXPECT_THAT(WhyNot("{\"id\":\"1\"}\n"), HasSubstr("neither an \"id\""));
  EXPECT_THAT(WhyNot("{\"id\":1}\n{\"id\":1}\n"),
              HasSubstr("answers request 1, and the next one is 2"));
  EXPECT_THAT(WhyNot("{\"ack\":2}\n"), HasSubstr("that was not made"));
  EXPECT_THAT(WhyNot("{\"ack\":0}\n"), HasSubstr("that was not made"));
  EXPECT_THAT(WhyNot("{\"id\":1,\"error\":7}\n"), HasSubstr("is none of"));
}

// Of several clients, each of which has its own order.
TEST(AnswerReaderTest, RunsAreAnsweredEachInItsOrder) {
  AnswerReader reader;
  reader.Expect(1, 2);
  reader.Expect(3, 1);
  ASSERT_TRUE(reader.Take("{\"ack\":3}\n{\"id\":1}\n{\"id\":3}\n").ok());
  EXPECT_EQ(reader.answers().ReplyTo(3)->line, 2u);
  EXPECT_EQ(reader.answers().ReplyTo(2), nullptr);
  EXPECT_THAT(reader.Take("{\"id\":3}\n").message(),
              HasSubstr("answers request 3, and the next one is 2"));
}

TEST(ParseAnswersTest, WhatIsShownOfItIsShortAndEscaped) {
  const std::string why = WhyNot(std::string(5000, '\x1b') + "\n");
  EXPECT_LT(why.size(), 2000u);
  EXPECT_EQ(why.find('\x1b'), std::string::npos);
}

TEST(ParseAnswersTest, ALineIsBounded) {
  const std::string text(ProtocolLimits::kLine + 1, ' ');
  EXPECT_THAT(WhyNot(text), HasSubstr("a line of more than"));
  EXPECT_THAT(WhyNot(text + "\n"), HasSubstr("has more than"));
}

TEST(ParseAnswersTest, NestingIsBoundedByTheLine) {
  EXPECT_THAT(WhyNot(std::string(1'000'000, '[') + "\n"),
              HasSubstr("is no JSON object"));
}

// What writes it out goes as deep as it is.
TEST(ParseAnswersTest, WhatIsNestedIsOnlyNamed) {
  const std::string nested =
      std::string(200'000, '[') + std::string(200'000, ']');
  const Answers answers =
      Parsed(absl::StrCat("{\"id\":1,\"value\":", nested, "}\n"));
  EXPECT_EQ(InWords(answers.replies.at(0)), "a list");
  EXPECT_THAT(WhyNot(absl::StrCat("{\"id\":1,\"error\":", nested, "}\n")),
              HasSubstr(": a list"));
}

// However they are cut in pieces.
TEST(AnswerReaderTest, ReadsWhatComesBitByBit) {
  const std::string text = "{\"ack\":1}\n{\"id\":1}\n{\"id\":2}\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    AnswerReader reader;
    reader.Expect(1, 2);
    for (std::size_t at = 0; at < text.size(); at += piece) {
      ASSERT_TRUE(reader.Take(text.substr(at, piece)).ok());
    }
    EXPECT_THAT(reader.answers().line_ends, ElementsAre(10u, 19u, 28u));
    EXPECT_EQ(reader.answers().acks.at(1), 0u);
    EXPECT_EQ(reader.answers().replies.size(), 2u);
  }
}

TEST(AnswerReaderTest, WhatIsWrongIsSaidOfItsLine) {
  AnswerReader reader;
  reader.Expect(1, 2);
  ASSERT_TRUE(reader.Take("{\"id\":1}\n{\"id\"").ok());
  EXPECT_THAT(reader.Take(":7}\n").message(),
              HasSubstr("line 2 of the driver's answers answers request 7"));
}

TEST(AnswerReaderTest, AllOfThemAreBounded) {
  AnswerReader reader;
  reader.Expect(1, 2);
  const std::string blanks(std::size_t{1} << 20, ' ');
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) {
    status = reader.Take("{\"ack\":1" + blanks + "}\n");
  }
  EXPECT_THAT(status.message(), HasSubstr("answers with more than"));
}

Reply ReplyOf(const std::string& text) {
  return Parsed(text + "\n").replies.at(0);
}

TEST(StateOfTest, RowsAreThoseOfTheModel) {
  const auto state = StateOf(pairs::kVocabulary,
                             ReplyOf("{\"id\":1,\"rows\":[[\"a\",\"1\"]]}"));
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->rows.at({pairs::kPairs, {"a"}, 0}), pairs::RowOf("1"));
}

TEST(StateOfTest, ARowIsThereOnce) {
  EXPECT_THAT(
      StateOf(pairs::kVocabulary,
              ReplyOf("{\"id\":1,\"rows\":[[\"a\",\"1\"],[\"a\",\"2\"]]}"))
          .status()
          .message(),
      HasSubstr("has the row key a twice"));
}

TEST(StateOfTest, ARowHasTwoTexts) {
  for (const char* rows : {"7", "[7]", "[[\"a\"]]", "[[\"a\",1]]",
                           "[[\"a\",\"b\",\"c\"]]", "{}"}) {
    EXPECT_FALSE(
        StateOf(pairs::kVocabulary,
                ReplyOf(absl::StrCat("{\"id\":1,\"rows\":", rows, "}")))
            .ok())
        << rows;
  }
}

TEST(ValueOfTest, ADeleteNeedNotSayWhetherItWasThere) {
  const Operation operation = pairs::Make(pairs::Kind::kDelete, {.key = 1});
  EXPECT_EQ(*ValueOf(operation, ReplyOf("{\"id\":1}")), std::nullopt);
  EXPECT_EQ(*ValueOf(operation, ReplyOf("{\"id\":1,\"value\":true}")), 1);
  EXPECT_EQ(*ValueOf(operation, ReplyOf("{\"id\":1,\"value\":false}")), 0);
  EXPECT_FALSE(ValueOf(operation, ReplyOf("{\"id\":1,\"value\":1}")).ok());
}

TEST(ValueOfTest, AGetHasAText) {
  const Operation operation = pairs::Make(pairs::Kind::kGet, {.key = 1});
  EXPECT_EQ(*ValueOf(operation, ReplyOf("{\"id\":1,\"value\":\"v\"}")),
            pairs::AnswerOf("v"));
  EXPECT_FALSE(ValueOf(operation, ReplyOf("{\"id\":1}")).ok());
}

TEST(HelloOfTest, WhatAStoreLacksIsNotDrawn) {
  const auto hello =
      HelloOf(ReplyOf("{\"id\":1,\"protocol\":1,\"store\":\"a-1\",\"dialect\":"
                      "\"pairs\",\"operations\":[\"put\",\"delete\",\"get\"],"
                      "\"controls\":[\"begin\",\"commit\",\"rollback\"],"
                      "\"promise\":\"power\"}"));
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_TRUE(hello->promises_power);
  const auto lacks = [&](StepKind kind) {
    return std::count(hello->lacks.begin(), hello->lacks.end(), kind) > 0;
  };
  EXPECT_FALSE(lacks(StepKind::kBegin));
  EXPECT_FALSE(lacks(StepKind::kReopen));
  EXPECT_TRUE(lacks(StepKind::kSavepoint));
  EXPECT_TRUE(lacks(StepKind::kWalCheckpoint));
}

// ---- checkpoints ----

using checkpoints::Kind;

std::string HelloWith(const std::string& operations) {
  return absl::StrCat(
      "{\"id\":1,\"protocol\":1,\"store\":\"a\",\"dialect\":\"checkpoints\","
      "\"operations\":[",
      operations, "],\"promise\":\"process\"}");
}

TEST(HelloOfTest, SomeOperationsMayBeLacked) {
  const auto hello = HelloOf(
      ReplyOf(HelloWith("\"put\",\"get\",\"put_writes\",\"put_step\"")));
  ASSERT_TRUE(hello.ok()) << hello.status();
  EXPECT_EQ(hello->dialect, &checkpoints::kVocabulary);
  EXPECT_THAT(hello->lacks_operations,
              ElementsAre(&checkpoints::SpecOf(Kind::kPutBytes),
                          &checkpoints::SpecOf(Kind::kDeleteThread)));
  EXPECT_THAT(HelloOf(ReplyOf(HelloWith("\"put\",\"get\""))).status().message(),
              HasSubstr("lacks the operation put_writes"));
}

std::string Asked(Kind kind, const checkpoints::Arguments& arguments) {
  return StepRequest(StepOf(checkpoints::Make(kind, arguments)), Rows())
      ->dump();
}

TEST(StepRequestTest, WhatIsNotGivenIsNotThere) {
  EXPECT_EQ(Asked(Kind::kGet, {.thread = 1, .id = 2}),
            "{\"checkpoint\":\"checkpoint-2\",\"do\":\"get\","
            "\"thread\":\"thread-1\"}");
  EXPECT_THAT(Asked(Kind::kGet, {.ns = 1}), HasSubstr("\"ns\":\"ns-1\""));
  const std::string put = Asked(Kind::kPut, {.value = {4, 9}});
  EXPECT_EQ(put.find("parent"), std::string::npos) << put;
  EXPECT_EQ(put.find("writes"), std::string::npos) << put;
  EXPECT_THAT(Asked(Kind::kPut, {.parent = 5}),
              HasSubstr("\"parent\":\"checkpoint-5\""));
  EXPECT_THAT(Asked(Kind::kPutBytes, {}), HasSubstr("\"base64\":"));
  EXPECT_EQ(Asked(Kind::kDeleteThread, {.thread = 1}),
            "{\"do\":\"delete_thread\",\"thread\":\"thread-1\"}");
}

absl::StatusOr<State> Stated(const std::string& rows) {
  return StateOf(checkpoints::kVocabulary,
                 ReplyOf(absl::StrCat("{\"id\":1,\"rows\":[", rows, "]}")));
}

TEST(StateOfTest, RowsOfCheckpointsAreThoseOfTheModel) {
  const auto state = Stated(
      "[\"checkpoint\",\"t\",\"\",\"c\",null,\"1\"],"
      "[\"write\",\"t\",\"\",\"c\",\"k\",3,{\"base64\":\"/w==\"}]");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rows.at({checkpoints::kCheckpoints, {"t", "", "c"}, 0}),
            checkpoints::CheckpointRow(std::nullopt, {"1"}));
  EXPECT_EQ(state->rows.at({checkpoints::kWrites, {"t", "", "c", "k"}, 3}),
            checkpoints::WriteRow({"\xff", true}));
}

TEST(StateOfTest, WhatIsNoRowOfCheckpointsIsRefused) {
  for (const char* row :
       {"7", "[]", "[\"checkpoint\"]",
        "[\"write\",\"t\",\"\",\"c\",null,\"1\"]",
        "[\"checkpoint\",\"t\",\"\",\"c\",7,\"1\"]",
        "[\"checkpoint\",\"t\",\"\",\"c\",null,1]",
        "[\"checkpoint\",\"t\",\"\",\"c\",null,{\"base64\":\"!\"}]",
        "[\"checkpoint\",\"t\",\"\",\"c\",null,{}]",
        "[\"write\",\"t\",\"\",\"c\",\"k\",\"3\",\"1\"]"}) {
    EXPECT_FALSE(Stated(row).ok()) << row;
  }
}

TEST(ValueOfTest, AGetOfACheckpointHasAllOfIt) {
  const Operation get = checkpoints::Make(Kind::kGet);
  const auto value = [&](const std::string& text) {
    return ValueOf(get,
                   ReplyOf(absl::StrCat("{\"id\":1,\"value\":", text, "}")));
  };
  const auto whole =
      value("{\"parent\":\"p\",\"value\":\"1\",\"writes\":[[\"k\",0,\"2\"]]}");
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(**whole,
            checkpoints::AnswerOf(checkpoints::CheckpointRow("p", {"1"}),
                                  {{{"k", 0}, checkpoints::WriteRow({"2"})}}));
  for (const char* wrong :
       {"\"1\"", "{}", "{\"value\":\"1\",\"writes\":[]}",
        "{\"parent\":null,\"value\":\"1\",\"writes\":[[\"k\",\"2\"]]}",
        "{\"parent\":null,\"value\":1,\"writes\":[]}",
        "{\"parent\":null,\"value\":\"1\",\"writes\":[[\"k\",0,\"2\"],"
        "[\"k\",0,\"2\"]]}"}) {
    EXPECT_FALSE(value(wrong).ok()) << wrong;
  }
}

// ---- queues ----

std::optional<nlohmann::json> AskedOf(const Rows& rows, queue::Kind kind,
                                      const queue::Arguments& arguments) {
  return StepRequest(StepOf(queue::Make(kind, arguments)), rows);
}

TEST(StepRequestTest, AWorkerCompletesTheJobThatItHas) {
  Rows rows;
  const queue::Arguments by = {.worker = 1, .time = 3, .lease = 1};
  EXPECT_EQ(AskedOf(rows, queue::Kind::kComplete, by), std::nullopt);
  for (const auto kind : {queue::Kind::kEnqueue, queue::Kind::kClaim}) {
    const Operation operation = queue::Make(kind, by);
    operation.spec->apply(operation, rows);
  }
  EXPECT_EQ(AskedOf(rows, queue::Kind::kComplete, by)->dump(),
            "{\"do\":\"complete\",\"job\":\"job-0\",\"now\":30,"
            "\"worker\":\"worker-1\"}");
  EXPECT_EQ(AskedOf(rows, queue::Kind::kRelease, {.worker = 2, .time = 3}),
            std::nullopt);
  EXPECT_EQ(AskedOf(rows, queue::Kind::kClaim, by)->dump(),
            "{\"do\":\"claim\",\"lease\":15,\"now\":30,"
            "\"worker\":\"worker-1\"}");
}

TEST(StepRequestTest, AJobThatIsThereIsNotEnqueued) {
  Rows rows;
  const Operation batch =
      queue::Make(queue::Kind::kEnqueueBatch, {.job = 4, .count = 2});
  EXPECT_EQ((*StepRequest(StepOf(batch), rows))["jobs"].size(), 2u);
  batch.spec->apply(batch, rows);
  EXPECT_EQ(StepRequest(StepOf(batch), rows), std::nullopt);
  EXPECT_EQ(AskedOf(rows, queue::Kind::kEnqueue, {.job = 5}), std::nullopt);
  EXPECT_NE(AskedOf(rows, queue::Kind::kEnqueue, {.job = 6}), std::nullopt);
}

TEST(ValueOfTest, AClaimAnswersAJobOrNone) {
  const Operation claim = queue::Make(queue::Kind::kClaim);
  const auto value = [&](const std::string& text) {
    return ValueOf(claim, ReplyOf(absl::StrCat("{\"id\":1", text, "}")));
  };
  EXPECT_EQ(*value(",\"value\":null"), queue::kNoJob);
  EXPECT_EQ(*value(",\"value\":[\"a\",\"1\"]"), queue::AnswerOf("a", "1"));
  for (const char* wrong : {"", ",\"value\":[]", ",\"value\":[\"a\"]",
                            ",\"value\":[\"a\",1]", ",\"value\":\"a\""}) {
    EXPECT_FALSE(value(wrong).ok()) << wrong;
  }
}

TEST(ValueOfTest, ACompleteNeedNotSayWhoseTheJobWas) {
  const Operation complete = queue::Make(queue::Kind::kComplete);
  EXPECT_EQ(*ValueOf(complete, ReplyOf("{\"id\":1}")), std::nullopt);
  EXPECT_EQ(*ValueOf(complete, ReplyOf("{\"id\":1,\"value\":false}")), 0);
  EXPECT_FALSE(ValueOf(complete, ReplyOf("{\"id\":1,\"value\":1}")).ok());
}

TEST(StateOfTest, ARowOfAQueueIsAJobThatWaitsOrIsClaimed) {
  const auto state =
      StateOf(queue::kVocabulary,
              ReplyOf("{\"id\":1,\"rows\":[[\"waiting\",\"a\",\"1\"],"
                      "[\"claimed\",\"b\",\"1\"]]}"));
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rows.at({queue::kJobs, {"a"}, 0}),
            queue::RowOf("1", queue::JobStatus::kWaiting));
  EXPECT_EQ(state->rows.at({queue::kJobs, {"b"}, 0}),
            queue::RowOf("1", queue::JobStatus::kClaimed));
  EXPECT_NE(state->rows.at({queue::kJobs, {"a"}, 0}),
            state->rows.at({queue::kJobs, {"b"}, 0}));
  for (const char* row : {"[\"done\",\"a\",\"1\"]", "[\"waiting\",\"a\"]",
                          "[\"waiting\",\"a\",1]", "7"}) {
    EXPECT_FALSE(
        StateOf(queue::kVocabulary,
                ReplyOf(absl::StrCat("{\"id\":1,\"rows\":[", row, "]}")))
            .ok())
        << row;
  }
}

// ---- logs ----

TEST(StepRequestTest, ALogIsAskedForItsNumbers) {
  using logs::Kind;
  const auto asked = [](Kind kind, const logs::Arguments& arguments) {
    return StepRequest(StepOf(logs::Make(kind, arguments)), Rows())->dump();
  };
  EXPECT_EQ(asked(Kind::kAppend, {.value = {0, 7}}),
            R"({"do":"append","entry":"7:59"})");
  EXPECT_EQ(asked(Kind::kRead, {.limit = 3, .after = 4}),
            R"({"after":4,"do":"read","limit":3})");
  EXPECT_EQ(asked(Kind::kTrim, {.to = 9}), R"({"do":"trim","to":9})");
}

TEST(ValueOfTest, AnAppendAnswersANumberOrNothing) {
  const Operation append = logs::Make(logs::Kind::kAppend);
  const auto value = [&](const std::string& more) {
    return ValueOf(append, ReplyOf(absl::StrCat("{\"id\":1", more, "}")));
  };
  EXPECT_EQ(*value(",\"value\":7"), 7);
  EXPECT_EQ(*value(""), std::nullopt);
  for (const char* wrong : {"\"7\"", "7.5", "null", "true"}) {
    EXPECT_FALSE(value(absl::StrCat(",\"value\":", wrong)).ok()) << wrong;
  }
}

TEST(ValueOfTest, AReadAnswersItsEntriesInTheirOrder) {
  const Operation read = logs::Make(logs::Kind::kRead);
  const auto value = [&](const std::string& given) {
    return ValueOf(read, ReplyOf("{\"id\":1,\"value\":" + given + "}"));
  };
  logs::ReadAnswer two;
  two.Add(3, logs::EntryRow("a"));
  two.Add(4, logs::EntryRow("b"));
  EXPECT_EQ(*value("[[3,\"a\"],[4,\"b\"]]"), two.value());
  EXPECT_NE(*value("[[4,\"b\"],[3,\"a\"]]"), two.value());
  EXPECT_EQ(*value("[]"), logs::ReadAnswer().value());
  for (const char* wrong : {"7", "[7]", "[[3]]", "[[\"3\",\"a\"]]", "[[3,4]]",
                            "[[3,\"a\",1]]", "{}"}) {
    EXPECT_FALSE(value(wrong).ok()) << wrong;
  }
}

TEST(StateOfTest, ARowOfALogIsAnEntryOrTheNextNumber) {
  const auto stated = [](const std::string& rows) {
    return StateOf(logs::kVocabulary,
                   ReplyOf("{\"id\":1,\"rows\":[" + rows + "]}"));
  };
  const auto state = stated("[3,\"a\"],[\"next\",4]");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ(state->rows.at({logs::kEntries, {}, 3}), logs::EntryRow("a"));
  EXPECT_EQ(state->rows.at({logs::kNext, {}, 0}), logs::NextRow(4));
  EXPECT_THAT(stated("[3,\"a\"],[3,\"b\"]").status().message(),
              HasSubstr("has the row entry #3 twice"));
  for (const char* row : {"[\"last\",3]", "[\"next\",\"3\"]", "[\"next\"]",
                          "[3]", "[3,4]", "[3.5,\"a\"]", "7"}) {
    EXPECT_FALSE(stated(row).ok()) << row;
  }
}

}  // namespace
}  // namespace lastcommit::driven
