#include "record/call_effects.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kBlock = 4096;
constexpr std::int64_t kMostMapped = std::int64_t{256} << 20;
// Not in the headers of Debian 12.
#ifndef RWF_DSYNC
constexpr int RWF_DSYNC = 2;
#endif

KernelFile KeyOf(const struct stat& file) { return {file.st_dev, file.st_ino}; }

std::vector<std::string> NamesIn(const std::string& directory) {
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  const std::unique_ptr<DIR, Close> stream(opendir(directory.c_str()));
  std::vector<std::string> names;
  if (stream == nullptr) return names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string LinkAt(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = readlink(path.c_str(), target, sizeof(target));
  return size < 0 ? "" : std::string(target, static_cast<std::size_t>(size));
}

Effect EffectOf(EffectKind kind, FileId file) {
  Effect effect;
  effect.kind = kind;
  effect.file = file;
  return effect;
}

Effect Named(EffectKind kind, FileId file, const std::string& path) {
  Effect effect = EffectOf(kind, file);
  effect.path = path;
  return effect;
}

Effect Resized(FileId file, std::int64_t size) {
  Effect effect = EffectOf(EffectKind::kTruncate, file);
  effect.offset = size;
  return effect;
}

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

bool SyncsItself(const BegunCall& call, int flags) {
  const bool asks = call.call == WatchedCall::kPwritev2 &&
                    (call.entry.Int(5) & (RWF_DSYNC | RWF_SYNC)) != 0;
  return asks || (flags & (O_DSYNC | O_SYNC)) != 0;
}

bool Succeeded(std::int64_t result) { return result >= 0; }

}  // namespace

void OutsideChanges::Add(const std::string& path) {
  ++count;
  const bool is_known =
      std::find(paths.begin(), paths.end(), path) != paths.end();
  if (!is_known && paths.size() < kMostPaths) paths.push_back(path);
}

void CallEffects::Change(Effect effect, std::vector<Effect>& effects) {
  if (const auto found = mappings_.find(effect.file);
      found != mappings_.end()) {
    std::string& content = found->second.content;
    const auto offset = static_cast<std::size_t>(effect.offset);
    if (effect.kind == EffectKind::kTruncate) {
      content.resize(offset);
    } else if (effect.kind == EffectKind::kWrite) {
      content.resize(std::max(content.size(), offset + effect.bytes.size()));
      content.replace(offset, effect.bytes.size(), effect.bytes);
    } else if (effect.kind == EffectKind::kZero) {
      std::fill_n(content.begin() + effect.offset, effect.amount, '\0');
    }
  }
  effects.push_back(std::move(effect));
}

absl::Status CallEffects::Put(FileId file, const std::string& path,
                              std::int64_t offset, std::int64_t amount,
                              std::vector<Effect>& effects) {
  constexpr auto kMost = static_cast<std::int64_t>(RecordingLimits::kMaxWrite);
  for (std::int64_t done = 0; done < amount;) {
    const std::int64_t part = std::min(amount - done, kMost);
    auto bytes = reader_.Read(file, path, offset + done, part);
    if (!bytes.has_value()) {
      return absl::InternalError(
          absl::StrCat("what the program wrote cannot be read back: ", path,
                       ", ", part, " bytes at ", offset + done));
    }
    Effect effect = EffectOf(EffectKind::kWrite, file);
    effect.offset = offset + done;
    effect.bytes = *std::move(bytes);
    Change(std::move(effect), effects);
    done += part;
  }
  return absl::OkStatus();
}

absl::Status CallEffects::PutAll(FileId file, const std::string& path,
                                 std::vector<Effect>& effects) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return absl::OkStatus();
  Change(Resized(file, 0), effects);
  RETURN_IF_ERROR(Put(file, path, 0, found.st_size, effects));
  return absl::OkStatus();
}

void CallEffects::Create(const std::string& path, const struct stat& found,
                         EffectKind kind, std::vector<Effect>& effects) {
  const FileId file = files_.Bind(found);
  if (kind != EffectKind::kCreateNameless) files_.AddName(path, file);
  effects.push_back(Named(kind, file, path));
}

absl::Status CallEffects::Appeared(const std::string& path,
                                   std::vector<Effect>& effects) {
  const std::string full =
      path.empty() ? files_.root() : absl::StrCat(files_.root(), "/", path);
  struct stat found = {};
  if (lstat(full.c_str(), &found) != 0) return absl::OkStatus();
  if (const FileId known = files_.Find(found);
      known != 0 && files_.HasName(known)) {
    files_.AddName(path, known);
    effects.push_back(Named(EffectKind::kLink, known, path));
    return absl::OkStatus();
  }
  if (S_ISREG(found.st_mode)) {
    Create(path, found, EffectKind::kCreate, effects);
    return Put(files_.Find(found), full, 0, found.st_size, effects);
  }
  if (S_ISLNK(found.st_mode)) {
    Create(path, found, EffectKind::kSymlink, effects);
    effects.back().to = LinkAt(full);
    return absl::OkStatus();
  }
  if (!S_ISDIR(found.st_mode)) return absl::OkStatus();  // no content
  if (!path.empty()) {
    Create(path, found, EffectKind::kCreateDirectory, effects);
  }
  for (const std::string& name : NamesIn(full)) {
    const std::string below =
        path.empty() ? name : absl::StrCat(path, "/", name);
    RETURN_IF_ERROR(Appeared(below, effects));
  }
  return absl::OkStatus();
}

// ---- Begin ----

bool CallEffects::BeginOnDescriptor(const Tracee& tracee, int descriptor,
                                    BegunCall& begun) {
  begun.descriptor = descriptor;
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value() || !S_ISREG(found->st_mode)) return false;
  begun.file = files_.Find(*found);
  begun.size = found->st_size;
  return begun.file != 0;
}

bool CallEffects::BeginWrite(const Tracee& tracee, BegunCall& begun) {
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
    begun.text = OutputOf(tracee, begun, 64 * RecordingLimits::kMaxOutput);
    return true;
  }
  if (outlets_.outputs.contains(KeyOf(*found)) ||
      (S_ISCHR(found->st_mode) &&
       outlets_.terminals.contains(found->st_rdev))) {
    begun.target = BegunCall::Target::kOutput;
    begun.text = OutputOf(tracee, begun, RecordingLimits::kMaxOutput);
    return true;
  }
  if (S_ISREG(found->st_mode) && found->st_nlink > 0) {
    const std::string name = tracee.NameOf(descriptor);
    if (!absl::StartsWith(name, "/memfd:")) outside_.Add(name);
  }
  return false;
}

bool CallEffects::BeginOpen(const Tracee& tracee, BegunCall& begun) {
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
  const auto found = tracee.StatPath(directory, *text);
  // A FIFO waits for its other end.
  if (found.has_value() && !S_ISREG(found->st_mode) &&
      !S_ISDIR(found->st_mode)) {
    return false;
  }
  const bool truncates = (flags & O_TRUNC) != 0;
  begun.size = truncates && found.has_value() ? found->st_size : 0;
  return true;
}

std::optional<std::string> CallEffects::Below(const Tracee& tracee,
                                              const BegunCall& begun,
                                              int directory,
                                              int argument) const {
  const auto text = tracee.Text(begun.entry.Address(argument));
  if (!text.has_value()) return std::nullopt;
  const auto resolved = tracee.Resolve(directory, *text);
  if (!resolved.has_value()) return std::nullopt;
  return files_.Below(*resolved);
}

bool CallEffects::BeginNames(const Tracee& tracee, BegunCall& begun) {
  begun.target = BegunCall::Target::kPath;
  const CallEntry& entry = begun.entry;
  const auto below = [&](int directory, int argument) {
    return Below(tracee, begun, directory, argument);
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
    outside_.Add(std::string(Name(begun.call)));
    return false;
  }
  return true;
}

bool CallEffects::BeginSync(const Tracee& tracee, BegunCall& begun) {
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

bool CallEffects::BeginLock(const Tracee& tracee, BegunCall& begun) {
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

std::optional<BegunCall> CallEffects::Begin(const Tracee& tracee,
                                            WatchedCall call,
                                            const CallEntry& entry) {
  BegunCall begun;
  begun.call = call;
  begun.entry = entry;
  bool is_of_interest = false;
  switch (call) {
    case WatchedCall::kWrite:
    case WatchedCall::kPwrite:
    case WatchedCall::kWritev:
    case WatchedCall::kPwritev:
    case WatchedCall::kPwritev2:
    case WatchedCall::kCopyFileRange:
    case WatchedCall::kSendfile:
    case WatchedCall::kSplice:
    case WatchedCall::kSendto:
    case WatchedCall::kSendmsg:
    case WatchedCall::kSendmmsg:
      is_of_interest = BeginWrite(tracee, begun);
      break;
    case WatchedCall::kOpen:
    case WatchedCall::kOpenat:
    case WatchedCall::kOpenat2:
    case WatchedCall::kCreat:
      is_of_interest = BeginOpen(tracee, begun);
      break;
    case WatchedCall::kFtruncate:
    case WatchedCall::kFallocate:
    case WatchedCall::kIoctl:
      is_of_interest = BeginOnDescriptor(tracee, entry.Int(0), begun);
      break;
    case WatchedCall::kTruncate: {
      const auto text = tracee.Text(entry.Address(0));
      const auto found =
          text.has_value() ? tracee.StatPath(AT_FDCWD, *text) : std::nullopt;
      if (found.has_value()) begun.file = files_.Find(*found);
      is_of_interest = begun.file != 0;
      break;
    }
    case WatchedCall::kMmap:
      is_of_interest = (entry.Int(3) & MAP_ANONYMOUS) == 0 &&
                       BeginOnDescriptor(tracee, entry.Int(4), begun);
      break;
    case WatchedCall::kFsync:
    case WatchedCall::kFdatasync:
    case WatchedCall::kSync:
    case WatchedCall::kSyncfs:
    case WatchedCall::kMsync:
      is_of_interest = BeginSync(tracee, begun);
      break;
    case WatchedCall::kFcntl:
    case WatchedCall::kFlock:
      is_of_interest = BeginLock(tracee, begun);
      break;
    case WatchedCall::kPtrace:
      break;
    default:
      is_of_interest = BeginNames(tracee, begun);
  }
  if (!is_of_interest) return std::nullopt;
  return begun;
}

// ---- Finish ----

absl::Status CallEffects::FinishWrite(const Tracee& tracee,
                                      const BegunCall& call,
                                      std::int64_t result,
                                      std::vector<Effect>& effects) {
  if (result == 0) return absl::OkStatus();
  if (call.target != BegunCall::Target::kFile) {
    Effect effect =
        EffectOf(call.target == BegunCall::Target::kAck ? EffectKind::kAck
                                                        : EffectKind::kOutput,
                 0);
    effect.amount = result;
    effect.bytes = call.text;
    effects.push_back(std::move(effect));
    return absl::OkStatus();
  }
  const auto position = tracee.PositionOf(call.descriptor);
  const int flags = position.has_value() ? position->flags : 0;
  std::int64_t offset = 0;
  if (call.offset.has_value()) {
    offset = *call.offset;
  } else if (call.call == WatchedCall::kPwrite ||
             call.call == WatchedCall::kPwritev ||
             (call.call == WatchedCall::kPwritev2 &&
              call.entry.Long(3) != -1)) {
    offset = call.entry.Long(3);
    const bool appends =
        (flags & O_APPEND) != 0 || (call.call == WatchedCall::kPwritev2 &&
                                    (call.entry.Int(5) & RWF_APPEND) != 0);
    // Whatever offset was given; nobody else writes meanwhile.
    if (appends) offset = call.size;
  } else if (position.has_value()) {
    offset = position->offset - result;
  }
  RETURN_IF_ERROR(Put(call.file, tracee.ProcPath(call.descriptor), offset,
                      result, effects));
  if (SyncsItself(call, flags)) {
    effects.push_back(EffectOf(EffectKind::kSyncData, call.file));
  }
  return absl::OkStatus();
}

absl::Status CallEffects::FinishOpen(const Tracee& tracee,
                                     const BegunCall& call, std::int64_t result,
                                     std::vector<Effect>& effects) {
  const int descriptor = static_cast<int>(result);
  const auto found = tracee.Stat(descriptor);
  if (!found.has_value() || !S_ISREG(found->st_mode)) return absl::OkStatus();
  const std::string name = tracee.NameOf(descriptor);
  const FileId known = files_.Find(*found);
  if (found->st_nlink == 0) {
    if (known != 0 && !files_.HasName(known) &&
        name.find("/#") == std::string::npos) {
      if (call.size > 0) Change(Resized(known, 0), effects);
      return absl::OkStatus();
    }
    // "/directory/#number (deleted)": O_TMPFILE.
    const auto path = files_.Below(name.substr(0, name.rfind(" (deleted)")));
    if (path.has_value()) {
      Create(*path, *found, EffectKind::kCreateNameless, effects);
    }
    return absl::OkStatus();
  }
  if (known != 0 && files_.HasName(known)) {
    if (call.size > 0) Change(Resized(known, 0), effects);
    return absl::OkStatus();
  }
  const auto path = files_.Below(name);
  if (path.has_value()) Create(*path, *found, EffectKind::kCreate, effects);
  return absl::OkStatus();
}

absl::Status CallEffects::FinishAllocate(const Tracee& tracee,
                                         const BegunCall& call,
                                         std::vector<Effect>& effects) {
  const auto after = tracee.Stat(call.descriptor);
  if (!after.has_value()) return absl::OkStatus();
  const int mode = call.entry.Int(1);
  if ((mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) != 0) {
    return PutAll(call.file, tracee.ProcPath(call.descriptor), effects);
  }
  const std::int64_t offset = call.entry.Long(2);
  if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) != 0 &&
      offset < call.size) {
    Effect effect = EffectOf(EffectKind::kZero, call.file);
    effect.offset = offset;
    effect.amount = std::min(call.entry.Long(3), call.size - offset);
    Change(std::move(effect), effects);
  }
  if (after->st_size != call.size) {
    Change(Resized(call.file, after->st_size), effects);
  }
  return absl::OkStatus();
}

void CallEffects::Remove(const std::string& path,
                         std::vector<Effect>& effects) {
  const FileId file = files_.FindName(path);
  if (file == 0) return;
  files_.RemoveName(path);
  effects.push_back(Named(EffectKind::kUnlink, file, path));
}

absl::Status CallEffects::FinishRename(const BegunCall& call,
                                       std::vector<Effect>& effects) {
  if (!call.to.has_value()) {  // out of the directory
    for (const std::string& path : files_.NamesFrom(*call.path)) {
      Remove(path, effects);
    }
    return absl::OkStatus();
  }
  if (!call.path.has_value()) {  // into it
    Remove(*call.to, effects);
    return Appeared(*call.to, effects);
  }
  const FileId file = files_.FindName(*call.path);
  const bool swaps = call.call == WatchedCall::kRenameat2 &&
                     (call.entry.Int(4) & RENAME_EXCHANGE) != 0;
  // Two names of one file: rename does nothing.
  if (!swaps && files_.FindName(*call.to) == file) return absl::OkStatus();
  Effect effect = Named(swaps ? EffectKind::kExchange : EffectKind::kRename,
                        file, *call.path);
  effect.to = *call.to;
  effects.push_back(std::move(effect));
  if (swaps) {
    files_.Exchange(*call.path, *call.to);
  } else {
    files_.Move(*call.path, *call.to);
  }
  return absl::OkStatus();
}

absl::Status CallEffects::FinishNames(const BegunCall& call,
                                      std::vector<Effect>& effects) {
  const auto made = [&](const std::string& path, EffectKind kind) {
    struct stat found = {};
    const std::string full = absl::StrCat(files_.root(), "/", path);
    if (lstat(full.c_str(), &found) != 0) return;
    if (kind == EffectKind::kCreate && !S_ISREG(found.st_mode)) return;
    Create(path, found, kind, effects);
    effects.back().to = call.text;
  };
  switch (call.call) {
    case WatchedCall::kUnlink:
    case WatchedCall::kUnlinkat:
    case WatchedCall::kRmdir:
      Remove(*call.path, effects);
      if (!effects.empty() && (call.call == WatchedCall::kRmdir ||
                               (call.call == WatchedCall::kUnlinkat &&
                                (call.entry.Int(2) & AT_REMOVEDIR) != 0))) {
        effects.back().kind = EffectKind::kRemoveDirectory;
      }
      return absl::OkStatus();
    case WatchedCall::kMkdir:
    case WatchedCall::kMkdirat:
      made(*call.path, EffectKind::kCreateDirectory);
      return absl::OkStatus();
    case WatchedCall::kMknod:
    case WatchedCall::kMknodat:
      made(*call.path, EffectKind::kCreate);
      return absl::OkStatus();
    case WatchedCall::kSymlink:
    case WatchedCall::kSymlinkat:
      made(*call.to, EffectKind::kSymlink);
      return absl::OkStatus();
    case WatchedCall::kLink:
    case WatchedCall::kLinkat: {
      if (!call.to.has_value()) return absl::OkStatus();
      struct stat found = {};
      const std::string full = absl::StrCat(files_.root(), "/", *call.to);
      const FileId file =
          lstat(full.c_str(), &found) == 0 ? files_.Find(found) : 0;
      if (file == 0) return Appeared(*call.to, effects);
      files_.AddName(*call.to, file);
      effects.push_back(Named(EffectKind::kLink, file, *call.to));
      return absl::OkStatus();
    }
    default:
      return FinishRename(call, effects);
  }
}

absl::Status CallEffects::FinishMapping(const Tracee& tracee,
                                        const BegunCall& call) {
  if (mappings_.contains(call.file)) return absl::OkStatus();
  const std::string name = tracee.NameOf(call.descriptor);
  if (call.size > kMostMapped ||
      !reader_.Keep(call.file, tracee.ProcPath(call.descriptor))) {
    return absl::ResourceExhaustedError(
        absl::StrCat("a mapping of ", name, " cannot be followed"));
  }
  Mapping mapping;
  mapping.is_index = absl::EndsWith(name, "-shm");
  mapping.content = reader_.ReadAll(call.file).value_or("");
  mappings_[call.file] = std::move(mapping);
  return absl::OkStatus();
}

void CallEffects::FinishLock(const BegunCall& call,
                             std::vector<Effect>& effects) {
  const bool ends = call.lock.l_type == F_UNLCK;
  Effect effect =
      EffectOf(ends ? EffectKind::kUnlock : EffectKind::kLock, call.file);
  effect.offset = call.lock.l_start;
  effect.amount = call.lock.l_len;
  effect.exclusive = call.lock.l_type == F_WRLCK;
  effects.push_back(std::move(effect));
}

absl::Status CallEffects::Finish(const Tracee& tracee, const BegunCall& call,
                                 std::int64_t result,
                                 std::vector<Effect>& effects) {
  if (!Succeeded(result)) return absl::OkStatus();
  switch (call.call) {
    case WatchedCall::kWrite:
    case WatchedCall::kPwrite:
    case WatchedCall::kWritev:
    case WatchedCall::kPwritev:
    case WatchedCall::kPwritev2:
    case WatchedCall::kCopyFileRange:
    case WatchedCall::kSendfile:
    case WatchedCall::kSplice:
    case WatchedCall::kSendto:
    case WatchedCall::kSendmsg:
    case WatchedCall::kSendmmsg:
      return FinishWrite(tracee, call, result, effects);
    case WatchedCall::kOpen:
    case WatchedCall::kOpenat:
    case WatchedCall::kOpenat2:
    case WatchedCall::kCreat:
      return FinishOpen(tracee, call, result, effects);
    case WatchedCall::kTruncate:
    case WatchedCall::kFtruncate:
      Change(Resized(call.file, call.entry.Long(1)), effects);
      return absl::OkStatus();
    case WatchedCall::kFallocate:
      return FinishAllocate(tracee, call, effects);
    case WatchedCall::kIoctl:
      return PutAll(call.file, tracee.ProcPath(call.descriptor), effects);
    case WatchedCall::kMmap:
      return FinishMapping(tracee, call);
    case WatchedCall::kFsync:
    case WatchedCall::kFdatasync:
    case WatchedCall::kMsync:
      if (call.target == BegunCall::Target::kPath) {
        effects.push_back(Named(EffectKind::kSyncDirectory, 0, *call.path));
      } else {
        effects.push_back(EffectOf(call.call == WatchedCall::kFdatasync
                                       ? EffectKind::kSyncData
                                       : EffectKind::kSync,
                                   call.file));
      }
      return absl::OkStatus();
    case WatchedCall::kSync:
    case WatchedCall::kSyncfs:
      effects.push_back(EffectOf(EffectKind::kSyncAll, 0));
      return absl::OkStatus();
    case WatchedCall::kFcntl:
    case WatchedCall::kFlock:
      FinishLock(call, effects);
      return absl::OkStatus();
    case WatchedCall::kPtrace:
      return absl::OkStatus();
    default:
      return FinishNames(call, effects);
  }
}

absl::Status CallEffects::LookAtMappings(bool with_index,
                                         std::vector<Effect>& effects) {
  for (auto& [file, mapping] : mappings_) {
    if (mapping.is_index && !with_index) continue;
    const auto now = reader_.ReadAll(file);
    if (!now.has_value()) continue;
    if (now->size() != mapping.content.size()) {
      return absl::InternalError(
          "a file that the program has mapped changed its size unseen");
    }
    if (*now == mapping.content) continue;
    const auto size = static_cast<std::int64_t>(now->size());
    for (std::int64_t at = 0; at < size; at += kBlock) {
      const auto begin = static_cast<std::size_t>(at);
      const auto amount = static_cast<std::size_t>(std::min(kBlock, size - at));
      if (now->compare(begin, amount, mapping.content, begin, amount) == 0) {
        continue;
      }
      Effect effect = EffectOf(EffectKind::kWrite, file);
      effect.offset = at;
      effect.bytes = now->substr(begin, amount);
      Change(std::move(effect), effects);
    }
  }
  return absl::OkStatus();
}

}  // namespace lastcommit
