#include "record/recorder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
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
#include "record/child_signals.h"
#include "record/disturber.h"
#include "record/file_table.h"
#include "record/program_output.h"
#include "record/program_thread.h"
#include "record/stack_walker.h"
#include "record/started_program.h"
#include "record/tracee.h"
#include "record/watched_calls.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What the name of a call is that was none: a store to a mapping.
constexpr char kMapping[] = "mapping";
constexpr char kExit[] = "exit";
// So long a call may keep others from beginning; then it is one that waits.
constexpr absl::Duration kPatience = absl::Seconds(2);

// NOLINTBEGIN(google-runtime-int): the types of ptrace() and siginfo
void* AsData(long value) {
  return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

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
        effects_(files_),
        disturber_(options.disturbance, files_) {
    if (options.has_stacks) stacks_.emplace();
  }

  // What is there before the program begins.
  absl::Status TakeStock() {
    // A call for each effect, so that none is large.
    RETURN_IF_ERROR(effects_.Appeared("", [this](Effect effect) {
      RecordedCall call;
      call.effects.push_back(std::move(effect));
      return Emit(call);
    }));
    disturber_.BeginAt(calls_);
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
    end_.disturbance = disturber_.done();
    end_.disturbed_at = disturber_.done_at();
    end_.outside = effects_.outside().count;
    end_.outside_paths = effects_.outside().paths;
    RETURN_IF_ERROR(writer_.Finish(end_));
    return end_;
  }

 private:
  ProgramThread& ThreadOf(pid_t tid) {
    const auto found = threads_.find(tid);
    if (found != threads_.end()) return found->second;
    ProgramThread thread;
    thread.ordinal = ++seen_threads_;
    thread.process = Tracee(tid).Process();
    const auto next = static_cast<std::int32_t>(processes_.size()) + 1;
    thread.process_ordinal =
        processes_.try_emplace(thread.process, next).first->second;
    beginnings_.AddProcess(thread.process);
    return threads_[tid] = thread;
  }

  absl::Status Emit(RecordedCall& call) {
    if (call.effects.empty()) return absl::OkStatus();
    call.number = calls_++;
    return writer_.Add(call);
  }

  RecordedCall CallOf(pid_t tid, std::string_view name) {
    const ProgramThread& thread = ThreadOf(tid);
    RecordedCall call;
    call.process = thread.process_ordinal;
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
    if (disturber_.IsDying(ThreadOf(tid).process) &&
        status >> 16 != PTRACE_EVENT_EXIT) {
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
    const ProgramThread& thread = ThreadOf(tid);
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
    ProgramThread& thread = ThreadOf(tid);
    if (call.has_value()) {
      RETURN_IF_ERROR(TakeMappings(/*with_index=*/false));
      thread.begun = beginnings_.Begin(tracee, *call, *entry);
    }
    if (thread.begun.has_value()) {
      if (Kills(tid, /*is_before=*/true)) return absl::OkStatus();
      disturber_.MakeFail(tracee, calls_, thread);
      if (!thread.begun->may_wait) in_flight_ = tid;
    }
    Continue(tid, 0);
    return absl::OkStatus();
  }

  absl::Status OnCallEnd(pid_t tid) {
    ProgramThread& thread = ThreadOf(tid);
    const Tracee tracee(tid);
    const auto result = Disturber::ResultOf(tracee, thread);
    if (thread.begun.has_value() && result.has_value()) {
      RETURN_IF_ERROR(EndCall(tracee, *thread.begun, *result));
      if (Kills(tid, /*is_before=*/false)) return absl::OkStatus();
    }
    thread.begun.reset();
    if (in_flight_ == tid) in_flight_ = 0;
    Continue(tid, 0);
    return BeginDeferred();
  }

  // The thread is left where it is, and nobody else begins a call.
  bool Kills(pid_t tid, bool is_before) {
    if (!disturber_.KillsAt(tid, is_before, calls_, threads_)) return false;
    disturber_.Kill(tid, calls_, threads_);
    in_flight_ = tid;
    return true;
  }

  absl::Status EndCall(const Tracee& tracee, const BegunCall& begun,
                       std::int64_t result) {
    const bool promises = begun.target == BegunCall::Target::kOutput ||
                          begun.target == BegunCall::Target::kAck;
    if (promises) RETURN_IF_ERROR(TakeMappings(/*with_index=*/true));
    RecordedCall call = CallOf(tracee.tid(), Name(begun.call));
    RETURN_IF_ERROR(effects_.Finish(tracee, begun, result, call.effects));
    if (stacks_.has_value() && !call.effects.empty()) {
      const pid_t process = ThreadOf(tracee.tid()).process;
      ASSIGN_OR_RETURN(call.stack,
                       writer_.AddStack(stacks_->Walk(process, tracee.tid())));
    }
    return Emit(call);
  }

  absl::Status BeginDeferred() {
    while (in_flight_ == 0 && !deferred_.empty()) {
      const pid_t tid = deferred_.front();
      deferred_.pop_front();
      const auto found = threads_.find(tid);
      if (found != threads_.end() &&
          !disturber_.IsDying(found->second.process)) {
        RETURN_IF_ERROR(BeginCall(tid));
      }
    }
    return absl::OkStatus();
  }

  absl::Status OnExit(pid_t tid) {
    unsigned long status = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &status);
    ProgramThread& thread = ThreadOf(tid);
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
    if (stacks_.has_value()) stacks_->Forget(tid);
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
  Disturber disturber_;
  std::optional<StackWalker> stacks_;
  ProgramThreads threads_;
  std::map<pid_t, std::int32_t> processes_;
  std::int32_t seen_threads_ = 0;
  pid_t first_ = 0;
  // The one whose call is under way; others wait at the beginning of theirs, so
  // that the order of the recording is that of the kernel.
  pid_t in_flight_ = 0;
  std::deque<pid_t> deferred_;
  std::uint64_t calls_ = 0;
  absl::Time started_;
  absl::Time event_;
  RecordingEnd end_;
};

}  // namespace

absl::StatusOr<RecordingEnd> RecordProgram(const RecordOptions& options,
                                           const RecordGoesOn& goes_on) {
  if (options.has_stacks && !StackWalker::IsThere()) {
    return absl::FailedPreconditionError(
        "this lastcommit was built without libdw, and finds no stacks "
        "(--stacks)");
  }
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
  ASSIGN_OR_RETURN(const auto program,
                   StartedProgram::Start(options, ack, *output, signals));
  RETURN_IF_ERROR(tracer.Follow(program->pid()));
  RETURN_IF_ERROR(program->CouldRun());
  ASSIGN_OR_RETURN(const RecordingEnd end, tracer.Finish());
  std::move(remove).Cancel();
  return end;
}

// NOLINTEND(google-runtime-int)

}  // namespace lastcommit
