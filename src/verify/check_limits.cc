#include "verify/check_limits.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <string_view>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMib = std::int64_t{1} << 20;
// What recovery and a database for comparison may add to the copy.
constexpr std::int64_t kSpareFileMib = 64;
// Above those of the program itself: 0 to 4, and those of sanitizers.
constexpr int kNoMemory = 121;
// SQLite is asked to stop a little before the parent ends the process, so that
// what was found by then is known.
constexpr double kPartUntilInterrupt = 0.9;

Clock::time_point g_interrupt_at;

void Limit(__rlimit_resource resource, std::int64_t value) {
  const rlimit limit = {static_cast<rlim_t>(value), static_cast<rlim_t>(value)};
  setrlimit(resource, &limit);
}

// Sanitizers reserve more address space than any limit that makes sense.
std::int64_t AddressSpaceInUse() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

int IsTimeUp(void* /*unused*/) {
  return Clock::now() >= g_interrupt_at ? 1 : 0;
}

// No check needs another database, a library, or another directory for
// temporary files.
int Authorize(void* /*unused*/, int action, const char* first,
              const char* second, const char* /*database*/,
              const char* /*trigger*/) {
  const auto is = [](const char* text, std::string_view name) {
    return text != nullptr && text == name;
  };
  switch (action) {
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_DENY;
    case SQLITE_FUNCTION:
      return is(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      return is(first, "temp_store_directory") ||
                     is(first, "data_store_directory")
                 ? SQLITE_DENY
                 : SQLITE_OK;
    default:
      return SQLITE_OK;
  }
}

// SQLite calls it for each new connection, also for that of the saver.
int LimitConnection(sqlite3* connection, char** /*error*/,
                    const void* /*routines*/) {
  constexpr int kInstructionsBetweenLooks = 1000;
  sqlite3_progress_handler(connection, kInstructionsBetweenLooks, IsTimeUp,
                           nullptr);
  sqlite3_set_authorizer(connection, Authorize, nullptr);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(connection, SQLITE_LIMIT_WORKER_THREADS, 0);
  sqlite3_limit(connection, SQLITE_LIMIT_TRIGGER_DEPTH, 10);
  return SQLITE_OK;
}

[[noreturn]] void EndForLackOfMemory() { _exit(kNoMemory); }

std::string MemoryExceeded(const CheckBounds& bounds) {
  return absl::StrCat("more than ", bounds.memory_mib,
                      " MiB of memory are needed to check it");
}

}  // namespace

CheckBounds BoundsFor(const CheckLimits& limits, const std::string& directory) {
  std::int64_t bytes = 0;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(directory, error)) {
    const auto size = entry.file_size(error);
    if (!error) bytes += static_cast<std::int64_t>(size);
  }
  const std::int64_t mib = (bytes + kMib - 1) / kMib;
  CheckBounds bounds;
  bounds.time = absl::Seconds(limits.seconds + limits.seconds_per_mib * mib);
  bounds.memory_mib =
      std::min(limits.max_memory_mib,
               limits.memory_mib + limits.memory_mib_per_mib * mib);
  bounds.file_mib = kSpareFileMib + 2 * mib;
  return bounds;
}

void KeepTo(const CheckBounds& bounds) {
  Limit(RLIMIT_CORE, 0);
  Limit(RLIMIT_CPU, absl::ToInt64Seconds(bounds.time) + 1);
  Limit(RLIMIT_FSIZE, bounds.file_mib * kMib);
  Limit(RLIMIT_AS, AddressSpaceInUse() + bounds.memory_mib * kMib);
  std::set_new_handler(EndForLackOfMemory);
  g_interrupt_at = Clock::now() + absl::ToChronoMilliseconds(
                                      bounds.time * kPartUntilInterrupt);
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(LimitConnection));
}

std::string WhatWasExceeded(int wait_status, const CheckBounds& bounds) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kNoMemory) {
    return MemoryExceeded(bounds);
  }
  if (!WIFSIGNALED(wait_status)) return "";
  switch (WTERMSIG(wait_status)) {
    case SIGXCPU:
      return TimeExceeded(bounds);
    case SIGXFSZ:
      return absl::StrCat("more than ", bounds.file_mib,
                          " MiB in one file are needed to check it");
    default:
      return "";
  }
}

// Nobody but the progress handler interrupts. Where the machine has less memory
// than the limit, it is the same to the caller.
std::string WhatWasExceeded(const absl::Status& status,
                            const CheckBounds& bounds) {
  if (absl::IsCancelled(status)) return TimeExceeded(bounds);
  const bool is_memory =
      absl::IsResourceExhausted(status) &&
      (absl::StrContains(status.message(), "SQLITE_NOMEM") ||
       absl::StrContains(status.message(), "SQLITE_IOERR_NOMEM"));
  return is_memory ? MemoryExceeded(bounds) : "";
}

std::string TimeExceeded(const CheckBounds& bounds) {
  return absl::StrCat("more than ", absl::ToInt64Seconds(bounds.time),
                      " s are needed to check it");
}

}  // namespace lastcommit
