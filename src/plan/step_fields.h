// The fields of a step line, and which step uses which: one table for the
// printer, the parser, edits that change a step's kind, and whoever goes
// through all fields without knowing them (src/token).

#ifndef LASTCOMMIT_PLAN_STEP_FIELDS_H_
#define LASTCOMMIT_PLAN_STEP_FIELDS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plan/flat_json.h"
#include "plan/plan.h"

namespace lastcommit {

// `,"thread":1,...` for each field that the kind of `step` uses and that does
// not have its default. Without what goes wrong (plan/fault_fields.h).
std::string PrintStepFields(const Step& step);

// A step from all fields of its line, its faults included. InvalidArgument
// "FIELD: what is wrong".
absl::StatusOr<Step> ParseStep(const JsonFields& fields);

// Fields by number, 0 .. StepFields()-1, in the order of the table. Faults are
// none of them.
int StepFields();
bool UsesStepField(StepKind kind, int field);
// The value as 64 bits; a negative one modulo 2^64.
std::uint64_t StepFieldBits(const Step& step, int field);
// InvalidArgument outside the field's limits.
absl::Status SetStepFieldBits(Step& step, int field, std::uint64_t bits);
// With the default in each field that its kind does not use.
Step OnlyUsedFields(Step step);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_STEP_FIELDS_H_
