// A TOKEN: a short word that regenerates a plan without any file, on any
// machine. It holds the key and the options of the plan as it was generated,
// and what shrinking changed (docs/token.md). Findings print one; `lastcommit
// replay TOKEN` and LASTCOMMIT_REPLAY=TOKEN take it.
//
// Not for storing: a token lives as long as the generator's version. What is
// to be kept is the plan.

#ifndef LASTCOMMIT_TOKEN_TOKEN_H_
#define LASTCOMMIT_TOKEN_TOKEN_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "generate/arbitrary_plan.h"
#include "plan/plan.h"

namespace lastcommit {

inline constexpr std::size_t kMaxTokenSize = 120;

// A token of `plan`, which came from PlanAt(key, options) by shrinking or
// bending. What is expected of the plan is not in it. ResourceExhausted if the
// difference does not fit, which PlanAt(key, options) itself always does;
// InvalidArgument if it cannot be said, such as a plan of another saver. What
// is returned was parsed again and gave the plan.
absl::StatusOr<std::string> PrintToken(const CaseKey& key,
                                       const GenerateOptions& options,
                                       const Plan& plan);

// The plan of a token, without expectation. InvalidArgument: it is mistyped, or
// of another generator, or of a saver that is not among `savers`. Any text
// takes bounded time and memory.
absl::StatusOr<Plan> ParseToken(std::string_view token,
                                const std::vector<std::string>& savers);

// Whether the text is meant as a token and not as the name of a file: it begins
// like one and has neither a dot nor a slash.
bool LooksLikeToken(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_TOKEN_H_
