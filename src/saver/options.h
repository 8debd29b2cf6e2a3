// How a SqliteSaver is opened, and what an acknowledged commit is worth then.

#ifndef LASTCOMMIT_SAVER_OPTIONS_H_
#define LASTCOMMIT_SAVER_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "saver/settings.h"

namespace lastcommit::saver {

// What an acknowledged commit survives. Each level includes those before it.
// Whatever the level, transactions stay atomic wherever it is kept.
//
// kNothing       journal_mode MEMORY or OFF: a crash in the middle of a
//                transaction may damage the database
//                (https://sqlite.org/pragma.html#pragma_journal_mode).
// kProcessCrash  the process dies, the operating system goes on: what was
//                written is in its cache, so that no sync is needed
//                (https://sqlite.org/atomiccommit.html section 3).
// kPowerLoss     the operating system dies or power is lost, and the disk keeps
//                what it says it has synced.
enum class Durability { kNothing, kProcessCrash, kPowerLoss };

std::string_view Name(Durability level);  // "nothing", "process_crash", ...

// What the two settings give together. Power loss needs WAL, TRUNCATE or
// PERSIST with FULL, or DELETE with EXTRA, which also syncs the directory after
// the journal is deleted
// (https://sqlite.org/pragma.html#pragma_synchronous).
Durability DurabilityOf(JournalMode mode, Synchronous synchronous);

// The synchronous level that SqliteSaver sets for a durability. Not the least
// one for kProcessCrash but NORMAL, which keeps a power loss from damaging the
// database in WAL mode. InvalidArgument: the journal mode cannot give it.
absl::StatusOr<Synchronous> SynchronousFor(JournalMode mode, Durability level);

struct Options {
  // Set when the database is opened and read back; a refusal is an error.
  JournalMode journal_mode = JournalMode::kWal;
  // What an acknowledgement must be worth. Opening sets `synchronous` so that
  // the journal mode gives it, or fails with InvalidArgument.
  Durability durability = Durability::kPowerLoss;
  // In place of the level that durability would choose; InvalidArgument if it
  // gives less than durability asks for.
  std::optional<Synchronous> synchronous;
  // Bytes; takes effect when the database is created.
  int page_size = 4096;
  // PRAGMA cache_size: pages, or KiB if negative; 0 keeps SQLite's default.
  int cache_size = 0;
  // Frames after which a commit checkpoints the WAL; 0 turns that off.
  int wal_autocheckpoint = 1000;
  absl::Duration busy_timeout = absl::Seconds(5);
  // The sqlite3_vfs to use; empty is SQLite's default one. Everything but the
  // making of an empty new file, and looks at what names lead to, goes through
  // it.
  std::string vfs;
  // Look, before and after each commit, whether another program has removed or
  // replaced the database file, its WAL or its wal-index, and acknowledge
  // nothing that was written to a file without a name
  // (docs/saver.md#a-file-that-was-removed).
  bool notice_removed_files = true;
  // Avoid the bugs of SQLite that docs/findings.md has a defence against, on
  // the versions that have them. Only a test of the bugs themselves turns this
  // off.
  bool avoid_sqlite_bugs = true;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_OPTIONS_H_
