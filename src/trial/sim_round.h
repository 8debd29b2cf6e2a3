// One round on a simulated disk: the saver runs on a fiber, every I/O call goes
// through here, and crash images are taken along the way without stopping it.
// Knows at each moment what the syncs so far have made durable.

#ifndef LASTCOMMIT_TRIAL_SIM_ROUND_H_
#define LASTCOMMIT_TRIAL_SIM_ROUND_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "disk/sim_vfs.h"
#include "disk/storage.h"
#include "plan/plan.h"
#include "trial/error_injector.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/trial.h"

namespace lastcommit {

class Fiber;

// A moment at which power could have been lost.
struct SimImage {
  std::uint64_t ordinal = 0;  // of the moment in its round
  Storage storage;
  Mark now = -1;
  SyncMarks synced;
  bool database_written_since_commit = false;
  CrashPlace place;
  Survival survival;
};

// The crash points of a round, numbered 0, 1, ...: before each step, and
// before, during and after each call that is counted. From `begin` to before
// `end`.
struct CrashPointWindow {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Which moments are taken, out of how many there will be nobody knows: each
// with the same chance, at most `most`. Or every crash point of a window.
struct ImageSampling {
  int most = 0;
  std::uint64_t seed = 0;
  std::optional<CrashPointWindow> window = {};
};

class SimRound : public RoundEngine, private SimObserver {
 public:
  // All must outlive it.
  SimRound(SimDisk& disk, SharedPage& page, const Round& round,
           const ImageSampling& sampling);
  ~SimRound() override;

  // False: it died, and is left where it was.
  bool Run(const RoundTask& task);

  // How many errors were injected.
  std::int64_t errors() const override;
  // Where it ended.
  Mark now() const;
  const SyncMarks& synced() const { return synced_; }
  // In the order in which they were taken.
  std::vector<SimImage>& images() { return images_; }
  // With a window: how many crash points there are, also outside of it.
  std::uint64_t crash_points() const { return moments_; }

 private:
  void Observe(IoObserver* observer) override { observer_ = observer; }
  [[noreturn]] void Die() override;
  void BeforeStep(std::size_t step, Saver* saver) override;

  int BeforeCall(const SimCall& call) override;
  std::optional<std::int64_t> Divide(const SimCall& call) override;
  int DuringCall(const SimCall& call) override;
  void AfterCall(const SimCall& call, int result) override;

  void MayTakeImage(Moment moment);
  void PassCrashPoint(Moment moment);
  void TakeCrashPoint(std::uint64_t number, Moment moment);
  bool IsInWindow(std::uint64_t number) const;
  SimImage ImageAt(std::uint64_t ordinal, Moment moment) const;
  std::optional<std::int64_t> DivideForImage();

  SimDisk& disk_;
  SharedPage& page_;
  const Round& round_;
  const ImageSampling sampling_;
  SyncMarks synced_;
  IoObserver* observer_ = nullptr;
  Fiber* fiber_ = nullptr;
  bool is_dead_ = false;
  std::optional<IoCall> counted_;        // the call that is made, if counted
  std::optional<std::int64_t> divided_;  // and where it is divided
  Mark call_began_ = -1;
  // From the step that has an error to the end of the round.
  std::unique_ptr<ErrorInjector> injector_;
  std::int64_t errors_ = 0;  // once there is no injector any more
  std::uint64_t moments_ = 0;
  std::optional<std::uint64_t> divided_for_;  // the crash point in the middle
  std::vector<SimImage> images_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_ROUND_H_
