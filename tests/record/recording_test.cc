#include "record/recording.h"

#include <fstream>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

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

class RecordingFormatTest : public testing::Test {
 protected:
  std::string Path() const { return directory_.Path("recording"); }

  void Write(const std::vector<RecordedCall>& calls) {
    std::filesystem::remove(Path());
    const auto writer = RecordingWriter::Create(Path(), {{"a", "b c"}, "/d"});
    ASSERT_THAT(writer, IsOk());
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
  absl::Status Read(std::vector<RecordedCall>* calls = nullptr) {
    const auto reader = RecordingReader::Open(Path());
    if (!reader.ok()) return reader.status();
    RecordedCall call;
    while (true) {
      const auto is_there = (*reader)->Next(call);
      if (!is_there.ok()) return is_there.status();
      if (!*is_there) break;
      if (calls != nullptr) calls->push_back(call);
    }
    end_ = (*reader)->end();
    header_ = (*reader)->header();
    return absl::OkStatus();
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
  Write({CallOf(0, {WriteOf("some bytes")}), CallOf(1, {WriteOf("more")})});
  const std::string whole = directory_.Get("recording");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    directory_.Put("recording", whole.substr(0, size));
    EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument)) << size;
  }
}

TEST_F(RecordingFormatTest, AnyChangedByteIsNoticed) {
  Write({CallOf(0, {WriteOf("some bytes")}), CallOf(1, {WriteOf("more")})});
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
