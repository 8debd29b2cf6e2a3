// A driver that is not recorded.

#include "driven/driver_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "directory.h"
#include "gmock/gmock.h"

namespace lastcommit::driven {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kTwo[] = "{\"id\":1}\n{\"id\":2}\n";
// Answers each request, and notes which process did.
constexpr char kEcho[] =
    "while read -r line <&3; do echo $$ >> pids; id=${line#*:}; echo "
    "\"{\\\"id\\\":${id%\\}}}\" "
    ">&4; done";

class DriverProcessTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<DriverProcess>> Start(
      const std::string& command) const {
    return DriverProcess::Start({command, directory_.path()},
                                directory_.path());
  }
  static absl::StatusOr<DriverProcess::Said> Ask(
      DriverProcess& process, absl::Duration time = absl::Minutes(5)) {
    return process.Ask(kTwo, 2, time);
  }

  Directory directory_;
};

TEST_F(DriverProcessTest, GoesOnFromOneToTheNext) {
  const auto process = Start(kEcho);
  ASSERT_TRUE(process.ok()) << process.status();
  for (int i = 0; i < 3; ++i) {
    const auto said = Ask(**process);
    ASSERT_TRUE(said.ok()) << said.status();
    EXPECT_EQ(said->answers.replies.size(), 2u);
    EXPECT_EQ(said->how, "");
    EXPECT_FALSE((*process)->is_over());
  }
  const std::vector<std::string> pids =
      absl::StrSplit(directory_.Get("pids"), '\n', absl::SkipEmpty());
  EXPECT_THAT(pids, SizeIs(6));
  EXPECT_THAT(pids, Each(pids.front()));
}

TEST_F(DriverProcessTest, OneThatEndsUnaskedIsOver) {
  const auto process = Start(
      "read -r line <&3; read -r line <&3; echo '{\"id\":1}\n{\"id\":2}' >&4");
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(Ask(**process)->how, "");
  // Its end is another thing that it says.
  EXPECT_EQ(Ask(**process)->how, "exit code 0");
  EXPECT_TRUE((*process)->is_over());
}

// The words of one answer are not those of another.
TEST_F(DriverProcessTest, WhatItSaidBeforeDoesNotExplainItsEnd) {
  const auto process = Start(
      "echo 'Error: of the first' >&2; read -r line <&3; read -r line <&3; "
      "echo '{\"id\":1}\n{\"id\":2}' >&4; read -r line <&3; exit 3");
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(Ask(**process)->how, "");
  EXPECT_EQ(Ask(**process)->how, "exit code 3");
}

// As the recorder does, who would wait for it, too.
TEST_F(DriverProcessTest, WhoWaitsForAllChildrenDoesNotHearOfIt) {
  auto process = Start("exit 4");
  ASSERT_TRUE(process.ok());
  int status = 0;
  EXPECT_EQ(waitpid(-1, &status, 0), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_EQ(Ask(**process)->how, "exit code 4");
}

TEST_F(DriverProcessTest, SaysHowItEnded) {
  const auto process = Start(
      "read -r line <&3; echo '{\"id\":1}' >&4; echo ValueError: no >&2; "
      "exit 7");
  ASSERT_TRUE(process.ok());
  const auto said = Ask(**process);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(said->answers.replies.size(), 1u);
  EXPECT_EQ(said->how, "exit code 7: ValueError: no");
  EXPECT_FALSE(said->is_hung);
  EXPECT_TRUE((*process)->is_over());
}

TEST_F(DriverProcessTest, SaysOfWhichSignalItDied) {
  const auto process = Start("kill -9 $$");
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(Ask(**process)->how, "signal 9");
}

TEST_F(DriverProcessTest, OneThatDoesNotAnswerHangs) {
  const auto process = Start("cat <&3 > asked; :");
  ASSERT_TRUE(process.ok());
  const auto said = Ask(**process, absl::Seconds(1));
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_TRUE(said->is_hung);
  EXPECT_THAT(said->how, HasSubstr("no answer within 1s"));
  EXPECT_TRUE((*process)->is_over());
}

// More than a pipe holds, in both directions at once.
TEST_F(DriverProcessTest, NobodyWaitsForTheOther) {
  std::string requests;
  constexpr std::size_t kRequests = 40'000;
  for (std::size_t i = 1; i <= kRequests; ++i) {
    absl::StrAppend(&requests, "{\"id\":", i, "}\n");
  }
  const auto process = Start("exec cat <&3 >&4");
  ASSERT_TRUE(process.ok());
  const auto said = (*process)->Ask(requests, kRequests, absl::Minutes(5));
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(said->answers.replies.size(), kRequests);
}

TEST_F(DriverProcessTest, MoreAnswersThanQuestionsAreNoProtocol) {
  const auto process =
      Start("echo '{\"id\":1}\n{\"id\":2}\n{\"id\":3}' >&4; cat <&3");
  ASSERT_TRUE(process.ok());
  EXPECT_THAT(Ask(**process).status().message(),
              HasSubstr("answers more than it was asked"));
}

// Even what it has started, if that hangs: whoever asked it may be killed
// meanwhile.
TEST_F(DriverProcessTest, DiesWithWhoeverStartedIt) {
  const pid_t parent = fork();
  if (parent == 0) {
    const auto process =
        Start("tail -f /dev/null & echo $! > pid; echo '{\"id\":1}' >&4; wait");
    const auto said = (*process)->Ask("{\"id\":1}\n", 1, absl::Minutes(5));
    _exit(said.ok() && said->how.empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(parent, &status, 0), parent);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  pid_t driver = 0;
  const std::string pid = directory_.Get("pid");
  ASSERT_TRUE(absl::SimpleAtoi(pid.substr(0, pid.find('\n')), &driver)) << pid;
  const int end = static_cast<int>(syscall(SYS_pidfd_open, driver, 0));
  if (end >= 0) {
    pollfd wait = {end, POLLIN, 0};
    EXPECT_EQ(poll(&wait, 1, 60'000), 1);
    kill(driver, SIGKILL);  // one that stays would hold our output open
    close(end);
  } else {
    EXPECT_EQ(errno, ESRCH);
  }
}

}  // namespace
}  // namespace lastcommit::driven
