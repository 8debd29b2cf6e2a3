// PlainStore: a store in plain SQLite, as a small program would write it:
// SQLite's C interface and nothing of SqliteSaver's but the mapping of result
// codes and the mark of a commit in doubt. What a commit changes, and where
// commits are counted, is of those that derive from it.

#ifndef LASTCOMMIT_SUBJECT_PLAIN_STORE_H_
#define LASTCOMMIT_SUBJECT_PLAIN_STORE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/settings.h"
#include "store/profile.h"
#include "store/store.h"
#include "subject/statement.h"

struct sqlite3;

namespace lastcommit {

class PlainStore : public Store {
 public:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  using Connection = std::unique_ptr<sqlite3, Close>;

  // `rollback` is compiled while there is memory for it.
  PlainStore(Connection connection, Statement rollback);

  absl::Status Begin() override;
  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override;
  absl::Status Rollback() override;
  absl::Status Savepoint() override;
  absl::Status Release() override;
  absl::Status RollbackTo(int up) override;
  absl::StatusOr<std::int64_t> Do(const Operation& operation) override;
  absl::StatusOr<std::int64_t> CommitCounter() override;
  std::int64_t AttemptedCommit() const override { return attempted_; }
  absl::StatusOr<State> ReadState() override;
  std::int64_t CacheSpills() override;
  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) override;
  absl::Status Vacuum() override;
  absl::Status SetJournalMode(saver::JournalMode mode) override;
  bool IsInTransaction() override;
  // A change has failed, or SQLite has rolled back after whatever statement.
  bool IsAborted() override;
  void Interrupt() override;

 protected:
  // In an open transaction that may write: one more commit in the counter,
  // whose new value it gives.
  virtual absl::StatusOr<std::int64_t> CountCommit() = 0;
  virtual absl::StatusOr<std::int64_t> ReadCounter() = 0;
  virtual absl::StatusOr<std::int64_t> ChangeRows(
      const Operation& operation) = 0;
  virtual absl::StatusOr<std::int64_t> Query(const Operation& operation) = 0;
  // In whatever transaction is open.
  virtual absl::Status AddRowsTo(State& state) = 0;
  // In a transaction of its own.
  virtual absl::StatusOr<State> ReadAlone() = 0;
  // A change outside a transaction, in one of its own.
  virtual absl::StatusOr<std::int64_t> ChangeAlone(const Operation& operation);

  sqlite3* connection() { return connection_.get(); }
  bool in_transaction() const { return in_transaction_; }
  void set_attempted(std::int64_t counter) { attempted_ = counter; }
  // One statement to its end, with ?1 and ?2 as given; the first column of the
  // first row, 0 without one. An error may have ended the transaction.
  absl::StatusOr<std::int64_t> Run(std::string_view sql,
                                   std::string_view text = {},
                                   std::string_view blob = {},
                                   std::int64_t number = 0);
  // BEGIN IMMEDIATE, and one more commit in the counter.
  absl::Status BeginCounted();
  absl::Status CommitSql();
  // Rolls back whatever is open.
  void Abandon();

 private:
  // Before anything else: ends what an error has left open.
  absl::Status CheckUsable();
  absl::StatusOr<std::int64_t> Change(const Operation& operation);
  absl::Status RunRollback();
  void Fail();

  const Connection connection_;
  const Statement rollback_;
  bool in_transaction_ = false;
  bool has_failed_ = false;  // and is to be rolled back
  int savepoints_ = 0;
  std::int64_t attempted_ = 0;
};

// One that is attached.
struct PlainAttached {
  std::string name;
  // Instead of that of the main one.
  std::optional<saver::Synchronous> synchronous = {};
};

// How a new database of a store is made.
struct PlainSchema {
  std::string pragmas = {};  // of each connection
  std::string create;        // in one transaction
  // Instead of the profile's.
  std::optional<saver::Synchronous> synchronous = {};
  std::vector<PlainAttached> attached = {};
};

// Attaches the database number `number` (store/attached.h) of the main one at
// `path`.
absl::Status AttachPlain(sqlite3* connection, const std::string& path,
                         int number, const std::string& name);

// Opens or creates the database with the settings of the profile.
absl::StatusOr<PlainStore::Connection> OpenPlain(const std::string& path,
                                                 const Profile& profile,
                                                 const PlainSchema& schema);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLAIN_STORE_H_
