#include "judge/database_files.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "disk/super_journals.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::string_view kHeader{"SQLite format 3\0", 16};
constexpr std::size_t kJournalHeader = 28;

std::string_view BaseName(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool IsAbove(const std::string& directory, const std::string& path) {
  return path.starts_with(directory + "/");
}

// A directory or the database itself gets this name, or loses it.
bool IsNamedBy(const std::string& name, const std::string& database) {
  return name == database || IsAbove(name, database);
}

CommitBy OfNames(const Effect& effect, const Rebuild& files,
                 const DatabaseNames& names) {
  const std::string path = files.PathOf(effect.path);
  const std::string to = files.PathOf(effect.to);
  const bool is_removal = effect.kind == EffectKind::kUnlink;
  if (is_removal && path == names.journal) return CommitBy::kJournalDeleted;
  if (is_removal && IsSuperJournal(path)) return CommitBy::kSuperJournal;
  const bool has_target = effect.kind == EffectKind::kRename ||
                          effect.kind == EffectKind::kExchange;
  if (IsNamedBy(path, names.database) ||
      (has_target && IsNamedBy(to, names.database))) {
    return CommitBy::kOwnFiles;
  }
  return CommitBy::kNothing;
}

void TouchContent(const Effect& effect, const Rebuild& files,
                  const DatabaseNames& names, Touch& touch) {
  const InodeId inode = files.InodeOf(effect.file);
  if (inode == kNoInode) return;
  const Storage& storage = files.storage();
  if (inode == storage.Find(names.database)) {
    touch.any = touch.database = true;
  } else if (inode == storage.Find(names.wal)) {
    touch.any = true;
    if (effect.kind == EffectKind::kWrite) touch.by = CommitBy::kWal;
  } else if (inode == storage.Find(names.journal)) {
    touch.any = true;
    if (effect.kind == EffectKind::kTruncate) {
      touch.by = CommitBy::kJournalTruncated;
    } else if (ZeroesJournal(effect)) {
      touch.by = CommitBy::kJournalZeroed;
    }
  }
}

}  // namespace

std::string JournalOf(const std::string& database) {
  return database + "-journal";
}
std::string WalOf(const std::string& database) { return database + "-wal"; }
std::string IndexOf(const std::string& database) { return database + "-shm"; }

bool Covers(const Effect& effect, std::int64_t byte) {
  const std::int64_t end =
      effect.amount == 0 ? INT64_MAX : effect.offset + effect.amount;
  return effect.offset <= byte && byte < end;
}

bool ZeroesJournal(const Effect& effect) {
  const std::size_t size = std::min(effect.bytes.size(), kJournalHeader);
  return effect.offset == 0 && size > 0 &&
         std::all_of(effect.bytes.begin(),
                     effect.bytes.begin() + static_cast<std::ptrdiff_t>(size),
                     [](char c) { return c == '\0'; });
}

// A journal may name a super-journal.
Storage FilesOf(const Storage& image, const DatabaseNames& names) {
  std::vector<std::string> paths = {names.database, names.journal, names.wal};
  image.ForEachPath([&paths](const std::string& path) {
    if (IsSuperJournal(path)) paths.push_back(path);
  });
  return image.Alone(paths);
}

bool IsSqlitesOwn(std::string_view path) {
  return path.ends_with("-journal") || path.ends_with("-wal") ||
         path.ends_with("-shm") || IsSuperJournal(path) ||
         BaseName(path).starts_with("etilqs_");
}

namespace {

// Follows the names of all files.
class FileNames {
 public:
  FileNames() : names_("", DiskModel::kPosix) {
    names_.KeepOnly({});
    names_.storage().NeverLosesPower();
  }

  absl::Status Take(const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(names_.Apply(effect));
      if (IsOfNames(effect.kind)) {
        TakeNames(effect);
      } else if (effect.kind == EffectKind::kWrite && effect.offset == 0 &&
                 effect.bytes.starts_with(kHeader) &&
                 with_header_.insert(effect.file).second) {
        TakeAllNames();
      }
    }
    return absl::OkStatus();
  }

  DatabaseFiles Found() {
    DatabaseFiles found;
    found.databases = std::move(databases_);
    found.files = std::move(with_header_);
    for (const auto& [path, files] : all_) {
      if (IsOf(found.databases, path)) {
        found.files.insert(files.begin(), files.end());
      } else if (path.ends_with(kIndex) &&
                 found.databases.contains(
                     path.substr(0, path.size() - kIndex.size()))) {
        found.indexes.insert(files.begin(), files.end());
      }
    }
    return found;
  }

 private:
  static constexpr std::string_view kIndex = "-shm";

  static bool IsOf(const std::set<std::string>& databases,
                   const std::string& path) {
    const auto is_beside = [&](std::string_view end) {
      return path.ends_with(end) &&
             databases.contains(path.substr(0, path.size() - end.size()));
    };
    return databases.contains(path) || is_beside("-journal") ||
           is_beside("-wal") || IsSuperJournal(path);
  }

  void TakeNames(const Effect& effect) {
    switch (effect.kind) {
      case EffectKind::kCreate:
      case EffectKind::kLink:
        files_[names_.InodeOf(effect.file)] = effect.file;
        TakeName(effect.path, effect.file);
        break;
      case EffectKind::kCreateNameless:
        files_[names_.InodeOf(effect.file)] = effect.file;
        break;
      case EffectKind::kRename:
      case EffectKind::kExchange:
        TakeAllNames();
        break;
      default:
        break;
    }
  }

  void TakeName(const std::string& path, FileId file) {
    all_[path].insert(file);
    if (with_header_.contains(file) && !IsSqlitesOwn(path)) {
      databases_.insert(path);
    }
  }

  void TakeAllNames() {
    for (const std::string& path : names_.storage().Paths()) {
      const auto file = files_.find(names_.storage().Find(path));
      if (file != files_.end()) TakeName(path.substr(1), file->second);
    }
  }

  Rebuild names_;
  std::map<InodeId, FileId> files_;
  std::map<std::string, std::set<FileId>> all_;  // that ever had the name
  std::set<FileId> with_header_;
  std::set<std::string> databases_;
};

}  // namespace

absl::StatusOr<DatabaseFiles> DatabaseFilesOf(const std::string& recording) {
  FileNames names;
  RETURN_IF_ERROR(ReadRecording(recording, [&](const RecordedCall& call) {
                    return names.Take(call);
                  }).status());
  return names.Found();
}

Touch TouchOf(const RecordedCall& call, const Rebuild& files,
              const DatabaseNames& names) {
  Touch touch;
  for (const Effect& effect : call.effects) {
    if (IsOfNames(effect.kind)) {
      touch.any = true;
      const CommitBy by = OfNames(effect, files, names);
      if (by != CommitBy::kNothing) touch.by = by;
      continue;
    }
    switch (effect.kind) {
      case EffectKind::kWrite:
      case EffectKind::kTruncate:
      case EffectKind::kZero:
        TouchContent(effect, files, names, touch);
        break;
      case EffectKind::kUnlock:
        touch.unlocks |= files.InodeOf(effect.file) ==
                             files.storage().Find(names.database) &&
                         Covers(effect, kReservedByte);
        break;
      case EffectKind::kExit:
        touch.unlocks = true;
        break;
      default:
        break;
    }
  }
  return touch;
}

}  // namespace lastcommit
