#include "disk/memory_faults.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

sqlite3_mem_methods g_real;
bool g_installed = false;
std::int64_t g_at = 0;  // 0 = nothing fails
std::int64_t g_count = 0;
std::int64_t g_allocations = 0;
std::int64_t g_failed = 0;
bool g_is_held = false;

bool MustFail() {
  if (g_at == 0 || g_is_held || ++g_allocations < g_at) return false;
  if (g_count > 0 && g_failed >= g_count) return false;
  ++g_failed;
  return true;
}

void* Malloc(int size) { return MustFail() ? nullptr : g_real.xMalloc(size); }
void* Realloc(void* memory, int size) {
  return MustFail() ? nullptr : g_real.xRealloc(memory, size);
}

}  // namespace

absl::Status InstallMemoryFaults() {
  if (g_installed) return absl::OkStatus();
  int result = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &g_real);
  sqlite3_mem_methods methods = g_real;
  methods.xMalloc = Malloc;
  methods.xRealloc = Realloc;
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

void FailAllocations(std::int64_t at, std::int64_t count) {
  g_at = at;
  g_count = count;
  g_allocations = 0;
  g_failed = 0;
  g_is_held = false;
}

void HoldAllocationFaults(bool held) { g_is_held = held; }

std::int64_t FailedAllocations() { return g_failed; }

}  // namespace lastcommit
