#include "record/recorder.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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

// ---- A program that is recorded in parts ----

class PartsTest : public RecordingTest {
 protected:
  // Does what each line says that it reads, and acknowledges the line.
  static constexpr char kLoop[] =
      "while read -r line <&3; do eval \"$line\"; echo \"$line\" "
      ">&\"$LASTCOMMIT_ACK_FD\"; done";

  PartsTest() {
    const std::string fifo = directory_.Path("fifo");
    EXPECT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    pipe_ = open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ProgramOptions options;
    options.command = {"/bin/sh", "-c",
                       absl::StrCat("exec 3<", fifo, "\n", kLoop)};
    options.directory = directory_.path();
    options.ack = directory_.Path("ack");
    auto recorder = Recorder::Make(options);
    EXPECT_TRUE(recorder.ok()) << recorder.status();
    recorder_ = *std::move(recorder);
  }
  ~PartsTest() override {
    recorder_.reset();
    close(pipe_);
  }

  // Until the last of the lines is acknowledged. The files lie in a directory
  // of their own.
  absl::StatusOr<RecordingEnd> Part(const std::string& name,
                                    const std::string& lines) {
    std::filesystem::remove(Recording());
    std::filesystem::create_directory(directory_.Path(name));
    watched_ = std::filesystem::canonical(directory_.Path(name));
    Feed feed(pipe_, lines);
    auto left = std::count(lines.begin(), lines.end(), '\n');
    PartOptions options;
    options.directory = watched_;
    options.recording = Recording();
    options.time = absl::Minutes(5);
    options.feed = &feed;
    options.ends = [&left](std::string_view bytes) {
      left -= std::count(bytes.begin(), bytes.end(), '\n');
      return left <= 0;
    };
    return recorder_->Record(options,
                             [](const RecordProgress&) { return true; });
  }
  absl::Status ComparePart() const {
    return CompareWithFiles(Recording(), watched_);
  }

  int pipe_ = -1;
  std::unique_ptr<Recorder> recorder_;
  std::string watched_;
};

TEST_F(PartsTest, EachIsARecordingOfItsOwn) {
  for (const std::string name : {"first", "second", "third"}) {
    const auto end = Part(name, absl::StrCat("cd ", directory_.Path(name),
                                             "\necho ", name, " > file\n"));
    ASSERT_TRUE(end.ok()) << end.status();
    EXPECT_EQ(end->how, RecordingEnd::How::kGoesOn);
    EXPECT_EQ(end->processes, 1);
    EXPECT_TRUE(ComparePart().ok()) << ComparePart();
    const auto writes = Effects(EffectKind::kWrite);
    ASSERT_THAT(writes, SizeIs(1));
    EXPECT_EQ(writes[0].bytes, name + "\n");
    EXPECT_EQ(writes[0].file, 1);
    EXPECT_THAT(Effects(EffectKind::kAck), SizeIs(2));
    EXPECT_EQ(Calls().front().number, 0u);
    EXPECT_EQ(Calls().front().thread, 1);
  }
  EXPECT_FALSE(recorder_->is_over());
}

TEST_F(PartsTest, WhatIsWrittenInThePartBeforeIsOutside) {
  ASSERT_TRUE(Part("first", absl::StrCat("exec 9> ", directory_.Path("first"),
                                         "/file\n"))
                  .ok());
  const auto end = Part("second", "echo late >&9\n");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->outside, 1);
  EXPECT_THAT(Effects(EffectKind::kWrite), IsEmpty());
}

TEST_F(PartsTest, AChildThatWorksOnIsRecordedInThePartInWhichItDoes) {
  ASSERT_TRUE(
      Part("first",
           absl::StrCat("mkfifo ", directory_.Path("wake"), "; (read x < ",
                        directory_.Path("wake"), "; echo late > ",
                        directory_.Path("second"), "/child) &\n"))
          .ok());
  const auto end =
      Part("second", absl::StrCat("echo > ", directory_.Path("wake"),
                                  "; wait; echo own > ",
                                  directory_.Path("second"), "/own\n"));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->outside, 0);
  EXPECT_THAT(Effects(EffectKind::kWrite), SizeIs(2));
  EXPECT_TRUE(ComparePart().ok()) << ComparePart();
}

// It began in another one, with the files of that.
TEST_F(PartsTest, ACallThatGoesOnWaitingIsOfNoLaterPart) {
  const std::string lock = absl::StrCat(directory_.Path("first"), "/lock");
  ASSERT_TRUE(
      Part("first",
           absl::StrCat("exec 9> ", lock, "\nflock 9\n", "(exec 9>&-; echo > ",
                        directory_.Path("waits"), "; flock 8; :) 8> ", lock,
                        " &\n", "while [ ! -e ", directory_.Path("waits"),
                        " ]; do :; done\n"))
          .ok());
  const auto end =
      Part("second", absl::StrCat("echo > ", directory_.Path("second"),
                                  "/own\nexec 9>&-; wait\n"));
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_THAT(Effects(EffectKind::kLock), IsEmpty());
  EXPECT_TRUE(ComparePart().ok()) << ComparePart();
}

// More than the pipe holds.
TEST_F(PartsTest, MuchIsReadBitByBit) {
  std::string lines;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&lines, ": ", std::string(2'000, 'x'), "\n");
  }
  const auto end = Part("first", lines);
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_THAT(Effects(EffectKind::kAck), SizeIs(100));
}

TEST_F(PartsTest, OneThatEndsIsRecordedNoMore) {
  const auto end = Part("first", "exit 3\n");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->how, RecordingEnd::How::kExited);
  EXPECT_EQ(end->status, 3);
  EXPECT_TRUE(recorder_->is_over());
  EXPECT_EQ(Part("second", ":\n").status().code(),
            absl::StatusCode::kFailedPrecondition);
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
