// SimClient: one client of a round on a simulated disk, and where it is. Only
// sim_round.cc uses it.

#ifndef LASTCOMMIT_TRIAL_SIM_CLIENT_H_
#define LASTCOMMIT_TRIAL_SIM_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "disk/sim_vfs.h"
#include "trial/error_injector.h"
#include "trial/fiber.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/sim_round.h"

namespace lastcommit {

class SimClient : public RoundEngine {
 public:
  // Where one is that has finished.
  static constexpr std::size_t kNowhere =
      std::numeric_limits<std::size_t>::max();

  // `round` must outlive it. `program`: its steps, at least two.
  SimClient(SimRound& round, int its_number,
            std::vector<std::size_t> its_program)
      : number(its_number),
        program(std::move(its_program)),
        step(program.front()),
        round_(round) {}

  void Observe(IoObserver* new_observer) override { observer = new_observer; }
  [[noreturn]] void Die(bool alone) override { round_.Die(*this, alone); }
  std::int64_t errors() const override {
    return injector == nullptr ? finished_errors : injector->errors();
  }
  void BeforeStep(std::size_t next, Saver* of_client) override {
    saver = of_client;
    round_.BeforeStep(*this, next);
  }

  bool is_gone() const { return is_dead || step == kNowhere; }

  const int number;
  const std::vector<std::size_t> program;
  std::size_t step;               // that it is at, or comes to next
  std::size_t in_program = 0;     // the same
  std::int64_t yield_points = 0;  // of that step so far
  bool is_dead = false;
  std::uint64_t asleep = 0;  // since which sleep of the round; 0 = it is not
  std::unique_ptr<Fiber> fiber;
  bool is_delicate = false;  // as YieldPoint has it
  Saver* saver = nullptr;    // when its step began

  IoObserver* observer = nullptr;
  std::optional<IoCall> counted;        // the call that it makes, if counted
  std::optional<std::int64_t> divided;  // and where it is divided
  std::optional<std::uint64_t> divided_for;  // the crash point in the middle
  Mark call_began = 0;
  // From the step that has an error to the end of its program.
  std::unique_ptr<ErrorInjector> injector;
  std::int64_t finished_errors = 0;  // once there is no injector any more

 private:
  SimRound& round_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_CLIENT_H_
