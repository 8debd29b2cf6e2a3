// PlainKeys: a store of the vocabulary `keys` over one plain table, as a small
// program would write it: SQLite's C interface and nothing of SqliteSaver's but
// the mapping of result codes and the mark of a commit in doubt. Planted stores
// derive from it and do one thing wrong.

#ifndef LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_
#define LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "keys/specs.h"
#include "store/profile.h"
#include "store/store.h"
#include "subject/registry.h"
#include "subject/statement.h"

struct sqlite3;

namespace lastcommit {

class PlainKeys : public Store {
 public:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  using Connection = std::unique_ptr<sqlite3, Close>;

  // `rollback` is compiled while there is memory for it.
  PlainKeys(Connection connection, Statement rollback);

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
  // The key's new version; whether it was there.
  virtual absl::StatusOr<std::int64_t> Put(const std::string& key,
                                           std::string_view value);
  virtual absl::StatusOr<std::int64_t> Delete(const std::string& key);

  sqlite3* connection() { return connection_.get(); }
  bool in_transaction() const { return in_transaction_; }
  // One statement to its end, with ?1 and ?2 as given; the first column of the
  // first row, 0 without one. An error may have ended the transaction.
  absl::StatusOr<std::int64_t> Run(std::string_view sql,
                                   std::string_view text = {},
                                   std::string_view blob = {},
                                   std::int64_t number = 0);
  // BEGIN IMMEDIATE, and one more commit in the counter.
  absl::Status BeginCounted();
  absl::Status CommitSql();

 private:
  // Before anything else: ends what an error has left open.
  absl::Status CheckUsable();
  absl::StatusOr<std::int64_t> Change(const Operation& operation);
  absl::StatusOr<std::int64_t> ChangeRows(const Operation& operation);
  absl::StatusOr<std::int64_t> Query(const Operation& operation);
  absl::Status RunRollback();
  void Abandon();
  void Fail();

  const Connection connection_;
  const Statement rollback_;
  bool in_transaction_ = false;
  bool has_failed_ = false;  // and is to be rolled back
  int savepoints_ = 0;
  std::int64_t attempted_ = 0;
};

// ---- for the registry; Keys() is in own_tables.h ----

// Reads a key's version before it has the write lock, and writes one more.
SaverEntry PlantedKeysLostUpdate();
// Commits the rows in one transaction, the counter in the next.
SaverEntry PlantedKeysTornTransaction();
// Acknowledges a transaction and only then commits it.
SaverEntry PlantedKeysAckBeforeCommit();
// Says that a key is deleted, and deletes it with its next commit.
SaverEntry PlantedKeysDeletedComesBack();

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLAIN_KEYS_H_
