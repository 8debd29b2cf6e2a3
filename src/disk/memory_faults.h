// Memory that runs out: an allocation of SQLite's, or one of operator new, can
// be made to fail. The layers over both allocators are always there, so that a
// process with such faults runs the same code as one without: whoever links
// this has this operator new.
//
// Of operator new only what is allocated inside NewMayFail counts and fails:
// the code under test. It calls back into the tester (the VFS, an
// acknowledgement), which steps out of it with NewMustNotFail.

#ifndef LASTCOMMIT_DISK_MEMORY_FAULTS_H_
#define LASTCOMMIT_DISK_MEMORY_FAULTS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace lastcommit {

enum class Allocator { kSqlite, kNew };

// Once, in main, before SQLite is used at all
// (https://sqlite.org/c3ref/config.html). Internal if SQLite refuses.
absl::Status InstallMemoryFaults();

// The `at`-th allocation (1, 2, ...) of that allocator from now on fails, and
// those after it until `count` have; 0 = all. Those of the other one do not. An
// `at` of 0 ends it.
void FailAllocations(Allocator allocator, std::int64_t at, std::int64_t count);

// While they are held nothing fails, and nothing counts.
void HoldAllocationFaults(bool held);

// How many have failed since FailAllocations was called.
std::int64_t FailedAllocations();

namespace internal {
// Of this thread; what it was before.
bool SetNewMayFail(bool may_fail);

template <bool kMayFail>
class NewFailureScope {
 public:
  NewFailureScope() : before_(SetNewMayFail(kMayFail)) {}
  ~NewFailureScope() { SetNewMayFail(before_); }
  NewFailureScope(const NewFailureScope&) = delete;
  NewFailureScope& operator=(const NewFailureScope&) = delete;

 private:
  const bool before_;
};
}  // namespace internal

using NewMayFail = internal::NewFailureScope<true>;
// May be left behind on the stack of a client that is dead.
using NewMustNotFail = internal::NewFailureScope<false>;

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_MEMORY_FAULTS_H_
