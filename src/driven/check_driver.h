// CheckDriver: whether a driver does without a crash what is taken for granted:
// each operation as the model, what it holds after it was closed and opened,
// and the same each time.

#ifndef LASTCOMMIT_DRIVEN_CHECK_DRIVER_H_
#define LASTCOMMIT_DRIVEN_CHECK_DRIVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "driven/driver_process.h"
#include "plan/plan.h"

namespace lastcommit::driven {

struct DriverCheck {
  struct Counts {
    std::int64_t asked = 0;
    std::int64_t done = 0;  // without an error
  };
  std::map<std::string, Counts> requests;  // by name
  // What was wrong, and in which of the plans.
  std::string wrong;
  std::optional<std::size_t> plan;
};

// Runs each plan twice, in one process that is not recorded, in `scratch`, a
// private directory; ends with the first that goes wrong. InvalidArgument: what
// the driver says is no protocol.
absl::StatusOr<DriverCheck> CheckDriver(const DriverCommand& command,
                                        const std::vector<Plan>& plans,
                                        const std::string& scratch,
                                        absl::Duration time);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_CHECK_DRIVER_H_
