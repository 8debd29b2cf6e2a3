#include "judge/shell_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace lastcommit {
namespace {

constexpr int kTick = 20;  // milliseconds

// In the child; does not return.
void Become(const ShellCommand& command, int output, int errors) {
  setpgid(0, 0);
  for (const int signal_number : {SIGINT, SIGTERM, SIGPIPE}) {
    signal(signal_number, SIG_DFL);
  }
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  for (const auto& [name, value] : command.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  if (chdir(command.directory.c_str()) == 0) {
    execl("/bin/sh", "sh", "-c", command.command.c_str(), nullptr);
  }
  _exit(126);
}

// What a command puts out, as much as is kept of it.
class Output {
 public:
  explicit Output(int descriptor) : descriptor_(descriptor) {}

  // False: nobody will write any more.
  bool Read() {
    char buffer[1 << 16];
    // What writes without an end is stopped when its time is over.
    for (int i = 0; i < kMostReads; ++i) {
      const ssize_t size = read(descriptor_, buffer, sizeof(buffer));
      if (size < 0 && errno == EINTR) continue;
      if (size <= 0) return size < 0 && errno == EAGAIN;
      Take({buffer, static_cast<std::size_t>(size)});
    }
    return true;
  }
  int descriptor() const { return descriptor_; }
  const std::string& kept() const { return kept_; }
  std::uint64_t digest() const { return digest_; }
  std::int64_t size() const { return size_; }

 private:
  void Take(std::string_view bytes) {
    size_ += static_cast<std::int64_t>(bytes.size());
    // Byte by byte, since pieces end where they happen to.
    for (const char byte : bytes) {
      digest_ = (digest_ ^ static_cast<unsigned char>(byte)) * kPrime;
    }
    const std::size_t room = CommandLimits::kOutput - kept_.size();
    kept_ += bytes.substr(0, std::min(room, bytes.size()));
  }

  static constexpr int kMostReads = 64;
  // FNV-1a.
  static constexpr std::uint64_t kPrime = 0x100000001b3;

  const int descriptor_;
  std::string kept_;
  std::uint64_t digest_ = 0xcbf29ce484222325;
  std::int64_t size_ = 0;
};

CommandEnd Follow(pid_t child, Output& output, Output& errors,
                  absl::Time deadline, const std::function<bool()>& goes_on) {
  CommandEnd end;
  bool has_output = true;
  bool has_errors = true;
  bool is_over = false;
  int status = 0;
  while (!is_over && end.how == CommandEnd::How::kExited) {
    pollfd waits[] = {{has_output ? output.descriptor() : -1, POLLIN, 0},
                      {has_errors ? errors.descriptor() : -1, POLLIN, 0}};
    poll(waits, 2, has_output || has_errors ? kTick : 1);
    if (has_output) has_output = output.Read();
    if (has_errors) has_errors = errors.Read();
    is_over = waitpid(child, &status, WNOHANG) == child;
    if (is_over) break;
    if (absl::Now() > deadline) end.how = CommandEnd::How::kTooLong;
    if (!goes_on()) end.how = CommandEnd::How::kStopped;
  }
  // What it has left in the background must not hold the output open.
  kill(-child, SIGKILL);
  if (!is_over) waitpid(child, &status, 0);
  output.Read();
  errors.Read();
  end.output = output.kept();
  end.digest = output.digest();
  end.size = output.size();
  end.errors = errors.kept();
  if (end.how != CommandEnd::How::kExited) return end;
  if (WIFSIGNALED(status)) end.how = CommandEnd::How::kKilled;
  end.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  return end;
}

// A pipe of which this process reads.
struct Pipe {
  Pipe() : is_open(pipe2(ends, O_CLOEXEC) == 0) {}
  ~Pipe() {
    CloseWriter();
    if (is_open) close(ends[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void CloseWriter() {
    if (is_open && ends[1] >= 0) close(std::exchange(ends[1], -1));
  }

  int ends[2] = {-1, -1};
  const bool is_open;
};

}  // namespace

absl::StatusOr<CommandEnd> RunCommand(const ShellCommand& command,
                                      const std::function<bool()>& goes_on) {
  Pipe output;
  Pipe errors;
  if (!output.is_open || !errors.is_open) {
    return absl::ErrnoToStatus(errno, "cannot make a pipe");
  }
  const absl::Time deadline = absl::Now() + command.time;
  const pid_t child = fork();
  if (child == 0) Become(command, output.ends[1], errors.ends[1]);
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  setpgid(child, child);  // also here: whoever comes first
  for (Pipe* const pipe : {&output, &errors}) {
    pipe->CloseWriter();
    fcntl(pipe->ends[0], F_SETFL, O_NONBLOCK);
  }
  Output from_output(output.ends[0]);
  Output from_errors(errors.ends[0]);
  return Follow(child, from_output, from_errors, deadline, goes_on);
}

std::string InWords(const CommandEnd& end, absl::Duration time) {
  switch (end.how) {
    case CommandEnd::How::kExited:
      return absl::StrCat("exit code ", end.status);
    case CommandEnd::How::kKilled:
      return absl::StrCat("signal ", end.status);
    case CommandEnd::How::kTooLong:
      return absl::StrCat("no end within ", absl::FormatDuration(time));
    case CommandEnd::How::kStopped:
      break;
  }
  return "stopped";
}

}  // namespace lastcommit
