// ChildMemory: memory for a process that lives for one trial. What such a child
// allocates lies in pages of its own, new and large: in the heap of its parent
// each page that it writes to would be copied first, which was a third of a
// trial.

#ifndef LASTCOMMIT_DISK_CHILD_MEMORY_H_
#define LASTCOMMIT_DISK_CHILD_MEMORY_H_

#include <cstddef>

namespace lastcommit {

// In a child with a single thread: from now on operator new and SQLite take
// memory from here (disk/memory_faults.h), and give back what is of the parent
// as before. Nothing happens if there is no address space for it, or if a
// sanitizer looks after memory itself.
void UseChildMemory();

namespace internal {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kHasSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kHasSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kHasSanitizer = false;
#endif

// nullptr: from elsewhere. Aligned for every type.
void* AllocateInChild(std::size_t size);
bool IsOfChild(const void* memory);
// What was asked for.
std::size_t SizeInChild(const void* memory);
// Whether it can have that size where it is; then it has.
bool ResizeInChild(void* memory, std::size_t size);
void FreeInChild(void* memory);

}  // namespace internal
}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_CHILD_MEMORY_H_
