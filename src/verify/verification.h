// The check of any SQLite database, after a crash or on a suspicion: is it
// intact, what do its WAL and its journal hold, whose is it? It works on a
// private copy, so that not a byte of the database, its WAL or its journal
// changes: opening a database by SQLite writes to it.
//
// Not for: whether what was committed is all there. No check of a database by
// itself can say that; trials can (trial/trial.h).

#ifndef LASTCOMMIT_VERIFY_VERIFICATION_H_
#define LASTCOMMIT_VERIFY_VERIFICATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "verify/check_limits.h"
#include "verify/journal_file.h"
#include "verify/private_copy.h"
#include "verify/wal_file.h"

namespace lastcommit {

enum class Soundness {
  kOk,
  kWarning,  // intact; but commits are lost, or will be
  kDamaged,
  // Bad input: no file, no database, changed all the time, beyond the limits.
  // Or a part of it cannot be checked here, and the rest is intact.
  kCannotCheck,
};

enum class RemarkLevel { kFact, kNote, kWarning, kDamage, kUnchecked };

struct Remark {
  RemarkLevel level = RemarkLevel::kFact;
  std::string about;  // one word or two: "wal", "foreign keys"
  std::string text;   // for people; escaped, no line breaks

  bool operator==(const Remark&) const = default;
};

struct Verification {
  Soundness soundness = Soundness::kOk;
  std::string summary;  // one line
  std::vector<Remark> remarks;
  WalState wal;
  JournalState journal;
};

struct VerifyOptions {
  // Where the copy is made; it must exist. Empty: the system's directory for
  // temporary files.
  std::string directory;
  CheckLimits limits = {};
  KeepGoing keep_going = [](const std::string&) { return true; };
};

// An error is one of the tester: no room for the copy (ResourceExhausted), no
// such directory, Cancelled. Whatever happens, the copy is removed. Call it
// from a process with a single thread: it forks.
absl::StatusOr<Verification> Verify(const std::string& database,
                                    const VerifyOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_VERIFICATION_H_
