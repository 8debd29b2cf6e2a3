// The bug: a value that is read before the write lock is there, and written
// after it. A transaction that begins with BEGIN, which is DEFERRED, reads
// before it writes; if another one has committed in between, SQLite refuses the
// upgrade with SQLITE_BUSY_SNAPSHOT (https://sqlite.org/rescode.html,
// https://sqlite.org/isolation.html), and the transaction must begin anew *and
// read again*. This one begins anew with what it had read, here the commit
// counter: two commits with one number, of which one is overwritten.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatReadsBeforeItsLock : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    if (in_transaction()) return SqliteSubject::Begin();  // refuses
    ASSIGN_OR_RETURN(const std::int64_t last, SqliteSubject::CommitCounter());
    number_ = last + 1;
    RETURN_IF_ERROR(SqliteSubject::Begin());
    absl::Status written = Run(absl::StrCat("UPDATE meta SET value = ", number_,
                                            " WHERE key = 'commit_counter'"));
    if (!written.ok()) Rollback().IgnoreError();
    return written;
  }

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    absl::StatusOr<std::int64_t> committed =
        SqliteSubject::Commit([&](std::int64_t) { acknowledge(number_); });
    if (!committed.ok()) return committed;
    return number_;
  }

  std::int64_t AttemptedCommit() const override {
    return in_transaction() ? number_ : SqliteSubject::AttemptedCommit();
  }

 private:
  std::int64_t number_ = 0;  // of the newest transaction
};

}  // namespace

SaverEntry PlantedCounterReadBeforeLock() {
  SaverEntry entry = {"planted-counter-read-before-lock",
                      "reads the commit counter before it has the write lock, "
                      "and writes what it had read",
                      ViolationClass::kLostCommit,
                      OpenPlanted<SaverThatReadsBeforeItsLock>, ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
