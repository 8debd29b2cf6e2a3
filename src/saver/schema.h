// The schema of the database: how it is created in one transaction, and how a
// file is told from one of another program.

#ifndef LASTCOMMIT_SAVER_SCHEMA_H_
#define LASTCOMMIT_SAVER_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/database.h"

namespace lastcommit::saver {

// How a database says what it is; 0 where nobody set it.
struct SchemaId {
  std::int64_t application_id = 0;
  std::int64_t user_version = 0;
};
absl::StatusOr<SchemaId> ReadSchemaId(Database& database);
// Ours. Inside the transaction that makes the tables what they then are.
absl::Status WriteSchemaId(Database& database);

enum class SchemaState { kEmpty, kOld, kComplete };

// Only reads. kEmpty also for a file whose creation was cut short. A file of
// another program or with a newer schema: FailedPrecondition.
absl::StatusOr<SchemaState> InspectSchema(Database& database);

// The tables that hold what is stored: all but meta.
absl::Status CreateTables(Database& database);
// That of the checkpoints alone.
absl::Status CreateCheckpoints(Database& database);

// Creates everything in one transaction, so that a crash leaves all or nothing
// (https://sqlite.org/atomiccommit.html). False if somebody else did so first.
absl::StatusOr<bool> CreateSchema(Database& database, int page_size);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SCHEMA_H_
