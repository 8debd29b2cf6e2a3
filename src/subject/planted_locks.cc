// Bugs about who keeps whom waiting. All three lose nothing and answer nothing
// wrong to a client that is alone; the others find the database locked where
// SQLite would not have locked it, or are told so where it is not.
//
// * Reads in BEGIN IMMEDIATE, as programs do that have one function for all
//   transactions: with a WAL no reader needs a writer to wait
//   (https://sqlite.org/wal.html#concurrency), this one does.
// * A second connection of a pool, which takes over the transaction that the
//   first one rolls back, and waits for work with it: the write lock is kept
//   between two transactions.
// * A look at the commit counter instead of a try: who sees that somebody else
//   has written since takes him for still being at it.

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatReadsAsAWriter : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  // If somebody else writes it does read without the lock, and is not refused
  // itself.
  absl::StatusOr<State> ReadState() override {
    if (in_transaction() || !Run("BEGIN IMMEDIATE").ok()) {
      return SqliteSubject::ReadState();
    }
    absl::StatusOr<State> state = SqliteSubject::ReadState();
    if (sqlite3_get_autocommit(saver().connection()) == 0) {
      RETURN_IF_ERROR(Run("ROLLBACK"));
    }
    return state;
  }
};

// The write lock, for as long as it is there. Without one if that is busy.
class KeptLock {
 public:
  explicit KeptLock(const std::string& path) {
    sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE, nullptr);
    // Not its business.
    sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                      nullptr);
    sqlite3_exec(connection_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  }
  ~KeptLock() { sqlite3_close(connection_); }
  KeptLock(const KeptLock&) = delete;
  KeptLock& operator=(const KeptLock&) = delete;

 private:
  sqlite3* connection_ = nullptr;
};

class SaverThatKeepsTheWriteLock : public PlantedSubject {
 public:
  SaverThatKeepsTheWriteLock(std::unique_ptr<saver::SqliteSaver> saver,
                             std::string path)
      : PlantedSubject(std::move(saver)), path_(std::move(path)) {
    sqlite3_trace_v2(this->saver().connection(), SQLITE_TRACE_STMT,
                     GiveBackFirst, this);
  }
  ~SaverThatKeepsTheWriteLock() override {
    sqlite3_trace_v2(saver().connection(), 0, nullptr, nullptr);
  }

  absl::Status Rollback() override {
    RETURN_IF_ERROR(SqliteSubject::Rollback());
    lock_.emplace(path_);
    return absl::OkStatus();
  }

 private:
  // Before any statement of the saver's, so that it is never in its own way.
  static int GiveBackFirst(unsigned /*event*/, void* self, void* /*statement*/,
                           void* /*sql*/) {
    static_cast<SaverThatKeepsTheWriteLock*>(self)->lock_.reset();
    return 0;
  }

  const std::string path_;
  std::optional<KeptLock> lock_;
};

absl::StatusOr<std::unique_ptr<Store>> OpenWithKeptLock(
    const std::string& path, const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SaverThatKeepsTheWriteLock>(std::move(saver), path);
}

class SaverThatDoesNotTry : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    if (in_transaction()) return SqliteSubject::Begin();  // refuses
    ASSIGN_OR_RETURN(const std::int64_t counter, CommitCounter());
    const std::int64_t known =
        std::max(known_.value_or(counter), AttemptedCommit());
    known_ = counter;
    if (counter <= known) return SqliteSubject::Begin();
    return absl::UnavailableError("somebody else is writing");
  }

 private:
  std::optional<std::int64_t> known_;
};

SaverEntry InTheWay(std::string_view name, std::string_view description,
                    OpenSaver open) {
  SaverEntry entry = {name, description, ViolationClass::kWrongAnswer, open,
                      ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace

SaverEntry PlantedReadAsAWriter() {
  return InTheWay("planted-read-as-a-writer",
                  "takes the write lock to read, and others must wait for it",
                  OpenPlanted<SaverThatReadsAsAWriter>);
}

SaverEntry PlantedWriteLockKept() {
  return InTheWay("planted-write-lock-kept",
                  "keeps the write lock after a rollback until it works again",
                  OpenWithKeptLock);
}

SaverEntry PlantedBusyWithoutATry() {
  return InTheWay("planted-busy-without-a-try",
                  "says that the database is busy when somebody else has "
                  "written to it",
                  OpenPlanted<SaverThatDoesNotTry>);
}

}  // namespace lastcommit
