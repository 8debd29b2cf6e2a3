// The fields of a step line, and which step uses which: one table for the
// printer and the parser. Only codec.cc and parse.cc call it.

#ifndef LASTCOMMIT_PLAN_STEP_FIELDS_H_
#define LASTCOMMIT_PLAN_STEP_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "plan/flat_json.h"
#include "plan/plan.h"

namespace lastcommit {

// `,"thread":1,...` for each field that the kind of `step` uses and that does
// not have its default. Without the crash.
std::string PrintStepFields(const Step& step);

// A step from all fields of its line, the crash included. InvalidArgument
// "FIELD: what is wrong".
absl::StatusOr<Step> ParseStep(const JsonFields& fields);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_STEP_FIELDS_H_
