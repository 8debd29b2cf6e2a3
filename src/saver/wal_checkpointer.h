// WalCheckpointer: checkpoints of the WAL of a database that is open, with the
// defence against the bug of SQLite 3.7.0 to 3.51.2 that loses commits when
// another connection starts the WAL anew in the middle of a checkpoint
// (docs/findings.md). Used by SqliteSaver and when a database is opened; from
// the thread of its Database.

#ifndef LASTCOMMIT_SAVER_WAL_CHECKPOINTER_H_
#define LASTCOMMIT_SAVER_WAL_CHECKPOINTER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "saver/database.h"
#include "saver/named_files.h"
#include "saver/settings.h"
#include "saver/sqlite_saver.h"

struct sqlite3;

namespace lastcommit::saver {

// `version_number` as of sqlite3_libversion_number().
bool HasWalResetBug(int version_number);

// Whether the defence is on: the options want it and SQLite has the bug.
bool GuardsCheckpoints(const Options& options);

class WalCheckpointer {
 public:
  // `database` must outlive it, and `files`, if there are such: none is written
  // to after a commit when one of them was removed. Without the defence every
  // call is SQLite's own.
  WalCheckpointer(Database& database, const Options& options,
                  NamedFiles* files = nullptr);
  WalCheckpointer(const WalCheckpointer&) = delete;
  WalCheckpointer& operator=(const WalCheckpointer&) = delete;
  // What is left of the connection then checkpoints no more after commits.
  ~WalCheckpointer();

  // One checkpoint, which waits for others as the connection's busy timeout
  // has it. With the defence RESTART and TRUNCATE are busy unless the WAL has
  // been copied before. Unavailable: a statement is at work on the connection.
  absl::StatusOr<WalCheckpointResult> Run(CheckpointMode mode);

  // The same, done by the defence as well: it tries again until the busy
  // timeout of the options has passed.
  absl::StatusOr<WalCheckpointResult> RunPatiently(CheckpointMode mode);

  // In place of PRAGMA wal_autocheckpoint, with the defence: from now on a
  // commit of the connection that leaves `frames` or more in the WAL, 0 = none
  // does, is followed by a PASSIVE checkpoint, whose errors do not show.
  void RunAfterCommits(int frames);

 private:
  static int AfterCommit(void* self, sqlite3* connection, const char* schema,
                         int frames);
  absl::StatusOr<WalCheckpointResult> RunGuarded(CheckpointMode mode);
  absl::StatusOr<WalCheckpointResult> RunPlainly(CheckpointMode mode);

  Database& database_;
  NamedFiles* const files_;
  const std::string vfs_;
  const absl::Duration busy_timeout_;
  const bool is_guarded_;
  int frames_ = 0;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_WAL_CHECKPOINTER_H_
