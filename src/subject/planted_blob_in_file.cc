// The bug: large values in files beside the database, each named after its
// content, with only the name in the database, because "the database should
// stay small". Just before COMMIT the new files are written and those removed
// that no row names any more; when it fails they are put back, which is right
// until a kill falls between: then rows of commit n name files that n + 1 has
// removed.

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "saver/digest.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

// What is or will be in files, by their names; nullopt = no file.
using Contents = std::map<std::string, std::optional<std::string>>;

std::string NameOf(std::string_view bytes) {
  return absl::BytesToHexString(saver::DigestOf(bytes));
}

std::string PrefixOf(const std::string& path) {
  return absl::StrCat(path, "-blob-");
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
  for (const auto& [name, content] : contents) {
    const std::string file = PrefixOf(path) + name;
    former[name] = ReadFile(file);
    WriteFile(file, content);
  }
  return former;
}

std::set<std::string> NamesOfFiles(const std::string& path) {
  const std::string prefix = PrefixOf(path);
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(path).parent_path(), error)) {
    const std::string file = entry.path().string();
    if (file.starts_with(prefix)) names.insert(file.substr(prefix.size()));
  }
  return names;
}

absl::StatusOr<std::set<std::string>> NamesInRows(sqlite3* connection) {
  ASSIGN_OR_RETURN(
      const auto names,
      RunSql(connection,
             "SELECT group_concat(CAST(bytes AS TEXT)) FROM contents"));
  return absl::StrSplit(names.value_or(""), ',', absl::SkipEmpty());
}

// Replaces the names in `state` by what they stand for. A missing file is a
// blob that is NULL, which no store ever holds.
absl::Status Resolve(sqlite3* connection, const std::string& path,
                     const Contents& pending, State& state) {
  for (auto& [key, row] : state.rows) {
    if (key.table != threads::kBlobs) continue;
    ASSIGN_OR_RETURN(const auto name,
                     RunSql(connection,
                            "SELECT CAST(bytes AS TEXT) FROM blobs"
                            " JOIN contents ON id = content_id"
                            " WHERE thread_id = ?1 AND blobs.name = ?2",
                            {key.names[0], key.names[1]}));
    const auto found = pending.find(name.value_or(""));
    const std::optional<std::string> content =
        found == pending.end() ? ReadFile(PrefixOf(path) + name.value_or(""))
                               : found->second;
    RowHasher hasher;
    if (content.has_value()) {
      hasher.Blob(*content).Blob(saver::DigestOf(*content));
    } else {
      hasher.Null().Null();
    }
    row = hasher.Finish();
  }
  return absl::OkStatus();
}

absl::StatusOr<State> ReadWithFiles(sqlite3* connection,
                                    const std::string& path) {
  ASSIGN_OR_RETURN(State state, ReadStateBySql(connection, path));
  RETURN_IF_ERROR(Resolve(connection, path, {}, state));
  return state;
}

class SaverThatKeepsBlobsInFiles : public PlantedSubject {
 public:
  SaverThatKeepsBlobsInFiles(std::unique_ptr<saver::SqliteSaver> saver,
                             std::string path)
      : PlantedSubject(std::move(saver)), path_(std::move(path)) {}

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (!IsInTransaction()) return PlantedSubject::Commit(acknowledge);
    ASSIGN_OR_RETURN(const Contents changed, Changed());
    const Contents former = Exchange(path_, changed);
    auto cut = PlantedSubject::Commit(acknowledge);
    if (!cut.ok()) {
      Exchange(path_, former);
      return cut;
    }
    pending_.clear();
    return cut;
  }

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return InTransaction([&]() -> absl::Status {
      pending_[NameOf(bytes)] = std::string(bytes);
      return PlantedSubject::PutBlob(thread_id, name, NameOf(bytes));
    });
  }

  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes,
                          std::int64_t /*chunk*/) override {
    return PutBlob(thread_id, name, bytes);
  }

  absl::StatusOr<State> ReadState() override {
    ASSIGN_OR_RETURN(State state, PlantedSubject::ReadState());
    RETURN_IF_ERROR(Resolve(saver().connection(), path_, pending_, state));
    return state;
  }

 private:
  absl::StatusOr<Contents> Changed() {
    ASSIGN_OR_RETURN(const auto named, NamesInRows(saver().connection()));
    Contents changed;
    for (const auto& [name, content] : pending_) {
      if (named.contains(name)) changed[name] = content;
    }
    for (const std::string& name : NamesOfFiles(path_)) {
      if (!named.contains(name)) changed[name] = std::nullopt;
    }
    return changed;
  }

  const std::string path_;
  Contents pending_;  // put since the last commit
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
