// SharedMemory: a value that a process shares with the children that it forks,
// and that outlives them. Of plain data and atomics: a child may die between
// any two instructions.

#ifndef LASTCOMMIT_DISK_SHARED_MEMORY_H_
#define LASTCOMMIT_DISK_SHARED_MEMORY_H_

#include <sys/mman.h>

#include <cerrno>
#include <memory>
#include <new>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

struct UnmapMemory {
  template <typename T>
  void operator()(T* value) const {
    static_assert(std::is_trivially_destructible_v<T>);
    munmap(value, sizeof(T));
  }
};

template <typename T>
using SharedMemory = std::unique_ptr<T, UnmapMemory>;

// Value-initialised. Memory is taken as it is written to. ResourceExhausted.
template <typename T>
absl::StatusOr<SharedMemory<T>> MakeSharedMemory() {
  void* const memory = mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  return SharedMemory<T>(new (memory) T());
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SHARED_MEMORY_H_
