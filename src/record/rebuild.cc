#include "record/rebuild.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "record/outside_processes.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

absl::Status CannotBe(const Effect& effect) {
  return absl::InvalidArgumentError(absl::StrCat(
      "the recording says what cannot be: ", std::string(Name(effect.kind)),
      " of \"", effect.path, "\", file ", effect.file));
}

}  // namespace

Rebuild::Rebuild(std::string root, DiskModel model)
    : root_(std::move(root)), model_(model), storage_(Storage::Options{}) {}

void Rebuild::KeepOnly(std::set<FileId> files) {
  keeps_all_ = false;
  kept_ = std::move(files);
}

bool Rebuild::HasContent(FileId file) const {
  return keeps_all_ || kept_.contains(file);
}

InodeId Rebuild::InodeOf(FileId file) const {
  const auto found = inodes_.find(file);
  if (found == inodes_.end() || !storage_.Exists(found->second)) {
    return kNoInode;
  }
  return found->second;
}

std::string Rebuild::PathOf(const std::string& relative) const {
  return relative.empty() ? root_ : absl::StrCat(root_, "/", relative);
}

const std::string& Rebuild::TargetOf(InodeId inode) const {
  static const std::string kNone;
  const auto found = targets_.find(inode);
  return found == targets_.end() ? kNone : found->second;
}

absl::Status Rebuild::Apply(const Effect& effect) {
  switch (effect.kind) {
    case EffectKind::kLock:
    case EffectKind::kUnlock:
    case EffectKind::kOutput:
    case EffectKind::kAck:
    case EffectKind::kExit:
      return absl::OkStatus();
    case EffectKind::kSyncDirectory:
      if (model_ == DiskModel::kExt4) {
        storage_.SyncDirectory();
      } else {
        storage_.SyncDirectory(PathOf(effect.path));
      }
      return absl::OkStatus();
    case EffectKind::kSyncAll:
      storage_.SyncEverything();
      return absl::OkStatus();
    case EffectKind::kWrite:
    case EffectKind::kTruncate:
    case EffectKind::kZero:
    case EffectKind::kSync:
    case EffectKind::kSyncData: {
      // A file that no crash can bring back may still be written to. A sync
      // may be about more than the file (ext4).
      const InodeId inode = InodeOf(effect.file);
      const bool is_sync = effect.kind == EffectKind::kSync ||
                           effect.kind == EffectKind::kSyncData;
      if (inode != kNoInode && (is_sync || HasContent(effect.file))) {
        ApplyContent(effect, inode);
      }
      return inodes_.contains(effect.file) ? absl::OkStatus()
                                           : CannotBe(effect);
    }
    default:
      return ApplyName(effect);
  }
}

void Rebuild::ApplyContent(const Effect& effect, InodeId inode) {
  switch (effect.kind) {
    case EffectKind::kWrite:
      storage_.Write(inode, effect.offset, effect.bytes);
      break;
    case EffectKind::kTruncate:
      storage_.Truncate(inode, effect.offset);
      break;
    case EffectKind::kZero: {
      const std::int64_t end =
          std::min(effect.offset + effect.amount, storage_.Size(inode));
      constexpr std::int64_t kPiece = 1 << 20;
      for (std::int64_t at = effect.offset; at < end; at += kPiece) {
        const auto size = static_cast<std::size_t>(std::min(kPiece, end - at));
        storage_.Write(inode, at, std::string(size, '\0'));
      }
      break;
    }
    default:
      Sync(inode);
  }
}

// ext4 commits its journal for an fsync, and with it every change of a name
// until then. It does the same for an fdatasync if the size has changed, which
// is what nearly each of SQLite's does.
void Rebuild::Sync(InodeId inode) {
  storage_.Sync(inode);
  if (model_ == DiskModel::kExt4) storage_.SyncDirectory();
}

absl::Status Rebuild::ApplyName(const Effect& effect) {
  const std::string path = PathOf(effect.path);
  const InodeId there = storage_.Find(path);
  const auto bind = [&](InodeId inode) { inodes_[effect.file] = inode; };
  switch (effect.kind) {
    case EffectKind::kCreate:
    case EffectKind::kSymlink:
      if (there != kNoInode) return CannotBe(effect);
      bind(storage_.Create(path));
      if (effect.kind == EffectKind::kSymlink) {
        targets_[storage_.Find(path)] = effect.to;
      }
      return absl::OkStatus();
    case EffectKind::kCreateDirectory:
      if (there != kNoInode) return CannotBe(effect);
      storage_.CreateDirectory(path);
      bind(storage_.Find(path));
      return absl::OkStatus();
    case EffectKind::kCreateNameless:
      bind(storage_.CreateNameless(path));
      return absl::OkStatus();
    case EffectKind::kLink:
      if (there != kNoInode || InodeOf(effect.file) == kNoInode) {
        return CannotBe(effect);
      }
      storage_.Link(path, InodeOf(effect.file));
      return absl::OkStatus();
    case EffectKind::kUnlink:
    case EffectKind::kRemoveDirectory:
      if (there == kNoInode) return CannotBe(effect);
      storage_.Unlink(path);
      storage_.Forget(there);
      return absl::OkStatus();
    case EffectKind::kExchange:
      if (there == kNoInode || storage_.Find(PathOf(effect.to)) == kNoInode) {
        return CannotBe(effect);
      }
      storage_.Exchange(path, PathOf(effect.to));
      return absl::OkStatus();
    default:
      break;
  }
  if (there == kNoInode) return CannotBe(effect);
  const InodeId replaced = storage_.Find(PathOf(effect.to));
  // auto_da_alloc of ext4: what replaces another file is written first.
  if (model_ == DiskModel::kExt4 && replaced != kNoInode) storage_.Sync(there);
  storage_.Rename(path, PathOf(effect.to));
  if (replaced != kNoInode) storage_.Forget(replaced);
  return absl::OkStatus();
}

absl::StatusOr<RecordingDigest> ReadThrough(const std::string& recording) {
  RecordingDigest digest;
  const auto take = [&digest](const RecordedCall& call) {
    ++digest.calls;
    if (call.name.empty()) digest.first_call = digest.calls;
    for (const Effect& effect : call.effects) {
      if (!call.name.empty() && effect.file != 0) {
        digest.changed.insert(effect.file);
      }
      digest.has_acks |= effect.kind == EffectKind::kAck;
    }
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(digest.frame, ReadRecording(recording, take));
  return digest;
}

namespace {

// Compares a recording with the files of a directory. Files that the program
// never changed are compared as they are read, so that they take no memory.
class Comparison {
 public:
  Comparison(const std::string& directory, std::set<FileId> changed)
      : directory_(directory),
        rebuild_(directory, DiskModel::kPosix),
        changed_(std::move(changed)) {
    rebuild_.storage().NeverLosesPower();
    rebuild_.KeepOnly(changed_);
  }

  // First all calls, then what they come to, then all calls again.
  absl::Status TakeNames(const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(rebuild_.Apply(effect));
      if (effect.kind == EffectKind::kCreate ||
          effect.kind == EffectKind::kCreateNameless) {
        files_.push_back(effect.file);
      }
      if (effect.kind == EffectKind::kWrite) {
        std::int64_t& size = sizes_[effect.file];
        size = std::max(size, effect.offset + static_cast<std::int64_t>(
                                                  effect.bytes.size()));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CompareEnd() {
    RETURN_IF_ERROR(CompareNames());
    std::map<InodeId, std::string> paths;
    const Storage& storage = rebuild_.storage();
    for (const std::string& path : storage.Paths()) {
      paths[storage.Find(path)] = path;
    }
    for (const auto& [inode, path] : paths) {
      RETURN_IF_ERROR(CompareLink(path, inode));
    }
    for (const FileId file : files_) {
      const auto path = paths.find(rebuild_.InodeOf(file));
      if (path == paths.end()) continue;
      if (changed_.contains(file)) {
        RETURN_IF_ERROR(CompareFile(path->second, path->first));
      } else {
        RETURN_IF_ERROR(CompareSize(path->second, sizes_[file]));
        paths_[file] = path->second;
      }
    }
    return absl::OkStatus();
  }

  absl::Status TakeContents(const RecordedCall& call) const {
    for (const Effect& effect : call.effects) {
      const auto path = paths_.find(effect.file);
      if (effect.kind != EffectKind::kWrite || path == paths_.end()) continue;
      RETURN_IF_ERROR(CompareBytes(path->second, effect.offset, effect.bytes));
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Different(const std::string& path,
                                std::string_view what) {
    return absl::InternalError(absl::StrCat(
        "the recording is not what happened: ", path, " ", std::string(what)));
  }

  absl::Status CompareNames() {
    std::set<std::string> real;
    std::error_code error;
    for (fs::recursive_directory_iterator it(directory_, error), end;
         !error && it != end; it.increment(error)) {
      const auto type = it->symlink_status(error).type();
      if (type == fs::file_type::regular || type == fs::file_type::directory ||
          type == fs::file_type::symlink) {
        real.insert(it->path());
      }
    }
    if (error) {
      return absl::InternalError(
          absl::StrCat("cannot read ", directory_, ": ", error.message()));
    }
    const std::vector<std::string> paths = rebuild_.storage().Paths();
    for (const std::string& path : paths) {
      if (real.erase(path) == 0) return Different(path, "is not there");
    }
    if (!real.empty()) return Different(*real.begin(), "was not recorded");
    return absl::OkStatus();
  }

  // What a symbolic link says; "" is none.
  absl::Status CompareLink(const std::string& path, InodeId inode) const {
    std::error_code error;  // it is no link
    const std::string target = fs::read_symlink(path, error);
    return target == rebuild_.TargetOf(inode)
               ? absl::OkStatus()
               : Different(path, "is another symbolic link");
  }

  static absl::Status CompareSize(const std::string& path, std::int64_t size) {
    struct stat found = {};
    if (lstat(path.c_str(), &found) != 0) {
      return Different(path, "is not there");
    }
    if (found.st_size != size) {
      return Different(
          path, absl::StrCat("has ", found.st_size, " bytes and not ", size));
    }
    return absl::OkStatus();
  }

  absl::Status CompareBytes(const std::string& path, std::int64_t offset,
                            std::string_view bytes) const {
    const int descriptor =
        open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) return Different(path, "cannot be opened");
    const auto closes = absl::MakeCleanup([&] { close(descriptor); });
    std::string found(bytes.size(), '\0');
    for (std::size_t done = 0; done < found.size();) {
      const ssize_t read =
          pread(descriptor, found.data() + done, found.size() - done,
                offset + static_cast<std::int64_t>(done));
      if (read <= 0) return Different(path, "is shorter");
      done += static_cast<std::size_t>(read);
    }
    if (found == bytes) return absl::OkStatus();
    const auto at = std::mismatch(found.begin(), found.end(), bytes.begin());
    return Different(path,
                     absl::StrCat("has other bytes from ",
                                  offset + (at.first - found.begin()), " on"));
  }

  absl::Status CompareFile(const std::string& path, InodeId inode) const {
    const Storage& storage = rebuild_.storage();
    const std::int64_t size = storage.Size(inode);
    RETURN_IF_ERROR(CompareSize(path, size));
    constexpr std::int64_t kPiece = 1 << 20;
    std::string piece;
    for (std::int64_t at = 0; at < size; at += kPiece) {
      piece.resize(static_cast<std::size_t>(std::min(kPiece, size - at)));
      storage.Read(inode, at, piece.data(),
                   static_cast<std::int64_t>(piece.size()));
      RETURN_IF_ERROR(CompareBytes(path, at, piece));
    }
    return absl::OkStatus();
  }

  const std::string& directory_;
  Rebuild rebuild_;
  std::set<FileId> changed_;
  std::vector<FileId> files_;
  std::map<FileId, std::int64_t> sizes_;
  // Of files that were never changed.
  std::map<FileId, std::string> paths_;
};

absl::Status Compare(const std::string& recording,
                     const std::string& directory) {
  ASSIGN_OR_RETURN(const RecordingDigest digest, ReadThrough(recording));
  Comparison comparison(directory, digest.changed);
  const auto take_names = [&](const RecordedCall& call) {
    return comparison.TakeNames(call);
  };
  RETURN_IF_ERROR(ReadRecording(recording, take_names).status());
  RETURN_IF_ERROR(comparison.CompareEnd());
  const auto take_contents = [&](const RecordedCall& call) {
    return comparison.TakeContents(call);
  };
  return ReadRecording(recording, take_contents).status();
}

}  // namespace

absl::Status CompareWithFiles(const std::string& recording,
                              const std::string& directory) {
  absl::Status status = Compare(recording, directory);
  if (!absl::IsInternal(status)) return status;
  return absl::InternalError(absl::StrCat(std::string(status.message()), "; ",
                                          OutsideWritersInWords(directory)));
}

}  // namespace lastcommit
