#include "verify/private_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "output/shown.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::string_view kSuffixes[] = {"", "-wal", "-journal"};
constexpr std::size_t kFiles = std::size(kSuffixes);

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept
      : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

std::string Named(const std::string& path, const std::string& what) {
  return absl::StrCat(Shown(path), ": ", what);
}

std::string Named(const std::string& path, int system_error) {
  return Named(path, std::strerror(system_error));
}

// One file as it is found: absent, or with what changes when it is written.
struct Look {
  bool is_there = false;
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t size = 0;
  absl::Time modified = absl::InfinitePast();

  bool operator==(const Look&) const = default;
};
using Looks = std::array<Look, kFiles>;

// Also why it cannot be copied, if it cannot.
struct Seen {
  Looks looks;
  std::string refused;
};

Seen LookAt(const std::string& database) {
  Seen seen;
  for (std::size_t i = 0; i < kFiles; ++i) {
    const std::string path = database + std::string(kSuffixes[i]);
    struct stat info = {};
    if (stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT && i > 0) continue;
      seen.refused = Named(path, errno);
      return seen;
    }
    if (!S_ISREG(info.st_mode)) {
      seen.refused = Named(
          path, S_ISDIR(info.st_mode) ? "is a directory" : "is not a file");
      return seen;
    }
    seen.looks[i] = {true, info.st_dev, info.st_ino, info.st_size,
                     absl::TimeFromTimespec(info.st_mtim)};
  }
  return seen;
}

// Times of files advance in ticks of the kernel, at most 10 ms long. A file
// that changed in this tick can change once more with no trace of it.
constexpr absl::Duration kSettled = absl::Milliseconds(30);

bool AreSettled(const Looks& looks) {
  const absl::Time now = absl::Now();
  for (const Look& look : looks) {
    // A time in the future says nothing about the clock that set it.
    if (look.is_there && look.modified <= now &&
        now - look.modified < kSettled) {
      return false;
    }
  }
  return true;
}

class Copier {
 public:
  Copier(std::string database, std::string copy, const KeepGoing& keep_going)
      : database_(std::move(database)),
        copy_(std::move(copy)),
        keep_going_(keep_going) {}

  // What was refused is in the result, which is empty if nothing was.
  absl::StatusOr<std::string> Copy(const Looks& looks) {
    done_ = 0;
    total_ = 0;
    for (const Look& look : looks) total_ += look.size;
    for (std::size_t i = 0; i < kFiles; ++i) {
      const std::string suffix(kSuffixes[i]);
      unlink((copy_ + suffix).c_str());
      if (!looks[i].is_there) continue;
      ASSIGN_OR_RETURN(
          std::string refused,
          CopyFile(database_ + suffix, copy_ + suffix, looks[i].size));
      if (!refused.empty()) return refused;
    }
    return std::string();
  }

  absl::Status Say(const std::string& doing) {
    if (keep_going_(doing)) return absl::OkStatus();
    return absl::CancelledError("interrupted");
  }

 private:
  absl::StatusOr<std::string> CopyFile(const std::string& from,
                                       const std::string& to,
                                       std::int64_t size) {
    const Descriptor in(open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    // It may have gone since it was seen, which is a change like any other.
    if (in.get() < 0) return errno == ENOENT ? "" : Named(from, errno);
    const Descriptor out(
        open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (out.get() < 0) return absl::ErrnoToStatus(errno, "making a copy");
    // No further than the size that was seen: a file that grows as fast as it
    // is copied has no end.
    while (true) {
      RETURN_IF_ERROR(Say(absl::StrCat("copying, ", done_ >> 20, " of ",
                                       total_ >> 20, " MiB")));
      const ssize_t got =
          read(in.get(), buffer_.data(),
               std::min(buffer_.size(), static_cast<std::size_t>(size)));
      if (got == 0) return std::string();
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Named(from, errno);
      RETURN_IF_ERROR(Write(out.get(), static_cast<std::size_t>(got)));
      done_ += got;
      size -= got;
    }
  }

  absl::Status Write(int out, std::size_t size) {
    std::size_t written = 0;
    while (written < size) {
      const ssize_t now = write(out, buffer_.data() + written, size - written);
      if (now < 0 && errno != EINTR) {
        return absl::ErrnoToStatus(errno, "writing a copy");
      }
      if (now > 0) written += static_cast<std::size_t>(now);
    }
    return absl::OkStatus();
  }

  const std::string database_;
  const std::string copy_;
  const KeepGoing& keep_going_;
  std::vector<char> buffer_ = std::vector<char>(std::size_t{1} << 20);
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
};

}  // namespace

absl::StatusOr<std::string> ResolvedPath(const std::string& path) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  if (path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(Named(path, EINVAL));
  }
  const std::unique_ptr<char, Free> resolved(realpath(path.c_str(), nullptr));
  if (resolved == nullptr) {
    return absl::InvalidArgumentError(Named(path, errno));
  }
  return std::string(resolved.get());
}

absl::StatusOr<CopyRefused> CopyDatabase(const std::string& database,
                                         const std::string& copy,
                                         const KeepGoing& keep_going) {
  const absl::StatusOr<std::string> path = ResolvedPath(database);
  if (!path.ok()) return CopyRefused{std::string(path.status().message())};
  Copier copier(*path, copy, keep_going);
  absl::Duration wait = kSettled;
  for (int i = 0; i < CopyLimits::kTries; ++i) {
    const Seen before = LookAt(*path);
    if (!before.refused.empty()) return CopyRefused{before.refused};
    if (AreSettled(before.looks)) {
      ASSIGN_OR_RETURN(std::string refused, copier.Copy(before.looks));
      if (!refused.empty()) return CopyRefused{std::move(refused)};
      if (LookAt(*path).looks == before.looks) return CopyRefused{};
    }
    RETURN_IF_ERROR(copier.Say("waiting for another program to pause"));
    absl::SleepFor(wait);
    wait *= 2;
  }
  return CopyRefused{Named(
      database, absl::StrCat("changed during each of ", CopyLimits::kTries,
                             " attempts to copy it: another program writes; "
                             "stop it, or check a backup that it makes"))};
}

int LockHolder(const std::string& database, Lock what) {
  const absl::StatusOr<std::string> path = ResolvedPath(database);
  if (!path.ok()) return 0;
  const Descriptor file(open(path->c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  // SQLite's lock bytes: pending, reserved and 510 shared ones.
  constexpr off_t kPending = 0x40000000;
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = what == Lock::kAny ? kPending : kPending + 1;
  lock.l_len = what == Lock::kAny ? 512 : 1;
  if (file.get() < 0 || fcntl(file.get(), F_GETLK, &lock) != 0) return 0;
  return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

}  // namespace lastcommit
