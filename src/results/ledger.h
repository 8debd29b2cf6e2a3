// Ledger: what a run really exercised, cell by cell. A run promises some cells
// (results/promises.h).

#ifndef LASTCOMMIT_RESULTS_LEDGER_H_
#define LASTCOMMIT_RESULTS_LEDGER_H_

#include <cstdint>
#include <map>
#include <string>

#include "generate/mix.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

class Ledger {
 public:
  // Names of cells, "crash/fork/kill/wal/commit", and how often.
  using Cells = std::map<std::string, std::int64_t>;

  void Add(const Plan& plan, const TrialResult& result);
  void Add(const Cells& cells);

  const Cells& cells() const { return cells_; }
  std::int64_t Count(const std::string& cell) const;
  std::int64_t trials() const { return Count("trials"); }
  std::int64_t skipped() const;
  // Held or violated.
  std::int64_t judged() const;

  // As people read it: crashes of real processes as a table, unless only
  // simulated disks were used, losses of power as another, then outcomes and
  // verdicts.
  std::string Print() const;

 private:
  std::string PrintRealProcesses() const;

  Cells cells_;
};

// "timed kills: 100 sent, 97 came while a program ran (97.0 %), 3 too late".
std::string DescribeTimedKills(const Ledger& ledger);

// Names of cells: trials whose plans were of that combination, and those of
// them that were judged after its fault was really done.
std::string PlansCell(const Combination& combination);
std::string ExercisedCell(const Combination& combination);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_LEDGER_H_
