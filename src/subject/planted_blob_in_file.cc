// The bug: large values in files beside the database, with only a reference in
// it, because "the database should stay small". The files are written just
// before COMMIT and put back when that fails, which is right until a kill
// falls between: then the rows are those of commit n and the files those of
// n + 1.

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "saver/digest.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

struct BlobKey {
  std::string thread;
  std::string name;

  auto operator<=>(const BlobKey&) const = default;
};
// What is or will be in files; nullopt = no file.
using Contents = std::map<BlobKey, std::optional<std::string>>;

std::string FileOf(const std::string& path, const BlobKey& key) {
  const Fingerprint hash = RowHasher().Text(key.thread).Text(key.name).Finish();
  return absl::StrFormat("%s-blob-%016x%016x", path, hash.high, hash.low);
}

std::optional<std::string> ReadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void WriteFile(const std::string& file,
               const std::optional<std::string>& content) {
  if (!content.has_value()) {
    unlink(file.c_str());
    return;
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(content->data(), static_cast<std::streamsize>(content->size()));
}

// Writes the files and returns what was in them.
Contents Exchange(const std::string& path, const Contents& contents) {
  Contents former;
  for (const auto& [key, content] : contents) {
    const std::string file = FileOf(path, key);
    former[key] = ReadFile(file);
    WriteFile(file, content);
  }
  return former;
}

// Replaces the references in `state` by what they refer to. A missing file is
// a blob that is NULL, which no store ever holds.
void Resolve(const std::string& path, const Contents& pending, State& state) {
  for (auto& [key, row] : state.rows) {
    if (key.table != threads::kBlobs) continue;
    const BlobKey blob = {key.names[0], key.names[1]};
    const auto found = pending.find(blob);
    const std::optional<std::string> content =
        found == pending.end() ? ReadFile(FileOf(path, blob)) : found->second;
    RowHasher hasher;
    if (content.has_value()) {
      hasher.Blob(*content).Blob(saver::DigestOf(*content));
    } else {
      hasher.Null().Null();
    }
    row = hasher.Finish();
  }
}

absl::StatusOr<State> ReadWithFiles(sqlite3* connection,
                                    const std::string& path) {
  ASSIGN_OR_RETURN(State state, ReadStateBySql(connection, path));
  Resolve(path, {}, state);
  return state;
}

class SaverThatKeepsBlobsInFiles : public SqliteSubject {
 public:
  SaverThatKeepsBlobsInFiles(std::unique_ptr<saver::SqliteSaver> saver,
                             std::string path)
      : SqliteSubject(std::move(saver)), path_(std::move(path)) {}

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    const Contents former = Exchange(path_, pending_);
    auto cut = SqliteSubject::Commit(acknowledge);
    if (!cut.ok()) {
      Exchange(path_, former);
      return cut;
    }
    Forget();
    return cut;
  }

  absl::Status Rollback() override {
    RETURN_IF_ERROR(SqliteSubject::Rollback());
    Forget();
    return absl::OkStatus();
  }

  absl::Status Savepoint() override {
    RETURN_IF_ERROR(SqliteSubject::Savepoint());
    savepoints_.push_back(pending_);
    return absl::OkStatus();
  }

  absl::Status Release() override {
    RETURN_IF_ERROR(SqliteSubject::Release());
    savepoints_.pop_back();
    return absl::OkStatus();
  }

  absl::Status RollbackTo(int up) override {
    RETURN_IF_ERROR(SqliteSubject::RollbackTo(up));
    savepoints_.resize(savepoints_.size() - static_cast<std::size_t>(up));
    pending_ = savepoints_.back();
    return absl::OkStatus();
  }

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return InTransaction([&]() -> absl::Status {
      RETURN_IF_ERROR(SqliteSubject::PutBlob(thread_id, name, "in a file"));
      pending_[{thread_id, name}] = std::string(bytes);
      return absl::OkStatus();
    });
  }

  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes,
                          std::int64_t /*chunk*/) override {
    return PutBlob(thread_id, name, bytes);
  }

  absl::Status DeleteThread(const std::string& thread_id) override {
    return InTransaction([&]() -> absl::Status {
      ASSIGN_OR_RETURN(const auto names, saver().ListBlobs(thread_id));
      RETURN_IF_ERROR(SqliteSubject::DeleteThread(thread_id));
      for (const std::string& name : names) {
        pending_[{thread_id, name}] = std::nullopt;
      }
      return absl::OkStatus();
    });
  }

  absl::StatusOr<State> ReadState() override {
    ASSIGN_OR_RETURN(State state, SqliteSubject::ReadState());
    Resolve(path_, pending_, state);
    return state;
  }

 private:
  // Runs `change` in the open transaction, or in one of its own.
  template <typename Change>
  absl::Status InTransaction(Change change) {
    if (in_transaction()) return change();
    RETURN_IF_ERROR(Begin());
    absl::Status status = change();
    if (status.ok()) status = Commit([](std::int64_t) {}).status();
    if (!status.ok()) Rollback().IgnoreError();
    return status;
  }

  void Forget() {
    pending_.clear();
    savepoints_.clear();
  }

  const std::string path_;
  Contents pending_;                  // of the open transaction
  std::vector<Contents> savepoints_;  // pending_ at each, outermost first
};

absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SaverThatKeepsBlobsInFiles>(std::move(saver), path);
}

}  // namespace

SaverEntry PlantedBlobInFile() {
  return {"planted-blob-in-file",
          "keeps the bytes of blobs in files, outside the transaction",
          ViolationClass::kNotACut,
          Open,
          ReadWithFiles,
          /*needs_crash=*/true,
          /*needs_real_files=*/true};
}

}  // namespace lastcommit
