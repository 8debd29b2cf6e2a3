#include "saver/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <mutex>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace lastcommit::saver {
namespace {

bool CreateNew(const std::string& path) {
  const int descriptor =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  close(descriptor);
  return true;
}

}  // namespace

absl::Status CheckIsNoOtherThanAFile(const std::string& path) {
  struct stat file = {};
  if (stat(path.c_str(), &file) == 0) {
    if (S_ISREG(file.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path, S_ISDIR(file.st_mode) ? ": a directory" : ": not a file"));
  }
  if (errno != ELOOP) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": symbolic links that lead in a circle"));
}

// Closing a descriptor drops the locks that this process has on the file
// (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_):
// hence only files that are new, and the mutex lets no other saver of the
// process open one before it is closed.
void CreateIfMissing(const std::string& path) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  namespace fs = std::filesystem;
  constexpr int kMaxLinks = 40;  // as in Linux
  fs::path place = path;
  std::error_code no_link;
  for (int i = 0; i < kMaxLinks && !CreateNew(place.string()); ++i) {
    if (fs::exists(place, no_link)) return;
    const fs::path target = fs::read_symlink(place, no_link);
    if (no_link) return;
    place = place.parent_path() / target;
  }
}

}  // namespace lastcommit::saver
