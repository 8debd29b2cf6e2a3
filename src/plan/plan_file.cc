// Plans as files. A finding is worth more than the run that made it, so a plan
// is written so that it survives a crash of the machine too: the file is
// synced before it gets its name, and its directory after.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "plan/codec.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr int kMaxTemporaryNames = 100;

// "PATH: what", with the code that `error` stands for.
absl::Status PathError(int error, const std::string& path,
                       std::string_view what) {
  std::string message = absl::StrCat(absl::CHexEscape(path), ": ");
  message.append(what);
  if (error == EISDIR || error == EINVAL) {
    return absl::InvalidArgumentError(message);
  }
  if (error == ENOTDIR) return absl::NotFoundError(message);
  if (error == EFBIG) return absl::ResourceExhaustedError(message);
  return absl::ErrnoToStatus(error, message);
}

absl::Status CheckPath(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path is empty");
  if (path.find('\0') == std::string::npos) return absl::OkStatus();
  return PathError(EINVAL, path, "the path has a NUL byte");
}

absl::Status CheckIsPlanFile(int fd, const std::string& path) {
  struct stat file;
  if (fstat(fd, &file) != 0) return PathError(errno, path, "cannot stat");
  if (S_ISDIR(file.st_mode)) return PathError(EISDIR, path, "is a directory");
  if (!S_ISREG(file.st_mode)) {
    return PathError(EINVAL, path, "is not a regular file");
  }
  if (file.st_size > PlanLimits::kMaxFileBytes) {
    return PathError(EINVAL, path,
                     absl::StrCat(file.st_size, " bytes are too many (allowed ",
                                  PlanLimits::kMaxFileBytes, ")"));
  }
  return absl::OkStatus();
}

// Stops after one byte too many, in case the file grows meanwhile.
absl::StatusOr<std::string> ReadAll(int fd, const std::string& path) {
  constexpr std::size_t kChunk = 1 << 16;
  std::string text;
  while (text.size() <= PlanLimits::kMaxFileBytes) {
    const std::size_t size = text.size();
    text.resize(size + kChunk);
    const ssize_t count = read(fd, text.data() + size, kChunk);
    if (count < 0 && errno != EINTR) {
      return PathError(errno, path, "cannot read");
    }
    text.resize(size + static_cast<std::size_t>(count < 0 ? 0 : count));
    if (count == 0) break;
  }
  return text;
}

absl::Status WriteAll(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      return PathError(errno, path, "cannot write");
    }
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  return absl::OkStatus();
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

struct TemporaryFile {
  std::string path;
  int fd = -1;
};

// Not mkstemp: a plan gets the permissions that any new file of the user gets.
absl::StatusOr<TemporaryFile> CreateBeside(const std::string& path) {
  static std::atomic<std::uint64_t> next = 0;
  for (int i = 0; i < kMaxTemporaryNames; ++i) {
    TemporaryFile file;
    file.path = absl::StrCat(DirectoryOf(path), "/.lastcommit-", getpid(), "-",
                             next.fetch_add(1), ".tmp");
    file.fd =
        open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.fd >= 0) return file;
    if (errno != EEXIST) {
      return PathError(errno, path, "cannot create a file in its directory");
    }
  }
  return PathError(EEXIST, path, "its directory is full of temporary files");
}

absl::Status SyncDirectoryOf(const std::string& path) {
  const int fd =
      open(DirectoryOf(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return PathError(errno, path, "cannot open its directory");
  const absl::Cleanup closer = [fd] { close(fd); };
  // EINVAL: a file system that has no such thing.
  if (fsync(fd) == 0 || errno == EINVAL) return absl::OkStatus();
  return PathError(errno, path, "cannot sync its directory");
}

// Ends with `file` synced and closed, whatever happens.
absl::Status WriteAndClose(const TemporaryFile& file, std::string_view text,
                           const std::string& path) {
  absl::Status status = WriteAll(file.fd, text, path);
  if (status.ok() && fsync(file.fd) != 0) {
    status = PathError(errno, path, "cannot sync");
  }
  if (close(file.fd) != 0 && status.ok()) {
    status = PathError(errno, path, "cannot close");
  }
  return status;
}

}  // namespace

absl::StatusOr<Plan> ReadPlanFile(const std::string& path) {
  RETURN_IF_ERROR(CheckPath(path));
  // O_NONBLOCK: a FIFO is refused below instead of waited for.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return PathError(errno, path, "cannot open");
  const absl::Cleanup closer = [fd] { close(fd); };
  RETURN_IF_ERROR(CheckIsPlanFile(fd, path));
  ASSIGN_OR_RETURN(const std::string text, ReadAll(fd, path));
  return ParsePlan(text, path);
}

absl::Status WritePlanFile(const std::string& path, const Plan& plan) {
  RETURN_IF_ERROR(CheckPath(path));
  ASSIGN_OR_RETURN(const TemporaryFile file, CreateBeside(path));
  absl::Cleanup remover = [&file] { unlink(file.path.c_str()); };
  RETURN_IF_ERROR(WriteAndClose(file, PrintPlan(plan), path));
  if (rename(file.path.c_str(), path.c_str()) != 0) {
    return PathError(errno, path, "cannot rename to this");
  }
  std::move(remover).Cancel();
  return SyncDirectoryOf(path);
}

absl::Status CheckPlanFileCanBeWritten(const std::string& path) {
  RETURN_IF_ERROR(CheckPath(path));
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return PathError(EISDIR, path, "cannot rename to this");
  }
  ASSIGN_OR_RETURN(const TemporaryFile file, CreateBeside(path));
  unlink(file.path.c_str());
  close(file.fd);
  return absl::OkStatus();
}

}  // namespace lastcommit
