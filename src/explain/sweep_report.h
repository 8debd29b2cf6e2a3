// What a sweep came to, for people and for programs.

#ifndef LASTCOMMIT_EXPLAIN_SWEEP_REPORT_H_
#define LASTCOMMIT_EXPLAIN_SWEEP_REPORT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "explain/sweep.h"

namespace lastcommit {

// "write wal", "between two steps".
std::string NameOf(const SweepRow& row);

// "HELD: 40 images held, ...", the last line.
std::string OutcomeOf(const SweepSummary& summary);

// A table by I/O call, the findings, and the outcome as the last line.
std::string PrintSweep(const SweepSummary& summary,
                       const SweepOptions& options);

nlohmann::json SweepToJson(const SweepSummary& summary,
                           const SweepOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_SWEEP_REPORT_H_
