#include "trial/trial_files.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

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

bool IsCopied(const std::string& name, CopyWhat what) {
  const std::string_view database = kDatabaseName;
  const std::string_view view = name;
  if (!view.starts_with(database)) return true;
  const std::string_view suffix = view.substr(database.size());
  if (suffix == "-shm") return false;
  return what == CopyWhat::kAll || (suffix != "-wal" && suffix != "-journal");
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

Leftovers FindLeftovers(const std::string& directory) {
  Leftovers found;
  const std::string database = absl::StrCat(directory, "/", kDatabaseName);
  struct stat info = {};
  if (stat(absl::StrCat(database, "-wal").c_str(), &info) == 0) {
    found.wal_bytes = info.st_size;
  }
  // SQLite deletes the journal of an empty database and rolls nothing back.
  if (stat(database.c_str(), &info) != 0 || info.st_size == 0) return found;
  const int journal =
      open(absl::StrCat(database, "-journal").c_str(), O_RDONLY | O_CLOEXEC);
  if (journal < 0) return found;
  char first = 0;
  found.hot_journal = read(journal, &first, 1) == 1 && first != 0;
  close(journal);
  return found;
}

}  // namespace lastcommit
