#include "saver/migration.h"

#include <sqlite3.h>

#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "saver/digest.h"
#include "saver/out_of_memory.h"
#include "saver/schema.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// Version 1 gave rowids in the order of the first put, and VACUUM kept their
// order; levels and digests did not exist.
constexpr std::string_view kSetVersion1Aside[] = {
    "ALTER TABLE threads RENAME TO v1_threads",
    "ALTER TABLE checkpoints RENAME TO v1_checkpoints",
    "ALTER TABLE logs RENAME TO v1_logs",
    "ALTER TABLE blobs RENAME TO v1_blobs",
};

constexpr std::string_view kCopyVersion1[] = {
    "INSERT INTO threads (thread_id, last_log, last_checkpoint, is_deleted)"
    " SELECT thread_id, last_log, (SELECT count(*) FROM v1_checkpoints AS c"
    "  WHERE c.thread_id = t.thread_id), 0 FROM v1_threads AS t",
    "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
    "  parent_id, type, state, metadata, sequence, digest)"
    " SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, state,"
    "  metadata, row_number() OVER (PARTITION BY thread_id ORDER BY rowid),"
    "  lastcommit_digest(parent_id, type, state, metadata)"
    " FROM v1_checkpoints",
    "INSERT INTO logs (thread_id, number, level, payload)"
    " SELECT thread_id, number, 1, payload FROM v1_logs",
    "INSERT INTO blobs (content_id, thread_id, name, size, digest)"
    " SELECT rowid, thread_id, name, length(bytes), lastcommit_digest(bytes)"
    " FROM v1_blobs",
    "INSERT INTO contents (id, bytes) SELECT rowid, bytes FROM v1_blobs",
};

constexpr std::string_view kDropVersion1[] = {
    "DROP TABLE v1_checkpoints",
    "DROP TABLE v1_logs",
    "DROP TABLE v1_blobs",
    "DROP TABLE v1_threads",
};

// In version 2 checkpoints had no digest. Their table is made anew as it is now
// and under its name, which the foreign keys of others then mean.
constexpr std::string_view kSetVersion2Aside[] = {
    "CREATE TABLE v2_checkpoints AS SELECT * FROM checkpoints",
    "DROP TABLE checkpoints",
};
constexpr std::string_view kCopyVersion2[] = {
    "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
    "  parent_id, type, state, metadata, sequence, digest)"
    " SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, state,"
    "  metadata, sequence,"
    "  lastcommit_digest(parent_id, type, state, metadata)"
    " FROM v2_checkpoints ORDER BY rowid",
    "DROP TABLE v2_checkpoints",
};

std::string_view BytesOf(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

// Of the bytes of a blob, or of the parts of a checkpoint.
constexpr int kBlobArguments = 1;
constexpr int kCheckpointArguments = 4;

std::string DigestOfValues(int count, sqlite3_value** values) {
  if (count == kBlobArguments) return DigestOf(BytesOf(values[0]));
  CheckpointParts parts;
  if (sqlite3_value_type(values[0]) != SQLITE_NULL) {
    parts.parent_id = BytesOf(values[0]);
  }
  parts.type = BytesOf(values[1]);
  parts.state = BytesOf(values[2]);
  parts.metadata = BytesOf(values[3]);
  return DigestOf(parts);
}

void DigestFunction(sqlite3_context* context, int count,
                    sqlite3_value** values) {
  const absl::StatusOr<std::string> digest =
      CatchBadAlloc([&]() -> absl::StatusOr<std::string> {
        return DigestOfValues(count, values);
      });
  if (!digest.ok()) return sqlite3_result_error_nomem(context);
  sqlite3_result_blob(context, digest->data(), static_cast<int>(digest->size()),
                      SQLITE_TRANSIENT);
}

int SetDigestFunction(sqlite3* connection,
                      void (*function)(sqlite3_context*, int,
                                       sqlite3_value**)) {
  int result = SQLITE_OK;
  for (const int arguments : {kBlobArguments, kCheckpointArguments}) {
    if (result != SQLITE_OK) break;
    result = sqlite3_create_function(connection, "lastcommit_digest", arguments,
                                     SQLITE_UTF8 | SQLITE_DIRECTONLY, nullptr,
                                     function, nullptr, nullptr);
  }
  return result;
}

absl::Status RunAll(Database& database,
                    absl::Span<const std::string_view> statements) {
  for (const std::string_view sql : statements) {
    RETURN_IF_ERROR(database.RunOnce(std::string(sql)));
  }
  return absl::OkStatus();
}

absl::Status CheckForeignKeys(Database& database, int version) {
  ASSIGN_OR_RETURN(Statement check,
                   database.PrepareOnce("PRAGMA foreign_key_check"));
  ASSIGN_OR_RETURN(const bool has_complaint, check.Step());
  if (!has_complaint) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("a row of schema version ", version, " refers to nothing"));
}

absl::Status FromVersion1(Database& database) {
  RETURN_IF_ERROR(RunAll(database, kSetVersion1Aside));
  RETURN_IF_ERROR(CreateTables(database));
  RETURN_IF_ERROR(RunAll(database, kCopyVersion1));
  return RunAll(database, kDropVersion1);
}

absl::Status FromVersion2(Database& database) {
  RETURN_IF_ERROR(RunAll(database, kSetVersion2Aside));
  RETURN_IF_ERROR(CreateCheckpoints(database));
  return RunAll(database, kCopyVersion2);
}

absl::Status MigrateInside(Database& database, int version) {
  RETURN_IF_ERROR(version == 1 ? FromVersion1(database)
                               : FromVersion2(database));
  RETURN_IF_ERROR(CheckForeignKeys(database, version));
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
    ASSIGN_OR_RETURN(const SchemaId id, ReadSchemaId(database));
    version = static_cast<int>(id.user_version);
    return MigrateInside(database, version);
  });
  if (!status.ok()) return status;
  return version;
}

}  // namespace lastcommit::saver
