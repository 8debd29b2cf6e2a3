#include "record/recorder.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "matchers.h"
#include "record/recording_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> OperationNames() {
  std::vector<std::string> names;
  std::FILE* const list = popen(FILE_OPERATIONS, "re");
  char line[100];
  while (list != nullptr && std::fgets(line, sizeof(line), list) != nullptr) {
    names.emplace_back(line);
    names.back().pop_back();
  }
  if (list != nullptr) pclose(list);
  return names;
}

class FileOperationTest : public RecordingTest,
                          public testing::WithParamInterface<std::string> {
 protected:
  FileOperationTest() {
    std::string bytes;
    for (int i = 0; i < 10'000; ++i) {
      bytes += static_cast<char>('A' + i % 26);
    }
    directory_.Put("files/old", bytes);
    directory_.Put("files/other", bytes.substr(5'000));
  }
};

TEST_P(FileOperationTest, IsRebuiltByteForByte) {
  const auto end = Record({FILE_OPERATIONS, GetParam()});
  ASSERT_TRUE(end.ok()) << end.status();
  ASSERT_EQ(end->how, RecordingEnd::How::kExited);
  if (end->status == 77) GTEST_SKIP() << "not on this file system";
  EXPECT_EQ(end->status, 0);
  EXPECT_TRUE(Compare().ok()) << Compare();
}

INSTANTIATE_TEST_SUITE_P(Each, FileOperationTest,
                         testing::ValuesIn(OperationNames()),
                         [](const auto& operation) { return operation.param; });

TEST(FileOperationsTest, AreAtLeastFifty) {
  EXPECT_GE(OperationNames().size(), 50u);
}

TEST_F(RecordingTest, WhatAProcessOutsideOfItWritesIsADifference) {
  ASSERT_TRUE(RecordScript("echo a > file").ok());
  ASSERT_TRUE(Compare().ok()) << Compare();
  directory_.Put("files/file", "b\n");
  EXPECT_THAT(Compare().message(), HasSubstr("has other bytes from 0 on"));
  directory_.Put("files/file", "a\nb");
  EXPECT_THAT(Compare().message(), HasSubstr("has 3 bytes and not 2"));
  directory_.Put("files/file", "a\n");
  directory_.Put("files/second", "");
  EXPECT_THAT(Compare().message(), HasSubstr("was not recorded"));
  std::filesystem::remove(directory_.Path("files/second"));
  std::filesystem::remove(directory_.Path("files/file"));
  EXPECT_THAT(Compare().message(), HasSubstr("is not there"));
}

TEST_F(RecordingTest, ALinkThatPointsElsewhereIsADifference) {
  ASSERT_TRUE(RecordScript("ln -s here link").ok());
  ASSERT_TRUE(Compare().ok()) << Compare();
  std::filesystem::remove(directory_.Path("files/link"));
  std::filesystem::create_symlink("there", directory_.Path("files/link"));
  EXPECT_THAT(Compare().message(), HasSubstr("is another symbolic link"));
}

TEST_F(RecordingTest, AFileThatGotItsNameLaterIsComparedToo) {
  ASSERT_TRUE(Record({FILE_OPERATIONS, "temporary_file_gets_a_name"}).ok());
  ASSERT_TRUE(Compare().ok()) << Compare();
  std::string bytes = directory_.Get("files/named");
  ASSERT_GT(bytes.size(), 2000u);
  bytes[2000] = '!';
  directory_.Put("files/named", bytes);
  EXPECT_THAT(Compare().message(), HasSubstr("has other bytes from 2000 on"));
}

TEST_F(RecordingTest, AFileThatTheProgramLeftAloneIsComparedToo) {
  directory_.Put("files/before", "unchanged");
  ASSERT_TRUE(RecordScript("echo a > file").ok());
  ASSERT_TRUE(Compare().ok()) << Compare();
  directory_.Put("files/before", "unchangeD");
  EXPECT_THAT(Compare().message(), HasSubstr("has other bytes from 8 on"));
}

// In a process of its own, whose peak is that of the recorder.
TEST_F(RecordingTest, WhatWasThereBeforeIsReadInParts) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps what was freed";
#endif
  constexpr std::int64_t kSize = 50 << 20;
  constexpr std::int64_t kMostKib = 80 << 10;
  for (const char* name : {"files/a", "files/b", "files/c", "files/d"}) {
    directory_.Put(name, "");
    std::filesystem::resize_file(directory_.Path(name), kSize);
  }
  const pid_t child = fork();
  if (child == 0) {
    rusage before = {};
    rusage after = {};
    getrusage(RUSAGE_SELF, &before);
    const bool is_good = RecordScript("true").ok();
    getrusage(RUSAGE_SELF, &after);
    if (!is_good) _exit(2);
    _exit(after.ru_maxrss - before.ru_maxrss < kMostKib ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(RecordingTest, OutputOfTheProgramIsRecordedWhereItLeavesIt) {
  ASSERT_TRUE(RecordScript("echo first; echo x > file; echo second >&2").ok());
  const auto outputs = Effects(EffectKind::kOutput);
  ASSERT_THAT(outputs, SizeIs(2));
  EXPECT_EQ(outputs[0].bytes, "first\n");
  EXPECT_EQ(outputs[1].bytes, "second\n");
}

TEST_F(RecordingTest, WhatGoesToAnotherProcessOfTheTreeIsNoOutput) {
  ASSERT_TRUE(RecordScript("echo inside | cat > file").ok());
  EXPECT_THAT(Effects(EffectKind::kOutput), IsEmpty());
  EXPECT_EQ(directory_.Get("files/file"), "inside\n");
}

TEST_F(RecordingTest, LinesToTheAckFileAndItsDescriptorAreAcks) {
  ASSERT_TRUE(RecordScript("echo 1 >> $LASTCOMMIT_ACK; "
                           "eval \"echo 2 >&$LASTCOMMIT_ACK_FD\"")
                  .ok());
  const auto acks = Effects(EffectKind::kAck);
  ASSERT_THAT(acks, SizeIs(2));
  EXPECT_EQ(acks[0].bytes, "1\n");
  EXPECT_EQ(acks[1].bytes, "2\n");
}

TEST_F(RecordingTest, ALongAcknowledgementIsKeptAsAWhole) {
  ASSERT_TRUE(
      RecordScript("dd if=/dev/zero bs=100000 count=1 >> $LASTCOMMIT_ACK")
          .ok());
  const auto acks = Effects(EffectKind::kAck);
  ASSERT_THAT(acks, SizeIs(1));
  EXPECT_EQ(acks[0].bytes, std::string(100'000, '\0'));
}

TEST_F(RecordingTest, AnAcknowledgementThatIsTooLongIsAnError) {
  const auto end =
      RecordScript("dd if=/dev/zero bs=17000000 count=1 >> $LASTCOMMIT_ACK");
  EXPECT_THAT(end.status(), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(end.status().message(),
              HasSubstr("an acknowledgement of 17000000 bytes"));
}

TEST_F(RecordingTest, AnAcknowledgementThatIsCopiedFromAFileHasItsText) {
  directory_.Put("files/line", "1 ? SELECT 1\n");
  ASSERT_TRUE(RecordScript("cat line line >> $LASTCOMMIT_ACK").ok());
  std::string all;
  for (const Effect& ack : Effects(EffectKind::kAck)) all += ack.bytes;
  EXPECT_EQ(all, "1 ? SELECT 1\n1 ? SELECT 1\n");
}

TEST_F(RecordingTest, TheEndOfTheFirstProcessIsRecordedWithItsCode) {
  const auto end = RecordScript("(exit 3); exit 5");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->status, 5);
  EXPECT_EQ(end->processes, 2);
  const auto exits = Effects(EffectKind::kExit);
  ASSERT_THAT(exits, SizeIs(2));
  EXPECT_EQ(exits[0].offset, 3 << 8);
  EXPECT_FALSE(exits[0].exclusive);
  EXPECT_EQ(exits[1].offset, 5 << 8);
  EXPECT_TRUE(exits[1].exclusive);
}

TEST_F(RecordingTest, AProgramThatKillsItselfEndsBySignal) {
  const auto end = RecordScript("kill -9 $$");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kKilled);
  EXPECT_EQ(end->status, 9);
}

TEST_F(RecordingTest, SignalsReachTheProgram) {
  ASSERT_TRUE(
      RecordScript("trap 'echo caught > file' USR1; kill -USR1 $$").ok());
  EXPECT_EQ(directory_.Get("files/file"), "caught\n");
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(RecordingTest, AProgramThatNeverEndsIsStopped) {
  const auto end = Record({"/bin/sh", "-c", "echo a > file; sleep 1000 & wait"},
                          absl::Milliseconds(300));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kStopped);
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(RecordingTest, AStoppedProgramGoesOnAtSigcont) {
  ASSERT_TRUE(
      RecordScript("(kill -STOP $$; "
                   "until grep -q '^State:.[Tt]' /proc/$$/status; do :; "
                   "done; kill -CONT $$) & wait; echo a > file")
          .ok());
  EXPECT_EQ(directory_.Get("files/file"), "a\n");
}

TEST_F(RecordingTest, ACommandThatIsNotThereIsNotFound) {
  const auto end = Record({"no-such-program"});
  EXPECT_THAT(end.status(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(end.status().message(), HasSubstr("cannot run no-such-program"));
  EXPECT_FALSE(directory_.Has("recording"));
}

TEST_F(RecordingTest, AFileThatCannotBeRunIsRefused) {
  directory_.Put("text", "no program");
  const auto end = Record({directory_.Path("text")});
  EXPECT_THAT(end.status(), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(RecordingTest, AProgramThatUsesPtraceCannotBeRecorded) {
  if (access("/usr/bin/strace", X_OK) != 0) GTEST_SKIP() << "needs strace";
  const auto end = Record({"/usr/bin/strace", "-o", "/dev/null", "true"});
  EXPECT_THAT(end.status(), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(end.status().message(), HasSubstr("ptrace"));
}

TEST_F(RecordingTest, WhatIsWrittenOutsideIsCountedAndNamed) {
  const auto end = RecordScript("echo a > ../beside; echo b > file");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->outside, 1);
  EXPECT_THAT(end->outside_paths, ElementsAre(directory_.Path("beside")));
}

TEST_F(RecordingTest, WhatFailsOutsideIsNotCounted) {
  std::filesystem::create_directory(directory_.Path("there"));
  const auto end =
      RecordScript("mkdir ../there; rmdir ../nothing; mkdir ../beside; true");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->outside, 1);
  EXPECT_THAT(end->outside_paths, ElementsAre(directory_.Path("beside")));
}

// ---- What the recorder does to the program ----

constexpr char kThreeFiles[] = "echo a > 1; echo b > 2; echo c > 3";

class DisturbedTest : public RecordingTest {
 protected:
  absl::StatusOr<RecordingEnd> Disturb(const std::string& script,
                                       const Disturbance& disturbance) {
    RecordOptions options = OptionsFor({"/bin/sh", "-c", script});
    options.disturbance = disturbance;
    options.output = directory_.Path("output");
    return RecordWith(options);
  }
};

TEST_F(DisturbedTest, AKillAfterACallLeavesThatCall) {
  const auto end =
      Disturb(kThreeFiles, {.kind = Disturbance::Kind::kKillAll, .call = 4});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kKilled);
  EXPECT_EQ(end->disturbance, "all processes were killed after write");
  EXPECT_EQ(directory_.Get("files/2"), "b\n");
  EXPECT_FALSE(directory_.Has("files/3"));
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(DisturbedTest, AKillBeforeACallDoesNotLeaveIt) {
  const auto end = Disturb(
      kThreeFiles,
      {.kind = Disturbance::Kind::kKillAll, .call = 4, .is_before = true});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->disturbance, "all processes were killed before write");
  EXPECT_EQ(directory_.Get("files/2"), "");
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(DisturbedTest, AfterTheDeathOfOneProcessTheOthersGoOn) {
  const auto end =
      Disturb("(echo a > 1; echo b > 2); echo c > 3",
              {.kind = Disturbance::Kind::kKillProcess, .call = 2});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kExited);
  EXPECT_EQ(end->disturbance, "process 2 was killed after write");
  EXPECT_EQ(directory_.Get("files/1"), "a\n");
  EXPECT_FALSE(directory_.Has("files/2"));
  EXPECT_EQ(directory_.Get("files/3"), "c\n");
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(DisturbedTest, AProgramThatEndsBeforeIsNotDisturbed) {
  const auto end =
      Disturb(kThreeFiles, {.kind = Disturbance::Kind::kKillAll, .call = 100});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kExited);
  EXPECT_EQ(end->disturbance, "");
}

TEST_F(DisturbedTest, ACallThatFailsIsNotExecutedAndNotRecorded) {
  const auto end = Disturb("echo a > 1 || echo b > 2",
                           {.kind = Disturbance::Kind::kFail, .call = 1});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->disturbance, "openat of 1 fails with EIO");
  EXPECT_THAT(directory_.Get("output"), HasSubstr("Input/output error"));
  EXPECT_FALSE(directory_.Has("files/1"));
  EXPECT_EQ(directory_.Get("files/2"), "b\n");
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(DisturbedTest, AShortWriteIsRecordedAsFarAsItCame) {
  const auto end =
      Disturb("echo abc > 1",
              {.kind = Disturbance::Kind::kFail, .call = 2, .choice = 4});
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->disturbance, "write of 1 writes 2 bytes");
  const auto writes = Effects(EffectKind::kWrite);
  ASSERT_THAT(writes, SizeIs(2));  // the shell writes the rest
  EXPECT_EQ(writes[0].bytes, "ab");
  EXPECT_EQ(writes[1].bytes, "c\n");
  EXPECT_TRUE(Compare().ok()) << Compare();
}

TEST_F(RecordingTest, AnOldRecordingIsNotOverwritten) {
  directory_.Put("recording", "mine");
  EXPECT_THAT(RecordScript("true").status(),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(directory_.Get("recording"), "mine");
}

TEST_F(RecordingTest, CallsNameTheirProcessAndThread) {
  directory_.Put("files/old", std::string(1000, 'x'));
  ASSERT_TRUE(Record({FILE_OPERATIONS, "threads"}).ok());
  std::set<std::int32_t> threads;
  std::set<std::int32_t> processes;
  for (const RecordedCall& call : Calls()) {
    if (call.name != "pwrite64") continue;
    threads.insert(call.thread);
    processes.insert(call.process);
  }
  EXPECT_THAT(threads, SizeIs(4));
  EXPECT_THAT(processes, SizeIs(1));
}

}  // namespace
}  // namespace lastcommit
