#include "disk/system_calls.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "disk/memory_faults.h"

namespace lastcommit {
namespace {

SystemCallObserver* g_observer = nullptr;

// The files that were opened through here.
class OpenFiles {
 public:
  struct File {
    std::string path;
    bool is_directory = false;
  };

  void Add(int descriptor, File file) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[descriptor] = std::move(file);
  }
  void Remove(int descriptor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_.erase(descriptor);
  }
  std::optional<File> Find(int descriptor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = files_.find(descriptor);
    if (found == files_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::mutex mutex_;
  std::map<int, File> files_;
};

// Never destroyed: a thread may still close a file while the process ends.
OpenFiles& Files() {
  static auto* files = new OpenFiles();
  return *files;
}

// Runs `perform(most)` as the observer has it.
template <typename Result, typename Perform>
Result Observed(const SystemCall& call, Result when_swallowed,
                Perform perform) {
  const SystemCallAnswer answer = g_observer->BeforeCall(call);
  if (answer.error != 0) {
    errno = answer.error;
    return -1;
  }
  if (answer.is_swallowed) return when_swallowed;
  const std::int64_t amount =
      answer.most >= 0 && answer.most < call.amount ? answer.most : call.amount;
  const auto result = static_cast<Result>(perform(amount));
  const int error = errno;
  g_observer->AfterCall(call, static_cast<std::int64_t>(result));
  errno = error;
  return result;
}

// The same for a call on a descriptor; one that nobody knows is not observed.
template <typename Result, typename Perform>
Result OnDescriptor(SystemCall call, Result when_swallowed, Perform perform) {
  const auto file = Files().Find(call.descriptor);
  if (!file.has_value()) return static_cast<Result>(perform(call.amount));
  call.path = file->path;
  call.is_directory = file->is_directory;
  return Observed<Result>(call, when_swallowed, perform);
}

int (*g_open)(const char*, int, int) = nullptr;
int (*g_close)(int) = nullptr;
int (*g_ftruncate)(int, off_t) = nullptr;
int (*g_fallocate)(int, off_t, off_t) = nullptr;
int (*g_fcntl)(int, int, ...) = nullptr;
int (*g_unlink)(const char*) = nullptr;
ssize_t (*g_read)(int, void*, std::size_t) = nullptr;
ssize_t (*g_pread)(int, void*, std::size_t, off_t) = nullptr;
ssize_t (*g_pread64)(int, void*, std::size_t, off64_t) = nullptr;
ssize_t (*g_write)(int, const void*, std::size_t) = nullptr;
ssize_t (*g_pwrite)(int, const void*, std::size_t, off_t) = nullptr;
ssize_t (*g_pwrite64)(int, const void*, std::size_t, off64_t) = nullptr;

bool IsDirectory(const char* path) {
  struct stat info = {};
  return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int Open(const char* path, int flags, int mode) {
  SystemCall call;
  call.kind = SystemCallKind::kOpen;
  call.path = path;
  call.creates = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
  call.is_directory = (flags & O_CREAT) == 0 && IsDirectory(path);
  return Observed<int>(call, -1, [&](std::int64_t) {
    const int descriptor = g_open(path, flags, mode);
    if (descriptor >= 0) Files().Add(descriptor, {path, call.is_directory});
    return descriptor;
  });
}

int Close(int descriptor) {
  return OnDescriptor<int>({SystemCallKind::kClose, {}, descriptor}, 0,
                           [&](std::int64_t) {
                             // Another thread may get the same one at once.
                             Files().Remove(descriptor);
                             return g_close(descriptor);
                           });
}

int Unlink(const char* path) {
  SystemCall call;
  call.kind = SystemCallKind::kUnlink;
  call.path = path;
  return Observed<int>(call, 0, [&](std::int64_t) { return g_unlink(path); });
}

int Truncate(int descriptor, off_t size) {
  return OnDescriptor<int>(
      {SystemCallKind::kTruncate, {}, descriptor, size}, 0,
      [&](std::int64_t) { return g_ftruncate(descriptor, size); });
}

// As posix_fallocate, which returns its error.
int Allocate(int descriptor, off_t offset, off_t amount) {
  const off_t end = lseek(descriptor, 0, SEEK_END);
  if (end >= offset + amount) return g_fallocate(descriptor, offset, amount);
  const int result = OnDescriptor<int>(
      {SystemCallKind::kTruncate, {}, descriptor, offset + amount}, 0,
      [&](std::int64_t) {
        errno = g_fallocate(descriptor, offset, amount);
        return errno == 0 ? 0 : -1;
      });
  return result == 0 ? 0 : errno;
}

// Giving a lock back must not fail. A read lock on the bytes of SHARED alone
// may be the rest of an EXCLUSIVE that is given back
// (https://sqlite.org/src/file/src/os_unix.c, posixUnlock).
bool Acquires(const struct flock& lock) {
  constexpr off_t kSharedFirst = 0x40000002;
  return lock.l_type == F_WRLCK ||
         (lock.l_type == F_RDLCK && lock.l_start != kSharedFirst);
}

// Of the commands SQLite uses all that has an argument takes one of the size
// of a pointer.
int Control(int descriptor, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  const auto perform = [&](std::int64_t) {
    return g_fcntl(descriptor, command, argument);
  };
  const bool acquires = command == F_SETLK &&
                        Acquires(*static_cast<const struct flock*>(argument));
  if (!acquires) return perform(0);
  return OnDescriptor<int>({SystemCallKind::kLock, {}, descriptor}, 0, perform);
}

std::int64_t Here(int descriptor) { return lseek(descriptor, 0, SEEK_CUR); }

template <typename Perform>
ssize_t Reading(int descriptor, std::size_t amount, std::int64_t offset,
                Perform perform) {
  const auto size = static_cast<std::int64_t>(amount);
  return OnDescriptor<ssize_t>(
      {SystemCallKind::kRead, {}, descriptor, offset, size},
      static_cast<ssize_t>(size), [&](std::int64_t most) {
        return perform(static_cast<std::size_t>(most));
      });
}

template <typename Perform>
ssize_t Writing(int descriptor, const void* bytes, std::size_t amount,
                std::int64_t offset, Perform perform) {
  const auto size = static_cast<std::int64_t>(amount);
  return OnDescriptor<ssize_t>(
      {SystemCallKind::kWrite,
       {},
       descriptor,
       offset,
       size,
       std::string_view(static_cast<const char*>(bytes), amount)},
      static_cast<ssize_t>(size), [&](std::int64_t most) {
        return perform(static_cast<std::size_t>(most));
      });
}

ssize_t Read(int descriptor, void* bytes, std::size_t amount) {
  return Reading(descriptor, amount, Here(descriptor), [&](std::size_t most) {
    return g_read(descriptor, bytes, most);
  });
}
ssize_t ReadAt(int descriptor, void* bytes, std::size_t amount, off_t offset) {
  return Reading(descriptor, amount, offset, [&](std::size_t most) {
    return g_pread(descriptor, bytes, most, offset);
  });
}
ssize_t ReadAt64(int descriptor, void* bytes, std::size_t amount,
                 off64_t offset) {
  return Reading(descriptor, amount, offset, [&](std::size_t most) {
    return g_pread64(descriptor, bytes, most, offset);
  });
}
ssize_t Write(int descriptor, const void* bytes, std::size_t amount) {
  return Writing(
      descriptor, bytes, amount, Here(descriptor),
      [&](std::size_t most) { return g_write(descriptor, bytes, most); });
}
ssize_t WriteAt(int descriptor, const void* bytes, std::size_t amount,
                off_t offset) {
  return Writing(descriptor, bytes, amount, offset, [&](std::size_t most) {
    return g_pwrite(descriptor, bytes, most, offset);
  });
}
ssize_t WriteAt64(int descriptor, const void* bytes, std::size_t amount,
                  off64_t offset) {
  return Writing(descriptor, bytes, amount, offset, [&](std::size_t most) {
    return g_pwrite64(descriptor, bytes, most, offset);
  });
}

int Sync(int descriptor, std::int64_t number) {
  const auto perform = [&](std::int64_t) {
    return static_cast<int>(syscall(number, descriptor));
  };
  if (g_observer == nullptr) return perform(0);
  // Others than SQLite sync, too.
  const NewMustNotFail must_not_fail;
  return OnDescriptor<int>({SystemCallKind::kSync, {}, descriptor}, 0, perform);
}

// Puts `hook` into SQLite's table, and what stood there into `original`. What
// this SQLite does not use is a null pointer there, and stays one.
template <typename Function>
absl::Status Replace(const char* name, Function* hook, Function*& original) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3) {
    return absl::InternalError("this SQLite's \"unix\" VFS has no hooks");
  }
  original = reinterpret_cast<Function*>(vfs->xGetSystemCall(vfs, name));
  if (original == nullptr) return absl::OkStatus();
  const int result = vfs->xSetSystemCall(
      vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(hook));
  if (result != SQLITE_OK) {
    return absl::InternalError(
        absl::StrCat("xSetSystemCall of ", name, " failed: ", result));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InstallSystemCalls(SystemCallObserver* observer) {
  absl::Status status;
  status.Update(Replace("open", Open, g_open));
  status.Update(Replace("close", Close, g_close));
  status.Update(Replace("ftruncate", Truncate, g_ftruncate));
  status.Update(Replace("fallocate", Allocate, g_fallocate));
  status.Update(Replace("fcntl", Control, g_fcntl));
  status.Update(Replace("unlink", Unlink, g_unlink));
  status.Update(Replace("read", Read, g_read));
  status.Update(Replace("pread", ReadAt, g_pread));
  status.Update(Replace("pread64", ReadAt64, g_pread64));
  status.Update(Replace("write", Write, g_write));
  status.Update(Replace("pwrite", WriteAt, g_pwrite));
  status.Update(Replace("pwrite64", WriteAt64, g_pwrite64));
  if (status.ok()) g_observer = observer;
  return status;
}

}  // namespace lastcommit

// What every shared library of the program gets for libc's: the same, and
// named to the observer. Weak, so that a program can count them itself.
extern "C" __attribute__((weak)) int fsync(int fd) {
  return lastcommit::Sync(fd, SYS_fsync);
}
extern "C" __attribute__((weak)) int fdatasync(int fildes) {
  return lastcommit::Sync(fildes, SYS_fdatasync);
}
