// What an image took the next one takes again.

#ifndef LASTCOMMIT_DISK_FREED_MEMORY_H_
#define LASTCOMMIT_DISK_FREED_MEMORY_H_

namespace lastcommit {

// From now on this process keeps the memory that it frees. Giving it back to
// the kernel between two images, which then clears new pages, costs more than
// the rest of the allocator.
void KeepFreedMemory();

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_FREED_MEMORY_H_
