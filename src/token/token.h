// A TOKEN: a plan as one short word, for a message, a commit or the log of a
// night (docs/token.md). Findings print one; `lastcommit replay TOKEN` and
// LASTCOMMIT_REPLAY=TOKEN take it.
//
// What is to be kept, with what is expected of it, is the plan's file.

#ifndef LASTCOMMIT_TOKEN_TOKEN_H_
#define LASTCOMMIT_TOKEN_TOKEN_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "plan/plan.h"

namespace lastcommit {

inline constexpr std::size_t kMaxTokenSize = 400;

// What is expected of the plan is not in it. ResourceExhausted: the plan is too
// long, and its file is all that replays it.
absl::StatusOr<std::string> PrintToken(const Plan& plan);

// The plan of a token, without expectation. InvalidArgument: it is mistyped, or
// of another format, or no plan is in it. Any text takes bounded time and
// memory.
absl::StatusOr<Plan> ParseToken(std::string_view token);

// Whether the text is meant as a token and not as the name of a file: it begins
// like one and has neither a dot nor a slash.
bool LooksLikeToken(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_TOKEN_H_
