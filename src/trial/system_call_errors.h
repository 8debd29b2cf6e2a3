// SystemCallErrors: makes system calls of SQLite's "unix" VFS fail, as one
// IoError of a plan says. The counterpart of ErrorInjector on real files.

#ifndef LASTCOMMIT_TRIAL_SYSTEM_CALL_ERRORS_H_
#define LASTCOMMIT_TRIAL_SYSTEM_CALL_ERRORS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "disk/system_calls.h"
#include "plan/fault.h"
#include "store/store.h"

namespace lastcommit {

class SystemCallErrors : public SystemCallObserver {
 public:
  // Of databases in `directory`, whose symbolic links are resolved. `next` is
  // not owned, and hears of every call that is made.
  SystemCallErrors(std::string directory, SystemCallObserver& next);

  // Calls count from now on.
  void Arm(const IoError& error);
  // The saver to interrupt; nullptr = none. Not owned.
  void set_saver(Store* saver) { saver_ = saver; }
  // How many were injected.
  std::int64_t errors() const;

  SystemCallAnswer BeforeCall(const SystemCall& call) override;
  void AfterCall(const SystemCall& call, std::int64_t result) override;

 private:
  // What the call gets instead of being made.
  SystemCallAnswer Answer(const SystemCall& call);
  SystemCallAnswer FailWrite(const SystemCall& call);

  const std::string directory_;
  SystemCallObserver& next_;
  std::optional<IoError> error_;
  Store* saver_ = nullptr;
  std::int64_t calls_ = 0;
  std::int64_t errors_ = 0;
  bool is_half_way_ = false;  // the rest of a write is to fail
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SYSTEM_CALL_ERRORS_H_
