// What a plan that was shrunk, or bent by a property, has otherwise than the
// plan as it was generated, in as few bytes as possible. Only token.cc calls
// it.

#ifndef LASTCOMMIT_TOKEN_PLAN_DIFFERENCE_H_
#define LASTCOMMIT_TOKEN_PLAN_DIFFERENCE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "plan/plan.h"

namespace lastcommit {

// Rounds, steps, fields, faults, images and the profile; saver, engine and
// expectation are not looked at. No bytes if there is no difference.
std::string EncodeDifference(const Plan& generated, const Plan& plan);

// `generated` with the difference. InvalidArgument for bytes that give no
// well-formed plan; any bytes take bounded time and memory.
absl::StatusOr<Plan> DecodeDifference(const Plan& generated,
                                      std::string_view bytes);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_PLAN_DIFFERENCE_H_
