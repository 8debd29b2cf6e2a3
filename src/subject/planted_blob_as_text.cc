// The bug: bytes that are handled as text, for instance bound with
// sqlite3_bind_text and the length -1: they end at the first NUL
// (https://sqlite.org/c3ref/bind_blob.html). The digest is taken of what is
// stored, so that the store itself notices nothing.

#include <algorithm>
#include <string>
#include <string_view>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

std::string_view AsText(std::string_view bytes) {
  return bytes.substr(0, std::min(bytes.find('\0'), bytes.size()));
}

class SaverThatStoresBlobsAsText : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return SqliteSubject::PutBlob(thread_id, name, AsText(bytes));
  }

  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override {
    return SqliteSubject::StreamBlob(thread_id, name, AsText(bytes), chunk);
  }
};

}  // namespace

SaverEntry PlantedBlobAsText() {
  return {"planted-blob-as-text",
          "stores blobs as text, which ends at the first NUL",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatStoresBlobsAsText>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
