// The table of combinations: for each engine and fault, and each number of
// clients, how many plans were exercised of how many that were run. What is not
// exercised was not judged, or its fault was not done.

#ifndef LASTCOMMIT_RESULTS_COMBINATION_TABLE_H_
#define LASTCOMMIT_RESULTS_COMBINATION_TABLE_H_

#include <string>
#include <vector>

#include "results/ledger.h"

namespace lastcommit {

// The head and a row of words for each engine and fault that has a plan; empty
// without any.
std::vector<std::vector<std::string>> CombinationTable(const Ledger& ledger);

// As people read it; "" without a plan.
std::string PrintCombinationTable(const Ledger& ledger);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_COMBINATION_TABLE_H_
