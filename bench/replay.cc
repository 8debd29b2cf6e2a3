#include "replay.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kVfs[] = "unix";
constexpr std::string_view kUri = "file:";

void MakeIfMissing(const std::string& path) {
  close(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

// Closing the connection unlocks it.
void LockShared(sqlite3* connection) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (file != nullptr && file->pMethods != nullptr) {
    file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
  }
}

void SyncIfThere(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  fsync(file);
  close(file);
}

// A PRAGMA may do its work while it is prepared
// (https://sqlite.org/pragma.html): such a statement is used as on the tape.
bool MayBeUsedAgain(const char* sql) {
  return !std::string_view(sql).starts_with("PRAGMA");
}

}  // namespace

std::string_view FileOf(std::string_view name) {
  if (!name.starts_with(kUri)) return name;
  name.remove_prefix(name.starts_with("file://") ? 7 : kUri.size());
  return name.substr(0, name.find('?'));
}

absl::Status Replay::Run(std::span<const Call> calls) {
  for (const Call& call : calls) {
    const int result = call.again(*this, call);
    const bool is_same = result == call.result &&
                         (result != SQLITE_ROW ||
                          DigestOfRow(It<sqlite3_stmt>(call)) == call.row);
    if (is_same) continue;
    const char* sql = Get(call).sql;
    return absl::InternalError(absl::StrCat(
        "replayed, SQLite's answer is ", result, " and not ", call.result,
        ", or the row is another one: ", sql == nullptr ? "" : sql));
  }
  return absl::OkStatus();
}

void Replay::Note(const Call& call, const Object& made) {
  if (call.made == 0) return;
  const auto number = static_cast<std::size_t>(call.made);
  if (number >= objects_.size()) objects_.resize(number + 1);
  objects_[number] = made;
}

int Replay::Open(const Call& call) {
  const std::string name =
      absl::StrReplaceAll(call.text.data(), {{from_, to_}});
  const std::string file(FileOf(name));
  const bool is_peek = name.starts_with(kUri);
  if (is_peek) MakeIfMissing(file);
  sqlite3* connection = nullptr;
  const int result =
      sqlite3_open_v2(name.c_str(), &connection, call.detail, kVfs);
  open_.push_back(connection);
  Note(call, {.it = connection});
  if (is_peek) LockShared(connection);
  if ((call.detail & SQLITE_OPEN_CREATE) != 0) SyncIfThere(file + "-journal");
  return result;
}

int Replay::Close(sqlite3* connection) {
  std::erase_if(idle_, [&](const Object& statement) {
    return statement.connection == connection;
  });
  while (sqlite3_stmt* left = sqlite3_next_stmt(connection, nullptr)) {
    sqlite3_finalize(left);
  }
  std::erase(open_, connection);
  return sqlite3_close_v2(connection);
}

int Replay::Prepare(const Call& call) {
  auto* const connection = It<sqlite3>(call);
  const auto idle =
      std::find_if(idle_.begin(), idle_.end(), [&](const Object& statement) {
        return statement.connection == connection &&
               statement.sql == call.text.data();
      });
  if (idle != idle_.end()) {
    Note(call, *idle);
    idle_.erase(idle);
    return SQLITE_OK;
  }
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(
      connection, call.text.data(), static_cast<int>(call.text.size()),
      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  Note(call, {statement, call.text.data(), connection});
  return result;
}

int Replay::Finalize(const Call& call) {
  if (!MayBeUsedAgain(Get(call).sql))
    return sqlite3_finalize(It<sqlite3_stmt>(call));
  idle_.push_back(Get(call));
  const int result = sqlite3_reset(It<sqlite3_stmt>(call));
  sqlite3_clear_bindings(It<sqlite3_stmt>(call));
  return result;
}

int Replay::OpenBlob(const Call& call) {
  sqlite3_blob* blob = nullptr;
  const int result =
      sqlite3_blob_open(It<sqlite3>(call), "main", call.text.data(),
                        call.column.data(), call.number, call.detail, &blob);
  Note(call, {.it = blob});
  return result;
}

int Replay::ReadBlob(const Call& call) {
  read_.resize(static_cast<std::size_t>(call.number));
  return sqlite3_blob_read(It<sqlite3_blob>(call), read_.data(),
                           static_cast<int>(call.number), call.detail);
}

}  // namespace lastcommit
