// A client's side of a round: opens the saver, runs its steps, writes intent,
// acknowledgement and its position into the shared page, and dies at the crash
// point. The engine says how a client dies, and what it sees of I/O.

#ifndef LASTCOMMIT_TRIAL_ROUND_RUNNER_H_
#define LASTCOMMIT_TRIAL_ROUND_RUNNER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "disk/shim_vfs.h"
#include "plan/plan.h"
#include "subject/registry.h"
#include "trial/driver.h"
#include "trial/shared_page.h"

namespace lastcommit {

class RoundEngine {
 public:
  virtual ~RoundEngine() = default;
  // From now on the observer hears of every I/O call; nullptr: nobody does.
  virtual void Observe(IoObserver* observer) = 0;
  // `alone`: the other clients live on.
  [[noreturn]] virtual void Die(bool alone) = 0;
  // How many errors were injected in this round.
  virtual std::int64_t errors() const { return 0; }
  // What another program does: takes the name of a file away from those who
  // have it open. No call that the observer hears of. False: there is none.
  virtual bool Unlink(const std::string& path) = 0;
  // Whether there is such a file, and something in it.
  virtual bool HasBytes(const std::string& path) = 0;
  virtual void BeforeStep(std::size_t /*step*/, Store* /*saver*/) {}
};

struct RoundTask {
  const SaverEntry* entry = nullptr;
  const Profile* profile = nullptr;
  const Round* round = nullptr;
  std::string database;
  bool creates = false;  // there is no schema yet
  int client = 0;
};

// Where a kill divides a write: how many of its bytes are there. nullopt: it
// does not divide this call.
std::optional<std::int64_t> KillBoundary(const IoCall& call);

// Runs the client's program to its end or does not return.
void RunProgram(const RoundTask& task, RoundEngine& engine, SharedPage& page);

// A real process: the shim over "unix", and SIGKILL.
class ForkEngine : public RoundEngine {
 public:
  void Observe(IoObserver* observer) override;
  [[noreturn]] void Die(bool alone) override;
  bool Unlink(const std::string& path) override;
  bool HasBytes(const std::string& path) override;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ROUND_RUNNER_H_
