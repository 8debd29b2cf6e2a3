// Generates plans with RapidCheck's generator of random numbers. A plan is a
// function of (seed, index, what was asked for) and of nothing else, and the
// one at an index costs no more than any other.

#ifndef LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_
#define LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "plan/plan.h"

namespace lastcommit {

// Changes with each change of what a seed means: with the plan of any key, the
// order of the enumerators below, or how tokens say what shrinking did
// (docs/token.md). A test fails where it was forgotten.
inline constexpr int kGeneratorVersion = 9;

// Where the plans run.
enum class EngineChoice {
  kFork,
  kSim,
  kMixed,  // three of four on the simulated disk
};
inline constexpr int kEngineChoices =
    static_cast<int>(EngineChoice::kMixed) + 1;

// Which faults the plans have.
enum class FaultChoice {
  kNone,  // no plan has a crash
  kKill,  // each plan has at least one
  // Most have one; none is timed. On kFork mostly kills, on kSim mostly power
  // losses and errors.
  kMixed,
  // As kKill, but each is timed: the plans are a function of the seed, what
  // they give is not. Always on kFork.
  kTimedKill,
  kPowerLoss,  // each plan ends with one; before it there are kills, too
  kIoError,    // each plan has at least one; kills and power losses, too
};
inline constexpr int kFaultChoices =
    static_cast<int>(FaultChoice::kIoError) + 1;

struct GenerateOptions {
  std::string saver = "sqlite";
  EngineChoice engine = EngineChoice::kFork;
  FaultChoice fault = FaultChoice::kMixed;
  // How many clients each plan has. Several on real processes are killed only.
  int clients = 1;
  // How they take turns; nullopt: each plan has one of its own.
  std::optional<ScheduleKind> schedule = {};
};

struct CaseKey {
  std::uint64_t seed = 0;
  std::uint64_t index = 0;
};

Plan PlanAt(const CaseKey& key, const GenerateOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_
