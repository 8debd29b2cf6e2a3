#include "record/outside_processes.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class OutsideProcessesTest : public testing::Test {
 protected:
  OutsideProcessesTest() {
    std::filesystem::create_directory(directory_.Path("files"));
    directory_.Put("files/file", "content");
    directory_.Put("beside", "content");
  }
  ~OutsideProcessesTest() override {
    for (const pid_t process : processes_) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
  }

  std::string Files() const {
    return std::filesystem::canonical(directory_.Path("files"));
  }

  // A process that has done that, and stays.
  pid_t ProcessThat(const std::function<void()>& does) {
    int ready[2];
    CHECK(pipe2(ready, O_CLOEXEC) == 0);
    const pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      does();
      CHECK(write(ready[1], "!", 1) == 1);
      while (true) pause();
    }
    processes_.push_back(process);
    char byte = 0;
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    return process;
  }
  pid_t ProcessWithOpen(const std::string& name, int flags) {
    const std::string path = directory_.Path(name);
    return ProcessThat([&] { CHECK(open(path.c_str(), flags, 0600) >= 0); });
  }

  Directory directory_;
  std::vector<pid_t> processes_;
};

TEST_F(OutsideProcessesTest, WhoHasAFileOpenForWritingIsNamed) {
  const pid_t process = ProcessThat([&] {
    prctl(PR_SET_NAME, "a\nb");
    CHECK(open(directory_.Path("files/file").c_str(), O_WRONLY) >= 0);
  });
  EXPECT_EQ(OutsideWritersInWords(Files()),
            "changed by a process outside of the recording: " +
                std::to_string(process) + " (a\\nb) has file open");
}

TEST_F(OutsideProcessesTest, AFileIsNamedAsPeopleMaySeeIt) {
  ProcessWithOpen("files/\x1b[2J", O_WRONLY | O_CREAT);
  const std::string words = OutsideWritersInWords(Files());
  EXPECT_THAT(words, Not(HasSubstr("\x1b")));
  EXPECT_THAT(words, HasSubstr(" has \\x1b[2J open"));
}

TEST_F(OutsideProcessesTest, WhoHasAFileMappedForWritingIsNamed) {
  ProcessThat([&] {
    const int file = open(directory_.Path("files/file").c_str(), O_RDWR);
    CHECK(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) !=
          MAP_FAILED);
    close(file);
  });
  EXPECT_THAT(OutsideWritersInWords(Files()), HasSubstr(" has file open"));
}

TEST_F(OutsideProcessesTest, WhoOnlyReadsOrWritesBesideItIsNotAccused) {
  ProcessWithOpen("files/file", O_RDONLY);
  ProcessWithOpen("beside", O_WRONLY);
  ProcessThat([&] {
    const int file = open(directory_.Path("files/file").c_str(), O_RDONLY);
    CHECK(mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0) != MAP_FAILED);
    close(file);
  });
  EXPECT_THAT(OutsideWriters(Files(), 10), IsEmpty());
  EXPECT_EQ(OutsideWritersInWords(Files()),
            "a process outside of the recording may have changed it, and has "
            "ended");
}

TEST_F(OutsideProcessesTest, ThreeAreNamedAtMost) {
  for (int i = 0; i < 4; ++i) ProcessWithOpen("files/file", O_WRONLY);
  EXPECT_THAT(OutsideWriters(Files(), 3), SizeIs(3));
  EXPECT_THAT(OutsideWritersInWords(Files()),
              Not(HasSubstr(std::to_string(processes_.back()))));
}

}  // namespace
}  // namespace lastcommit
