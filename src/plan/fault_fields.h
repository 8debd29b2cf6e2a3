// The fields of a step line that say what goes wrong in it: the crash, the
// timed kill and the error. Only codec.cc and step_fields.cc call it.

#ifndef LASTCOMMIT_PLAN_FAULT_FIELDS_H_
#define LASTCOMMIT_PLAN_FAULT_FIELDS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "plan/flat_json.h"
#include "plan/plan.h"

namespace lastcommit {

// `,"crash":{...},...` for each fault of the step. What does not belong to the
// kind of survival is left out.
std::string PrintFaults(const Step& step);

// Whether a field of that full name, such as "crash.io", is read by
// ParseFaults, which may still refuse it.
bool IsFaultField(std::string_view name);

// The faults of a step from all fields of its line. InvalidArgument "FIELD:
// what is wrong".
absl::Status ParseFaults(const JsonFields& fields, Step& step);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_FAULT_FIELDS_H_
