#include "absl/strings/str_cat.h"
#include "saver/digest.h"
#include "saver/shown.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {

absl::StatusOr<std::int64_t> PutBlobHead(Database& database, const BlobKey& key,
                                         std::int64_t size,
                                         std::string_view digest) {
  ASSIGN_OR_RETURN(
      Statement upsert,
      database.Prepare("INSERT INTO blobs (thread_id, name, size, digest)"
                       " VALUES (?1, ?2, ?3, ?4)"
                       " ON CONFLICT (thread_id, name) DO UPDATE"
                       " SET size = excluded.size, digest = excluded.digest"
                       " RETURNING content_id"));
  upsert.BindText(1, key.thread_id)
      .BindText(2, key.name)
      .BindInt(3, size)
      .BindBlob(4, digest);
  return upsert.OnlyInt();
}

absl::Status PutBlobRow(Database& database, const BlobKey& key,
                        std::string_view bytes) {
  ASSIGN_OR_RETURN(const ThreadRow thread,
                   GetThreadToChange(database, key.thread_id));
  const std::string digest = DigestOf(bytes);
  ASSIGN_OR_RETURN(
      const std::int64_t content_id,
      PutBlobHead(database, key, static_cast<std::int64_t>(bytes.size()),
                  digest));
  {
    ASSIGN_OR_RETURN(
        Statement upsert,
        database.Prepare("INSERT INTO contents (id, bytes) VALUES (?1, ?2)"
                         " ON CONFLICT (id) DO UPDATE"
                         " SET bytes = excluded.bytes"));
    RETURN_IF_ERROR(upsert.BindInt(1, content_id).BindBlob(2, bytes).Run());
  }
  if (thread.is_there) return absl::OkStatus();
  return PutThreadRow(database, key.thread_id, thread);
}

absl::StatusOr<std::string> GetBlobRow(Database& database, const BlobKey& key) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT digest, bytes FROM blobs LEFT JOIN contents"
                       " ON id = content_id"
                       " WHERE thread_id = ?1 AND name = ?2"));
  select.BindText(1, key.thread_id).BindText(2, key.name);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  if (!has_row) return NoSuchBlob(key);
  std::string bytes = select.Bytes(1);
  if (select.IsNull(1) || DigestOf(bytes) != select.Bytes(0)) {
    return BlobIsDamaged();
  }
  return bytes;
}

absl::Status NoSuchBlob(const BlobKey& key) {
  return absl::NotFoundError(absl::StrCat("no such blob: thread_id ",
                                          Shown(key.thread_id), ", name ",
                                          Shown(key.name)));
}

absl::Status BlobIsDamaged() {
  return absl::DataLossError(
      "the bytes of the blob are not those of its digest");
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

}  // namespace lastcommit::saver
