// Promises: what a run of some size must have met, cell by cell of the ledger,
// or it ends as not exercised, because a fault that never bit has shown
// nothing. A small run promises nothing, and so shows nothing.
//
// Two kinds. From TrialsOfAPromise() on, each combination of engine, fault and
// number of clients that the options leave was judged with its fault done. And
// each finer cell (a kind of error, a phase of a crash, a schedule) is filled
// once there were enough plans that could have filled it.

#ifndef LASTCOMMIT_RESULTS_PROMISES_H_
#define LASTCOMMIT_RESULTS_PROMISES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "results/ledger.h"

namespace lastcommit {

// A cell is promised when it should have been filled that often on average.
// That it is empty by chance is then less likely than one in a million (e^-14).
inline constexpr int kExpectedFills = 14;
// No run promises anything before so many trials, however few combinations it
// has.
inline constexpr std::int64_t kLeastTrials = 300;
// Of those that are recorded, each with every crash of its run.
inline constexpr std::int64_t kLeastRecordings = 40;

// More skipped plans than this share and nothing is shown.
inline constexpr int kMaxSkippedPercent = 20;
// Timed kills that came while a program ran, at least: otherwise the delays do
// not fit the machine, and the run has shown little.
inline constexpr int kLeastInsidePercent = 90;
bool AreInside(const Ledger& ledger);

// From so many trials on each combination of the mix is promised, and a run is
// large enough to be called held.
std::int64_t TrialsOfAPromise(const GenerateOptions& options);

// At least this share of the plans fills the cell.
struct Promise {
  Cell cell;
  double share = 1;
  // Cells of the ledger that count the plans which could fill it; their sum.
  std::vector<Cell> plans;

  // So many of these, and it is due.
  std::int64_t due() const;
};
// All that a run with these options promises, however large it has to be.
std::vector<Promise> PromisesOf(const GenerateOptions& options);

struct PromiseReport {
  int kept = 0;
  int pending = 0;  // for a larger run
  // In words; of cells and of all else that a run must be. Empty = exercised.
  std::vector<std::string> broken;
};
PromiseReport CheckPromises(const Ledger& ledger,
                            const GenerateOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_PROMISES_H_
