// NamedFiles: whether the names of an open database, its WAL and its wal-index
// still lead to the files that the connection has open. If another program has
// removed one, or put another one in its place, SQLite goes on with the file
// without a name, and what is committed there is gone with the last descriptor;
// and who opens the name makes a WAL or a wal-index of its own
// (https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use).
// Used by SqliteSaver and its TransactionStack, from the thread of the
// Database.
//
// Not for rollback journals: each transaction makes its own.

#ifndef LASTCOMMIT_SAVER_NAMED_FILES_H_
#define LASTCOMMIT_SAVER_NAMED_FILES_H_

#include <array>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "saver/database.h"
#include "saver/file_of_name.h"

namespace lastcommit::saver {

class NamedFiles {
 public:
  // Remembers what the names lead to now, when the database has just been
  // opened; of a WAL that the connection comes to use later, then. `database`
  // must outlive it. Where the database has no name in a
  // file system (a VFS in memory), and if not `is_on`, every Check() is OK.
  NamedFiles(Database& database, bool is_on);
  NamedFiles(const NamedFiles&) = delete;
  NamedFiles& operator=(const NamedFiles&) = delete;

  // FailedPrecondition: one of the names leads nowhere or elsewhere; from then
  // on always, whatever it leads to later. Neither SQLite nor its VFS sees a
  // call of it.
  absl::Status Check() noexcept;

  // The connection itself has left WAL, or may have: only then can others take
  // the WAL away and make a new one, which it may use already.
  void ForgetWal() noexcept;

  // Whether another file has a name of these: somebody else has opened it, and
  // must not find it written over or removed.
  bool AreReplaced() noexcept;

 private:
  struct File {
    std::string name;
    FileId id;  // not there: it is not looked at
  };
  enum Which : std::size_t { kDatabase, kWal, kIndex };

  void RememberWal();
  FileId Find(const std::string& name);
  absl::Status CheckOne(const File& file);

  Database& database_;
  std::array<File, 3> files_;
  bool asks_vfs_ = true;  // until it says that it does not know
  bool uses_wal_ = false;
  absl::Status moved_;  // not OK once one of them was
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_NAMED_FILES_H_
