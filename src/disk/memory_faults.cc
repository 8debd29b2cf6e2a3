#include "disk/memory_faults.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "disk/child_memory.h"

namespace lastcommit {
namespace {

using internal::AllocateInChild;
using internal::FreeInChild;
using internal::IsOfChild;
using internal::ResizeInChild;
using internal::SizeInChild;

sqlite3_mem_methods g_real;
bool g_installed = false;
thread_local bool g_new_may_fail = false;

Allocator g_allocator = Allocator::kSqlite;
std::int64_t g_at = 0;  // 0 = nothing fails
std::int64_t g_count = 0;
std::int64_t g_allocations = 0;
std::int64_t g_failed = 0;
bool g_is_held = false;

bool MustFail(Allocator allocator) {
  if (g_at == 0 || g_is_held || allocator != g_allocator ||
      ++g_allocations < g_at) {
    return false;
  }
  if (g_count > 0 && g_failed >= g_count) return false;
  ++g_failed;
  return true;
}

void* Malloc(int size) {
  if (MustFail(Allocator::kSqlite)) return nullptr;
  void* const own = AllocateInChild(static_cast<std::size_t>(size));
  return own != nullptr ? own : g_real.xMalloc(size);
}
int Size(void* memory) {
  return IsOfChild(memory) ? static_cast<int>(SizeInChild(memory))
                           : g_real.xSize(memory);
}
void Free(void* memory) {
  if (IsOfChild(memory)) {
    FreeInChild(memory);
  } else {
    g_real.xFree(memory);
  }
}
void* Realloc(void* memory, int size) {
  if (MustFail(Allocator::kSqlite)) return nullptr;
  if (!IsOfChild(memory)) return g_real.xRealloc(memory, size);
  const auto wanted = static_cast<std::size_t>(size);
  if (ResizeInChild(memory, wanted)) return memory;
  void* larger = AllocateInChild(wanted);
  if (larger == nullptr) larger = g_real.xMalloc(size);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, memory, std::min(SizeInChild(memory), wanted));
  FreeInChild(memory);
  return larger;
}

// What operator new does by default, with `allocate` for its memory
// (https://en.cppreference.com/w/cpp/memory/new/operator_new).
template <typename Allocate>
void* New(const Allocate& allocate) {
  if (g_new_may_fail && MustFail(Allocator::kNew)) throw std::bad_alloc();
  while (true) {
    if (void* const memory = allocate(); memory != nullptr) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void* NewOf(std::size_t size) {
  return New([size] {
    void* const own = AllocateInChild(size);
    return own != nullptr ? own : std::malloc(size == 0 ? 1 : size);
  });
}

void* NewOf(std::size_t size, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  return New([size, unit] {
    return std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  });
}

template <typename... Arguments>
void* NewOrNull(Arguments... arguments) noexcept {
  try {
    return NewOf(arguments...);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Delete(void* memory) noexcept {
  if (IsOfChild(memory)) {
    FreeInChild(memory);
  } else {
    std::free(memory);
  }
}

}  // namespace

absl::Status InstallMemoryFaults() {
  if (g_installed) return absl::OkStatus();
  int result = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &g_real);
  sqlite3_mem_methods methods = g_real;
  methods.xMalloc = Malloc;
  methods.xRealloc = Realloc;
  methods.xFree = Free;
  methods.xSize = Size;
  if (result == SQLITE_OK) {
    result = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  }
  // Nobody asks how much memory is in use, and counting takes a mutex for each
  // allocation (https://sqlite.org/c3ref/c_config_covering_index_scan.html,
  // SQLITE_CONFIG_MEMSTATUS).
  if (result == SQLITE_OK) {
    result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  }
  if (result != SQLITE_OK) {
    return absl::InternalError(
        absl::StrCat("sqlite3_config refuses an allocator: ", result));
  }
  g_installed = true;
  return absl::OkStatus();
}

void FailAllocations(Allocator allocator, std::int64_t at, std::int64_t count) {
  g_allocator = allocator;
  g_at = at;
  g_count = count;
  g_allocations = 0;
  g_failed = 0;
  g_is_held = false;
}

void HoldAllocationFaults(bool held) { g_is_held = held; }

std::int64_t FailedAllocations() { return g_failed; }

bool internal::SetNewMayFail(bool may_fail) {
  return std::exchange(g_new_may_fail, may_fail);
}

}  // namespace lastcommit

// All forms: a sanitizer has its own of each, and finds that memory which one
// of those gave is given back to another allocator.
using lastcommit::Delete;
using lastcommit::NewOf;
using lastcommit::NewOrNull;
using std::align_val_t;
using std::nothrow_t;
using std::size_t;

void* operator new(size_t n) { return NewOf(n); }
void* operator new[](size_t n) { return NewOf(n); }
void* operator new(size_t n, align_val_t a) { return NewOf(n, a); }
void* operator new[](size_t n, align_val_t a) { return NewOf(n, a); }
void* operator new(size_t n, const nothrow_t&) noexcept { return NewOrNull(n); }
void* operator new[](size_t n, const nothrow_t&) noexcept {
  return NewOrNull(n);
}
void* operator new(size_t n, align_val_t a, const nothrow_t&) noexcept {
  return NewOrNull(n, a);
}
void* operator new[](size_t n, align_val_t a, const nothrow_t&) noexcept {
  return NewOrNull(n, a);
}
void operator delete(void* p) noexcept { Delete(p); }
void operator delete[](void* p) noexcept { Delete(p); }
void operator delete(void* p, size_t) noexcept { Delete(p); }
void operator delete[](void* p, size_t) noexcept { Delete(p); }
void operator delete(void* p, align_val_t) noexcept { Delete(p); }
void operator delete[](void* p, align_val_t) noexcept { Delete(p); }
void operator delete(void* p, size_t, align_val_t) noexcept { Delete(p); }
void operator delete[](void* p, size_t, align_val_t) noexcept { Delete(p); }
