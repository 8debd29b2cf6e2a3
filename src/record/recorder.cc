#include "record/recorder.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "record/child_signals.h"
#include "record/disturber.h"
#include "record/instances.h"
#include "record/one_cpu.h"
#include "record/program_output.h"
#include "record/program_thread.h"
#include "record/recorded_part.h"
#include "record/stack_walker.h"
#include "record/started_program.h"
#include "record/tracee.h"
#include "record/watched_calls.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// So long a call may keep others from beginning; then it is one that waits.
constexpr absl::Duration kPatience = absl::Seconds(2);
// So long an instance may do nothing that is seen while others wait for it.
constexpr absl::Duration kPatienceOfOthers = absl::Seconds(10);

// NOLINTBEGIN(google-runtime-int): the types of ptrace() and siginfo
void* AsData(long value) {
  return reinterpret_cast<void*>(value);  // NOLINT(performance-no-int-to-ptr)
}

// What the program does while it is recorded, from stop to stop.
class Tracer {
 public:
  Tracer(const ProgramOptions& options, const ProgramOutput& output)
      : options_(options), output_(output) {
    if (options.has_stacks) stacks_.emplace();
  }

  StackWalker* stacks() { return stacks_.has_value() ? &*stacks_ : nullptr; }
  void StartsWith(pid_t first, int instance) {
    instances_.StartsWith(first, instance);
  }
  void BringTo(const OneCpu& cpu) const {
    for (const auto& [tid, thread] : threads_) cpu.Bring(tid);
  }
  bool is_over() const { return is_over_; }

  // Until the part is over, or the program.
  absl::StatusOr<RecordingEnd> Follow(RecordedPart& part,
                                      const ChildSignals& signals,
                                      const RecordGoesOn& goes_on) {
    part_ = &part;
    signals_ = &signals;
    goes_on_ = &goes_on;
    end_ = {};
    for (auto& [tid, thread] : threads_) {
      thread.ordinal = 0;
      thread.is_conducted = false;
      // A call that goes on waiting is one of the part before.
      thread.begun.reset();
      thread.conducted.reset();
      part.AddProcess(thread.process);
    }
    started_ = event_ = absl::Now();
    absl::Status status = BeginDeferred();
    if (status.ok()) status = ReleaseHeld();
    while (status.ok() && !(part.is_over() && in_flight_ == 0)) {
      int wait_status = 0;
      const pid_t tid = waitpid(-1, &wait_status, WNOHANG);
      if (tid > 0) {
        event_ = absl::Now();
        status = OnEvent(tid, wait_status);
        if (status.ok()) status = ReleaseHeld();
      } else if (tid == 0) {
        status = OnQuiet();
      } else if (errno != EINTR) {
        is_over_ = true;  // nobody is left
        break;
      }
    }
    output_.Copy();
    if (!status.ok()) {
      KillAll();
      return status;
    }
    if (!is_over_) end_.how = RecordingEnd::How::kGoesOn;
    return end_;
  }

  void KillAll() {
    if (is_over_ || !instances_.have_started()) return;
    is_over_ = true;
    std::set<pid_t> processes;
    for (const auto& [tid, thread] : threads_) processes.insert(thread.process);
    processes.insert(instances_.firsts().begin(), instances_.firsts().end());
    for (const pid_t process : processes) kill(process, SIGKILL);
    // One that stands on its way out is not woken by that.
    for (const auto& [tid, thread] : threads_) {
      ptrace(PTRACE_CONT, tid, nullptr, nullptr);
    }
    int status = 0;
    // One that was forked and has not stopped yet is not among them: whoever
    // stops is killed, too. The stop on the way out is one of these.
    for (pid_t tid = 0;
         (tid = waitpid(-1, &status, 0)) > 0 || errno == EINTR;) {
      if (tid > 0 && WIFSTOPPED(status)) {
        kill(tid, SIGKILL);
        ptrace(PTRACE_CONT, tid, nullptr, nullptr);
      }
    }
  }

 private:
  ProgramThread& ThreadOf(pid_t tid) {
    ProgramThread& thread = threads_[tid];
    if (thread.process == 0) {
      thread.process = Tracee(tid).Process();
      thread.instance = instances_.Of(thread.process);
    }
    if (thread.ordinal == 0) part_->Number(thread);
    return thread;
  }

  absl::Status OnEvent(pid_t tid, int status) {
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      OnGone(tid, status);
      return BeginDeferred();
    }
    if (!WIFSTOPPED(status)) return absl::OkStatus();
    if (status >> 16 != PTRACE_EVENT_EXIT && IsDying(ThreadOf(tid))) {
      // It may have come to be since.
      part_->disturber().Doom(ThreadOf(tid).process);
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
      case PTRACE_EVENT_FORK:
      case PTRACE_EVENT_VFORK:
        OnFork(tid);
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

  bool IsDying(const ProgramThread& thread) const {
    return others_end_ || part_->disturber().IsDying(thread.process) ||
           instances_.IsKilled(thread.instance);
  }

  void Continue(pid_t tid, int signal) {
    const ProgramThread& thread = ThreadOf(tid);
    ptrace(thread.begun.has_value() ? PTRACE_SYSCALL : PTRACE_CONT, tid,
           nullptr, AsData(signal));
  }

  Conductor* conductor() const { return part_->options().conductor; }

  bool HasTurn(pid_t tid) {
    return conductor() == nullptr ||
           conductor()->turn() == ThreadOf(tid).instance;
  }

  // It stays where it is until its instance has the turn.
  void Hold(pid_t tid, bool is_at_end) {
    ProgramThread& thread = ThreadOf(tid);
    thread.is_at_end = is_at_end;
    held_.push_back(tid);
  }

  // The first one of those whose turn it is, until nobody is left: each may
  // give the turn away.
  absl::Status ReleaseHeld() {
    // Of a part that is over nobody begins one more.
    while (!part_->is_over()) {
      const auto next =
          std::find_if(held_.begin(), held_.end(),
                       [this](pid_t tid) { return HasTurn(tid); });
      if (next == held_.end()) break;
      const pid_t tid = *next;
      held_.erase(next);
      ProgramThread& thread = ThreadOf(tid);
      if (std::exchange(thread.is_at_end, false)) {
        if (GoesOn(tid, /*is_before=*/false)) Continue(tid, 0);
      } else {
        RETURN_IF_ERROR(OnCall(tid));
      }
    }
    return absl::OkStatus();
  }

  // Whether the thread, which has the turn, goes on with its call, or behind
  // it: otherwise it is held, or killed.
  bool GoesOn(pid_t tid, bool is_before) {
    ProgramThread& thread = ThreadOf(tid);
    const auto call = thread.conducted;
    if (!is_before) thread.conducted.reset();
    if (conductor() == nullptr || !call.has_value()) return true;
    thread.may_wait_for_others = true;
    if (!conductor()->LivesAt(*call, is_before)) {
      KillInstanceOf(tid);
      return false;
    }
    if (HasTurn(tid)) return true;
    Hold(tid, /*is_at_end=*/!is_before);
    return false;
  }

  // The thread is left where it is, and nobody else begins a call until the
  // process is gone.
  void KillInstanceOf(pid_t tid) {
    const int instance = ThreadOf(tid).instance;
    instances_.Kill(instance);
    for (const auto& [other, thread] : threads_) {
      if (thread.instance == instance) part_->disturber().Doom(thread.process);
    }
    in_flight_ = tid;
  }

  bool HasThreads(int instance) const {
    return std::any_of(
        threads_.begin(), threads_.end(),
        [instance](const auto& it) { return it.second.instance == instance; });
  }

  // Whether it may sleep now: others whose turn it is go first.
  bool MayWait(pid_t tid) {
    ProgramThread& thread = ThreadOf(tid);
    if (conductor() == nullptr || thread.is_conducted ||
        !std::exchange(thread.may_wait_for_others, false)) {
      return true;
    }
    thread.is_conducted = true;
    return WaitsAtOnce(tid);
  }

  absl::Status OnCall(pid_t tid) {
    if (!HasTurn(tid)) {
      Hold(tid, /*is_at_end=*/false);
      return absl::OkStatus();
    }
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
    if (call.has_value() && FamilyOf(*call) == CallFamily::kSleep) {
      const bool has_waited = thread.is_conducted;
      if (!MayWait(tid)) return absl::OkStatus();
      // What it waited for others have done meanwhile, in no time.
      if (has_waited && tracee.SkipCall()) tracee.SetResult(0);
    } else if (call.has_value()) {
      ASSIGN_OR_RETURN(thread.begun, part_->Begin(tracee, *call, *entry));
    }
    if (thread.begun.has_value()) {
      if (!MayBegin(tid)) return absl::OkStatus();
      if (Kills(tid, /*is_before=*/true)) return absl::OkStatus();
      part_->disturber().MakeFail(tracee, part_->calls(), thread);
      if (!thread.begun->may_wait) in_flight_ = tid;
    }
    thread.is_conducted = false;
    Continue(tid, 0);
    return absl::OkStatus();
  }

  // What it is about to do it looks at anew when it has the turn again.
  bool MayBegin(pid_t tid) {
    ProgramThread& thread = ThreadOf(tid);
    if (conductor() == nullptr || thread.is_conducted) return true;
    const bool may_wait = thread.begun->may_wait;
    thread.conducted = part_->Conducted(Tracee(tid), *thread.begun);
    thread.is_conducted = true;
    if (!GoesOn(tid, /*is_before=*/true) || (may_wait && !WaitsAtOnce(tid))) {
      if (!instances_.IsKilled(thread.instance)) thread.begun.reset();
      return false;
    }
    return true;
  }

  bool WaitsAtOnce(pid_t tid) {
    conductor()->Waits();
    if (HasTurn(tid)) return true;
    Hold(tid, /*is_at_end=*/false);
    return false;
  }

  absl::Status OnCallEnd(pid_t tid) {
    ProgramThread& thread = ThreadOf(tid);
    const Tracee tracee(tid);
    const auto result = Disturber::ResultOf(tracee, thread);
    if (thread.begun.has_value() && result.has_value()) {
      RETURN_IF_ERROR(part_->End(tracee, thread, *result));
      if (Kills(tid, /*is_before=*/false)) return absl::OkStatus();
    }
    thread.begun.reset();
    if (in_flight_ == tid) in_flight_ = 0;
    EndOthers();
    if (others_end_) return absl::OkStatus();
    if (!HasTurn(tid)) {
      // Of a call that waited, perhaps.
      Hold(tid, /*is_at_end=*/true);
    } else if (GoesOn(tid, /*is_before=*/false)) {
      Continue(tid, 0);
    }
    return BeginDeferred();
  }

  // The thread is left where it is, and nobody else begins a call.
  bool Kills(pid_t tid, bool is_before) {
    if (!part_->disturber().KillsAt(tid, is_before, part_->calls(), threads_))
      return false;
    part_->disturber().Kill(tid, part_->calls(), threads_);
    in_flight_ = tid;
    return true;
  }

  absl::Status BeginDeferred() {
    // Of a part that is over nobody begins one more.
    while (in_flight_ == 0 && !deferred_.empty() && !part_->is_over()) {
      const pid_t tid = deferred_.front();
      deferred_.pop_front();
      const auto found = threads_.find(tid);
      if (found == threads_.end() ||
          part_->disturber().IsDying(found->second.process)) {
        continue;
      }
      if (!HasTurn(tid)) {
        Hold(tid, /*is_at_end=*/false);
      } else {
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
      RETURN_IF_ERROR(part_->Exit(
          thread, static_cast<std::int64_t>(status),
          /*is_first=*/instances_.IsFirst(tid) && options_.instances == 1));
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

  // Its parent may be gone when it is seen first.
  void OnFork(pid_t tid) {
    unsigned long child = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, nullptr, &child);
    instances_.Forks(ThreadOf(tid).instance, static_cast<pid_t>(child));
    Continue(tid, 0);
  }

  void OnGone(pid_t tid, int status) {
    const auto found = threads_.find(tid);
    const int instance = found == threads_.end() ? 0 : found->second.instance;
    threads_.erase(tid);
    if (stacks_.has_value()) stacks_->Forget(tid);
    if (in_flight_ == tid) in_flight_ = 0;
    EndOthers();
    std::erase(held_, tid);
    const bool is_first = instances_.Forget(tid);
    if (instances_.IsKilled(instance)) {
      if (HasThreads(instance)) return;
      if (conductor() != nullptr && instances_.IsGone(instance)) {
        conductor()->IsGone(instance);
      }
      return;
    }
    if (!is_first || has_end_) return;
    has_end_ = true;
    EndOthers();
    if (end_.how == RecordingEnd::How::kStopped) return;
    if (WIFEXITED(status)) {
      end_.how = RecordingEnd::How::kExited;
      end_.status = WEXITSTATUS(status);
    } else {
      end_.how = RecordingEnd::How::kKilled;
      end_.status = WTERMSIG(status);
    }
  }

  // When one instance ends by itself, all do: but first whoever is in the
  // middle of a call, so that it is recorded.
  void EndOthers() {
    if (!has_end_ || options_.instances == 1 || in_flight_ != 0) return;
    others_end_ = true;
    for (const auto& [other, thread] : threads_) {
      part_->disturber().Doom(thread.process);
    }
  }

  absl::Status OnQuiet() {
    const absl::Time now = absl::Now();
    const bool is_late = now - started_ > part_->options().time;
    if (is_late || !(*goes_on_)(part_->progress())) {
      end_.how = RecordingEnd::How::kStopped;
      for (const auto& [tid, thread] : threads_) kill(thread.process, SIGKILL);
    } else if (in_flight_ != 0 && (!deferred_.empty() || part_->is_over()) &&
               now - event_ > kPatience) {
      in_flight_ = 0;
      return BeginDeferred();
    } else if (conductor() != nullptr && in_flight_ == 0 && !held_.empty() &&
               !part_->is_over() && now - event_ > kPatienceOfOthers) {
      event_ = now;
      conductor()->Waits();
      return ReleaseHeld();
    }
    output_.Copy();
    Feed* const feed = part_->options().feed;
    if (feed != nullptr) feed->Write();
    signals_->Wait(output_.readable(), feed == nullptr ? -1 : feed->waits());
    return absl::OkStatus();
  }

  const ProgramOptions& options_;
  const ProgramOutput& output_;
  std::optional<StackWalker> stacks_;
  RecordedPart* part_ = nullptr;
  const ChildSignals* signals_ = nullptr;
  const RecordGoesOn* goes_on_ = nullptr;
  ProgramThreads threads_;
  Instances instances_;
  bool has_end_ = false;
  bool others_end_ = false;
  bool is_over_ = false;
  // The one whose call is under way; others wait at the beginning of theirs, so
  // that the order of the recording is that of the kernel.
  pid_t in_flight_ = 0;
  std::deque<pid_t> deferred_;
  std::deque<pid_t> held_;  // by the conductor, in the order of their coming
  absl::Time started_;
  absl::Time event_;
  RecordingEnd end_;
};

}  // namespace

class Recorder::Impl {
 public:
  explicit Impl(ProgramOptions options) : options_(std::move(options)) {}
  ~Impl() {
    if (tracer_.has_value()) tracer_->KillAll();
    if (ack_ >= 0) close(ack_);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  absl::Status Open() {
    if (options_.has_stacks && !StackWalker::IsThere()) {
      return absl::FailedPreconditionError(
          "this lastcommit was built without libdw, and finds no stacks "
          "(--stacks)");
    }
    ack_ = open(options_.ack.c_str(),
                O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (ack_ < 0) {
      return absl::ErrnoToStatus(errno,
                                 absl::StrCat("cannot make ", options_.ack));
    }
    ASSIGN_OR_RETURN(
        output_, ProgramOutput::Open(options_.output, options_.is_terminal));
    tracer_.emplace(options_, *output_);
    return absl::OkStatus();
  }

  bool is_over() const { return tracer_->is_over(); }

  absl::StatusOr<RecordingEnd> Record(const PartOptions& options,
                                      const RecordGoesOn& goes_on) {
    if (is_over())
      return absl::FailedPreconditionError("the program has ended");
    ASSIGN_OR_RETURN(
        const auto writer,
        RecordingWriter::Create(options.recording,
                                {options_.command, options.directory}));
    // One without an end is of no use to anybody.
    auto remove = absl::MakeCleanup([&] { unlink(options.recording.c_str()); });
    const ChildSignals signals;
    RecordedPart part(options, output_->OutletsWith(options_.ack), *writer,
                      tracer_->stacks());
    RETURN_IF_ERROR(part.TakeStock());
    std::optional<OneCpu> cpu;
    if (options.on_one_cpu) tracer_->BringTo(cpu.emplace());
    while (std::ssize(programs_) < options_.instances) {
      const auto instance = static_cast<int>(programs_.size());
      ASSIGN_OR_RETURN(
          auto program,
          StartedProgram::Start(options_, instance, ack_, *output_, signals));
      tracer_->StartsWith(program->pid(), instance);
      programs_.push_back(std::move(program));
    }
    ASSIGN_OR_RETURN(RecordingEnd end, tracer_->Follow(part, signals, goes_on));
    if (is_over()) RETURN_IF_ERROR(programs_.front()->CouldRun());
    RETURN_IF_ERROR(part.Finish(end));
    std::move(remove).Cancel();
    return end;
  }

 private:
  const ProgramOptions options_;
  int ack_ = -1;
  std::unique_ptr<ProgramOutput> output_;
  std::optional<Tracer> tracer_;
  std::vector<std::unique_ptr<StartedProgram>> programs_;  // the instances
};

absl::StatusOr<std::unique_ptr<Recorder>> Recorder::Make(
    const ProgramOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<Recorder>(new Recorder(std::move(impl)));
}

Recorder::Recorder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Recorder::~Recorder() = default;

bool Recorder::is_over() const { return impl_->is_over(); }

absl::StatusOr<RecordingEnd> Recorder::Record(const PartOptions& options,
                                              const RecordGoesOn& goes_on) {
  return impl_->Record(options, goes_on);
}

absl::StatusOr<RecordingEnd> RecordProgram(const RecordOptions& options,
                                           const RecordGoesOn& goes_on) {
  ASSIGN_OR_RETURN(const auto recorder, Recorder::Make(options));
  PartOptions whole;
  whole.directory = options.directory;
  whole.recording = options.recording;
  whole.time = options.time;
  whole.disturbance = options.disturbance;
  return recorder->Record(whole, goes_on);
}

// NOLINTEND(google-runtime-int)

}  // namespace lastcommit
