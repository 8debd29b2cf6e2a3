#include "record/stack_walker.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "matchers.h"
#include "record/recording_fixture.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class StackWalkerTest : public RecordingTest {
 protected:
  void SetUp() override {
    if (!StackWalker::IsThere()) GTEST_SKIP() << "needs libdw";
  }

  absl::StatusOr<RecordingEnd> RecordStacks(
      const std::vector<std::string>& command) {
    RecordOptions options = OptionsFor(command);
    options.has_stacks = true;
    return RecordWith(options);
  }

  // Of the calls of that name, in order; one that has none is empty.
  std::vector<RecordedStack> StacksOf(const std::string& name) const {
    std::vector<RecordedStack> stacks;
    const auto reader = RecordingReader::Open(Recording());
    EXPECT_TRUE(reader.ok()) << reader.status();
    RecordedCall call;
    while (*(*reader)->Next(call)) {
      if (call.name != name) continue;
      stacks.push_back(call.stack == 0 ? RecordedStack()
                                       : (*reader)->StackOf(call));
    }
    return stacks;
  }
};

TEST_F(StackWalkerTest, AFunctionIsShownWithItsNameAndLine) {
  ASSERT_THAT(RecordStacks({STACK_PROGRAM}).status(), IsOk());
  const auto stacks = StacksOf("pwrite64");
  ASSERT_THAT(stacks, SizeIs(1));
  EXPECT_EQ(stacks[0].program, std::filesystem::canonical(STACK_PROGRAM));
  const auto frame = std::find_if(
      stacks[0].frames.begin(), stacks[0].frames.end(),
      [](const StackFrame& it) { return it.function == "rows::PutRow(int)"; });
  ASSERT_NE(frame, stacks[0].frames.end());
  EXPECT_THAT(frame->source, EndsWith("stack_program.cc"));
  EXPECT_EQ(frame->module, stacks[0].program);
  const auto outputs = Effects(EffectKind::kOutput);
  ASSERT_THAT(outputs, SizeIs(1));
  EXPECT_EQ(outputs[0].bytes, "line " + std::to_string(frame->line) + "\n");
  EXPECT_THAT(stacks[0].frames, Contains(Field(&StackFrame::function, "main")));
  EXPECT_THAT(stacks[0].frames[0].function, HasSubstr("pwrite"));
}

TEST_F(StackWalkerTest, AfterAnExecTheStackIsOfTheNewProgram) {
  ASSERT_THAT(RecordStacks({"/bin/sh", "-c",
                            std::string(STACK_PROGRAM) +
                                " again; echo a > it; exec " STACK_PROGRAM})
                  .status(),
              IsOk());
  for (const RecordedStack& stack : StacksOf("pwrite64")) {
    EXPECT_THAT(stack.frames,
                Contains(Field(&StackFrame::function, "rows::PutRow(int)")));
  }
  EXPECT_THAT(StacksOf("pwrite64"), SizeIs(2));
}

TEST_F(StackWalkerTest, AProgramWithoutSymbolsHasAStack) {
  ASSERT_THAT(RecordStacks({"/bin/sh", "-c", "echo a > file"}).status(),
              IsOk());
  const auto stacks = StacksOf("write");
  ASSERT_THAT(stacks, SizeIs(1));
  ASSERT_THAT(stacks[0].frames, Not(IsEmpty()));
  EXPECT_THAT(stacks[0].frames[0].module, HasSubstr("libc.so"));
}

TEST_F(StackWalkerTest, ADeepStackIsCutOff) {
  ASSERT_THAT(RecordStacks({STACK_PROGRAM, "deep"}).status(), IsOk());
  const auto stacks = StacksOf("pwrite64");
  ASSERT_THAT(stacks, SizeIs(1));
  EXPECT_THAT(stacks[0].frames, SizeIs(RecordingLimits::kMaxFrames));
}

TEST_F(StackWalkerTest, ThreadsAndProcessesHaveTheirOwn) {
  directory_.Put("files/old", std::string(1000, 'x'));
  for (const std::string operation : {"threads", "processes"}) {
    std::filesystem::remove(Recording());
    std::filesystem::remove(directory_.Path("ack"));
    ASSERT_THAT(RecordStacks({FILE_OPERATIONS, operation}).status(), IsOk());
    const auto stacks = StacksOf("pwrite64");
    ASSERT_THAT(stacks, SizeIs(800));
    for (const RecordedStack& stack : stacks) {
      EXPECT_THAT(stack.frames,
                  Contains(Field(&StackFrame::function,
                                 HasSubstr("PutFromThread(void*)"))));
    }
    EXPECT_THAT(Compare(), IsOk());
  }
}

TEST_F(RecordingTest, WithoutBeingAskedForThereAreNoStacks) {
  ASSERT_THAT(Record({STACK_PROGRAM}).status(), IsOk());
  for (const RecordedCall& call : Calls()) EXPECT_EQ(call.stack, 0);
}

TEST_F(RecordingTest, WithoutLibdwStacksAreRefused) {
  if (StackWalker::IsThere()) GTEST_SKIP() << "this build has libdw";
  RecordOptions options = OptionsFor({STACK_PROGRAM});
  options.has_stacks = true;
  const auto end = RecordWith(options);
  EXPECT_THAT(end.status(), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(end.status().message(), HasSubstr("was built without libdw"));
}

}  // namespace
}  // namespace lastcommit
