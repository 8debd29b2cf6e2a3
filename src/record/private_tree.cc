#include "record/private_tree.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(int error, std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(
      error, absl::StrCat("cannot ", std::string(what), " ", path));
}

absl::Status CopyBytes(const std::string& from, const std::string& to,
                       const struct stat& found) {
  const int in = open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (in < 0) return Failed(errno, "read", from);
  const auto close_in = absl::MakeCleanup([in] { close(in); });
  const int out =
      open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0) return Failed(errno, "make", to);
  const auto close_out = absl::MakeCleanup([out] { close(out); });
  while (true) {
    constexpr std::size_t kMost = std::size_t{1} << 30;
    const ssize_t copied = sendfile(out, in, nullptr, kMost);
    if (copied == 0) break;
    if (copied < 0) return Failed(errno, "copy", from);
  }
  const timespec times[] = {found.st_atim, found.st_mtim};
  if (fchmod(out, found.st_mode & 07777) != 0 || futimens(out, times) != 0) {
    return Failed(errno, "copy", from);
  }
  return absl::OkStatus();
}

class Copier {
 public:
  absl::Status Copy(const std::string& from, const std::string& to) {
    struct stat found = {};
    if (lstat(from.c_str(), &found) != 0) return Failed(errno, "read", from);
    if (S_ISDIR(found.st_mode)) return CopyDirectory(from, to, found);
    if (S_ISLNK(found.st_mode)) {
      std::error_code error;
      fs::copy_symlink(from, to, error);
      return error ? Failed(error.value(), "copy", from) : absl::OkStatus();
    }
    if (!S_ISREG(found.st_mode)) return absl::OkStatus();
    std::string& first = copies_[{found.st_dev, found.st_ino}];
    if (!first.empty() && found.st_nlink > 1) {
      return link(first.c_str(), to.c_str()) == 0 ? absl::OkStatus()
                                                  : Failed(errno, "link", to);
    }
    first = to;
    return CopyBytes(from, to, found);
  }

 private:
  absl::Status CopyDirectory(const std::string& from, const std::string& to,
                             const struct stat& found) {
    if (mkdir(to.c_str(), 0700) != 0) return Failed(errno, "make", to);
    std::error_code error;
    for (fs::directory_iterator it(from, error), end; !error && it != end;
         it.increment(error)) {
      const std::string name = it->path().filename();
      RETURN_IF_ERROR(
          Copy(absl::StrCat(from, "/", name), absl::StrCat(to, "/", name)));
    }
    if (error) return Failed(error.value(), "read", from);
    const timespec times[] = {found.st_atim, found.st_mtim};
    // It stays one that its owner can remove.
    if (chmod(to.c_str(), (found.st_mode & 07777) | 0700) != 0 ||
        utimensat(AT_FDCWD, to.c_str(), times, 0) != 0) {
      return Failed(errno, "copy", from);
    }
    return absl::OkStatus();
  }

  std::map<std::pair<dev_t, ino_t>, std::string> copies_;
};

}  // namespace

absl::StatusOr<TreeSize> SizeOfTree(const std::string& directory) {
  TreeSize size;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end;
       !error && it != end; it.increment(error)) {
    struct stat found = {};
    if (lstat(it->path().c_str(), &found) != 0 || !S_ISREG(found.st_mode)) {
      continue;
    }
    ++size.files;
    size.bytes += found.st_size;
  }
  if (error) return Failed(error.value(), "read", directory);
  return size;
}

absl::Status CopyTree(const std::string& from, const std::string& to) {
  return Copier().Copy(from, to);
}

absl::StatusOr<ScratchDirectory> ScratchDirectory::Make() {
  const char* const parent = std::getenv("TMPDIR");
  return MakeIn(parent == nullptr || *parent == '\0' ? "/tmp" : parent);
}

absl::StatusOr<ScratchDirectory> ScratchDirectory::MakeIn(
    const std::string& parent) {
  std::string path = absl::StrCat(parent, "/lastcommit-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return Failed(errno, "make", path);
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return Failed(error.value(), "find", path);
  return ScratchDirectory(real);
}

ScratchDirectory::ScratchDirectory(std::string path)
    : path_(std::move(path)), owner_(getpid()) {}

ScratchDirectory::ScratchDirectory(ScratchDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")), owner_(other.owner_) {}

ScratchDirectory::~ScratchDirectory() {
  if (path_.empty() || owner_ != getpid()) return;
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace lastcommit
