#include "record/begun_call.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>

#include "absl/strings/match.h"

namespace lastcommit {
namespace {

KernelFile KeyOf(const struct stat& file) { return {file.st_dev, file.st_ino}; }

// The first bytes of what the call puts out.
std::string OutputOf(const Tracee& tracee, const BegunCall& begun,
                     std::size_t most) {
  const auto vector_at = [&](std::uint64_t address, std::uint64_t count) {
    std::string text;
    for (std::uint64_t i = 0; i < count && text.size() < most; ++i) {
      const auto part = tracee.ValueAt<iovec>(address + i * sizeof(iovec));
      if (!part.has_value()) break;
      // NOLINTNEXTLINE(performance-no-int-to-ptr)
      const auto at = reinterpret_cast<std::uint64_t>(part->iov_base);
      text += tracee.Memory(at, std::min(part->iov_len, most - text.size()));
    }
    return text;
  };
  const CallEntry& entry = begun.entry;
  switch (begun.call) {
    case WatchedCall::kWrite:
    case WatchedCall::kPwrite:
    case WatchedCall::kSendto:
      return tracee.Memory(entry.Address(1),
                           static_cast<std::size_t>(std::min<std::uint64_t>(
                               entry.Address(2), most)));
    case WatchedCall::kWritev:
    case WatchedCall::kPwritev:
    case WatchedCall::kPwritev2:
      return vector_at(entry.Address(1), entry.Address(2));
    case WatchedCall::kSendmsg: {
      const auto message = tracee.ValueAt<msghdr>(entry.Address(1));
      if (!message.has_value()) return "";
      return vector_at(reinterpret_cast<std::uint64_t>(message->msg_iov),
                       message->msg_iovlen);
    }
    default:
      return "";
  }
}

}  // namespace

bool CallBeginnings::BeginOnDescriptor(const Tracee& tracee, int descriptor,
                                       BegunCall& begun) const {
  begun.descriptor = descriptor;
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value() || !S_ISREG(found->st_mode)) return false;
  begun.file = files_.Find(*found);
  begun.size = found->st_size;
  return begun.file != 0;
}

bool CallBeginnings::BeginWrite(const Tracee& tracee, BegunCall& begun) {
  const bool is_copy = begun.call == WatchedCall::kCopyFileRange ||
                       begun.call == WatchedCall::kSplice;
  const int descriptor = begun.entry.Int(is_copy ? 2 : 0);
  if (BeginOnDescriptor(tracee, descriptor, begun)) {
    begun.may_wait = begun.call == WatchedCall::kSplice ||
                     begun.call == WatchedCall::kSendfile;
    if (is_copy && begun.entry.Address(3) != 0) {
      begun.offset = tracee.ValueAt<std::int64_t>(begun.entry.Address(3));
    }
    return true;
  }
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value()) return false;
  if (KeyOf(*found) == outlets_.ack) {
    begun.target = BegunCall::Target::kAck;
    begun.size = found->st_size;
    return true;
  }
  if (outlets_.outputs.contains(KeyOf(*found)) ||
      (S_ISCHR(found->st_mode) &&
       outlets_.terminals.contains(found->st_rdev)) ||
      (S_ISSOCK(found->st_mode) && peers_.IsOutside(tracee, descriptor))) {
    begun.target = BegunCall::Target::kOutput;
    begun.text = OutputOf(tracee, begun, RecordingLimits::kMaxOutput);
    return true;
  }
  if (S_ISREG(found->st_mode) && found->st_nlink > 0) {
    begun.text = tracee.NameOf(descriptor);
    begun.target = BegunCall::Target::kOutside;
    return !absl::StartsWith(begun.text, "/memfd:");
  }
  return false;
}

bool CallBeginnings::BeginOpen(const Tracee& tracee, BegunCall& begun) const {
  begun.target = BegunCall::Target::kOpen;
  const CallEntry& entry = begun.entry;
  const bool has_directory =
      begun.call == WatchedCall::kOpenat || begun.call == WatchedCall::kOpenat2;
  std::uint64_t flags = 0;
  switch (begun.call) {
    case WatchedCall::kOpen:
      flags = entry.Address(1);
      break;
    case WatchedCall::kOpenat:
      flags = entry.Address(2);
      break;
    case WatchedCall::kOpenat2:
      flags =
          tracee.ValueAt<open_how>(entry.Address(2)).value_or(open_how{}).flags;
      break;
    default:
      flags = O_CREAT | O_WRONLY | O_TRUNC;
  }
  constexpr std::uint64_t kChanges = O_CREAT | O_TRUNC | O_TMPFILE;
  if ((flags & kChanges & ~static_cast<std::uint64_t>(O_DIRECTORY)) == 0) {
    return false;
  }
  const auto text = tracee.Text(entry.Address(has_directory ? 1 : 0));
  if (!text.has_value()) return false;
  const int directory = has_directory ? entry.Int(0) : AT_FDCWD;
  const auto path = tracee.Resolve(directory, *text);
  struct stat found = {};
  const bool is_there = path.has_value() && stat(path->c_str(), &found) == 0;
  // A FIFO waits for its other end.
  if (is_there && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode)) {
    return false;
  }
  const bool truncates = (flags & O_TRUNC) != 0;
  begun.size = truncates && is_there ? found.st_size : 0;
  if (path.has_value()) begun.path = files_.Below(*path);
  return true;
}

bool CallBeginnings::BeginNames(const Tracee& tracee, BegunCall& begun) const {
  begun.target = BegunCall::Target::kPath;
  const CallEntry& entry = begun.entry;
  std::optional<std::string> path;
  const auto below = [&](int directory,
                         int argument) -> std::optional<std::string> {
    const auto text = tracee.Text(entry.Address(argument));
    if (text.has_value()) path = tracee.Resolve(directory, *text);
    return path.has_value() ? files_.Below(*path) : std::nullopt;
  };
  switch (begun.call) {
    case WatchedCall::kUnlink:
    case WatchedCall::kRmdir:
    case WatchedCall::kMkdir:
    case WatchedCall::kMknod:
      begun.path = below(AT_FDCWD, 0);
      break;
    case WatchedCall::kUnlinkat:
    case WatchedCall::kMkdirat:
    case WatchedCall::kMknodat:
      begun.path = below(entry.Int(0), 1);
      break;
    case WatchedCall::kRename:
    case WatchedCall::kLink:
      begun.path = below(AT_FDCWD, 0);
      begun.to = below(AT_FDCWD, 1);
      break;
    case WatchedCall::kSymlink:
      begun.text = tracee.Text(entry.Address(0)).value_or("");
      begun.to = below(AT_FDCWD, 1);
      break;
    case WatchedCall::kSymlinkat:
      begun.text = tracee.Text(entry.Address(0)).value_or("");
      begun.to = below(entry.Int(1), 2);
      break;
    default:  // renameat, renameat2, linkat
      begun.path = below(entry.Int(0), 1);
      begun.to = below(entry.Int(2), 3);
  }
  if (!begun.path.has_value() && !begun.to.has_value()) {
    begun.target = BegunCall::Target::kOutside;
    begun.text = path.value_or("");
  }
  return true;
}

bool CallBeginnings::BeginSync(const Tracee& tracee, BegunCall& begun) const {
  if (begun.call == WatchedCall::kSync || begun.call == WatchedCall::kSyncfs) {
    begun.target = BegunCall::Target::kEverything;
    return true;
  }
  if (begun.call == WatchedCall::kMsync) {
    const auto path = tracee.MappedFile(begun.entry.Address(0));
    struct stat found = {};
    if ((begun.entry.Int(2) & MS_SYNC) == 0 || !path.has_value() ||
        stat(path->c_str(), &found) != 0) {
      return false;
    }
    begun.file = files_.Find(found);
    return begun.file != 0;
  }
  const int descriptor = begun.entry.Int(0);
  if (BeginOnDescriptor(tracee, descriptor, begun)) return true;
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value() || !S_ISDIR(found->st_mode)) return false;
  begun.target = BegunCall::Target::kPath;
  begun.path = files_.Below(tracee.NameOf(descriptor));
  return begun.path.has_value();
}

bool CallBeginnings::BeginLock(const Tracee& tracee, BegunCall& begun) const {
  if (!BeginOnDescriptor(tracee, begun.entry.Int(0), begun)) return false;
  if (begun.call == WatchedCall::kFlock) {
    const int operation = begun.entry.Int(1);
    begun.may_wait = (operation & LOCK_NB) == 0;
    const int type = (operation & LOCK_UN) != 0   ? F_UNLCK
                     : (operation & LOCK_EX) != 0 ? F_WRLCK
                                                  : F_RDLCK;
    begun.lock.l_type = static_cast<short>(type);  // NOLINT(google-runtime-int)
    return true;
  }
  const int command = begun.entry.Int(1);
  begun.may_wait = command == F_SETLKW || command == F_OFD_SETLKW;
  const auto lock = tracee.ValueAt<struct flock>(begun.entry.Address(2));
  if (!lock.has_value() || lock->l_start < 0 || lock->l_len < 0) return false;
  begun.lock = *lock;
  return true;
}

bool CallBeginnings::BeginTruncate(const Tracee& tracee,
                                   BegunCall& begun) const {
  if (begun.call == WatchedCall::kFtruncate) {
    return BeginOnDescriptor(tracee, begun.entry.Int(0), begun);
  }
  const auto text = tracee.Text(begun.entry.Address(0));
  const auto found =
      text.has_value() ? tracee.StatPath(AT_FDCWD, *text) : std::nullopt;
  if (found.has_value()) begun.file = files_.Find(*found);
  return begun.file != 0;
}

bool CallBeginnings::IsOfInterest(const Tracee& tracee, BegunCall& begun) {
  switch (FamilyOf(begun.call)) {
    case CallFamily::kWrite:
      return BeginWrite(tracee, begun);
    case CallFamily::kOpen:
      return BeginOpen(tracee, begun);
    case CallFamily::kResize:
      return BeginTruncate(tracee, begun);
    case CallFamily::kAllocate:
    case CallFamily::kClone:
      return BeginOnDescriptor(tracee, begun.entry.Int(0), begun);
    case CallFamily::kMap:
      return (begun.entry.Int(3) & MAP_ANONYMOUS) == 0 &&
             BeginOnDescriptor(tracee, begun.entry.Int(4), begun);
    case CallFamily::kSync:
      return BeginSync(tracee, begun);
    case CallFamily::kLock:
      return BeginLock(tracee, begun);
    case CallFamily::kNames:
      return BeginNames(tracee, begun);
    case CallFamily::kSleep:
    case CallFamily::kTrace:
      break;
  }
  return false;
}

std::optional<BegunCall> CallBeginnings::Begin(const Tracee& tracee,
                                               WatchedCall call,
                                               const CallEntry& entry) {
  BegunCall begun;
  begun.call = call;
  begun.entry = entry;
  if (!IsOfInterest(tracee, begun)) return std::nullopt;
  return begun;
}

}  // namespace lastcommit
