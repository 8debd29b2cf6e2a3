#include "campaign/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

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

absl::Status WriteText(const std::string& path, std::string_view text) {
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) return Cannot("write", path);
  const absl::Cleanup closer = [file] { close(file); };
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) return Cannot("write", path);
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
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
  const absl::Status written = WriteText(temporary, text);
  if (!written.ok()) {  // named after what was asked for
    return absl::Status(
        written.code(),
        absl::StrCat("cannot write ", absl::CHexEscape(path), ": ",
                     std::string(written.message())
                         .substr(written.message().rfind(": ") + 2)));
  }
  return PutInPlace(temporary, path);
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Cannot("read", path);
  const absl::Cleanup closer = [file] { close(file); };
  std::string text;
  char buffer[65536];
  while (true) {
    const ssize_t size = read(file, buffer, sizeof(buffer));
    if (size < 0 && errno != EINTR) return Cannot("read", path);
    if (size == 0) return text;
    if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
  }
}

}  // namespace lastcommit
