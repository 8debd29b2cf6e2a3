#include "trial/large_pages.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>

#include "disk/child_memory.h"

namespace lastcommit {

void UseLargePages() {
  static bool is_done = false;
  if (internal::kHasSanitizer || std::exchange(is_done, true)) return;
  constexpr int kHeap = 64 << 20;
  // The most that glibc takes for it.
  mallopt(M_MMAP_THRESHOLD, kHeap / 2);
  mallopt(M_TRIM_THRESHOLD, kHeap);
  mallopt(M_TOP_PAD, kHeap);
  // The heap's next part, of which nothing is written to.
  void* const first = std::malloc(kHeap / 4);
  const std::byte* const end = static_cast<std::byte*>(sbrk(0));
  // Elsewhere it is where the heap could not grow.
  if (first != nullptr && first < end) {
    void* whole = first;
    auto size = static_cast<std::size_t>(end - static_cast<std::byte*>(first));
    constexpr std::size_t kLargePage = std::size_t{2} << 20;
    // Where the kernel has none of them, small ones do.
    if (std::align(kLargePage, kLargePage, whole, size) != nullptr) {
      (void)madvise(whole, size / kLargePage * kLargePage, MADV_HUGEPAGE);
    }
  }
  std::free(first);
}

}  // namespace lastcommit
