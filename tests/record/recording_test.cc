#include "record/recording.h"

#include <fstream>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

RecordedCall CallOf(std::uint64_t number, std::vector<Effect> effects) {
  return {number, 1, 2, "pwrite64", std::move(effects)};
}

Effect WriteOf(const std::string& bytes) {
  Effect effect;
  effect.file = 7;
  effect.offset = 4096;
  effect.bytes = bytes;
  return effect;
}

Effect Named(EffectKind kind, const std::string& path, const std::string& to) {
  Effect effect;
  effect.kind = kind;
  effect.file = 300;
  effect.path = path;
  effect.to = to;
  return effect;
}

RecordedStack StackOf(const std::string& function) {
  return {"/program", {{function, "/library", 300, "a.cc", 5}, {}}};
}

RecordedCall WithStack(RecordedCall call, StackNumber stack) {
  call.stack = stack;
  return call;
}

class RecordingFormatTest : public testing::Test {
 protected:
  std::string Path() const { return directory_.Path("recording"); }

  // The stacks come first.
  void Write(const std::vector<RecordedCall>& calls,
             const std::vector<RecordedStack>& stacks = {}) {
    std::filesystem::remove(Path());
    const auto writer = RecordingWriter::Create(Path(), {{"a", "b c"}, "/d"});
    ASSERT_THAT(writer, IsOk());
    for (const RecordedStack& stack : stacks) {
      ASSERT_THAT((*writer)->AddStack(stack).status(), IsOk());
    }
    for (const RecordedCall& call : calls) {
      ASSERT_THAT((*writer)->Add(call), IsOk());
    }
    RecordingEnd end;
    end.how = RecordingEnd::How::kKilled;
    end.status = 9;
    end.calls = calls.size();
    end.outside_paths = {"/outside"};
    ASSERT_THAT((*writer)->Finish(end), IsOk());
  }

  // The error of reading all of it; OK if there is none.
  absl::Status Read(std::vector<RecordedCall>* calls = nullptr,
                    std::vector<RecordedStack>* stacks = nullptr) {
    const auto reader = RecordingReader::Open(Path());
    if (!reader.ok()) return reader.status();
    RecordedCall call;
    while (true) {
      const auto is_there = (*reader)->Next(call);
      if (!is_there.ok()) return is_there.status();
      if (!*is_there) break;
      if (calls != nullptr) calls->push_back(call);
      if (stacks != nullptr && call.stack != 0) {
        stacks->push_back((*reader)->StackOf(call));
      }
    }
    end_ = (*reader)->end();
    header_ = (*reader)->header();
    return absl::OkStatus();
  }

  // Puts the file there with the digest that its bytes have.
  void PutSealed(std::string bytes) {
    bytes.resize(bytes.size() - 8);
    const std::uint64_t digest = XXH3_64bits(bytes.data(), bytes.size());
    for (int i = 0; i < 8; ++i) {
      bytes.push_back(static_cast<char>(digest >> (8 * i)));
    }
    directory_.Put("recording", bytes);
  }

  Directory directory_;
  RecordingEnd end_;
  RecordingHeader header_;
};

TEST_F(RecordingFormatTest, WhatWasWrittenIsRead) {
  const std::vector<RecordedCall> written = {
      CallOf(0, {Named(EffectKind::kCreate, "a/b", "")}),
      CallOf(1, {WriteOf(std::string("\0x\xff", 3)), WriteOf("")}),
      CallOf(2, {Named(EffectKind::kSymlink, "l", "/anything/../at//all")}),
      CallOf(3, {Named(EffectKind::kRename, "a/b", "c")})};
  Write(written);
  std::vector<RecordedCall> read;
  EXPECT_THAT(Read(&read), IsOk());
  EXPECT_EQ(read, written);
  EXPECT_EQ(header_.command, (std::vector<std::string>{"a", "b c"}));
  EXPECT_EQ(header_.directory, "/d");
  EXPECT_EQ(end_.how, RecordingEnd::How::kKilled);
  EXPECT_EQ(end_.status, 9);
  EXPECT_EQ(end_.outside_paths, std::vector<std::string>{"/outside"});
}

TEST_F(RecordingFormatTest, OneThatIsCutShortAnywhereIsRefused) {
  Write({CallOf(0, {WriteOf("some bytes")}), CallOf(1, {WriteOf("more")})},
        {StackOf("PutRow")});
  const std::string whole = directory_.Get("recording");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory_.Put("recording", whole.substr(0, size));
    EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST_F(RecordingFormatTest, AnyChangedByteIsNoticed) {
  Write({CallOf(0, {WriteOf("some bytes")}), CallOf(1, {WriteOf("more")})},
        {StackOf("PutRow")});
  const std::string whole = directory_.Get("recording");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x20);
    directory_.Put("recording", changed);
    EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument)) << at;
  }
  directory_.Put("recording", whole + "x");
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RecordingFormatTest, AnotherFileIsNoRecording) {
  directory_.Put("recording", "SQLite format 3\n and so on, and on");
  const absl::Status status = Read();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(status.message(), HasSubstr("is no recording of this version"));
  std::filesystem::remove(Path());
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound));
}

class HostileNameTest : public RecordingFormatTest,
                        public testing::WithParamInterface<std::string> {};

TEST_P(HostileNameTest, ThatLeavesTheDirectoryIsRefused) {
  Write({CallOf(0, {Named(EffectKind::kCreate, GetParam(), "")})});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
  Write({CallOf(0, {Named(EffectKind::kRename, "a", GetParam())})});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
}

INSTANTIATE_TEST_SUITE_P(Names, HostileNameTest,
                         testing::Values("/etc/passwd", "..", "../a", "a/../b",
                                         "a//b", "a/", ".", "a/./b",
                                         std::string("a\0b", 3),
                                         std::string(5000, 'x')));

TEST_F(RecordingFormatTest, AnOlderVersionIsRefused) {
  Write({});
  std::string bytes = directory_.Get("recording");
  bytes.replace(bytes.find(" 2\n"), 3, " 1\n");
  PutSealed(bytes);
  EXPECT_THAT(Read().message(), HasSubstr("is no recording of this version"));
}

// ---- Stacks ----

TEST_F(RecordingFormatTest, AStackIsWrittenOnceAndReadWithItsCalls) {
  Write({WithStack(CallOf(0, {WriteOf("a")}), 2), CallOf(1, {WriteOf("b")}),
         WithStack(CallOf(2, {WriteOf("c")}), 1)},
        {StackOf("PutRow"), StackOf("Other"), StackOf("PutRow")});
  std::vector<RecordedStack> stacks;
  EXPECT_THAT(Read(nullptr, &stacks), IsOk());
  EXPECT_EQ(stacks,
            (std::vector<RecordedStack>{StackOf("Other"), StackOf("PutRow")}));
  const std::string bytes = directory_.Get("recording");
  EXPECT_EQ(bytes.find("PutRow"), bytes.rfind("PutRow"));
}

TEST_F(RecordingFormatTest, AStackThatIsNotThereIsRefused) {
  Write({WithStack(CallOf(0, {WriteOf("a")}), 1)}, {StackOf("PutRow")});
  EXPECT_THAT(Read(), IsOk());
  Write({WithStack(CallOf(0, {WriteOf("a")}), 2)}, {StackOf("PutRow")});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
  Write({WithStack(CallOf(0, {WriteOf("a")}), -1)}, {StackOf("PutRow")});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RecordingFormatTest, ALongStackIsShortened) {
  RecordedStack stack = StackOf(std::string(5000, 'f'));
  stack.frames.resize(60, stack.frames[0]);
  Write({WithStack(CallOf(0, {WriteOf("a")}), 1)}, {stack});
  std::vector<RecordedStack> stacks;
  ASSERT_THAT(Read(nullptr, &stacks), IsOk());
  EXPECT_EQ(stacks.at(0).frames.size(), RecordingLimits::kMaxFrames);
  EXPECT_EQ(stacks.at(0).frames.at(0).function,
            std::string(RecordingLimits::kMaxPath, 'f'));
}

TEST_F(RecordingFormatTest, WhatIsNoStackIsRefused) {
  Write({}, {StackOf("PutRow")});
  const std::string whole = directory_.Get("recording");
  const auto change = [&](const std::string& from, const std::string& to) {
    std::string bytes = whole;
    bytes.replace(bytes.find(from), from.size(), to);
    PutSealed(bytes);
  };
  change("PutRow", "SetRow");
  EXPECT_THAT(Read(), IsOk());
  // One frame more, one less, and far too many.
  for (const char* count : {"/program\3", "/program\1", "/program\x7f"}) {
    change("/program\2", count);
    EXPECT_THAT(Read().message(), HasSubstr("a stack there that cannot be"));
  }
  change("\6PutRow", "\x7fPutRow");
  EXPECT_THAT(Read().message(), HasSubstr("a stack there that cannot be"));
}

TEST_F(RecordingFormatTest, MoreFramesThanAStackMayHaveAreRefused) {
  Write({});
  const std::string whole = directory_.Get("recording");
  for (const std::size_t frames : {std::size_t{48}, std::size_t{49}}) {
    // No program, and frames of which nothing is known.
    const std::string stack = std::string(1, '\0') + static_cast<char>(frames) +
                              std::string(5 * frames, '\0');
    std::string record = "S" + std::string(8, '\0') + stack;
    record[1] = static_cast<char>(stack.size());
    std::string bytes = whole;
    PutSealed(bytes.insert(bytes.find('E'), record));
    EXPECT_EQ(Read().ok(), frames == 48) << Read();
  }
}

TEST_F(RecordingFormatTest, MoreStacksThanThereIsRoomForAreNotWritten) {
  const auto writer = RecordingWriter::Create(Path(), {{"a"}, "/d"});
  ASSERT_THAT(writer, IsOk());
  RecordedStack stack = StackOf(std::string(4000, 'f'));
  stack.frames.resize(48, stack.frames[0]);
  int written = 0;
  for (int i = 0; i < 200; ++i) {
    stack.program = std::to_string(i);
    const auto number = (*writer)->AddStack(stack);
    ASSERT_THAT(number, IsOk());
    written += *number != 0 ? 1 : 0;
  }
  EXPECT_GT(written, 80);
  EXPECT_LT(written, 90);
  ASSERT_THAT((*writer)->Finish({}), IsOk());
  EXPECT_THAT(Read(), IsOk());
}

TEST_F(RecordingFormatTest, MoreStacksThanThereIsRoomForAreRefused) {
  RecordedStack stack = StackOf(std::string(4000, 'f'));
  stack.frames.resize(48, stack.frames[0]);
  Write({});
  const std::string without = directory_.Get("recording");
  Write({}, {stack});
  std::string bytes = directory_.Get("recording");
  const std::string record =
      bytes.substr(bytes.find('S'), bytes.size() - without.size());
  for (int i = 0; i < 100; ++i) bytes.insert(bytes.find('S'), record);
  PutSealed(bytes);
  EXPECT_THAT(Read().message(), HasSubstr("a stack there that cannot be"));
}

TEST_F(RecordingFormatTest, CallsOutOfOrderAreRefused) {
  Write({CallOf(1, {WriteOf("x")})});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RecordingFormatTest, AFullDiskIsSaid) {
  const auto writer = RecordingWriter::Create(Path(), {{"a"}, "/d"});
  ASSERT_THAT(writer, IsOk());
  Directory small;
  if (const std::string why = small.MountTmpfs("size=64k"); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const auto full = RecordingWriter::Create(small.Path("r"), {{"a"}, "/d"});
  ASSERT_THAT(full, IsOk());
  EXPECT_THAT((*full)->Add(CallOf(0, {WriteOf(std::string(1 << 20, 'x'))})),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace lastcommit
