// Ledger: what a run really exercised, cell by cell. A run promises some cells
// (results/promises.h).

#ifndef LASTCOMMIT_RESULTS_LEDGER_H_
#define LASTCOMMIT_RESULTS_LEDGER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "plan/plan.h"
#include "results/cell.h"
#include "trial/trial.h"

namespace lastcommit {

class Ledger {
 public:
  void Add(const Plan& plan, const TrialResult& result);
  void Add(const Cells& cells);

  const Cells& cells() const { return cells_; }
  std::int64_t Count(const Cell& cell) const;
  // Of the cell with that name.
  std::int64_t Count(std::string_view name) const {
    return Count(ParseCell(name));
  }
  std::int64_t trials() const { return Count({.group = CellGroup::kTrials}); }
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

// What neither a table nor a sentence of its own shows.
Cells CellsOutsideOfTables(const Ledger& ledger);

// "timed kills: 100 sent, 97 came while a program ran (97.0 %), 3 too late".
std::string DescribeTimedKills(const Ledger& ledger);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_LEDGER_H_
