// The header line of a plan, printed and parsed. Only codec.cc calls it.

#ifndef LASTCOMMIT_PLAN_HEADER_FIELDS_H_
#define LASTCOMMIT_PLAN_HEADER_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "plan/flat_json.h"
#include "plan/plan.h"

namespace lastcommit {

// Without the newline. Optional fields only if they say something.
std::string PrintHeader(const Plan& plan);

// A plan without rounds. InvalidArgument "FIELD: what is wrong".
absl::StatusOr<Plan> ParseHeader(const JsonFields& fields);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_HEADER_FIELDS_H_
