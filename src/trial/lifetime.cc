#include "trial/lifetime.h"

#include <array>
#include <string>

#include "plan/codec.h"
#include "xxhash.h"

namespace lastcommit {

std::uint64_t SeedOf(const Plan& plan) {
  // The seed does not depend on the faults of the plan: what the program does
  // stays the same when the crash moves.
  Plan program = WithoutExpectation(plan);
  program.engine = Engine::kFork;
  program.images = 0;
  program.schedule = {};
  for (Round& round : program.rounds) {
    for (Step& step : round.steps) {
      step.crash.reset();
      step.kill_after_us.reset();
      step.switches.clear();
    }
  }
  const std::string text = PrintPlan(program);
  return XXH3_64bits(text.data(), text.size());
}

std::uint32_t LifetimeSeed(std::uint64_t plan_seed, std::size_t round,
                           std::uint64_t examination) {
  const std::array<std::uint64_t, 2> lifetime = {round, examination};
  // Not 0, which SQLite takes for "no seed".
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(
             lifetime.data(), sizeof(lifetime), plan_seed)) |
         1;
}

std::uint32_t ClientSeed(std::uint64_t plan_seed, std::size_t round,
                         int client) {
  const auto number = static_cast<std::uint64_t>(client);
  return LifetimeSeed(
      number == 0 ? plan_seed
                  : XXH3_64bits_withSeed(&number, sizeof(number), plan_seed),
      round, 0);
}

}  // namespace lastcommit
