// SimClient: one client of a round on a simulated disk, and the call that it is
// at. Only sim_round.cc uses it.

#ifndef LASTCOMMIT_TRIAL_SIM_CLIENT_H_
#define LASTCOMMIT_TRIAL_SIM_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "disk/sim_vfs.h"
#include "trial/error_injector.h"
#include "trial/fiber.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/sim_round.h"

namespace lastcommit {

class SimClient : public RoundEngine {
 public:
  // `round` must outlive it.
  SimClient(SimRound& round, int its_number)
      : number(its_number), round_(round) {}

  void Observe(IoObserver* new_observer) override { observer = new_observer; }
  [[noreturn]] void Die(bool alone) override { round_.Die(*this, alone); }
  std::int64_t errors() const override {
    return injector == nullptr ? finished_errors : injector->errors();
  }
  bool Unlink(const std::string& path) override {
    return round_.disk_.Remove(path);
  }
  bool HasBytes(const std::string& path) override {
    const Storage& storage = round_.disk_.storage();
    const InodeId found = storage.Find(path);
    return found != kNoInode && storage.Size(found) > 0;
  }
  void BeforeStep(std::size_t next, Store* of_client) override {
    saver = of_client;
    round_.BeforeStep(*this, next);
  }

  const int number;
  std::unique_ptr<Fiber> fiber;
  Store* saver = nullptr;  // when its step began

  IoObserver* observer = nullptr;
  std::optional<IoCall> counted;        // the call that it makes, if counted
  std::optional<std::int64_t> divided;  // and where it is divided
  std::optional<std::uint64_t> divided_for;  // the crash point in the middle
  Mark call_began = 0;
  CallMark calls_before = 0;  // that one
  // From the step that has an error to the end of its program.
  std::unique_ptr<ErrorInjector> injector;
  std::int64_t finished_errors = 0;  // once there is no injector any more

 private:
  SimRound& round_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_CLIENT_H_
