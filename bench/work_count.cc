#include "work_count.h"

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "status/status.h"

namespace lastcommit {
namespace {

WorkCounts* g_counts = nullptr;  // shared with all descendants
int g_forks = 0;                 // of the counting process, inherited by each

WorkCount& Mine() {
  const int process = std::clamp(g_forks - 1, 0, kCountedProcesses - 1);
  return (*g_counts)[static_cast<std::size_t>(process)];
}

int CountStatement(unsigned /*kind*/, void* /*context*/, void* /*statement*/,
                   void* sql) {
  // Sub-programs (triggers, foreign keys) show as comments.
  const char* text = static_cast<const char*>(sql);
  if (text[0] != '-' || text[1] != '-') ++Mine().statements;
  return 0;
}

int CountConnection(sqlite3* connection, const char** /*error*/,
                    const void* /*api*/) {
  ++Mine().connections;
  sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, CountStatement, nullptr);
  return SQLITE_OK;
}

template <typename Result, typename... Arguments>
bool Replace(sqlite3_vfs* vfs, const char* name, Result (*call)(Arguments...)) {
  return vfs->xSetSystemCall(vfs, name,
                             reinterpret_cast<sqlite3_syscall_ptr>(call)) ==
         SQLITE_OK;
}

// https://sqlite.org/c3ref/vfs.html: the methods for the system calls of a VFS
// are there for exactly this.
bool CountCallsOf(sqlite3_vfs* vfs) {
  return Replace(
             vfs, "open",
             +[](const char* path, int flags, int mode) {
               ++Mine().opens;
               return open(path, flags, mode);
             }) &&
         Replace(
             vfs, "pread64",
             +[](int file, void* buffer, std::size_t size, off64_t offset) {
               ++Mine().reads;
               return pread64(file, buffer, size, offset);
             }) &&
         Replace(
             vfs, "pwrite64",
             +[](int file, const void* bytes, std::size_t size,
                 off64_t offset) {
               ++Mine().writes;
               Mine().written_bytes += static_cast<std::int64_t>(size);
               return pwrite64(file, bytes, size, offset);
             }) &&
         Replace(
             vfs, "ftruncate",
             +[](int file, off64_t size) {
               ++Mine().truncates;
               return ftruncate64(file, size);
             }) &&
         Replace(
             vfs, "fcntl",
             +[](int file, int command, struct flock* lock) {
               ++Mine().locks;
               return fcntl(file, command, lock);
             }) &&
         Replace(
             vfs, "unlink", +[](const char* path) {
               ++Mine().unlinks;
               return unlink(path);
             });
}

bool StartCounting() {
  pthread_atfork([] { ++g_forks; }, nullptr, nullptr);
  sqlite3_vfs* unix_vfs = sqlite3_vfs_find("unix");
  return unix_vfs != nullptr && CountCallsOf(unix_vfs) &&
         sqlite3_auto_extension(
             reinterpret_cast<void (*)()>(CountConnection)) == SQLITE_OK;
}

}  // namespace

absl::StatusOr<WorkCounts> CountWork(absl::FunctionRef<bool()> run) {
  void* memory = mmap(nullptr, sizeof(WorkCounts), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  auto* counts = new (memory) WorkCounts();
  const pid_t child = fork();
  if (child == 0) {
    g_counts = counts;
    _exit(StartCounting() && run() ? 0 : 1);
  }
  int wait_status = 0;
  const bool ok = child > 0 && waitpid(child, &wait_status, 0) == child &&
                  WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
  const WorkCounts result = *counts;
  munmap(memory, sizeof(WorkCounts));
  if (!ok) return absl::InternalError("the loop failed while it was counted");
  return result;
}

}  // namespace lastcommit

// SQLite's "unix" VFS calls this one directly; the program's own definition
// comes before libc's.
extern "C" int fdatasync(int file) {
  using lastcommit::g_counts;
  if (g_counts != nullptr) ++lastcommit::Mine().syncs;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}
