// One round on a simulated disk: each client is a fiber, every call of the VFS
// comes through here and is a yield point on both of its sides, and crash
// images are taken along the way without stopping anybody. Knows at each moment
// what the syncs so far have made durable.

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
#include "trial/client_schedule.h"
#include "trial/client_turns.h"
#include "trial/lock_trace.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/trial.h"

namespace lastcommit {

// A moment at which power could have been lost.
struct SimImage {
  std::uint64_t ordinal = 0;  // of the moment in its round
  Storage storage;
  Mark now = 0;
  SyncMarks synced;
  bool database_written_since_commit = false;
  CrashPlace place;
  Survival survival;
  bool is_after_death = false;  // of one client alone
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

class SimClient;

class SimRound : private SimObserver {
 public:
  // All must outlive it; `plan` has the round.
  SimRound(SimDisk& disk, SharedPage& page, const Plan& plan, std::size_t round,
           const ImageSampling& sampling);
  ~SimRound() override;

  // False: a crash of all clients has ended the round. The fiber of a dead
  // client is left where it was.
  bool Run(const RoundTask& task);

  const SyncMarks& synced() const { return synced_; }
  // In the order in which they were taken.
  std::vector<SimImage>& images() { return images_; }
  // The switches from one client to another at a yield point.
  const std::vector<TakenSwitch>& switches() const { return switches_; }
  std::int64_t changes_of_client() const { return changes_of_client_; }
  // When a client died alone, and which one.
  Mark died_at() const { return died_at_; }
  std::optional<int> dead_client() const { return dead_client_; }
  // With a window: how many crash points there are, also outside of it.
  std::uint64_t crash_points() const { return moments_; }

 private:
  friend class SimClient;

  // ---- What clients say; each may go on later, or never ----
  void BeforeStep(SimClient& client, std::size_t step);
  [[noreturn]] void Die(SimClient& client, bool alone);
  // `call`: the call before or after which the client may yield; nullptr: it is
  // before the step begins.
  void MayYield(SimClient& client, const VfsCall* call);

  // ---- SimObserver: of the client that runs ----
  int BeforeCall(const VfsCall& call) override;
  std::optional<std::int64_t> Divide(const VfsCall& call) override;
  int DuringCall(const VfsCall& call) override;
  void AfterCall(const VfsCall& call, int result) override;

  // nullptr: no client is left.
  SimClient* NextInOrder() const;
  SimClient& ClientOf(int number) const;
  void GoOn(SimClient& from, SimClient& to);
  static void HoldErrors(SimClient& client, bool held);
  void MayTakeImage(Moment moment);
  void PassCrashPoint(Moment moment);
  void TakeCrashPoint(std::uint64_t number, Moment moment);
  bool IsInWindow(std::uint64_t number) const;
  SimImage ImageAt(std::uint64_t ordinal, Moment moment) const;
  std::optional<std::int64_t> DivideForImage();

  SimDisk& disk_;
  SharedPage& page_;
  const Round& round_;
  TurnsState turns_state_;
  ClientTurns turns_;
  LockTable locks_;
  LockTrace lock_trace_;
  const ImageSampling sampling_;
  SyncMarks synced_;
  std::vector<std::unique_ptr<SimClient>> clients_;
  SimClient* running_ = nullptr;
  SimClient* next_ = nullptr;
  bool is_over_ = false;  // all are dead
  Mark died_at_ = kNever;
  std::optional<int> dead_client_;
  std::uint64_t moments_ = 0;
  std::vector<SimImage> images_;
  std::vector<TakenSwitch> switches_;
  std::int64_t changes_of_client_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_ROUND_H_
