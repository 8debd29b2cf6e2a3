#include "record/started_program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "record/watched_calls.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// NOLINTNEXTLINE(google-runtime-int): the type of ptrace()
constexpr long kTraceOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                               PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                               PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                               PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

// Carries one number from one process to the other.
class Pipe {
 public:
  Pipe() { CHECK(pipe2(ends_, O_CLOEXEC) == 0); }
  ~Pipe() {
    Close(ends_[0]);
    CloseWriter();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void CloseWriter() { Close(ends_[1]); }
  int TakeReader() { return std::exchange(ends_[0], -1); }
  int reader() const { return ends_[0]; }
  // False: nobody is there to read it.
  bool Write(int value) const {
    return write(ends_[1], &value, sizeof(value)) == sizeof(value);
  }

 private:
  static void Close(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

// -1: the other end was closed before.
int ReadNumber(int reader) {
  int value = -1;
  return read(reader, &value, sizeof(value)) == sizeof(value) ? value : -1;
}

// In the child; returns only an errno.
int BecomeProgram(const ProgramOptions& options, int instance, int ack,
                  const ProgramOutput& output, const Pipe& go,
                  const ChildSignals& signals) {
  if (ReadNumber(go.reader()) < 0) return ECANCELED;
  if (options.has_own_group && setpgid(0, 0) != 0) return errno;
  if (!output.Attach()) return errno;
  if (chdir(options.directory.c_str()) != 0) return errno;
  setenv("LASTCOMMIT_ACK", options.ack.c_str(), 1);
  setenv("LASTCOMMIT_ACK_FD", absl::StrCat(ack).c_str(), 1);
  if (options.instances > 1) {
    setenv("LASTCOMMIT_INSTANCE", absl::StrCat(instance).c_str(), 1);
  }
  fcntl(ack, F_SETFD, 0);  // no other program gets it
  signals.Restore();
  signal(SIGPIPE, SIG_DFL);
  std::vector<char*> arguments;
  for (const std::string& argument : options.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  if (const int error = InstallFilter(options.instances > 1); error != 0)
    return error;
  execvp(arguments[0], arguments.data());
  return errno;
}

absl::Status CannotTrace(int error) {
  return absl::FailedPreconditionError(
      absl::StrCat("no permission to trace a process of one's own (ptrace: ",
                   std::strerror(error),
                   "); a container needs the capability SYS_PTRACE for it"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StartedProgram>> StartedProgram::Start(
    const ProgramOptions& options, int instance, int ack, ProgramOutput& output,
    const ChildSignals& signals) {
  Pipe go;
  Pipe failed;
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (child == 0) {
    go.CloseWriter();
    failed.Write(BecomeProgram(options, instance, ack, output, go, signals));
    _exit(127);
  }
  failed.CloseWriter();
  output.Attached();
  // NOLINTNEXTLINE(performance-no-int-to-ptr): they are passed so
  auto* const trace_options = reinterpret_cast<void*>(kTraceOptions);
  if (ptrace(PTRACE_SEIZE, child, nullptr, trace_options) != 0) {
    const int error = errno;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return CannotTrace(error);
  }
  go.Write(1);
  return std::unique_ptr<StartedProgram>(
      new StartedProgram(options.command.front(), child, failed.TakeReader()));
}

StartedProgram::~StartedProgram() { close(failed_); }

absl::Status StartedProgram::CouldRun() const {
  const int error = ReadNumber(failed_);
  if (error <= 0) return absl::OkStatus();
  return absl::ErrnoToStatus(error, absl::StrCat("cannot run ", command_));
}

}  // namespace lastcommit
