#include "record/recorder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "record/begun_call.h"
#include "record/call_effects.h"
#include "record/fault.h"
#include "record/file_table.h"
#include "record/program_output.h"
#include "record/tracee.h"
#include "record/watched_calls.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What the name of a call is that was none: a store to a mapping.
constexpr char kMapping[] = "mapping";
constexpr char kExit[] = "exit";
// How long it waits for an event before it looks at the clock.
constexpr timespec kTick = {0, 100'000'000};
// So long a call may keep others from beginning; then it is one that waits.
constexpr absl::Duration kPatience = absl::Seconds(2);

// NOLINTBEGIN(google-runtime-int): the types of ptrace() and siginfo
constexpr long kTraceOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP |
                               PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                               PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC |
                               PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;

// SIGCHLD waits to be taken.
class ChildSignals {
 public:
  ChildSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set_, &before_);
  }
  ~ChildSignals() { Restore(); }
  ChildSignals(const ChildSignals&) = delete;
  ChildSignals& operator=(const ChildSignals&) = delete;

  // Until there is one, or `other` can be read (-1: nothing), or a tick is
  // over.
  void Wait(int other) const {
    if (other < 0) {
      sigtimedwait(&set_, nullptr, &kTick);
      return;
    }
    const int signals = signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
    pollfd both[] = {{signals, POLLIN, 0}, {other, POLLIN, 0}};
    ppoll(both, 2, &kTick, nullptr);
    // At the end of the terminal there is nothing more to wait for.
    if ((both[1].revents & POLLHUP) != 0) sigtimedwait(&set_, nullptr, &kTick);
    signalfd_siginfo taken = {};
    while (read(signals, &taken, sizeof(taken)) > 0) {
    }
    close(signals);
  }
  void Restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t set_;
  sigset_t before_;
};

void* AsData(long value) {
  return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

class Pipe {
 public:
  Pipe() { CHECK(pipe2(ends_, O_CLOEXEC) == 0); }
  ~Pipe() {
    CloseReader();
    CloseWriter();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void CloseReader() { Close(ends_[0]); }
  void CloseWriter() { Close(ends_[1]); }
  // -1: the other end was closed before.
  int Read() const {
    int value = -1;
    return read(ends_[0], &value, sizeof(value)) == sizeof(value) ? value : -1;
  }
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

// A thread of the program.
struct Thread {
  std::int32_t ordinal = 0;
  pid_t process = 0;
  std::optional<BegunCall> begun;
  std::optional<Fault> fault;  // of the call
};

class Tracer {
 public:
  Tracer(const RecordOptions& options, RecordingWriter& writer,
         const ChildSignals& signals, const ProgramOutput& output,
         const RecordGoesOn& goes_on)
      : options_(options),
        writer_(writer),
        signals_(signals),
        output_(output),
        goes_on_(goes_on),
        files_(options.directory),
        beginnings_(files_, output.OutletsWith(options.ack)),
        effects_(files_) {}

  // What is there before the program begins.
  absl::Status TakeStock() {
    // A call for each effect, so that none is large.
    RETURN_IF_ERROR(effects_.Appeared("", [this](Effect effect) {
      RecordedCall call;
      call.effects.push_back(std::move(effect));
      return Emit(call);
    }));
    stock_ = calls_;
    return absl::OkStatus();
  }

  absl::Status Follow(pid_t first) {
    first_ = first;
    started_ = absl::Now();
    absl::Status status;
    while (status.ok()) {
      int wait_status = 0;
      const pid_t tid = waitpid(-1, &wait_status, __WALL | WNOHANG);
      if (tid > 0) {
        event_ = absl::Now();
        status = OnEvent(tid, wait_status);
      } else if (tid == 0) {
        status = OnQuiet();
      } else if (errno != EINTR) {
        break;  // nobody is left
      }
    }
    if (!status.ok()) KillAll();
    output_.Copy();
    return status;
  }

  absl::StatusOr<RecordingEnd> Finish() {
    RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
    end_.calls = calls_;
    end_.processes = static_cast<std::int64_t>(processes_.size());
    end_.outside = effects_.outside().count;
    end_.outside_paths = effects_.outside().paths;
    RETURN_IF_ERROR(writer_.Finish(end_));
    return end_;
  }

 private:
  Thread& ThreadOf(pid_t tid) {
    const auto found = threads_.find(tid);
    if (found != threads_.end()) return found->second;
    Thread thread;
    thread.ordinal = ++seen_threads_;
    thread.process = Tracee(tid).Process();
    processes_.try_emplace(thread.process,
                           static_cast<std::int32_t>(processes_.size()) + 1);
    beginnings_.AddProcess(thread.process);
    return threads_[tid] = thread;
  }

  absl::Status Emit(RecordedCall& call) {
    if (call.effects.empty()) return absl::OkStatus();
    call.number = calls_++;
    return writer_.Add(call);
  }

  RecordedCall CallOf(pid_t tid, std::string_view name) {
    const Thread& thread = ThreadOf(tid);
    RecordedCall call;
    call.process = processes_[thread.process];
    call.thread = thread.ordinal;
    call.name = std::string(name);
    return call;
  }

  absl::Status TakeMappings(bool with_index) {
    RecordedCall call;
    call.name = kMapping;
    RETURN_IF_ERROR(effects_.LookAtMappings(with_index, call.effects));
    return Emit(call);
  }

  absl::Status OnEvent(pid_t tid, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      OnGone(tid, status);
      return BeginDeferred();
    }
    if (!WIFSTOPPED(status)) return absl::OkStatus();
    if (IsDying(ThreadOf(tid).process) && status >> 16 != PTRACE_EVENT_EXIT) {
      // It may have come to be since.
      kill(ThreadOf(tid).process, SIGKILL);
      return absl::OkStatus();
    }
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) return OnCallEnd(tid);
    switch (status >> 16) {
      case 0:
        Continue(tid, signal);
        return absl::OkStatus();
      case PTRACE_EVENT_SECCOMP:
        return OnCall(tid);
      case PTRACE_EVENT_EXIT:
        return OnExit(tid);
      case PTRACE_EVENT_EXEC:
        OnExec(tid);
        return absl::OkStatus();
      case PTRACE_EVENT_STOP:
        if (signal == SIGTRAP) break;
        // It is stopped as a whole, until it gets SIGCONT.
        ptrace(PTRACE_LISTEN, tid, nullptr, nullptr);
        return absl::OkStatus();
      default:
        break;
    }
    Continue(tid, 0);
    return absl::OkStatus();
  }

  void Continue(pid_t tid, int signal) {
    const Thread& thread = ThreadOf(tid);
    ptrace(thread.begun.has_value() ? PTRACE_SYSCALL : PTRACE_CONT, tid,
           nullptr, AsData(signal));
  }

  absl::Status OnCall(pid_t tid) {
    if (in_flight_ != 0) {
      deferred_.push_back(tid);
      return absl::OkStatus();
    }
    return BeginCall(tid);
  }

  absl::Status BeginCall(pid_t tid) {
    unsigned long why = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &why);
    if (why == kStopsForForeign) {
      return absl::UnimplementedError(
          "the program makes system calls of another architecture (32-bit?), "
          "which cannot be recorded");
    }
    const Tracee tracee(tid);
    const auto entry = tracee.Entry();
    const auto call =
        entry.has_value() ? WatchedCallOf(entry->number) : std::nullopt;
    if (call == WatchedCall::kPtrace) {
      return absl::UnimplementedError(
          "the program uses ptrace, which cannot be recorded: a process has "
          "one tracer");
    }
    Thread& thread = ThreadOf(tid);
    if (call.has_value()) {
      RETURN_IF_ERROR(TakeMappings(/*with_index=*/false));
      thread.begun = beginnings_.Begin(tracee, *call, *entry);
    }
    if (thread.begun.has_value()) {
      if (KillsNow(tid, /*is_before=*/true)) return Kill(tid);
      MakeFail(tracee, thread);
      if (!thread.begun->may_wait) in_flight_ = tid;
    }
    Continue(tid, 0);
    return absl::OkStatus();
  }

  absl::Status OnCallEnd(pid_t tid) {
    Thread& thread = ThreadOf(tid);
    const Tracee tracee(tid);
    const auto result = ResultOf(tracee, thread);
    if (thread.begun.has_value() && result.has_value()) {
      RETURN_IF_ERROR(EndCall(tracee, *thread.begun, *result));
      if (KillsNow(tid, /*is_before=*/false)) return Kill(tid);
    }
    thread.begun.reset();
    if (in_flight_ == tid) in_flight_ = 0;
    Continue(tid, 0);
    return BeginDeferred();
  }

  absl::Status EndCall(const Tracee& tracee, const BegunCall& begun,
                       std::int64_t result) {
    const bool promises = begun.target == BegunCall::Target::kOutput ||
                          begun.target == BegunCall::Target::kAck;
    if (promises) RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
    RecordedCall call = CallOf(tracee.tid(), Name(begun.call));
    RETURN_IF_ERROR(effects_.Finish(tracee, begun, result, call.effects));
    return Emit(call);
  }

  // ---- What the recorder does to the program ----

  bool IsDying(pid_t process) const {
    return all_die_ || dying_.contains(process);
  }

  bool IsDisturbed() const { return !end_.disturbance.empty(); }

  // Not while another thread is within a call that changes files: what is
  // done of it would be nobody's word.
  bool KillsNow(pid_t tid, bool is_before) const {
    const Disturbance& wanted = options_.disturbance;
    const bool kills = wanted.kind == Disturbance::Kind::kKillAll ||
                       wanted.kind == Disturbance::Kind::kKillProcess;
    if (!kills || IsDisturbed() || wanted.is_before != is_before ||
        calls_ - stock_ + (is_before ? 1 : 0) < wanted.call) {
      return false;
    }
    return std::none_of(threads_.begin(), threads_.end(),
                        [tid](const auto& it) {
                          const auto& begun = it.second.begun;
                          return it.first != tid && begun.has_value() &&
                                 FamilyOf(begun->call) != CallFamily::kLock &&
                                 begun->target != BegunCall::Target::kOutput;
                        });
  }

  // The others of the program stay where they are until it is dead, so that
  // what they do comes after it.
  absl::Status Kill(pid_t tid) {
    const Thread& killed = ThreadOf(tid);
    const bool is_one =
        options_.disturbance.kind == Disturbance::Kind::kKillProcess;
    end_.disturbance = absl::StrCat(
        is_one ? absl::StrCat("process ", processes_[killed.process], " was")
               : "all processes were",
        " killed ", options_.disturbance.is_before ? "before " : "after ",
        std::string(Name(killed.begun->call)));
    end_.disturbed_at = calls_;
    in_flight_ = tid;
    all_die_ = !is_one;
    for (const auto& [other, thread] : threads_) {
      if (!is_one || thread.process == killed.process) {
        dying_.insert(thread.process);
      }
    }
    for (const pid_t process : dying_) kill(process, SIGKILL);
    return absl::OkStatus();
  }

  void MakeFail(const Tracee& tracee, Thread& thread) {
    const Disturbance& wanted = options_.disturbance;
    if (wanted.kind != Disturbance::Kind::kFail || IsDisturbed() ||
        calls_ - stock_ + 1 < wanted.call) {
      return;
    }
    const BegunCall& begun = *thread.begun;
    const auto fault = FaultOf(begun, wanted.choice);
    if (!fault.has_value()) return;
    const bool is_done =
        fault->error == 0
            ? tracee.SetArgument(Fault::kSizeArgument, fault->size)
            : tracee.SkipCall();
    if (!is_done) return;
    thread.fault = fault;
    const std::string name =
        begun.path.has_value() ? *begun.path
        : begun.to.has_value()
            ? *begun.to
            : files_.Below(tracee.NameOf(begun.descriptor)).value_or("");
    end_.disturbance = absl::StrCat(std::string(Name(begun.call)), " of ", name,
                                    " ", fault->InWords());
    end_.disturbed_at = calls_;
  }

  // What the program gets to know of its call.
  static std::optional<std::int64_t> ResultOf(const Tracee& tracee,
                                              Thread& thread) {
    const auto result = tracee.Result();
    if (!thread.fault.has_value() || !result.has_value()) return result;
    const Fault fault = *std::exchange(thread.fault, std::nullopt);
    if (fault.error == 0) {
      // A call leaves its arguments as they are.
      tracee.SetArgument(Fault::kSizeArgument,
                         thread.begun->entry.Address(Fault::kSizeArgument));
      return result;
    }
    tracee.SetResult(-fault.error);
    return -fault.error;
  }

  absl::Status BeginDeferred() {
    while (in_flight_ == 0 && !deferred_.empty()) {
      const pid_t tid = deferred_.front();
      deferred_.pop_front();
      const auto found = threads_.find(tid);
      if (found != threads_.end() && !IsDying(found->second.process)) {
        RETURN_IF_ERROR(BeginCall(tid));
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnExit(pid_t tid) {
    unsigned long status = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &status);
    Thread& thread = ThreadOf(tid);
    thread.begun.reset();
    if (in_flight_ == tid) in_flight_ = 0;
    if (thread.process == tid) {
      RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
      RecordedCall call = CallOf(tid, kExit);
      Effect effect;
      effect.kind = EffectKind::kExit;
      effect.offset = static_cast<std::int64_t>(status);
      effect.exclusive = tid == first_;
      call.effects.push_back(std::move(effect));
      RETURN_IF_ERROR(Emit(call));
    }
    Continue(tid, 0);
    return BeginDeferred();
  }

  // The thread that executes takes the number of its process; all others of it
  // are gone.
  void OnExec(pid_t tid) {
    unsigned long before = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &before);
    const auto old = static_cast<pid_t>(before);
    if (old != tid) {
      threads_.erase(old);
      if (in_flight_ == old) in_flight_ = 0;
    }
    ThreadOf(tid).begun.reset();
    Continue(tid, 0);
  }

  void OnGone(pid_t tid, int status) {
    threads_.erase(tid);
    if (in_flight_ == tid) in_flight_ = 0;
    if (tid != first_) return;
    if (end_.how == RecordingEnd::How::kStopped) return;
    if (WIFEXITED(status)) {
      end_.how = RecordingEnd::How::kExited;
      end_.status = WEXITSTATUS(status);
    } else {
      end_.how = RecordingEnd::How::kKilled;
      end_.status = WTERMSIG(status);
    }
  }

  absl::Status OnQuiet() {
    const absl::Time now = absl::Now();
    const bool is_over = now - started_ > options_.time;
    if (is_over ||
        !goes_on_({calls_, static_cast<std::int64_t>(processes_.size())})) {
      end_.how = RecordingEnd::How::kStopped;
      for (const auto& [tid, thread] : threads_) kill(thread.process, SIGKILL);
    } else if (in_flight_ != 0 && !deferred_.empty() &&
               now - event_ > kPatience) {
      in_flight_ = 0;
      return BeginDeferred();
    }
    output_.Copy();
    signals_.Wait(output_.readable());
    return absl::OkStatus();
  }

  void KillAll() {
    std::set<pid_t> processes;
    for (const auto& [tid, thread] : threads_) processes.insert(thread.process);
    for (const pid_t process : processes) kill(process, SIGKILL);
    int status = 0;
    // One that was forked and has not stopped yet is not among them: whoever
    // stops is killed, too. The stop on the way out is one of these.
    for (pid_t tid = 0;
         (tid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
      if (tid > 0 && WIFSTOPPED(status)) {
        kill(tid, SIGKILL);
        ptrace(PTRACE_CONT, tid, nullptr, nullptr);
      }
    }
  }

  const RecordOptions& options_;
  RecordingWriter& writer_;
  const ChildSignals& signals_;
  const ProgramOutput& output_;
  const RecordGoesOn& goes_on_;
  FileTable files_;
  CallBeginnings beginnings_;
  CallEffects effects_;
  std::map<pid_t, Thread> threads_;
  std::map<pid_t, std::int32_t> processes_;
  std::int32_t seen_threads_ = 0;
  pid_t first_ = 0;
  // The one whose call is under way; others wait at the beginning of theirs, so
  // that the order of the recording is that of the kernel.
  pid_t in_flight_ = 0;
  std::deque<pid_t> deferred_;
  std::set<pid_t> dying_;  // processes that were killed
  bool all_die_ = false;
  std::uint64_t calls_ = 0;
  std::uint64_t stock_ = 0;  // of them, before the program began
  absl::Time started_;
  absl::Time event_;
  RecordingEnd end_;
};

// In the child; returns only an errno.
int BecomeProgram(const RecordOptions& options, int ack,
                  const ProgramOutput& output, const Pipe& go,
                  const ChildSignals& signals) {
  if (go.Read() < 0) return ECANCELED;
  if (!output.Attach()) return errno;
  if (chdir(options.directory.c_str()) != 0) return errno;
  setenv("LASTCOMMIT_ACK", options.ack.c_str(), 1);
  setenv("LASTCOMMIT_ACK_FD", absl::StrCat(ack).c_str(), 1);
  signals.Restore();
  signal(SIGPIPE, SIG_DFL);
  std::vector<char*> arguments;
  for (const std::string& argument : options.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  if (const int error = InstallFilter(); error != 0) return error;
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

absl::StatusOr<RecordingEnd> RecordProgram(const RecordOptions& options,
                                           const RecordGoesOn& goes_on) {
  const int ack =
      open(options.ack.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
  if (ack < 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("cannot make ", options.ack));
  }
  const auto close_ack = absl::MakeCleanup([ack] { close(ack); });
  ASSIGN_OR_RETURN(
      const auto writer,
      RecordingWriter::Create(options.recording,
                              {options.command, options.directory}));
  // One without an end is of no use to anybody.
  auto remove = absl::MakeCleanup([&] { unlink(options.recording.c_str()); });
  ASSIGN_OR_RETURN(const auto output,
                   ProgramOutput::Open(options.output, options.is_terminal));
  const ChildSignals signals;
  Tracer tracer(options, *writer, signals, *output, goes_on);
  RETURN_IF_ERROR(tracer.TakeStock());
  Pipe go;
  Pipe failed;
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (child == 0) {
    go.CloseWriter();
    failed.Write(BecomeProgram(options, ack, *output, go, signals));
    _exit(127);
  }
  failed.CloseWriter();
  output->Attached();
  if (ptrace(PTRACE_SEIZE, child, nullptr, AsData(kTraceOptions)) != 0) {
    const int error = errno;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return CannotTrace(error);
  }
  go.Write(1);
  RETURN_IF_ERROR(tracer.Follow(child));
  if (const int error = failed.Read(); error > 0) {
    return absl::ErrnoToStatus(
        error, absl::StrCat("cannot run ", options.command.front()));
  }
  ASSIGN_OR_RETURN(const RecordingEnd end, tracer.Finish());
  std::move(remove).Cancel();
  return end;
}

// NOLINTEND(google-runtime-int)

}  // namespace lastcommit
