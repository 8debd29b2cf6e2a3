// Which calls can fail with a kind of error, and what they get then: those of
// SQLite's VFS on a simulated disk, and the system calls of its "unix" VFS on
// real files. ErrorInjector and SystemCallErrors choose among them.

#ifndef LASTCOMMIT_TRIAL_ERROR_CALLS_H_
#define LASTCOMMIT_TRIAL_ERROR_CALLS_H_

#include <optional>
#include <string_view>

#include "disk/memory_faults.h"
#include "disk/system_calls.h"
#include "disk/vfs_call.h"
#include "plan/fault.h"

namespace lastcommit {

// Whose allocations fail with such an error; nullopt: calls do.
std::optional<Allocator> AllocatorOf(ErrorKind kind);

bool CanFail(ErrorKind kind, const VfsCall& call);
// SQLITE_OK: it depends, or the call is made all the same.
int ResultOf(ErrorKind kind);

// Of databases in `directory`.
bool CanFail(ErrorKind kind, std::string_view directory,
             const SystemCall& call);
int ErrnoOf(ErrorKind kind);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ERROR_CALLS_H_
