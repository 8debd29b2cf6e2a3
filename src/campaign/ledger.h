// Ledger: what a run really exercised, cell by cell. A run promises some cells;
// one that stays empty ends the run as not exercised, because a fault that
// never bit has shown nothing.

#ifndef LASTCOMMIT_CAMPAIGN_LEDGER_H_
#define LASTCOMMIT_CAMPAIGN_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "generate/arbitrary_plan.h"
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

  // As people read it: crashes of real processes as a table, unless only
  // simulated disks were used, losses of power as another, then outcomes and
  // verdicts.
  std::string Print() const;

 private:
  std::string PrintRealProcesses() const;

  Cells cells_;
};

// A run promises to fill cells only when it is large enough for that; one of
// losses of power alone, which has no more crashes but as many cells, when it
// is twice as large.
inline constexpr std::int64_t kTrialsOfAPromise = 1000;
// nullopt: with these options it promises none, however large it is.
std::optional<std::int64_t> TrialsOfAPromise(const GenerateOptions& options);
// More skipped plans than this share and nothing is shown.
inline constexpr int kMaxSkippedPercent = 20;

// Timed kills that came while a program ran, at least: otherwise the delays do
// not fit the machine, and the run has shown little.
inline constexpr int kLeastInsidePercent = 90;
bool AreInside(const Ledger& ledger);

// "timed kills: 100 sent, 97 came while a program ran (97.0 %), 3 too late".
std::string DescribeTimedKills(const Ledger& ledger);

// The promised cells that stayed empty, and other promises that were broken,
// in words; empty = exercised.
std::vector<std::string> BrokenPromises(const Ledger& ledger,
                                        const GenerateOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_LEDGER_H_
