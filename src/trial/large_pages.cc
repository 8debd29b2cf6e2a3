#include "trial/large_pages.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
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
  const auto begin = reinterpret_cast<std::uintptr_t>(first);
  std::free(first);
  constexpr std::uintptr_t kLargePage = std::uintptr_t{2} << 20;
  const std::uintptr_t whole = (begin + kLargePage - 1) / kLargePage;
  const std::uintptr_t after =
      reinterpret_cast<std::uintptr_t>(sbrk(0)) / kLargePage;
  if (begin == 0 || whole >= after) return;
  // Where the kernel has none of them, small ones do.
  (void)madvise(reinterpret_cast<void*>(whole * kLargePage),
                (after - whole) * kLargePage, MADV_HUGEPAGE);
}

}  // namespace lastcommit
