#include "record/file_table.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace lastcommit {

std::optional<std::string> FileTable::Below(const std::string& path) const {
  if (path == root_) return "";
  if (!absl::StartsWith(path, root_) || path[root_.size()] != '/') {
    return std::nullopt;
  }
  return path.substr(root_.size() + 1);
}

FileId FileTable::Find(const struct stat& file) const {
  const auto found = files_.find({file.st_dev, file.st_ino});
  return found == files_.end() ? 0 : found->second;
}

FileId FileTable::FindName(const std::string& path) const {
  const auto found = names_.find(path);
  return found == names_.end() ? 0 : found->second;
}

bool FileTable::HasName(FileId file) const {
  const auto found = links_.find(file);
  return found != links_.end() && found->second > 0;
}

std::vector<std::string> FileTable::NamesFrom(const std::string& path) const {
  std::vector<std::string> names;
  if (FindName(path) != 0) names.push_back(path);
  const std::string below = path + "/";
  for (auto it = names_.lower_bound(below);
       it != names_.end() && absl::StartsWith(it->first, below); ++it) {
    names.push_back(it->first);
  }
  std::reverse(names.begin(), names.end());
  return names;
}

FileId FileTable::Bind(const struct stat& file) {
  return files_[{file.st_dev, file.st_ino}] = next_++;
}

void FileTable::AddName(const std::string& path, FileId file) {
  RemoveName(path);
  names_[path] = file;
  ++links_[file];
}

void FileTable::RemoveName(const std::string& path) {
  const auto found = names_.find(path);
  if (found == names_.end()) return;
  --links_[found->second];
  names_.erase(found);
}

FileTable::Names FileTable::TakeOut(const std::string& path) {
  Names taken;
  if (const FileId file = FindName(path); file != 0) {
    taken[""] = file;
    names_.erase(path);
  }
  const std::string below = path + "/";
  for (auto it = names_.lower_bound(below);
       it != names_.end() && absl::StartsWith(it->first, below);
       it = names_.erase(it)) {
    taken[it->first.substr(path.size())] = it->second;
  }
  return taken;
}

void FileTable::PutIn(const std::string& path, const Names& names) {
  for (const auto& [rest, file] : names) names_[path + rest] = file;
}

void FileTable::Move(const std::string& from, const std::string& to) {
  const Names moved = TakeOut(from);
  for (const auto& [rest, file] : TakeOut(to)) --links_[file];
  PutIn(to, moved);
}

void FileTable::Exchange(const std::string& path, const std::string& other) {
  const Names first = TakeOut(path);
  const Names second = TakeOut(other);
  PutIn(other, first);
  PutIn(path, second);
}

}  // namespace lastcommit
