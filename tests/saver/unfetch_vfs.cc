#include "saver/unfetch_vfs.h"

#include <sqlite3.h>

#include <utility>

namespace lastcommit::saver {
namespace {

std::function<void()> g_callback;
sqlite3_io_methods g_methods;
const sqlite3_io_methods* g_real_methods = nullptr;

sqlite3_vfs* RealVfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  return vfs;
}

int Unfetch(sqlite3_file* file, sqlite3_int64 offset, void* page) {
  if (page == nullptr && g_callback != nullptr) {
    std::exchange(g_callback, nullptr)();
  }
  return g_real_methods->xUnfetch(file, offset, page);
}

// Of one kind only are the files of all main databases.
int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  const int result = RealVfs()->xOpen(RealVfs(), name, file, flags, out_flags);
  if (result == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) != 0) {
    g_real_methods = file->pMethods;
    g_methods = *file->pMethods;
    g_methods.xUnfetch = Unfetch;
    file->pMethods = &g_methods;
  }
  return result;
}

}  // namespace

const char* UnfetchVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs copy = *RealVfs();
    copy.zName = "unfetch";
    copy.pNext = nullptr;
    copy.xOpen = Open;
    return copy;
  }();
  if (sqlite3_vfs_find(vfs.zName) == nullptr) sqlite3_vfs_register(&vfs, 0);
  return vfs.zName;
}

void AtNextUnfetch(std::function<void()> callback) {
  g_callback = std::move(callback);
}

}  // namespace lastcommit::saver
