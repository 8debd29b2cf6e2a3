#include "saver/schema.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// thread_id leads every primary key: the foreign keys and DELETE use it as an
// index. The keys are checked at COMMIT, so that an operation can put its data
// before the row of its thread (saver/tables.h).
//
// The bytes of a blob have a table of their own, so that the digest of a
// streamed one can be written after them without writing them again. The id of
// its row is content_id, and the foreign key goes from the bytes to the blob:
// bytes that belong to nothing are seen by foreign_key_check, and a blob
// without bytes by whoever reads it.
constexpr std::string_view kMeta =
    "CREATE TABLE meta ("
    " key TEXT PRIMARY KEY,"
    " value INTEGER NOT NULL) STRICT, WITHOUT ROWID";
constexpr std::string_view kCheckpoints =
    "CREATE TABLE checkpoints ("
    " thread_id TEXT NOT NULL REFERENCES threads"
    "  DEFERRABLE INITIALLY DEFERRED,"
    " checkpoint_ns TEXT NOT NULL,"
    " checkpoint_id TEXT NOT NULL,"
    " parent_id TEXT,"
    " type TEXT NOT NULL,"
    " state BLOB NOT NULL,"
    " metadata TEXT NOT NULL CHECK (json_valid(metadata)),"
    " sequence INTEGER NOT NULL,"
    " digest BLOB NOT NULL,"
    " PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id),"
    " UNIQUE (thread_id, checkpoint_ns, sequence)) STRICT";
constexpr std::string_view kTables[] = {
    "CREATE TABLE threads ("
    " thread_id TEXT PRIMARY KEY,"
    " last_log INTEGER NOT NULL,"
    " last_checkpoint INTEGER NOT NULL,"
    " is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1))) STRICT",
    kCheckpoints,
    "CREATE TABLE writes ("
    " thread_id TEXT NOT NULL,"
    " checkpoint_ns TEXT NOT NULL,"
    " checkpoint_id TEXT NOT NULL,"
    " task_id TEXT NOT NULL,"
    " idx INTEGER NOT NULL,"
    " channel TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " bytes BLOB NOT NULL,"
    " PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx),"
    " FOREIGN KEY (thread_id, checkpoint_ns, checkpoint_id)"
    "  REFERENCES checkpoints DEFERRABLE INITIALLY DEFERRED) STRICT",
    "CREATE TABLE logs ("
    " thread_id TEXT NOT NULL REFERENCES threads"
    "  DEFERRABLE INITIALLY DEFERRED,"
    " number INTEGER NOT NULL,"
    " level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " PRIMARY KEY (thread_id, number)) STRICT",
    "CREATE TABLE tasks ("
    " thread_id TEXT NOT NULL REFERENCES threads"
    "  DEFERRABLE INITIALLY DEFERRED,"
    " task_id TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN"
    "  ('pending', 'running', 'done', 'failed', 'cancelled')),"
    " attempts INTEGER NOT NULL,"
    " version INTEGER NOT NULL,"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " PRIMARY KEY (thread_id, task_id)) STRICT",
    "CREATE TABLE blobs ("
    " content_id INTEGER PRIMARY KEY,"
    " thread_id TEXT NOT NULL REFERENCES threads"
    "  DEFERRABLE INITIALLY DEFERRED,"
    " name TEXT NOT NULL,"
    " size INTEGER NOT NULL,"
    " digest BLOB NOT NULL,"
    " UNIQUE (thread_id, name)) STRICT",
    "CREATE TABLE contents ("
    " id INTEGER PRIMARY KEY REFERENCES blobs"
    "  DEFERRABLE INITIALLY DEFERRED,"
    " bytes BLOB NOT NULL) STRICT",
};
constexpr std::string_view kFirstCommit =
    "INSERT INTO meta (key, value) VALUES ('commit_counter', 0)";

constexpr int kOldestSchemaVersion = 1;

absl::StatusOr<std::int64_t> PragmaInt(Database& database, const char* name) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.PrepareOnce(absl::StrCat("PRAGMA ", name)));
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  return has_row ? statement.Int(0) : 0;
}

absl::Status Refuse(const SchemaId& id) {
  if (id.application_id != kApplicationId) {
    return absl::FailedPreconditionError(
        absl::StrCat("a database of another program (application_id ",
                     id.application_id, ")"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat("schema version ", id.user_version,
                   ", this program knows version ", kSchemaVersion));
}

absl::Status CreateInside(Database& database) {
  RETURN_IF_ERROR(database.RunOnce(std::string(kMeta)));
  RETURN_IF_ERROR(CreateTables(database));
  RETURN_IF_ERROR(database.RunOnce(std::string(kFirstCommit)));
  return WriteSchemaId(database);
}

// In one transaction, or a database that somebody creates meanwhile looks like
// one of another program.
absl::StatusOr<SchemaState> InspectInside(Database& database) {
  ASSIGN_OR_RETURN(const SchemaId id, ReadSchemaId(database));
  const bool is_ours = id.application_id == kApplicationId;
  if (is_ours && id.user_version == kSchemaVersion) {
    return SchemaState::kComplete;
  }
  if (is_ours && id.user_version >= kOldestSchemaVersion &&
      id.user_version < kSchemaVersion) {
    return SchemaState::kOld;
  }
  ASSIGN_OR_RETURN(const std::int64_t objects,
                   database.QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (id.application_id != 0 || id.user_version != 0 || objects != 0) {
    return Refuse(id);
  }
  // Its first table has chosen it for good, and bytes of a column are read as
  // they are stored (https://sqlite.org/pragma.html#pragma_encoding).
  ASSIGN_OR_RETURN(const std::string encoding,
                   database.QueryText("PRAGMA encoding"));
  if (encoding == "UTF-8") return SchemaState::kEmpty;
  return absl::FailedPreconditionError(
      absl::StrCat("an empty database for text in ", encoding));
}

// A page size can only be chosen while the file has no page. Somebody may have
// left one page behind by switching an empty file to WAL; VACUUM rebuilds that.
absl::Status SetPageSize(Database& database, int page_size) {
  RETURN_IF_ERROR(
      database.RunOnce(absl::StrCat("PRAGMA page_size = ", page_size)));
  ASSIGN_OR_RETURN(const std::int64_t pages, PragmaInt(database, "page_count"));
  if (pages == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::int64_t size, PragmaInt(database, "page_size"));
  return size == page_size ? absl::OkStatus() : database.RunOnce("VACUUM");
}

}  // namespace

absl::StatusOr<SchemaId> ReadSchemaId(Database& database) {
  SchemaId id;
  ASSIGN_OR_RETURN(id.application_id, PragmaInt(database, "application_id"));
  ASSIGN_OR_RETURN(id.user_version, PragmaInt(database, "user_version"));
  return id;
}

absl::Status WriteSchemaId(Database& database) {
  RETURN_IF_ERROR(database.RunOnce(
      absl::StrCat("PRAGMA application_id = ", kApplicationId)));
  return database.RunOnce(
      absl::StrCat("PRAGMA user_version = ", kSchemaVersion));
}

absl::StatusOr<SchemaState> InspectSchema(Database& database) {
  if (!database.IsAutocommit()) return InspectInside(database);
  // Compiled while nothing is begun: there may be no memory for it later.
  ASSIGN_OR_RETURN(Statement end, database.PrepareOnce("COMMIT"));
  RETURN_IF_ERROR(database.RunOnce("BEGIN"));
  auto state = InspectInside(database);
  if (database.IsAutocommit()) return state;
  const absl::Status ended = end.Run();
  return ended.ok() || !state.ok() ? state : ended;
}

absl::Status CreateCheckpoints(Database& database) {
  return database.RunOnce(std::string(kCheckpoints));
}

absl::Status CreateTables(Database& database) {
  for (const std::string_view sql : kTables) {
    RETURN_IF_ERROR(database.RunOnce(std::string(sql)));
  }
  return absl::OkStatus();
}

// In the rollback journal mode DELETE and with every sync there is, whatever
// the options say: this happens once, and a crash in it must leave a file that
// can be opened even if the options promise little. The caller's mode is set
// afterwards.
absl::StatusOr<bool> CreateSchema(Database& database, int page_size) {
  RETURN_IF_ERROR(database.RunOnce("PRAGMA synchronous = EXTRA"));
  RETURN_IF_ERROR(database.RunOnce("PRAGMA journal_mode = DELETE"));
  RETURN_IF_ERROR(SetPageSize(database, page_size));
  bool created = false;
  const absl::Status status = database.InTransaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const SchemaState state, InspectSchema(database));
    if (state != SchemaState::kEmpty) return absl::OkStatus();
    created = true;
    return CreateInside(database);
  });
  if (!status.ok()) return status;
  return created;
}

}  // namespace lastcommit::saver
