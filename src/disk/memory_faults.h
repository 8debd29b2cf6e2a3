// SQLite's memory, of which an allocation can be made to fail. The layer over
// its own allocator is always there, so that a process with such faults runs
// the same code as one without.

#ifndef LASTCOMMIT_DISK_MEMORY_FAULTS_H_
#define LASTCOMMIT_DISK_MEMORY_FAULTS_H_

#include <cstdint>

#include "absl/status/status.h"

namespace lastcommit {

// Once, in main, before SQLite is used at all
// (https://sqlite.org/c3ref/config.html). Internal if SQLite refuses.
absl::Status InstallMemoryFaults();

// The `at`-th allocation (1, 2, ...) from now on fails, and those after it
// until `count` have; 0 = all. An `at` of 0 ends it.
void FailAllocations(std::int64_t at, std::int64_t count);

// While they are held nothing fails, and nothing counts.
void HoldAllocationFaults(bool held);

// How many have failed since FailAllocations was called.
std::int64_t FailedAllocations();

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_MEMORY_FAULTS_H_
