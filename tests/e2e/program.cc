#include "e2e/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <utility>

#include "golden.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    read_end = ends[0];
    write_end = ends[1];
  }
  int read_end;
  int write_end;
};

[[noreturn]] void Exec(const std::string& directory,
                       const std::string& executable, std::string name,
                       const Arguments& arguments) {
  std::vector<char*> argv;
  argv.push_back(name.data());
  for (const std::string& argument : arguments) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  if (chdir(directory.c_str()) == 0) execv(executable.c_str(), argv.data());
  _exit(127);
}

// False at the end.
bool ReadSome(int fd, std::string& text) {
  char buffer[65536];
  ssize_t size = 0;
  do {
    size = read(fd, buffer, sizeof(buffer));
  } while (size < 0 && errno == EINTR);
  if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
  return size > 0;
}

void CloseIfOpen(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// The parent of a process, 0 if it is gone. The name in parentheses that
// stands before it may hold anything.
pid_t ParentOf(const std::filesystem::path& process) {
  std::ifstream file(process / "stat");
  std::string stat;
  std::getline(file, stat);  // which does not throw when the process is gone
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  return std::atoi(stat.c_str() + std::min(name_end + 4, stat.size()));
}

}  // namespace

Program::Program(const std::string& directory, const Arguments& arguments)
    : Program(directory, PROGRAM, arguments) {}

Program::Program(const std::string& directory, const std::string& executable,
                 const Arguments& arguments) {
  const Pipe out;
  const Pipe err;
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(out.write_end, STDOUT_FILENO);
    dup2(err.write_end, STDERR_FILENO);
    // Whoever runs the tests may ignore them, as a shell does in the
    // background, and what is ignored no script can catch.
    for (const int number : {SIGPIPE, SIGINT, SIGQUIT}) {
      signal(number, SIG_DFL);
    }
    // The shard of the tests is not one of the program's.
    unsetenv("GTEST_TOTAL_SHARDS");
    unsetenv("GTEST_SHARD_INDEX");
    Exec(directory, executable,
         executable == PROGRAM ? "lastcommit" : executable, arguments);
  }
  close(out.write_end);
  close(err.write_end);
  out_ = out.read_end;
  err_ = err.read_end;
}

Program::~Program() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  CloseIfOpen(out_);
  CloseIfOpen(err_);
}

std::string Program::ReadLine() {
  const std::size_t begin = next_line_;
  while (read_.find('\n', begin) == std::string::npos) {
    if (!ReadSome(out_, read_)) break;
  }
  const std::size_t end = std::min(read_.find('\n', begin), read_.size());
  next_line_ = std::min(end + 1, read_.size());
  return read_.substr(begin, end - begin);
}

void Program::CloseOutput() { CloseIfOpen(out_); }

bool Program::SignalAnyChild(int signal) const {
  while (!HasEnded()) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const int process = std::atoi(entry.path().filename().c_str());
      if (process > 0 && ParentOf(entry.path()) == pid_) {
        kill(process, signal);
        return true;
      }
    }
    sched_yield();
  }
  return false;
}

bool Program::HasEnded() const {
  siginfo_t info = {};
  return waitid(P_PID, static_cast<id_t>(pid_), &info,
                WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid_;
}

void Program::SignalUntilItEnds(int signal) const {
  constexpr int kAgain = 50;  // milliseconds
  pollfd end = {static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
  CHECK(end.fd >= 0);
  do {
    kill(pid_, signal);
  } while (poll(&end, 1, kAgain) == 0);
  close(end.fd);
}

Outcome Program::Wait() {
  Outcome outcome;
  outcome.out = std::move(read_);
  while (out_ >= 0 || err_ >= 0) {
    pollfd waits[] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    if (poll(waits, 2, /*timeout=*/-1) < 0) continue;
    if (waits[0].revents != 0 && !ReadSome(out_, outcome.out)) {
      CloseIfOpen(out_);
    }
    if (waits[1].revents != 0 && !ReadSome(err_, outcome.err)) {
      CloseIfOpen(err_);
    }
  }
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

Outcome ProgramTest::RunScript(const std::string& name,
                               const Arguments& arguments) {
  setenv("LASTCOMMIT_PROGRAM", PROGRAM, /*overwrite=*/1);
  return Program(directory_.path(), std::string(REPOSITORY) + "/" + name,
                 arguments)
      .Wait();
}

void ProgramTest::ExpectError(const Outcome& outcome, int exit_code,
                              const std::string& message) {
  EXPECT_EQ(outcome.exit_code, exit_code);
  EXPECT_EQ(outcome.err, "lastcommit: " + message + "\n");
}

std::string LastLine(const Outcome& outcome) {
  const std::size_t end = outcome.out.find_last_of('\n');
  if (end == std::string::npos || end == 0) return outcome.out;
  return outcome.out.substr(outcome.out.find_last_of('\n', end - 1) + 1);
}

std::string Masked(const std::string& text) {
  const std::pair<const char*, const char*> masks[] = {
      {"SQLite [0-9.]+ \\([^)]*\\)", "SQLite VERSION (SOURCE)"},
      {"\"sqlite\":\\{\"from\":\"[0-9.]+\",\"before\":\"[0-9.]+\"\\}",
       "\"sqlite\":{\"from\":\"VERSION\",\"before\":\"VERSION\"}"},
      {"in [0-9.]+ s, [0-9]+ per second", "in TIME"},
      // What is printed of the progress while a slow machine is at work.
      {"[0-9]+ s: [0-9]+ of [0-9]+ crash points, [^\n]*\n", ""},
      {"/[^ ]*/lastcommit-test-[A-Za-z0-9]{6}", "DIRECTORY"},
  };
  std::string masked = text;
  for (const auto& [pattern, word] : masks) {
    masked = std::regex_replace(masked, std::regex(pattern), word);
  }
  return masked;
}

void ExpectGoldenOutput(const std::string& name, const Outcome& outcome) {
  ExpectGolden(std::string(GOLDEN) + name, Masked(outcome.out));
}

}  // namespace lastcommit
