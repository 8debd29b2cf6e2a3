// The files that belong to a database, by their names
// (https://sqlite.org/tempfiles.html), and what a recorded call does to them.

#ifndef LASTCOMMIT_JUDGE_DATABASE_FILES_H_
#define LASTCOMMIT_JUDGE_DATABASE_FILES_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "record/rebuild.h"
#include "record/recording.h"

namespace lastcommit {

std::string JournalOf(const std::string& database);
std::string WalOf(const std::string& database);
std::string IndexOf(const std::string& database);

// Of one database, beside each other.
struct DatabaseNames {
  explicit DatabaseNames(std::string path)
      : database(std::move(path)),
        journal(JournalOf(database)),
        wal(WalOf(database)),
        index(IndexOf(database)) {}
  std::string database;
  std::string journal;
  std::string wal;
  std::string index;
};

// A file that SQLite makes for itself, beside a database or in a directory for
// temporary files.
bool IsSqlitesOwn(std::string_view path);

// All that recovery of the database looks at, alone, to be worked on.
Storage FilesOf(const Storage& image, const DatabaseNames& names);

// What of a recording a crash must be judged with.
struct DatabaseFiles {
  // The names, below the directory, that files with the header of an SQLite
  // database ever have.
  std::set<std::string> databases;
  // Those files, and all that ever have a name that SQLite gives to what
  // belongs to a database and outlives a crash.
  std::set<FileId> files;
  // Wal-indexes ("-shm"): what the living see, made anew after a crash.
  std::set<FileId> indexes;
};
absl::StatusOr<DatabaseFiles> DatabaseFilesOf(const std::string& recording);

// How SQLite ends a transaction, as it is seen in the files
// (https://sqlite.org/pragma.html#pragma_journal_mode), or what else a call
// does to a database.
enum class CommitBy {
  kNothing,           // it does not end one
  kJournalDeleted,    // DELETE
  kJournalTruncated,  // TRUNCATE
  kJournalZeroed,     // PERSIST
  kWal,               // a frame with a commit mark
  kSuperJournal,      // of several files: the super-journal is deleted
  kUnprotected,       // MEMORY or OFF: the write lock is given back
  kOwnFiles,          // the program creates, renames or deletes the database
};
inline constexpr int kCommitBys = static_cast<int>(CommitBy::kOwnFiles) + 1;

// Of the locks of a wal-index (os_unix.c, UNIX_SHM_BASE; wal.c).
inline constexpr std::int64_t kWalWriteByte = 120;
inline constexpr std::int64_t kWalCheckpointByte = 121;
// RESERVED_BYTE, which whoever writes a database holds
// (https://sqlite.org/lockingv3.html#how_locks_are_done).
inline constexpr std::int64_t kReservedByte = 0x40000001;

// Whether a lock, or what ends one, is also about that byte.
bool Covers(const Effect& effect, std::int64_t byte);
// A write to a journal that ends it (PERSIST).
bool ZeroesJournal(const Effect& effect);

// What a call does to one database.
struct Touch {
  CommitBy by = CommitBy::kNothing;
  bool database = false;  // its content
  bool any = false;       // any of its files
  // The lock of a writer is given back, if the process of the call has it.
  bool unlocks = false;
};

// `files` is as it was before the call.
Touch TouchOf(const RecordedCall& call, const Rebuild& files,
              const DatabaseNames& names);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_DATABASE_FILES_H_
