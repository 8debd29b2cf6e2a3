// A cell of the ledger: something that is counted. It has a group, and as many
// of the other fields as its group has; its name is those fields in order,
// "crash/fork/kill/wal/commit". Records, tables and messages of workers have
// the names.

#ifndef LASTCOMMIT_RESULTS_CELL_H_
#define LASTCOMMIT_RESULTS_CELL_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "generate/mix.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

enum class CellGroup {
  kTrials,
  kSteps,
  kCommits,
  kVerdict,
  kPlans,      // of a combination of engine, fault and number of clients
  kExercised,  // and of those, judged with their fault done
  kRound,      // that ended without a crash
  kCrash,
  kMoment,
  kTimedKill,
  kPowerLoss,  // crash images
  kImages,
  kErrors,
  kSurvival,
  kClients,
  kSchedule,
  kRemoval,
  kOutcome,
  kSignature,  // crashes and errors, results/signature.h
  kRecorded,   // crash images of recordings, and what was asked of the program
  kUnknown  // of a program that counts something else; `what` is its whole name
};

// How a round of the groups kRound and kCrash ended.
enum class CrashKind { kNone, kKill, kTimedKill, kPowerLoss };
std::string_view Name(CrashKind crash);

struct Cell {
  CellGroup group = CellGroup::kUnknown;
  std::optional<Engine> engine = {};
  std::optional<FaultChoice> fault = {};
  std::optional<CrashKind> crash = {};
  std::optional<saver::JournalMode> journal_mode = {};
  std::optional<saver::Synchronous> synchronous = {};
  std::optional<Phase> phase = {};
  std::optional<int> clients = {};
  std::string what = {};  // "lost_commits"

  auto operator<=>(const Cell&) const = default;
};

std::string Name(const Cell& cell);
// The cell of that name. What has no such name is of the group kUnknown.
Cell ParseCell(std::string_view name);

// And how often it was counted.
using Cells = std::map<Cell, std::int64_t>;
// By name, ascending, as they are written and shown.
using NamedCells = std::map<std::string, std::int64_t>;
NamedCells WithNames(const Cells& cells);
Cells ParseCells(const NamedCells& named);

// "held", "violated(lost_commit)", "worker_died".
Cell VerdictCell(std::string_view verdict);
// Trials whose plans were of that combination, and those of them that were
// judged after its fault was really done.
Cell PlansCell(const Combination& combination);
Cell ExercisedCell(const Combination& combination);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_CELL_H_
