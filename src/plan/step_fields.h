// The fields of a step line, and which step uses which: one place for the
// printer and the parser. Those of an operation are its vocabulary's.

#ifndef LASTCOMMIT_PLAN_STEP_FIELDS_H_
#define LASTCOMMIT_PLAN_STEP_FIELDS_H_

#include <string>

#include "absl/status/statusor.h"
#include "plan/flat_json.h"
#include "plan/plan.h"

namespace lastcommit {

// `,"thread":1,...` for each field that the kind of `step` uses and that does
// not have its default. Without what goes wrong (plan/fault_fields.h).
std::string PrintStepFields(const Step& step);

// A step from all fields of its line, its faults included. InvalidArgument
// "FIELD: what is wrong".
absl::StatusOr<Step> ParseStep(const JsonFields& fields,
                               const Vocabulary& dialect);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_STEP_FIELDS_H_
