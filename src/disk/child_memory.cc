#include "disk/child_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace lastcommit {
namespace {

// Address space: what is never touched costs nothing.
constexpr std::size_t kBytes = std::size_t{64} << 20;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

// Before each piece.
struct alignas(16) Head {
  std::size_t size = 0;
  std::size_t of_class = 0;
};
struct Piece {
  Piece* next;
};

// Up to 1 KiB in steps of 16 bytes, above in four steps for each doubling: of a
// page of SQLite's with what it keeps beside it not too much is wasted.
constexpr std::size_t kStep = 16;
constexpr std::size_t kSmallest = 1024;
constexpr std::size_t kSmallClasses = kSmallest / kStep;
constexpr std::size_t kDoublings = 10;
constexpr std::size_t kMost = kSmallest << kDoublings;
constexpr std::size_t kClasses = kSmallClasses + 4 * kDoublings;
constexpr std::size_t kFreed = kClasses;

constexpr std::size_t ClassOf(std::size_t size) {
  if (size <= kSmallest) return (std::max(size, kStep) - 1) / kStep;
  const auto doubling =
      static_cast<std::size_t>(std::bit_width((size - 1) / kSmallest)) - 1;
  const std::size_t quarter = (kSmallest << doubling) / 4;
  return kSmallClasses + 4 * doubling + (size - 1) / quarter - 4;
}
constexpr std::size_t SizeOf(std::size_t number) {
  if (number < kSmallClasses) return (number + 1) * kStep;
  const std::size_t doubling = (number - kSmallClasses) / 4;
  const std::size_t quarter = (kSmallest << doubling) / 4;
  return quarter * (5 + (number - kSmallClasses) % 4);
}
static_assert(SizeOf(ClassOf(1)) == 16 && SizeOf(ClassOf(17)) == 32);
static_assert(SizeOf(ClassOf(1024)) == 1024 && SizeOf(ClassOf(1025)) == 1280);
static_assert(SizeOf(ClassOf(4096)) == 4096 && SizeOf(ClassOf(4097)) == 5120);
static_assert(ClassOf(kMost) == kClasses - 1);

// Between both ends; all are nullptr as long as it is not used.
std::byte* g_begin = nullptr;
std::byte* g_end = nullptr;
std::byte* g_next = nullptr;
std::array<Piece*, kClasses> g_free = {};

Head& HeadOf(void* memory) { return static_cast<Head*>(memory)[-1]; }
// Of a piece that is freed already, or written over, nothing is known.
Head& LiveHeadOf(void* memory) {
  Head& head = HeadOf(memory);
  if (head.of_class >= kClasses) std::abort();
  return head;
}

}  // namespace

void UseChildMemory() {
  if (internal::kHasSanitizer) return;
  if (g_begin != nullptr) return;
  void* const space = mmap(nullptr, kBytes + kHugePage, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return;
  const auto address = reinterpret_cast<std::uintptr_t>(space);
  g_begin = static_cast<std::byte*>(space) +
            (kHugePage - address % kHugePage) % kHugePage;
  g_end = g_begin + kBytes;
  g_next = g_begin;
  // Where the kernel has none of them, small ones do.
  (void)madvise(g_begin, kBytes, MADV_HUGEPAGE);
}

namespace internal {

void* AllocateInChild(std::size_t size) {
  if (g_begin == nullptr || size > kMost) return nullptr;
  const std::size_t number = ClassOf(size);
  void* memory = g_free[number];
  if (memory != nullptr) {
    g_free[number] = g_free[number]->next;
  } else {
    const std::size_t whole = sizeof(Head) + SizeOf(number);
    if (static_cast<std::size_t>(g_end - g_next) < whole) return nullptr;
    memory = g_next + sizeof(Head);
    g_next += whole;
  }
  HeadOf(memory) = {size, number};
  return memory;
}

bool IsOfChild(const void* memory) {
  return memory >= g_begin && memory < g_end;
}

std::size_t SizeInChild(const void* memory) {
  return static_cast<const Head*>(memory)[-1].size;
}

bool ResizeInChild(void* memory, std::size_t size) {
  Head& head = LiveHeadOf(memory);
  if (size > SizeOf(head.of_class)) return false;
  head.size = size;
  return true;
}

void FreeInChild(void* memory) {
  const std::size_t number = std::exchange(LiveHeadOf(memory).of_class, kFreed);
  g_free[number] = new (memory) Piece{g_free[number]};
}

}  // namespace internal
}  // namespace lastcommit
