// Which commits may be there after a crash.

#include "driven/legal_commits.h"

#include <string>
#include <utility>

#include "directory.h"
#include "driven/plans.h"
#include "gmock/gmock.h"
#include "record/recording.h"

namespace lastcommit::driven {
namespace {

class AnsweredRunTest : public testing::Test {
 protected:
  // Open, state, put, state, close: answered but for the last two.
  void SetUp() override {
    const auto writer = RecordingWriter::Create(directory_.Path("recording"),
                                                {{"driver"}, "/d"});
    ASSERT_TRUE(writer.ok()) << writer.status();
    Answer(**writer, 4, "{\"id\":1}\n{\"id\":2,\"rows\":[]}\n");
    Answer(**writer, 9, "{\"id\"");
    Answer(**writer, 10, ":3}\n");
    ASSERT_TRUE((*writer)->Finish({}).ok());
    auto answers = ParseAnswers(text_, 1, 5);
    ASSERT_TRUE(answers.ok()) << answers.status();
    answers_ = *std::move(answers);
  }

  LegalCommits After(const Crash& crash) const {
    const auto run = AnsweredRun::Read(directory_.Path("recording"),
                                       conversation_, answers_);
    EXPECT_TRUE(run.ok()) << run.status();
    return run->After(crash);
  }

  Directory directory_;
  const Conversation conversation_ = ConversationOf(PlanOf({Put(1, 1)}), "/db");
  Answers answers_;

 private:
  void Answer(RecordingWriter& writer, std::uint64_t call,
              const std::string& bytes) {
    text_ += bytes;
    while (calls_ < call) Add(writer, {.kind = EffectKind::kSyncAll});
    Add(writer, {.kind = EffectKind::kAck,
                 .amount = static_cast<std::int64_t>(bytes.size()),
                 .bytes = bytes});
  }
  void Add(RecordingWriter& writer, Effect effect) {
    RecordedCall call;
    call.number = calls_++;
    call.process = call.thread = 1;
    call.name = "write";
    call.effects.push_back(std::move(effect));
    ASSERT_TRUE(writer.Add(call).ok());
  }

  std::uint64_t calls_ = 0;
  std::string text_;
};

TEST_F(AnsweredRunTest, AnAnswerCountsFromItsLastByteOn) {
  EXPECT_EQ(After({.call = 8}).lowest, 0);
  EXPECT_EQ(After({.call = 9}).lowest, 0);
  EXPECT_EQ(After({.call = 10}).lowest, 1);
}

TEST_F(AnsweredRunTest, InTheMiddleOfACallItIsNotAnswered) {
  EXPECT_EQ(After({.call = 10, .written = 1}).lowest, 0);
}

TEST_F(AnsweredRunTest, WhatIsUnderWayMayBeThere) {
  EXPECT_EQ(After({.call = 3}).highest, 0);
  EXPECT_EQ(After({.call = 4}).highest, 1);
  EXPECT_EQ(After({.call = 4}).lowest, 0);
}

}  // namespace
}  // namespace lastcommit::driven
