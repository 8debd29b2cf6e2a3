#include "record/disturber.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "record/watched_calls.h"

namespace lastcommit {
namespace {

// What is done of it while the program dies would be nobody's word.
bool IsChangingFiles(const ProgramThread& thread) {
  const auto& begun = thread.begun;
  return begun.has_value() && FamilyOf(begun->call) != CallFamily::kLock &&
         begun->target != BegunCall::Target::kOutput;
}

}  // namespace

bool Disturber::HasCome(std::uint64_t number) const {
  return done_.empty() && number - beginning_ >= wanted_.call;
}

bool Disturber::KillsAt(pid_t tid, bool is_before, std::uint64_t calls,
                        const ProgramThreads& threads) const {
  const bool kills = wanted_.kind == Disturbance::Kind::kKillAll ||
                     wanted_.kind == Disturbance::Kind::kKillProcess;
  if (!kills || wanted_.is_before != is_before ||
      !HasCome(calls + (is_before ? 1 : 0))) {
    return false;
  }
  return std::none_of(threads.begin(), threads.end(), [tid](const auto& it) {
    return it.first != tid && IsChangingFiles(it.second);
  });
}

// The others of the program stay where they are until it is dead, so that
// what they do comes after it.
void Disturber::Kill(pid_t tid, std::uint64_t calls,
                     const ProgramThreads& threads) {
  const ProgramThread& killed = threads.at(tid);
  const bool is_one = wanted_.kind == Disturbance::Kind::kKillProcess;
  done_ = absl::StrCat(
      is_one ? absl::StrCat("process ", killed.process_ordinal, " was")
             : "all processes were",
      " killed ", wanted_.is_before ? "before " : "after ",
      std::string(Name(killed.begun->call)));
  done_at_ = calls;
  all_die_ = !is_one;
  for (const auto& [other, thread] : threads) {
    if (!is_one || thread.process == killed.process) {
      dying_.insert(thread.process);
    }
  }
  for (const pid_t process : dying_) kill(process, SIGKILL);
}

void Disturber::Doom(pid_t process) {
  dying_.insert(process);
  kill(process, SIGKILL);
}

void Disturber::MakeFail(const Tracee& tracee, std::uint64_t calls,
                         ProgramThread& thread) {
  if (wanted_.kind != Disturbance::Kind::kFail || !HasCome(calls + 1)) return;
  const BegunCall& begun = *thread.begun;
  const auto fault = FaultOf(begun, wanted_.choice);
  if (!fault.has_value()) return;
  const bool is_done =
      fault->error == 0 ? tracee.SetArgument(Fault::kSizeArgument, fault->size)
                        : tracee.SkipCall();
  if (!is_done) return;
  thread.fault = fault;
  const std::string name =
      begun.path.has_value() ? *begun.path
      : begun.to.has_value()
          ? *begun.to
          : files_.Below(tracee.NameOf(begun.descriptor)).value_or("");
  done_ = absl::StrCat(std::string(Name(begun.call)), " of ", name, " ",
                       fault->InWords());
  done_at_ = calls;
}

std::optional<std::int64_t> Disturber::ResultOf(const Tracee& tracee,
                                                ProgramThread& thread) {
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

}  // namespace lastcommit
