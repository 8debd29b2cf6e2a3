// Two campaigns, one before the other: which findings are new, which are known
// and which were not found again, by their cause, and what else is not the
// same.

#ifndef LASTCOMMIT_RESULTS_COMPARISON_H_
#define LASTCOMMIT_RESULTS_COMPARISON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "output/exit_code.h"
#include "page/document.h"
#include "results/loaded_campaign.h"
#include "results/tally.h"

namespace lastcommit {

struct Comparison {
  // The cause of a finding is its verdict, its shape, and which known bugs it
  // looks like. Of each group the later campaign's, but of those that are gone.
  std::vector<FindingGroup> new_ones;
  std::vector<FindingGroup> known;
  std::vector<FindingGroup> gone;
  // Findings of the later campaign that were not shrunk: their cause is not
  // known.
  std::vector<FindingGroup> not_compared;
  // The same of the earlier campaign: what is called new may be one of these.
  std::vector<FindingGroup> not_compared_before;
  // Properties of the later night that failed, and had not in the earlier one.
  std::vector<std::string> failed;
  // What is different of what was tested: "SQLite: 3.40.1, then 3.54.1".
  std::vector<std::string> differences;
  // Cells of the ledger that only one of them has.
  std::vector<std::string> new_cells;
  std::vector<std::string> gone_cells;
};

Comparison Compare(const LoadedCampaign& before, const LoadedCampaign& after);

// kViolated: there are new findings, or properties failed anew. kNotExercised:
// nobody knows, since findings were not compared, or the later campaign ended
// with an error, exercised too little, or not all properties.
ExitCode CodeOf(const Comparison& comparison, const LoadedCampaign& after);

// "1 new, 2 known, none gone".
std::string InWords(const Comparison& comparison);

// What is the same and what is not, below a heading of that level.
void AddComparison(const Comparison& comparison, const LoadedCampaign& before,
                   const LoadedCampaign& after, int level, Document& page);

// schema lastcommit-comparison-1 (docs/results-format.md).
nlohmann::json JsonOf(const Comparison& comparison);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_COMPARISON_H_
