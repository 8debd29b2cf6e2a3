// Summary: how a run ended, for people, as JSON (docs/results-format.md), and
// as an exit code.

#ifndef LASTCOMMIT_RESULTS_SUMMARY_H_
#define LASTCOMMIT_RESULTS_SUMMARY_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "output/exit_code.h"
#include "results/night_properties.h"
#include "results/promises.h"
#include "results/run_options.h"
#include "results/tally.h"

namespace lastcommit {

// How long a run took to its first violation, with which it counts; nothing
// that was done to keep or to shrink it is in it.
struct FirstFinding {
  std::int64_t trials = 0;
  absl::Duration after;
};

struct Summary {
  Tally tally;
  std::vector<FindingGroup> groups;
  PromiseReport promises;
  // Of the night that a campaign was part of; nullopt: it had none.
  std::optional<NightProperties> properties;
  std::int64_t trials_before = 0;  // of earlier sessions of a campaign
  bool was_interrupted = false;
  // Why the tester failed; what it had found until then is there.
  std::string error;
  // Whether what a campaign makes of its results could be written; they
  // themselves are there.
  absl::Status written;
  absl::Duration took;
  std::optional<FirstFinding> first_finding;  // of this run
  ExitCode exit_code = ExitCode::kHeld;

  // Sets the exit code. `has_found`: a violation was seen, even if nothing of
  // it could be kept.
  void DecideOutcome(bool has_found);
};

Summary Summarize(Tally tally, const GenerateOptions& generate);

// "480 judged (477 held, 3 violated), 20 not (15 never came to their crash, 5
// without a demand); ...": all that the verdict of a run is about, and what it
// says nothing of.
std::string JudgedInWords(const Summary& summary);

// The ledger if it is asked for, broken promises, the first findings, what to
// do next, and as the last line the verdict.
void PrintSummary(const RunOptions& options, const Summary& summary);

// The first of them, without its story, and how many there are.
nlohmann::json GroupToJson(const FindingGroup& group);

nlohmann::json SummaryToJson(const RunOptions& options, const Summary& summary);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_SUMMARY_H_
