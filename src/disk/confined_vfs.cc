#include "disk/confined_vfs.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "disk/memory_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

sqlite3_vfs* g_lower = nullptr;
sqlite3_vfs g_confined;

// Resolved, and never destroyed: connections may be closed at any time.
std::string& Directory() {
  static auto* const kDirectory = new std::string;
  return *kDirectory;
}

// "" if there is no such thing.
std::string Resolved(const std::string& path) {
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  const std::unique_ptr<char, Free> resolved(
      realpath(path.c_str(), /*resolved=*/nullptr));
  return resolved == nullptr ? "" : resolved.get();
}

bool IsBeneath(std::string_view path, const std::string& directory) {
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

// A regular file, or none yet, whose name stands in the directory. The name is
// SQLite's own, or any bytes that stood in a journal: relative to wherever
// this process is, with links, with "..".
bool IsInside(const char* name) {
  const std::string_view path = name;
  const std::size_t slash = path.rfind('/');
  const std::string_view last = path.substr(slash + 1);  // npos + 1 == 0
  if (last.empty() || last == "." || last == "..") return false;
  const std::string parent(slash == std::string_view::npos ? "."
                           : slash == 0                    ? "/"
                                        : path.substr(0, slash));
  if (parent != Directory() && !IsBeneath(Resolved(parent), Directory())) {
    return false;
  }
  struct stat info = {};
  if (lstat(name, &info) != 0) return errno == ENOENT;
  return S_ISREG(info.st_mode);
}

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  if (name != nullptr && IsInside(name)) {
    return g_lower->xOpen(g_lower, name, file, flags, out_flags);
  }
  // Also the journals that a super-journal lists are opened as one; of an
  // empty list there is none.
  if (name == nullptr || (flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) {
    if (out_flags != nullptr) *out_flags = flags;
    return OpenMemoryFile(file);
  }
  file->pMethods = nullptr;
  return SQLITE_CANTOPEN;
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int sync_directory) {
  if (!IsInside(name)) return SQLITE_OK;
  return g_lower->xDelete(g_lower, name, sync_directory);
}

int Access(sqlite3_vfs* /*vfs*/, const char* name, int flags, int* answer) {
  return g_lower->xAccess(g_lower, name, flags, answer);
}

int FullPathname(sqlite3_vfs* /*vfs*/, const char* name, int size, char* full) {
  return g_lower->xFullPathname(g_lower, name, size, full);
}

void* OpenLibrary(sqlite3_vfs* /*vfs*/, const char* /*name*/) {
  return nullptr;
}
void LibraryError(sqlite3_vfs* /*vfs*/, int size, char* message) {
  sqlite3_snprintf(size, message, "libraries are not loaded here");
}

// The rest of its functions do not look into the sqlite3_vfs that they get.
absl::Status Register() {
  g_lower = sqlite3_vfs_find(nullptr);
  if (g_lower == nullptr) return absl::InternalError("SQLite has no VFS");
  g_confined = *g_lower;
  g_confined.pNext = nullptr;
  g_confined.zName = "lastcommit-confined";
  g_confined.szOsFile = std::max(g_lower->szOsFile, MemoryFileSize());
  g_confined.xOpen = Open;
  g_confined.xDelete = Delete;
  g_confined.xAccess = Access;
  g_confined.xFullPathname = FullPathname;
  g_confined.xDlOpen = OpenLibrary;
  g_confined.xDlError = LibraryError;
  const int result = sqlite3_vfs_register(&g_confined, /*makeDflt=*/1);
  if (result == SQLITE_OK) return absl::OkStatus();
  g_lower = nullptr;
  return absl::InternalError(
      absl::StrCat("sqlite3_vfs_register failed: ", result));
}

}  // namespace

absl::Status ConfineSqlite(const std::string& directory) {
  std::string resolved = Resolved(directory);
  if (resolved.empty()) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot resolve ", absl::CHexEscape(directory)));
  }
  Directory() = std::move(resolved);
  if (g_lower != nullptr) return absl::OkStatus();
  if (sqlite3_initialize() != SQLITE_OK) {
    return absl::InternalError("sqlite3_initialize failed");
  }
  return Register();
}

}  // namespace lastcommit
