#include "saver/migration.h"

#include <sqlite3.h>

#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/types/span.h"
#include "saver/digest.h"
#include "saver/out_of_memory.h"
#include "saver/schema.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::string_view kSetAside[] = {
    "ALTER TABLE threads RENAME TO v1_threads",
    "ALTER TABLE checkpoints RENAME TO v1_checkpoints",
    "ALTER TABLE logs RENAME TO v1_logs",
    "ALTER TABLE blobs RENAME TO v1_blobs",
};

// Version 1 gave rowids in the order of the first put, and VACUUM kept their
// order; levels did not exist.
constexpr std::string_view kCopy[] = {
    "INSERT INTO threads (thread_id, last_log, last_checkpoint, is_deleted)"
    " SELECT thread_id, last_log, (SELECT count(*) FROM v1_checkpoints AS c"
    "  WHERE c.thread_id = t.thread_id), 0 FROM v1_threads AS t",
    "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
    "  parent_id, type, state, metadata, sequence)"
    " SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, state,"
    "  metadata, row_number() OVER (PARTITION BY thread_id ORDER BY rowid)"
    " FROM v1_checkpoints",
    "INSERT INTO logs (thread_id, number, level, payload)"
    " SELECT thread_id, number, 1, payload FROM v1_logs",
    "INSERT INTO blobs (content_id, thread_id, name, size, digest)"
    " SELECT rowid, thread_id, name, length(bytes), lastcommit_digest(bytes)"
    " FROM v1_blobs",
    "INSERT INTO contents (id, bytes) SELECT rowid, bytes FROM v1_blobs",
};

constexpr std::string_view kDrop[] = {
    "DROP TABLE v1_checkpoints",
    "DROP TABLE v1_logs",
    "DROP TABLE v1_blobs",
    "DROP TABLE v1_threads",
};

void DigestFunction(sqlite3_context* context, int /*count*/,
                    sqlite3_value** values) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(values[0]));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
  const absl::StatusOr<std::string> digest =
      CatchBadAlloc([&]() -> absl::StatusOr<std::string> {
        return DigestOf(std::string_view(bytes, bytes == nullptr ? 0 : size));
      });
  if (!digest.ok()) return sqlite3_result_error_nomem(context);
  sqlite3_result_blob(context, digest->data(), static_cast<int>(digest->size()),
                      SQLITE_TRANSIENT);
}

int SetDigestFunction(sqlite3* connection,
                      void (*function)(sqlite3_context*, int,
                                       sqlite3_value**)) {
  return sqlite3_create_function(connection, "lastcommit_digest", 1,
                                 SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                 function, nullptr, nullptr);
}

absl::Status RunAll(Database& database,
                    absl::Span<const std::string_view> statements) {
  for (const std::string_view sql : statements) {
    RETURN_IF_ERROR(database.RunOnce(std::string(sql)));
  }
  return absl::OkStatus();
}

absl::Status CheckForeignKeys(Database& database) {
  ASSIGN_OR_RETURN(Statement check,
                   database.PrepareOnce("PRAGMA foreign_key_check"));
  ASSIGN_OR_RETURN(const bool has_complaint, check.Step());
  if (!has_complaint) return absl::OkStatus();
  return absl::DataLossError("a row of schema version 1 refers to nothing");
}

absl::Status MigrateInside(Database& database) {
  RETURN_IF_ERROR(RunAll(database, kSetAside));
  RETURN_IF_ERROR(CreateTables(database));
  RETURN_IF_ERROR(RunAll(database, kCopy));
  RETURN_IF_ERROR(RunAll(database, kDrop));
  RETURN_IF_ERROR(CheckForeignKeys(database));
  return WriteSchemaId(database);
}

}  // namespace

// With every sync there is, as when the schema is created. In the journal mode
// of the file, WAL or DELETE: the caller's is set afterwards.
absl::StatusOr<int> Migrate(Database& database) {
  RETURN_IF_ERROR(database.RunOnce("PRAGMA synchronous = EXTRA"));
  // DROP TABLE would look for rows that refer to the table.
  RETURN_IF_ERROR(database.RunOnce("PRAGMA foreign_keys = OFF"));
  RETURN_IF_ERROR(
      SqliteStatus(SetDigestFunction(database.connection(), DigestFunction),
                   database.connection(), "a function for the migration"));
  const absl::Cleanup remove = [&] {
    SetDigestFunction(database.connection(), nullptr);
  };
  int version = 0;
  const absl::Status status = database.InTransaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const SchemaState state, InspectSchema(database));
    if (state == SchemaState::kComplete) return absl::OkStatus();
    version = 1;
    return MigrateInside(database);
  });
  if (!status.ok()) return status;
  return version;
}

}  // namespace lastcommit
