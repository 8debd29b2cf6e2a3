// The SQL of the tables (saver/schema.h), one function an operation. The caller
// has a transaction open around those that change something, and undoes them
// when they fail.

#ifndef LASTCOMMIT_SAVER_TABLES_H_
#define LASTCOMMIT_SAVER_TABLES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/database.h"
#include "saver/sqlite_saver.h"

namespace lastcommit {

// A change puts its data first and its row of table threads last, which
// deferred foreign keys permit: the statement that bad input makes fail is the
// first one, so that nothing is there to undo.

absl::Status PutCheckpointRow(Database& database, const Checkpoint& checkpoint);
absl::StatusOr<Checkpoint> GetCheckpointRow(Database& database,
                                            const CheckpointKey& key);
absl::StatusOr<std::vector<Checkpoint>> ListCheckpointRows(
    Database& database, const std::string& thread_id);

// Returns the number of the last entry. `payloads` is not empty.
absl::StatusOr<std::int64_t> AppendLogRows(
    Database& database, const std::string& thread_id,
    const std::vector<std::string>& payloads);
absl::StatusOr<std::vector<LogEntry>> ReadLogRows(Database& database,
                                                  const std::string& thread_id);

struct BlobKey {
  std::string_view thread_id;
  std::string_view name;
};
absl::Status PutBlobRow(Database& database, const BlobKey& key,
                        std::string_view bytes);
absl::StatusOr<std::string> GetBlobRow(Database& database, const BlobKey& key);
absl::StatusOr<std::vector<std::string>> ListBlobNames(
    Database& database, const std::string& thread_id);

// Makes a row with last_log 0 if there is none.
absl::Status TouchThreadRow(Database& database, std::string_view thread_id);
absl::Status DeleteThreadRows(Database& database, const std::string& thread_id);
absl::StatusOr<std::vector<std::string>> ListThreadIds(Database& database);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SAVER_TABLES_H_
