#include "trial/recorded_engine.h"

#include <sqlite3.h>

#include "disk/system_calls.h"
#include "oracle/crash_history.h"

namespace lastcommit {

RecordedEngine::RecordedEngine(const Round& round, DroppedSyncs dropped,
                               RealDisk& disk, SharedPage& page)
    : round_(round),
      page_(page),
      recorder_(disk.directory(), disk.log()),
      errors_(disk.directory(), recorder_),
      dropper_(dropped, errors_) {}

absl::Status RecordedEngine::Install() {
  // The process is alone with its database: a lock that is busy is one that an
  // error has made so, and a saver that waits for it would only look hung.
  DivideSleeps(kNoSleep);
  return InstallSystemCalls(&dropper_);
}

void RecordedEngine::Observe(IoObserver* observer) {
  observer_ = observer;
  ForkEngine::Observe(observer == nullptr ? nullptr : this);
}

void RecordedEngine::BeforeStep(std::size_t step, Store* saver) {
  const std::optional<IoError>& error = round_.steps[step].error;
  if (error.has_value()) errors_.Arm(*error);
  // In these steps the saver goes, or comes.
  const StepKind kind = round_.steps[step].kind;
  const bool is_there = kind != StepKind::kOpen && kind != StepKind::kReopen &&
                        kind != StepKind::kClose;
  errors_.set_saver(is_there ? saver : nullptr);
}

std::optional<std::int64_t> RecordedEngine::BeforeCall(const IoCall& call) {
  call_began_ = page_.now;
  calls_before_ = page_.calls;
  return observer_->BeforeCall(call);
}

void RecordedEngine::OnResult(const IoCall& call, int result) {
  observer_->OnResult(call, result);
  if (result != SQLITE_OK) return;
  if (call.kind == IoKind::kSync && call.role == FileRole::kWal) {
    NoteWalSync(call.database, calls_before_, call_began_, page_.synced);
  }
  if (call.syncs_directory) page_.synced.directory = call_began_;
}

void RecordedEngine::DuringCall(const IoCall& call) {
  observer_->DuringCall(call);
}
void RecordedEngine::AfterCall(const IoCall& call) {
  observer_->AfterCall(call);
}

}  // namespace lastcommit
