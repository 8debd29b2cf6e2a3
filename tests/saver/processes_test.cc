// Several processes with a saver each on one database.

#include <functional>
#include <string>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::SizeIs;

class ProcessesTest : public SaverTest,
                      public testing::WithParamInterface<JournalMode> {
 protected:
  ProcessesTest() { options_.journal_mode = GetParam(); }

  // `work` returns the exit code.
  static pid_t Start(const std::function<int()>& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work());
    return child;
  }
  static int ExitCodeOf(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  Options options_;
};

constexpr int kRounds = 25;

// Adds 1 to the task's payload, as often as it takes.
bool Increment(SqliteSaver& saver) {
  while (true) {
    const auto task = saver.GetTask({"t", "sum"});
    if (!task.ok()) return false;
    const std::string sum = std::to_string(std::stoi(task->payload) + 1);
    const auto status =
        saver
            .UpdateTask({"t", "sum"}, {task->version, TaskState::kRunning, sum})
            .status();
    if (!absl::IsFailedPrecondition(status)) return status.ok();
  }
}

int WorkBesideOthers(const std::string& path, const Options& options) {
  auto saver = SqliteSaver::Open(path, options);
  if (!saver.ok()) return 1;
  for (int i = 0; i < kRounds; ++i) {
    if (!Increment(**saver)) return 2;
    if (!(*saver)->AppendLog("t", "1").ok()) return 3;
  }
  return 0;
}

TEST_P(ProcessesTest, LoseNoUpdate) {
  options_.busy_timeout = absl::Minutes(1);
  Open(options_);
  ASSERT_THAT(saver_->CreateTask({"t", "sum"}, "0"), IsOk());
  ASSERT_THAT(saver_->UpdateTask({"t", "sum"}, {1, TaskState::kRunning, {}}),
              IsOk());
  Close();
  std::vector<pid_t> children;
  for (int i = 0; i < 2; ++i) {
    children.push_back(
        Start([&] { return WorkBesideOthers(path_, options_); }));
  }
  for (const pid_t child : children) EXPECT_EQ(ExitCodeOf(child), 0);
  Open(options_);
  EXPECT_EQ(saver_->GetTask({"t", "sum"})->payload,
            std::to_string(2 * kRounds));
  EXPECT_THAT(saver_->ReadLogs("t"), IsOkAndHolds(SizeIs(2 * kRounds)));
  EXPECT_EQ(saver_->ListThreads()->front().last_log, 2 * kRounds);
  EXPECT_EQ(Counter(), 2 + 4 * kRounds);
}

TEST_P(ProcessesTest, WriterThatWaitedForAnotherInVainIsUnavailable) {
  Open(options_);
  Close();
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = Start([&] {
    close(done[1]);
    auto saver = SqliteSaver::Open(path_, options_);
    auto transaction = (*saver)->Begin();
    if (write(ready[1], "x", 1) != 1) return 1;
    char byte = 0;
    return static_cast<int>(read(done[0], &byte, 1));  // until it is closed
  });
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  options_.busy_timeout = absl::Milliseconds(20);
  Open(options_);
  EXPECT_THAT(Put("b", "x"), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kNotFound));
  close(done[1]);
  EXPECT_EQ(ExitCodeOf(child), 0);
  EXPECT_THAT(Put("b", "x"), IsOk());
  for (const int end : {ready[0], ready[1], done[0]}) close(end);
}

// Returns 1 if it was the one that created the database, 0 if not.
int OpenAndAppend(const std::string& path, const Options& options) {
  auto saver = SqliteSaver::Open(path, options);
  if (!saver.ok()) return 100;
  if (!(*saver)->AppendLog("t", "1").ok()) return 101;
  return (*saver)->recovery_report().created ? 1 : 0;
}

TEST_P(ProcessesTest, CreateOneDatabaseBetweenThem) {
  constexpr int kProcesses = 3;
  constexpr int kDatabases = 20;
  options_.busy_timeout = absl::Minutes(1);
  const std::string first = path_;
  for (int i = 0; i < kDatabases; ++i) {
    path_ = absl::StrCat(first, i);
    std::vector<pid_t> children;
    for (int j = 0; j < kProcesses; ++j) {
      children.push_back(Start([&] { return OpenAndAppend(path_, options_); }));
    }
    int created = 0;
    for (const pid_t child : children) created += ExitCodeOf(child);
    EXPECT_EQ(created, 1);
    Open(options_);
    EXPECT_THAT(saver_->ReadLogs("t"), IsOkAndHolds(SizeIs(kProcesses)));
  }
}

TEST_P(ProcessesTest, DeletedThreadTakesNoLateWriteOfAnotherSaver) {
  options_.busy_timeout = absl::ZeroDuration();
  Open(options_);
  ASSERT_THAT(Put("b", "x"), IsOk());
  auto late = SqliteSaver::Open(path_, options_).value();
  ASSERT_THAT(late->GetBlob("t", "b"), IsOk());
  {
    auto transaction = late->Begin();
    ASSERT_THAT(late->AppendLog("t", "1"), IsOk());
    EXPECT_THAT(saver_->DeleteThread("t"), StatusIs(StatusCode::kUnavailable));
    ASSERT_THAT(transaction->Commit(), IsOk());
  }
  ASSERT_THAT(saver_->DeleteThread("t"), IsOk());
  EXPECT_THAT(late->PutBlob("t", "b", "y"),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(late->WriteBlob("t", "b", 1),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(late->GetBlob("t", "b"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(late->AppendLog("t", "2"),
              StatusIs(StatusCode::kFailedPrecondition));
}

INSTANTIATE_TEST_SUITE_P(
    Modes, ProcessesTest,
    testing::Values(JournalMode::kWal, JournalMode::kDelete,
                    JournalMode::kTruncate, JournalMode::kPersist),
    [](const auto& test) { return std::string(Name(test.param)); });

}  // namespace
}  // namespace lastcommit::saver
