// That the tests which watch a process see what it does.

#include "verify/file_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::Not;

MATCHER_P2(Call, path, changes, "") {
  return arg.path == path && arg.changes == changes;
}

class FileCallsTest : public testing::Test {
 protected:
  // Of a child, whose working directory is directory_.
  WatchedRun Watch(const std::function<int()>& work) {
    const absl::StatusOr<WatchedRun> run = WatchFileCalls(
        [&] { return chdir(directory_.path().c_str()) == 0 ? work() : 99; });
    if (absl::IsUnavailable(run.status())) return {};
    EXPECT_THAT(run, IsOk());
    return run.value_or(WatchedRun());
  }
  void SetUp() override {
    const absl::StatusOr<WatchedRun> run = WatchFileCalls([] { return 0; });
    if (absl::IsUnavailable(run.status())) GTEST_SKIP() << run.status();
  }

  Directory directory_;
};

TEST_F(FileCallsTest, ReadingIsNoChange) {
  directory_.Put("a", "");
  const WatchedRun run = Watch([] { return open("a", O_RDONLY) < 0 ? 1 : 0; });
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.calls, Contains(Call(directory_.Path("a"), false)));
  EXPECT_THAT(run.calls, Not(Contains(Call(directory_.Path("a"), true))));
}

TEST_F(FileCallsTest, EachWayToChangeAFileIsSeen) {
  directory_.Put("a", "");
  const std::function<int()> ways[] = {
      [] { return open("a", O_WRONLY); },
      [] { return open("a", O_RDWR); },
      [] { return open("a", O_RDONLY | O_CREAT, 0600); },
      [] { return openat(AT_FDCWD, "./a", O_RDONLY | O_TRUNC); },
      [] { return openat(open(".", O_RDONLY), "a", O_WRONLY); },
      [] { return creat("a", 0600); },
      [] { return truncate("a", 1); },
      [] { return ftruncate(open("a", O_RDWR), 0); },
      [] { return chmod("a", 0600); },
      [] { return fchmod(open("a", O_RDONLY), 0600); },
      [] { return utimensat(AT_FDCWD, "a", nullptr, 0); },
      [] { return futimens(open("a", O_RDONLY), nullptr); },
      [] { return rename("b", "a"); },
      [] { return rename("a", "b"); },
      [] { return link("b", "a"); },
      [] { return symlink("b", "a"); },
      [] { return mkdir("a", 0700); },
      [] { return rmdir("a"); },
      [] { return unlink("a"); },
      [] { return unlinkat(AT_FDCWD, "a", 0); },
      [] { return mkfifo("a", 0600); }};
  int way = 0;
  for (const auto& work : ways) {
    EXPECT_THAT(Watch([&] { return work(), 0; }).calls,
                Contains(Call(directory_.Path("a"), true)))
        << way++;
  }
}

TEST_F(FileCallsTest, WhatAGrandchildDoesIsSeenAndThatItIsKilled) {
  const WatchedRun run = Watch([] {
    const pid_t child = fork();
    if (child == 0) {
      static_cast<void>(open("made", O_WRONLY | O_CREAT, 0600));
      raise(SIGTERM);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 99;
  });
  EXPECT_EQ(run.exit_code, SIGTERM);
  EXPECT_THAT(run.calls, Contains(Call(directory_.Path("made"), true)));
}

TEST_F(FileCallsTest, ALinkIsFollowedByOpenAndNotByUnlink) {
  directory_.Put("a", "");
  std::filesystem::create_symlink("a", directory_.Path("link"));
  const WatchedRun run =
      Watch([] { return open("link", O_RDWR), unlink("link"); });
  EXPECT_THAT(run.calls, Contains(Call(directory_.Path("a"), true)));
  EXPECT_THAT(run.calls, Contains(Call(directory_.Path("link"), true)));
}

}  // namespace
}  // namespace lastcommit
