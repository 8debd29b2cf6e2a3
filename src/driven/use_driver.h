// Makes a driver known: asks it who it is, and registers its store.

#ifndef LASTCOMMIT_DRIVEN_USE_DRIVER_H_
#define LASTCOMMIT_DRIVEN_USE_DRIVER_H_

#include <string>

#include "absl/status/statusor.h"
#include "driven/driver_process.h"
#include "driven/protocol.h"
#include "trial/fork_trial.h"

namespace lastcommit::driven {

// What it says of itself, from a process of its own. InvalidArgument: that is
// no protocol. FailedPrecondition: it does not answer.
absl::StatusOr<Hello> AskHello(const DriverCommand& command);

// Runs here.
absl::StatusOr<DriverCommand> CommandHere(const std::string& command);

// The name of its store, which plans have, and in `trial` how they are run.
// Before the first plan, in a process with a single thread that has no other
// children. InvalidArgument: what it says of itself is no protocol, or its name
// is that of another store. FailedPrecondition: it does not answer.
absl::StatusOr<std::string> UseDriver(const std::string& command,
                                      TrialOptions& trial);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_USE_DRIVER_H_
