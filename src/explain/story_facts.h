// StoryFacts: what happened when a plan was run, beside the plan: which step
// acknowledged which commit, what each round had to leave and left, and the
// rows that differ. A finding keeps it as facts.json (docs/results-format.md),
// for the page.

#ifndef LASTCOMMIT_EXPLAIN_STORY_FACTS_H_
#define LASTCOMMIT_EXPLAIN_STORY_FACTS_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "store/state.h"
#include "trial/trial.h"

namespace lastcommit {

struct StoryFacts {
  std::vector<Acknowledgement> acknowledgements;
  // By round: what was acknowledged at its end, what must and may be there, and
  // what was; empty if it was not judged.
  std::vector<std::string> ends;
  std::vector<RowDifference> rows;

  // "commit 3 acknowledged"; empty if the step acknowledged none, or if nobody
  // knows: steps behind the first wrong answer are not looked at.
  std::string AcknowledgedBy(std::size_t round, std::size_t step) const;
  // The same for a round that nothing is known of.
  std::string EndOf(std::size_t round) const;
};

StoryFacts StoryFactsOf(const TrialResult& result);

// As facts.json, and back. InvalidArgument.
std::string PrintStoryFacts(const StoryFacts& facts);
absl::StatusOr<StoryFacts> ParseStoryFacts(std::string_view text);
// The errors of ReadWholeFile, and InvalidArgument.
absl::StatusOr<StoryFacts> ReadStoryFacts(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_STORY_FACTS_H_
