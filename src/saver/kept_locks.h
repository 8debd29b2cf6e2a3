// KeptLocks: the lock of a statement that leaves WAL is kept until it ends
// (docs/findings.md, "The WAL is opened again while it is left"), by means of
// PRAGMA locking_mode, and given back afterwards whatever has failed.
//
// For the saver alone, from one thread at a time.

#ifndef LASTCOMMIT_SAVER_KEPT_LOCKS_H_
#define LASTCOMMIT_SAVER_KEPT_LOCKS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/database.h"

namespace lastcommit::saver {

class KeptLocks {
 public:
  // `database` must outlive it. `is_wanted`: Keep() does something.
  KeptLocks(Database& database, bool is_wanted)
      : database_(database), is_wanted_(is_wanted) {}

  // SQLite keeps the locks that it takes from now on. Nothing if the caller of
  // the saver has set locking_mode EXCLUSIVE.
  absl::Status Keep();
  // Those of the statement that is at work go when it ends, whether it fails or
  // not. Needs memory of SQLite's only. After an error Release() does it.
  absl::Status KeepNoMore() noexcept;
  // Gives back what is still held. Until it has returned OK nothing else may be
  // done with the database. DataLoss: the WAL could not be deleted, and SQLite
  // gives nothing back before the connection is closed.
  absl::Status Release();

 private:
  // EXCLUSIVE or NORMAL, once the PRAGMA was run.
  absl::StatusOr<bool> DoesKeepAfter(const char* pragma) noexcept;
  absl::Status EndTransaction();
  absl::Status ReleaseInWalMode();

  Database& database_;
  const bool is_wanted_;
  bool may_keep_ = false;
  bool has_begun_ = false;  // a transaction, to give back the file's lock
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_KEPT_LOCKS_H_
