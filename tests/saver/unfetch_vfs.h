// A VFS over SQLite's default one that calls back in the middle of a
// checkpoint: between its look at the header of the wal-index and its look at
// how far the WAL has been copied. There, if the header is not the one that its
// connection knew, SQLite calls xUnfetch(file, 0, 0) (sqlite3WalCheckpoint() in
// wal.c).

#ifndef LASTCOMMIT_TESTS_SAVER_UNFETCH_VFS_H_
#define LASTCOMMIT_TESTS_SAVER_UNFETCH_VFS_H_

#include <functional>

namespace lastcommit::saver {

// Registers the VFS when it is first called; returns its name.
const char* UnfetchVfs();

// Calls `callback` at the next such call, once.
void AtNextUnfetch(std::function<void()> callback);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_TESTS_SAVER_UNFETCH_VFS_H_
