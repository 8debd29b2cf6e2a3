#include "driven/driver_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "output/shell_word.h"
#include "output/shown.h"
#include "record/feed.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

// One that was asleep with the machine has not been late.
using Clock = std::chrono::steady_clock;

constexpr int kSignals = 128;

// In a child; does not return.
[[noreturn]] void BecomeShell(const std::string& command,
                              const std::string& output) {
  for (const int signal_number : {SIGINT, SIGTERM, SIGPIPE}) {
    signal(signal_number, SIG_DFL);
  }
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const int file =
      open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
           0600);
  dup2(nothing, STDIN_FILENO);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
  _exit(126);
}

// As the process did.
[[noreturn]] void EndAs(int status) {
  if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
  _exit(kSignals + WTERMSIG(status));
}

// Does not return. The first process of the group, which has the shell as its
// child, and ends the group when `parent` is gone: what it started may hang.
[[noreturn]] void Guard(const std::string& command, const std::string& output,
                        pid_t parent) {
  setpgid(0, 0);
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, &before);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(126);
  const pid_t shell = fork();
  if (shell == 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    BecomeShell(command, output);
  }
  if (shell < 0) _exit(126);
  for (int status = 0;;) {
    if (sigwaitinfo(&set, nullptr) == SIGTERM) kill(0, SIGKILL);
    if (waitpid(shell, &status, WNOHANG) == shell) EndAs(status);
  }
}

// A fork of which whoever waits for all children hears nothing, as the recorder
// does: no signal tells of its end (clone(2): __WCLONE), and a wait for it says
// __WALL.
pid_t ForkUnheard() {
  return static_cast<pid_t>(
      syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0));
}

int OpenProcess(pid_t process) {
  return static_cast<int>(syscall(SYS_pidfd_open, process, 0));
}

// A shell says so of the signal of another process, and so does the guard.
std::string InWords(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("signal ", WTERMSIG(status));
  const int code = WEXITSTATUS(status);
  return code > kSignals && code <= kSignals + SIGRTMAX
             ? absl::StrCat("signal ", code - kSignals)
             : absl::StrCat("exit code ", code);
}

}  // namespace

std::string WithDescriptors(const DriverCommand& command,
                            const std::string& requests,
                            const std::string& answers,
                            const std::string& suffix) {
  // What writes without an end is ended: a signal, as the page for authors
  // says.
  return absl::StrCat("ulimit -f 524288\ncd ", ShellWord(command.directory),
                      " || exit\nexec 3<", ShellWord(requests), suffix, " 4>>",
                      ShellWord(answers), "\n", command.command);
}

std::string TailOf(const std::string& path) {
  constexpr std::streamoff kMost = std::streamoff{64} << 10;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  if (size <= 0) return "";
  file.seekg(std::max<std::streamoff>(0, size - kMost));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string LastLineOf(const std::string& output) {
  const std::vector<std::string> lines =
      absl::StrSplit(output, '\n', absl::SkipWhitespace());
  if (lines.empty()) return "";
  // Node says its version behind its error.
  const auto error = std::find_if(
      lines.rbegin(), lines.rend(),
      [](const std::string& line) { return absl::StrContains(line, "rror"); });
  const std::string& line = error == lines.rend() ? lines.back() : *error;
  return Shown(line.substr(0, ProtocolLimits::kText));
}

absl::StatusOr<std::unique_ptr<DriverProcess>> DriverProcess::Start(
    const DriverCommand& command, const std::string& scratch) {
  ASSIGN_OR_RETURN(Fifo requests, Fifo::Make(absl::StrCat(scratch, "/asks")));
  ASSIGN_OR_RETURN(Fifo answers, Fifo::Make(absl::StrCat(scratch, "/answers")));
  std::unique_ptr<DriverProcess> process(
      new DriverProcess(std::move(requests), std::move(answers),
                        absl::StrCat(scratch, "/output")));
  const std::string whole = WithDescriptors(command, process->requests_.path(),
                                            process->answers_.path());
  const pid_t parent = getpid();
  const pid_t child = ForkUnheard();
  if (child == 0) Guard(whole, process->output_, parent);
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  setpgid(child, child);  // also here: whoever comes first
  process->process_ = child;
  process->end_ = OpenProcess(child);
  if (process->end_ < 0) {
    return absl::ErrnoToStatus(errno, "cannot wait for the driver");
  }
  return process;
}

DriverProcess::DriverProcess(Fifo requests, Fifo answers, std::string output)
    : requests_(std::move(requests)),
      answers_(std::move(answers)),
      output_(std::move(output)) {}

DriverProcess::~DriverProcess() {
  End();
  if (end_ >= 0) close(end_);
}

// How it ended, if it was not killed here.
std::string DriverProcess::End() {
  if (process_ <= 0) return "";
  const auto process = static_cast<id_t>(std::exchange(process_, 0));
  siginfo_t end = {};
  waitid(P_PID, process, &end, WEXITED | WNOHANG | WNOWAIT | __WALL);
  // What it has left in the background goes, too.
  const auto group = static_cast<pid_t>(process);
  kill(-group, SIGKILL);
  int status = 0;
  while (waitpid(group, &status, __WALL) < 0 && errno == EINTR) {
  }
  return end.si_pid == group ? InWords(status) : "";
}

bool DriverProcess::is_over() const {
  pollfd end = {end_, POLLIN, 0};
  return process_ <= 0 || poll(&end, 1, 0) > 0;
}

absl::Status DriverProcess::Read(AnswerReader& reader, bool& has_read) const {
  char bytes[std::size_t{64} << 10];
  for (;;) {
    const ssize_t size = read(answers_.descriptor(), bytes, sizeof(bytes));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return absl::OkStatus();
    has_read = true;
    RETURN_IF_ERROR(reader.Take({bytes, static_cast<std::size_t>(size)}));
  }
}

absl::StatusOr<DriverProcess::Said> DriverProcess::Ask(
    const std::string& requests, std::size_t count, absl::Duration time) {
  // What was said of others before explains nothing.
  if (truncate(output_.c_str(), 0) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, "cannot empty the driver's output");
  }
  AnswerReader reader;
  reader.Expect(1, count);
  Feed feed(requests_.descriptor(), requests);
  Clock::time_point since = Clock::now();
  Said said;
  bool is_over = false;
  while (!is_over && !said.is_hung && reader.answers().replies.size() < count) {
    feed.Write();
    constexpr int kTick = 100;  // milliseconds
    pollfd waits[] = {{answers_.descriptor(), POLLIN, 0},
                      {end_, POLLIN, 0},
                      {feed.waits(), POLLOUT, 0}};
    poll(waits, std::size(waits), kTick);
    // What it said before it ended comes first.
    is_over = (waits[1].revents & POLLIN) != 0;
    bool has_read = false;
    RETURN_IF_ERROR(Read(reader, has_read));
    const Clock::time_point now = Clock::now();
    if (has_read) since = now;
    said.is_hung = now - since > absl::ToChronoNanoseconds(time);
  }
  said.answers = reader.answers();
  if (said.answers.replies.size() > count) {
    return absl::InvalidArgumentError(
        "the driver answers more than it was asked");
  }
  if (said.answers.replies.size() == count) return said;
  said.how = End();
  const std::string line = LastLineOf(TailOf(output_));
  if (said.is_hung) {
    said.how = absl::StrCat("no answer within ", absl::FormatDuration(time));
  }
  if (!line.empty()) absl::StrAppend(&said.how, ": ", line);
  return said;
}

}  // namespace lastcommit::driven
