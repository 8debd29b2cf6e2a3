#include "disk/freed_memory.h"

#include <malloc.h>

namespace lastcommit {

void KeepFreedMemory() {
  constexpr int kBytes = 1 << 30;
  mallopt(M_TRIM_THRESHOLD, kBytes);
  mallopt(M_MMAP_THRESHOLD, kBytes);
  mallopt(M_TOP_PAD, 1 << 20);
}

}  // namespace lastcommit
