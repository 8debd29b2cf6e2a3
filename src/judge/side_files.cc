#include "judge/side_files.h"

#include <map>

#include "judge/database_files.h"

namespace lastcommit {

void SideFiles::See(const Effect& effect) {
  switch (effect.kind) {
    case EffectKind::kWrite:
    case EffectKind::kTruncate:
    case EffectKind::kZero:
      if (!timeline_.files.contains(effect.file) &&
          !timeline_.indexes.contains(effect.file)) {
        unsynced_.insert(effect.file);
      }
      break;
    case EffectKind::kSync:
    case EffectKind::kSyncData:
      unsynced_.erase(effect.file);
      ever_synced_.insert(effect.file);
      break;
    case EffectKind::kSyncAll:
      ever_synced_.merge(unsynced_);
      unsynced_.clear();
      break;
    case EffectKind::kRename:
      renamed_.insert(effect.file);
      break;
    default:
      break;
  }
}

void SideFiles::SeeBefore(const Effect& effect, const Rebuild& files) {
  if (model_ == DiskModel::kExt4 && effect.kind == EffectKind::kRename &&
      files.storage().Find(files.PathOf(effect.to)) != kNoInode) {
    unsynced_.erase(effect.file);
  }
}

void SideFiles::Take(std::uint64_t call, const Rebuild& files,
                     std::vector<SideFile>& found) {
  if (unsynced_.empty()) return;
  std::map<InodeId, FileId> unsynced;
  for (const FileId file : unsynced_) unsynced[files.InodeOf(file)] = file;
  unsynced_.clear();
  for (const std::string& path : files.storage().Paths()) {
    const auto file = unsynced.find(files.storage().Find(path));
    if (file == unsynced.end() || IsSqlitesOwn(path)) continue;
    const std::string below = path.substr(files.root().size() + 1);
    if (!named_.insert(below).second) continue;
    const bool is_renamed =
        renamed_.contains(file->second) && !ever_synced_.contains(file->second);
    found.push_back({below, is_renamed, call});
  }
}

}  // namespace lastcommit
