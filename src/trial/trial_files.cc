#include "trial/trial_files.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "disk/super_journals.h"
#include "status/status.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat(std::string(what), " ", path));
}

absl::Status CopyFile(const std::string& from, const std::string& to) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (in < 0) return Failed("cannot read", from);
  const absl::Cleanup close_in = [in] { close(in); };
  const int out = open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                       S_IRUSR | S_IWUSR);
  if (out < 0) return Failed("cannot write", to);
  const absl::Cleanup close_out = [out] { close(out); };
  while (true) {
    constexpr std::size_t kChunk = 1 << 24;
    const ssize_t sent = sendfile(out, in, nullptr, kChunk);
    if (sent == 0) return absl::OkStatus();
    if (sent < 0 && errno != EINTR) return Failed("cannot copy to", to);
  }
}

bool IsCopied(std::string_view name, CopyWhat what) {
  if (name.ends_with("-shm")) return false;
  return what == CopyWhat::kAll ||
         !(name.ends_with("-wal") || name.ends_with("-journal"));
}

// A path that stands in a journal is only asked for.
bool IsThere(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

bool IsHot(int journal) {
  struct stat info = {};
  if (fstat(journal, &info) != 0) return true;
  const auto read = [journal](std::int64_t at, std::size_t most) {
    std::string bytes(most, '\0');
    const ssize_t size = pread(journal, bytes.data(), bytes.size(), at);
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return bytes;
  };
  return IsHotJournal(info.st_size, read, IsThere);
}

// Of one database.
void AddLeftovers(const std::string& database, Leftovers& found) {
  struct stat info = {};
  if (stat(absl::StrCat(database, "-wal").c_str(), &info) == 0) {
    found.wal_bytes += info.st_size;
  }
  // SQLite deletes the journal of an empty database and rolls nothing back.
  if (stat(database.c_str(), &info) != 0 || info.st_size == 0) return;
  const int journal =
      open(absl::StrCat(database, "-journal").c_str(), O_RDONLY | O_CLOEXEC);
  if (journal < 0) return;
  found.hot_journal |= IsHot(journal);
  close(journal);
}

}  // namespace

absl::Status CopyDirectory(const std::string& from, const std::string& to,
                           CopyWhat what) {
  RETURN_IF_ERROR(MakeEmptyDirectory(to));
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(from, error)) {
    const std::string name = entry.path().filename().string();
    if (!IsCopied(name, what)) continue;
    RETURN_IF_ERROR(
        CopyFile(entry.path().string(), absl::StrCat(to, "/", name)));
  }
  if (error) {
    errno = error.value();
    return Failed("cannot list", from);
  }
  return absl::OkStatus();
}

void RemoveDirectory(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

absl::Status MakeEmptyDirectory(const std::string& path) {
  RemoveDirectory(path);
  if (mkdir(path.c_str(), S_IRWXU) != 0) return Failed("cannot make", path);
  return absl::OkStatus();
}

bool IsHotJournal(
    std::int64_t size,
    const std::function<std::string(std::int64_t at, std::size_t most)>& read,
    const std::function<bool(const std::string& path)>& is_there) {
  const std::string first = read(0, 1);
  if (first.empty() || first.front() == '\0') return false;
  const std::int64_t end = size - static_cast<std::int64_t>(kSuperJournalBytes);
  const std::string super =
      SuperJournalOf(read(std::max<std::int64_t>(end, 0), kSuperJournalBytes));
  return super.empty() || is_there(super);
}

Leftovers FindLeftovers(const std::string& directory) {
  Leftovers found;
  const std::string main = absl::StrCat(directory, "/", kDatabaseName);
  AddLeftovers(main, found);
  for (int database = 1; database <= kMostAttached; ++database) {
    const std::string path = AttachedPath(main, database);
    if (access(path.c_str(), F_OK) != 0) break;
    AddLeftovers(path, found);
  }
  return found;
}

}  // namespace lastcommit
