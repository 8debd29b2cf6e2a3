#include "record/call_effects.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBlock = 4096;
constexpr FileId kAckFile = 0;  // those of the directory begin with 1
constexpr std::int64_t kMostMapped = std::int64_t{256} << 20;
// Not in the headers of Debian 12.
#ifndef RWF_DSYNC
constexpr int RWF_DSYNC = 2;
#endif

// In byte order.
std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;  // what cannot be read has none
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    names.push_back(it->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
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

CallEffects::TakeEffect Into(std::vector<Effect>& effects) {
  return [&effects](Effect effect) {
    effects.push_back(std::move(effect));
    return absl::OkStatus();
  };
}

Effect Resized(FileId file, std::int64_t size) {
  Effect effect = EffectOf(EffectKind::kTruncate, file);
  effect.offset = size;
  return effect;
}

bool SyncsItself(const BegunCall& call, int flags) {
  const bool asks = call.call == WatchedCall::kPwritev2 &&
                    (call.entry.Int(5) & (RWF_DSYNC | RWF_SYNC)) != 0;
  return asks || (flags & (O_DSYNC | O_SYNC)) != 0;
}

bool Succeeded(std::int64_t result) { return result >= 0; }

// Where a call has written `result` bytes.
std::int64_t OffsetOf(const BegunCall& call, std::int64_t result,
                      const std::optional<Tracee::Position>& position) {
  if (call.offset.has_value()) return *call.offset;
  if (call.call == WatchedCall::kPwrite || call.call == WatchedCall::kPwritev ||
      (call.call == WatchedCall::kPwritev2 && call.entry.Long(3) != -1)) {
    const bool appends =
        (position.has_value() && (position->flags & O_APPEND) != 0) ||
        (call.call == WatchedCall::kPwritev2 &&
         (call.entry.Int(5) & RWF_APPEND) != 0);
    // Whatever offset was given; nobody else writes meanwhile.
    return appends ? call.size : call.entry.Long(3);
  }
  return position.has_value() ? position->offset - result : 0;
}

}  // namespace

void OutsideChanges::Add(const std::string& path) {
  ++count;
  const bool is_known =
      std::find(paths.begin(), paths.end(), path) != paths.end();
  if (!is_known && paths.size() < kMostPaths) paths.push_back(path);
}

// What the mapping of a file holds.
void CallEffects::Follow(const Effect& effect) {
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
}

void CallEffects::Change(Effect effect, std::vector<Effect>& effects) {
  Follow(effect);
  effects.push_back(std::move(effect));
}

// Only a part of the file is in memory.
absl::Status CallEffects::Put(FileId file, const std::string& path,
                              std::int64_t offset, std::int64_t amount,
                              const TakeEffect& take) {
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
    Follow(effect);
    RETURN_IF_ERROR(take(std::move(effect)));
    done += part;
  }
  return absl::OkStatus();
}

absl::Status CallEffects::PutAll(FileId file, const std::string& path,
                                 std::vector<Effect>& effects) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return absl::OkStatus();
  Change(Resized(file, 0), effects);
  RETURN_IF_ERROR(Put(file, path, 0, found.st_size, Into(effects)));
  return absl::OkStatus();
}

Effect CallEffects::Create(const std::string& path, const struct stat& found,
                           EffectKind kind) {
  const FileId file = files_.Bind(found);
  if (kind != EffectKind::kCreateNameless) files_.AddName(path, file);
  return Named(kind, file, path);
}

absl::Status CallEffects::Appeared(const std::string& path,
                                   const TakeEffect& take) {
  const std::string full =
      path.empty() ? files_.root() : absl::StrCat(files_.root(), "/", path);
  struct stat found = {};
  if (lstat(full.c_str(), &found) != 0) return absl::OkStatus();
  if (const FileId known = files_.Find(found);
      known != 0 && files_.HasName(known)) {
    files_.AddName(path, known);
    return take(Named(EffectKind::kLink, known, path));
  }
  if (S_ISREG(found.st_mode)) {
    RETURN_IF_ERROR(take(Create(path, found, EffectKind::kCreate)));
    return Put(files_.Find(found), full, 0, found.st_size, take);
  }
  if (S_ISLNK(found.st_mode)) {
    Effect link = Create(path, found, EffectKind::kSymlink);
    std::error_code error;
    link.to = fs::read_symlink(full, error);
    return take(std::move(link));
  }
  if (!S_ISDIR(found.st_mode)) return absl::OkStatus();  // no content
  if (!path.empty()) {
    RETURN_IF_ERROR(take(Create(path, found, EffectKind::kCreateDirectory)));
  }
  for (const std::string& name : NamesIn(full)) {
    const std::string below =
        path.empty() ? name : absl::StrCat(path, "/", name);
    RETURN_IF_ERROR(Appeared(below, take));
  }
  return absl::OkStatus();
}

absl::Status CallEffects::FinishAck(const Tracee& tracee, const BegunCall& call,
                                    std::int64_t result,
                                    std::vector<Effect>& effects) {
  if (result > static_cast<std::int64_t>(RecordingLimits::kMaxWrite)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "an acknowledgement of ", result, " bytes in one call is longer than ",
        RecordingLimits::kMaxWrite, " bytes"));
  }
  const std::int64_t offset =
      OffsetOf(call, result, tracee.PositionOf(call.descriptor));
  Effect effect = EffectOf(EffectKind::kAck, 0);
  effect.amount = result;
  effect.bytes =
      reader_.Read(kAckFile, tracee.ProcPath(call.descriptor), offset, result)
          .value_or("");
  effects.push_back(std::move(effect));
  return absl::OkStatus();
}

absl::Status CallEffects::FinishWrite(const Tracee& tracee,
                                      const BegunCall& call,
                                      std::int64_t result,
                                      std::vector<Effect>& effects) {
  if (result == 0) return absl::OkStatus();
  if (call.target == BegunCall::Target::kAck) {
    return FinishAck(tracee, call, result, effects);
  }
  if (call.target == BegunCall::Target::kOutput) {
    Effect effect = EffectOf(EffectKind::kOutput, 0);
    effect.amount = result;
    effect.bytes = call.text;
    effects.push_back(std::move(effect));
    return absl::OkStatus();
  }
  const auto position = tracee.PositionOf(call.descriptor);
  RETURN_IF_ERROR(Put(call.file, tracee.ProcPath(call.descriptor),
                      OffsetOf(call, result, position), result, Into(effects)));
  if (SyncsItself(call, position.has_value() ? position->flags : 0)) {
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
      effects.push_back(Create(*path, *found, EffectKind::kCreateNameless));
    }
    return absl::OkStatus();
  }
  if (known != 0 && files_.HasName(known)) {
    if (call.size > 0) Change(Resized(known, 0), effects);
    return absl::OkStatus();
  }
  const auto path = files_.Below(name);
  if (path.has_value()) {
    effects.push_back(Create(*path, *found, EffectKind::kCreate));
  }
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
    return Appeared(*call.to, Into(effects));
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
    effects.push_back(Create(path, found, kind));
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
      if (file == 0) return Appeared(*call.to, Into(effects));
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

void CallEffects::FinishSync(const BegunCall& call,
                             std::vector<Effect>& effects) {
  if (call.target == BegunCall::Target::kEverything) {
    effects.push_back(EffectOf(EffectKind::kSyncAll, 0));
  } else if (call.target == BegunCall::Target::kPath) {
    effects.push_back(Named(EffectKind::kSyncDirectory, 0, *call.path));
  } else {
    effects.push_back(EffectOf(call.call == WatchedCall::kFdatasync
                                   ? EffectKind::kSyncData
                                   : EffectKind::kSync,
                               call.file));
  }
}

absl::Status CallEffects::Finish(const Tracee& tracee, const BegunCall& call,
                                 std::int64_t result,
                                 std::vector<Effect>& effects) {
  if (!Succeeded(result)) return absl::OkStatus();
  if (call.target == BegunCall::Target::kOutside) {
    outside_.Add(call.text);
    return absl::OkStatus();
  }
  switch (FamilyOf(call.call)) {
    case CallFamily::kWrite:
      return FinishWrite(tracee, call, result, effects);
    case CallFamily::kOpen:
      return FinishOpen(tracee, call, result, effects);
    case CallFamily::kResize:
      Change(Resized(call.file, call.entry.Long(1)), effects);
      return absl::OkStatus();
    case CallFamily::kAllocate:
      return FinishAllocate(tracee, call, effects);
    case CallFamily::kClone:
      return PutAll(call.file, tracee.ProcPath(call.descriptor), effects);
    case CallFamily::kMap:
      return FinishMapping(tracee, call);
    case CallFamily::kSync:
      FinishSync(call, effects);
      return absl::OkStatus();
    case CallFamily::kLock:
      FinishLock(call, effects);
      return absl::OkStatus();
    case CallFamily::kNames:
      return FinishNames(call, effects);
    case CallFamily::kSleep:
    case CallFamily::kTrace:
      break;
  }
  return absl::OkStatus();
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
