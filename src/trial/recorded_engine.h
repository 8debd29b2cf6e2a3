// RecordedEngine: a real process whose system calls are recorded, and may fail.
// What syncs have covered counts as SQLite's core saw it, above the "unix" VFS:
// a sync that is lost on its way to the kernel is not excused.

#ifndef LASTCOMMIT_TRIAL_RECORDED_ENGINE_H_
#define LASTCOMMIT_TRIAL_RECORDED_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "disk/call_log.h"
#include "disk/dropped_syncs.h"
#include "disk/shim_vfs.h"
#include "plan/plan.h"
#include "trial/real_disk.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/system_call_errors.h"

namespace lastcommit {

class RecordedEngine : public ForkEngine, private IoObserver {
 public:
  // All must outlive it.
  RecordedEngine(const Round& round, DroppedSyncs dropped, RealDisk& disk,
                 SharedPage& page);

  // In the child, before SQLite opens anything. Internal if it refuses.
  absl::Status Install();

  void Observe(IoObserver* observer) override;
  std::int64_t errors() const override { return errors_.errors(); }
  void BeforeStep(std::size_t step, Store* saver) override;

 private:
  std::optional<std::int64_t> BeforeCall(const IoCall& call) override;
  void OnResult(const IoCall& call, int result) override;
  void DuringCall(const IoCall& call) override;
  void AfterCall(const IoCall& call) override;

  const Round& round_;
  SharedPage& page_;
  CallRecorder recorder_;
  SystemCallErrors errors_;
  SyncDropper dropper_;
  IoObserver* observer_ = nullptr;
  Mark call_began_ = -1;
  CallMark calls_before_ = 0;  // that one
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_RECORDED_ENGINE_H_
