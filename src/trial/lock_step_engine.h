// LockStepEngine: one of a round's clients, each a real process of its own, of
// which one at a time goes on: whoever has the baton. It is passed on at the
// same yield points as in a SimRound, on both sides of every call that SQLite
// makes of the VFS, so that a plan does the same on both engines.
//
// FreeEngine is the same client where nobody waits for a turn.

#ifndef LASTCOMMIT_TRIAL_LOCK_STEP_ENGINE_H_
#define LASTCOMMIT_TRIAL_LOCK_STEP_ENGINE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "disk/shim_vfs.h"
#include "disk/vfs_call.h"
#include "disk/virtual_time.h"
#include "plan/plan.h"
#include "trial/baton.h"
#include "trial/client_schedule.h"
#include "trial/client_turns.h"
#include "trial/lock_trace.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"

namespace lastcommit {

// What the processes share, beside the SharedPage. Each writes to its own place
// in `turns`; to the rest only whoever has the baton.
struct ClientsPage {
  TurnsState turns;
  LockTable locks;
  Baton baton;
  std::atomic<int> ready;  // how many of those that run freely
  VirtualTime time;
  // Of each client: it has died and left the others alive.
  std::array<bool, kMaxClients> died_alone = {};
  std::int64_t changes_of_client = 0;
  std::size_t switches = 0;  // more are not told
  TakenSwitch taken[kMaxSwitches];
};

class LockStepEngine : public ForkEngine, private VfsObserver {
 public:
  // All must outlive it; the turns have begun.
  LockStepEngine(const Plan& plan, std::size_t round, int client,
                 ClientsPage& page, SharedPage& shared);

  // Around the client's program. Begin returns once it is its turn. The baton
  // is left to the parent, which passes it on when this process is gone.
  void Begin();
  void End();

  void BeforeStep(std::size_t step, Store* saver) override;
  [[noreturn]] void Die(bool alone) override;

 private:
  void BeforeCall(const VfsCall& call) override { MayYield(&call); }
  void AfterCall(const VfsCall& call) override;
  // `call`: the call before or after which the client may yield; nullptr: it is
  // before the step begins.
  void MayYield(const VfsCall* call);
  void GoOn(int to);

  const int client_;
  ClientsPage& page_;
  ClientTurns turns_;
  LockTrace lock_trace_;
};

class FreeEngine : public ForkEngine {
 public:
  // All must outlive it. `clients`: those of the round.
  FreeEngine(const std::vector<int>& clients, int client, ClientsPage& page)
      : clients_(clients), client_(client), page_(page) {}

  // Around the client's program. Begin returns once every process is there, or
  // the first would be done before the last begins.
  void Begin();
  void End();
  [[noreturn]] void Die(bool alone) override;

 private:
  const std::vector<int>& clients_;
  const int client_;
  ClientsPage& page_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_LOCK_STEP_ENGINE_H_
