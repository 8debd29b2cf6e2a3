#include "disk/new_faults.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace lastcommit {
namespace {

thread_local bool g_may_fail = false;

std::int64_t g_at = 0;  // 0 = nothing fails
std::int64_t g_count = 0;
std::int64_t g_allocations = 0;
std::int64_t g_failed = 0;
bool g_is_held = false;

bool MustFail() {
  if (!g_may_fail || g_at == 0 || g_is_held || ++g_allocations < g_at) {
    return false;
  }
  if (g_count > 0 && g_failed >= g_count) return false;
  ++g_failed;
  return true;
}

void* Allocate(std::size_t size) noexcept {
  if (MustFail()) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

void* AllocateAligned(std::size_t size, std::align_val_t alignment) noexcept {
  if (MustFail()) return nullptr;
  const auto unit = static_cast<std::size_t>(alignment);
  return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void FailNew(std::int64_t at, std::int64_t count) {
  g_at = at;
  g_count = count;
  g_allocations = 0;
  g_failed = 0;
  g_is_held = false;
}

void HoldNewFaults(bool held) { g_is_held = held; }

std::int64_t FailedNews() { return g_failed; }

bool internal::SetNewMayFail(bool may_fail) {
  return std::exchange(g_may_fail, may_fail);
}

}  // namespace lastcommit

// https://en.cppreference.com/w/cpp/memory/new/operator_new: the other forms
// call these.
void* operator new(std::size_t size) {
  return lastcommit::OrThrow(lastcommit::Allocate(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return lastcommit::OrThrow(lastcommit::AllocateAligned(size, alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
