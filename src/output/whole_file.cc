#include "output/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status Cannot(const char* what, const std::string& path) {
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot ", what, " ", absl::CHexEscape(path)));
}

absl::Status Sync(const std::string& path, int flags) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
  if (file < 0) return Cannot("open", path);
  const absl::Cleanup closer = [file] { close(file); };
  // EINVAL: a file system that has no such thing.
  if (fsync(file) == 0 || errno == EINVAL) return absl::OkStatus();
  return Cannot("sync", path);
}

absl::Status WriteAll(int file, const std::string& path,
                      std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return Cannot("write", path);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

// A new file, whatever had its name: a link that somebody planted there is not
// followed but removed.
absl::Status WriteNewFile(const std::string& path, std::string_view text) {
  unlink(path.c_str());
  const int file = open(
      path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return Cannot("write", path);
  const absl::Cleanup closer = [file] { close(file); };
  return WriteAll(file, path, text);
}

// O_NONBLOCK: a FIFO without a reader is an error and not waited for.
absl::Status WriteInPlace(const std::string& path, std::string_view text) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC,
           0666);
  if (file < 0) return Cannot("write", path);
  const absl::Cleanup closer = [file] { close(file); };
  fcntl(file, F_SETFL, fcntl(file, F_GETFL) & ~O_NONBLOCK);
  return WriteAll(file, path, text);
}

bool IsSameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

absl::Status PutInPlace(const std::string& temporary, const std::string& path) {
  RETURN_IF_ERROR(Sync(temporary, 0));
  if (rename(temporary.c_str(), path.c_str()) != 0) {
    return Cannot("write", path);
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return Sync(parent.empty() ? "." : parent, O_DIRECTORY);
}

absl::Status WriteWholeFile(const std::string& path, std::string_view text) {
  const std::string temporary = absl::StrCat(path, ".tmp");
  const absl::Cleanup remover = [&] { unlink(temporary.c_str()); };
  const absl::Status written = WriteNewFile(temporary, text);
  if (!written.ok()) {  // named after what was asked for
    return absl::Status(
        written.code(),
        absl::StrCat("cannot write ", absl::CHexEscape(path), ": ",
                     std::string(written.message())
                         .substr(written.message().rfind(": ") + 2)));
  }
  return PutInPlace(temporary, path);
}

bool IsReplaced(const std::string& path) {
  struct stat info = {};
  struct stat output = {};
  if (path == "-") return false;
  if (stat(path.c_str(), &info) != 0) {
    return lstat(path.c_str(), &info) != 0;  // else a link to nothing
  }
  // /dev/stdout, where that is a file: it goes on being written.
  if (fstat(STDOUT_FILENO, &output) == 0 && IsSameFile(info, output)) {
    return false;
  }
  return S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
}

absl::Status WriteOutput(const std::string& path, std::string_view text) {
  struct stat info = {};
  struct stat output = {};
  const bool is_standard_output =
      path == "-" ||
      (stat(path.c_str(), &info) == 0 && fstat(STDOUT_FILENO, &output) == 0 &&
       IsSameFile(info, output));
  if (is_standard_output) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return absl::OkStatus();
  }
  if (!IsReplaced(path)) return WriteInPlace(path, text);
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  return WriteWholeFile(error ? path : target.string(), text);
}

absl::Status ReadInParts(
    const std::string& path,
    absl::FunctionRef<absl::Status(std::string_view part)> on_part) {
  const int file = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return Cannot("read", path);
  const absl::Cleanup closer = [file] { close(file); };
  struct stat info = {};
  if (fstat(file, &info) == 0 && !S_ISREG(info.st_mode)) {
    errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    return Cannot("read", path);
  }
  char buffer[65536];
  while (true) {
    const ssize_t size = read(file, buffer, sizeof(buffer));
    if (size < 0 && errno != EINTR) return Cannot("read", path);
    if (size == 0) return absl::OkStatus();
    if (size > 0) {
      RETURN_IF_ERROR(on_part({buffer, static_cast<std::size_t>(size)}));
    }
  }
}

absl::StatusOr<std::string> ReadShortFile(const std::string& path,
                                          std::size_t most) {
  std::string text;
  RETURN_IF_ERROR(ReadInParts(path, [&](std::string_view part) {
    text += part;
    return text.size() <= most
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     absl::StrCat(absl::CHexEscape(path),
                                  " is too long: more than ", most, " bytes"));
  }));
  return text;
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  return ReadShortFile(path, std::numeric_limits<std::size_t>::max());
}

}  // namespace lastcommit
