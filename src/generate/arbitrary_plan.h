// Generates plans with RapidCheck's generator of random numbers. A plan is a
// function of (seed, index, what was asked for) and of nothing else, and the
// one at an index costs no more than any other.

#ifndef LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_
#define LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "plan/plan.h"

namespace lastcommit {

// Changes with each change of what a seed means: with the plan of any key. A
// test fails where it was forgotten (docs/architecture.md, "Determinism").
inline constexpr int kGeneratorVersion = 12;

// Where the plans run.
enum class EngineChoice {
  kFork,
  kSim,
  kMixed,   // both, as the mix has them (generate/mix.h)
  kRecord,  // of what is driven from outside; nobody chooses it
};
// That can be chosen.
inline constexpr int kEngineChoices =
    static_cast<int>(EngineChoice::kMixed) + 1;

// Which faults the plans have.
enum class FaultChoice {
  kNone,  // no plan has a crash
  kKill,  // each plan has at least one
  // Any of the others but kTimedKill, as the mix has them (generate/mix.h).
  kMixed,
  // As kKill, but each is timed: the plans are a function of the seed, what
  // they give is not. Always on kFork.
  kTimedKill,
  kPowerLoss,  // each plan ends with one; before it there are kills, too
  kIoError,    // each plan has at least one; kills and power losses, too
};
inline constexpr int kFaultChoices =
    static_cast<int>(FaultChoice::kIoError) + 1;

// How many clients a plan has: any number from `least` to `most`.
struct ClientRange {
  constexpr ClientRange() = default;
  // A number is a range, too.
  constexpr ClientRange(int count) : least(count), most(count) {}  // NOLINT
  constexpr ClientRange(int from, int to) : least(from), most(to) {}

  int least = 1;
  int most = 1;

  bool operator==(const ClientRange&) const = default;
};
inline constexpr ClientRange kAnyClients = {1, kMaxClients};

// Each narrows what plans are drawn (generate/mix.h). What tests begin with is
// one client on real files; a run without options has everything.
struct GenerateOptions {
  std::string saver = "sqlite";
  const Vocabulary* dialect = &DefaultDialect();  // the saver's
  std::vector<StepKind> lacks = {};  // controls that the saver does not have
  std::vector<const OperationSpec*> lacks_operations = {};  // the same
  // What the saver fixes of the profile.
  std::optional<saver::JournalMode> journal_mode = {};
  std::optional<saver::Synchronous> synchronous = {};
  // It has databases attached: without super-journals for one client, without
  // errors.
  bool is_attached = false;

  bool Lacks(StepKind kind) const {
    return std::find(lacks.begin(), lacks.end(), kind) != lacks.end();
  }
  EngineChoice engine = EngineChoice::kFork;
  FaultChoice fault = FaultChoice::kMixed;
  // Several on real processes are killed only.
  ClientRange clients = {};
  // How they take turns; nullopt: each plan has one of its own.
  std::optional<ScheduleKind> schedule = {};
};

struct CaseKey {
  std::uint64_t seed = 0;
  std::uint64_t index = 0;
};

// The mix of the options must not be empty.
Plan PlanAt(const CaseKey& key, const GenerateOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_ARBITRARY_PLAN_H_
