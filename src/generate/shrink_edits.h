// The ways in which a plan gets simpler, the boldest first: rounds, chunks of
// steps by halves, transactions, then arguments towards 0, the profile towards
// its defaults, crashes and errors towards the beginning, power losses towards
// kills.

#ifndef LASTCOMMIT_GENERATE_SHRINK_EDITS_H_
#define LASTCOMMIT_GENERATE_SHRINK_EDITS_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace lastcommit {

// Applied to the plan it was made for; nullopt if it changes nothing.
struct Edit : std::function<std::optional<Plan>(const Plan&)> {
  using function::function;
  // Where to go on in the edits of the simpler plan, so many before this one:
  // of a number that got smaller the boldest steps are tried anew.
  std::size_t back = 0;
  // Edits of one kind have one number, and stand together.
  int kind = 0;
};

// Cheap to make; a plan is only copied when an edit is applied. Every result
// is a well-formed plan and simpler than the plan given. In the order of their
// kinds, which are the same for each plan.
std::vector<Edit> SimplerEdits(const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_SHRINK_EDITS_H_
