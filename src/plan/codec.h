// The text form of a plan: JSON Lines, a header and then one step a line
// (docs/plan-format.md). Parsing what was printed gives the same plan.

#ifndef LASTCOMMIT_PLAN_CODEC_H_
#define LASTCOMMIT_PLAN_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "plan/plan.h"

namespace lastcommit {

inline constexpr int kPlanVersion = 2;

// One line per step, each ended by a newline. Fields of a step that have their
// default, or that its kind does not use, are left out. Printable ASCII only.
// Nothing is checked: what no parser accepts is printed all the same.
std::string PrintPlan(const Plan& plan);
// One step as in PrintPlan, without the newline.
std::string PrintStep(const Step& step);

// InvalidArgument "NAME:LINE: FIELD: what is wrong" for text that is no plan:
// bad JSON or UTF-8, an unknown or repeated field, a number outside its limits,
// a wrong version, a round that does not open and close, a last line without
// its newline. `name` stands for the file in the message, where FIELD is
// "column N" if the line is no JSON. Text from the input is escaped and cut.
absl::StatusOr<Plan> ParsePlan(std::string_view text, std::string_view name);

// Reads a regular file. NotFound, PermissionDenied, InvalidArgument (something
// else than a file, too large, or as above).
absl::StatusOr<Plan> ReadPlanFile(const std::string& path);

// Writes a temporary file beside `path`, syncs and renames it, so that the
// file is never half there. ResourceExhausted when the disk is full,
// PermissionDenied, NotFound (no such directory), InvalidArgument (a
// directory). Safe from several processes and threads.
absl::Status WritePlanFile(const std::string& path, const Plan& plan);

// What WritePlanFile would say of `path`, for work that takes long and is
// written at its end. Leaves nothing behind, and a file that is there as it is.
absl::Status CheckPlanFileCanBeWritten(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_CODEC_H_
