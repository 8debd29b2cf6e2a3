// Recoverer: a driver's own open() and state() on crash images, one after the
// other, in a process that is not recorded, and that goes on.

#ifndef LASTCOMMIT_DRIVEN_RECOVERIES_H_
#define LASTCOMMIT_DRIVEN_RECOVERIES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "driven/driver_process.h"
#include "plan/plan.h"
#include "store/state.h"

namespace lastcommit::driven {

struct Recovery {
  enum class Kind {
    kRecovered,
    kRefused,  // an error of open or state, or a state that is none
    kDied,     // the driver did
    kHung,
  };
  Kind kind = Kind::kRecovered;
  State state;          // kRecovered
  std::string message;  // else: what it was, for people
};

class Recoverer {
 public:
  // `scratch` is a directory of its own. `time`: of each answer.
  Recoverer(DriverCommand command, std::string scratch, absl::Duration time);

  // `databases` are paths. Ends behind the first over which the driver dies or
  // hangs. InvalidArgument: what the driver says is no protocol.
  absl::StatusOr<std::vector<Recovery>> RecoverAll(
      const Vocabulary& dialect, const std::vector<std::string>& databases);
  // By a process that has made no other recovery, makes no more, and is alone:
  // another one may hold what the store wants for itself.
  absl::StatusOr<Recovery> RecoverAlone(const Vocabulary& dialect,
                                        const std::string& database);
  // From now on RecoverAlone() takes the process that is there, which may have
  // made others, and is faster. For who has what it shows looked at again.
  void TakeTheUsedOne(bool is_enough) { used_is_enough_ = is_enough; }
  // The next recovery is made by a process that has made no other one.
  void End() { process_.reset(); }

 private:
  const DriverCommand command_;
  const std::string scratch_;
  const absl::Duration time_;
  std::unique_ptr<DriverProcess> process_;
  int uses_ = 0;
  bool used_is_enough_ = false;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_RECOVERIES_H_
