// A copy of a database with its WAL and its rollback journal, as they stood at
// one moment. The database is not opened by SQLite for it, and nothing of it
// is changed, locked or created.
//
// What another program writes meanwhile spoils a copy: it is seen by the sizes
// and times of the files, and the copy is made again a few times. A copy that
// succeeds is what a SIGKILL of that program would have left at that moment.

#ifndef LASTCOMMIT_VERIFY_PRIVATE_COPY_H_
#define LASTCOMMIT_VERIFY_PRIVATE_COPY_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

// Called often, with what is being done; false ends it with Cancelled.
using KeepGoing = std::function<bool(const std::string& doing)>;

struct CopyLimits {
  static constexpr int kTries = 6;
};

// Why a database cannot be copied, through no fault of the tester: missing,
// unreadable, no file, changed all the time.
struct CopyRefused {
  std::string why;  // empty: it was copied
};

// To the file `copy`, its "-wal" and its "-journal", which do not exist yet.
// An error is one of making the copy (ResourceExhausted) or Cancelled.
absl::StatusOr<CopyRefused> CopyDatabase(const std::string& database,
                                         const std::string& copy,
                                         const KeepGoing& keep_going);

// Without symbolic links, which SQLite follows before it names the WAL and the
// journal. InvalidArgument, with why: there is no such file.
absl::StatusOr<std::string> ResolvedPath(const std::string& path);

// Of a database (https://sqlite.org/lockingv3.html). kAny: a process has one
// for as long as it has the database open in WAL mode, and else while it uses
// it. kReserved: it is in a transaction that writes, with a rollback journal.
enum class Lock { kAny, kReserved };

// The process other than this one that has such a lock. 0 if there is none.
int LockHolder(const std::string& database, Lock what);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_PRIVATE_COPY_H_
