// A directory with all that is in it, to be compared: whoever says that it
// changes nothing has left the same tree.

#ifndef LASTCOMMIT_TESTS_TREE_H_
#define LASTCOMMIT_TESTS_TREE_H_

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <string>

namespace lastcommit {

// Not when it was read: that is not to be kept.
struct TreeEntry {
  mode_t mode = 0;
  ino_t inode = 0;
  nlink_t links = 0;
  timespec modified = {};
  timespec changed = {};
  std::string content;  // bytes of a file, target of a link

  bool operator==(const TreeEntry& other) const {
    const auto is_same = [](const timespec& a, const timespec& b) {
      return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
    };
    return mode == other.mode && inode == other.inode && links == other.links &&
           is_same(modified, other.modified) &&
           is_same(changed, other.changed) && content == other.content;
  }
};

// Paths, and that of the directory itself.
using Tree = std::map<std::string, TreeEntry>;

inline TreeEntry TreeEntryOf(const std::string& path) {
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) return {};
  TreeEntry entry = {info.st_mode, info.st_ino,  info.st_nlink,
                     info.st_mtim, info.st_ctim, ""};
  if (S_ISREG(info.st_mode)) {
    std::ifstream file(path, std::ios::binary);
    entry.content.assign(std::istreambuf_iterator<char>(file), {});
  } else if (S_ISLNK(info.st_mode)) {
    entry.content = std::filesystem::read_symlink(path);
  }
  return entry;
}

inline Tree TreeOf(const std::string& directory) {
  Tree tree = {{directory, TreeEntryOf(directory)}};
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    tree[entry.path()] = TreeEntryOf(entry.path());
  }
  return tree;
}

// What GoogleTest prints of two trees that differ.
inline void PrintTo(const TreeEntry& entry, std::ostream* out) {
  *out << std::oct << entry.mode << std::dec << " inode " << entry.inode << ", "
       << entry.links << " links, " << entry.content.size() << " bytes, "
       << entry.modified.tv_sec << "." << entry.modified.tv_nsec;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TREE_H_
