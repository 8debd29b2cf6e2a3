#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit {

absl::Status PutBlobRow(Database& database, const BlobKey& key,
                        std::string_view bytes) {
  ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare(
          "INSERT INTO blobs (thread_id, name, bytes) VALUES (?1, ?2, ?3)"
          " ON CONFLICT (thread_id, name) DO UPDATE"
          " SET bytes = excluded.bytes"));
  insert.BindText(1, key.thread_id).BindText(2, key.name).BindBlob(3, bytes);
  RETURN_IF_ERROR(insert.Run());
  return TouchThreadRow(database, key.thread_id);
}

absl::StatusOr<std::string> GetBlobRow(Database& database, const BlobKey& key) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(
          "SELECT bytes FROM blobs WHERE thread_id = ?1 AND name = ?2"));
  select.BindText(1, key.thread_id).BindText(2, key.name);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  if (!has_row) return absl::NotFoundError("no such blob");
  return select.Bytes(0);
}

absl::StatusOr<std::vector<std::string>> ListBlobNames(
    Database& database, const std::string& thread_id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(
          "SELECT name FROM blobs WHERE thread_id = ?1 ORDER BY name"));
  select.BindText(1, thread_id);
  return select.AllBytes();
}

}  // namespace lastcommit
