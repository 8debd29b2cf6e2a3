// FileTable: the files of the watched directory as the recorder knows them:
// which number a file of the kernel has, and which names it has. It sees each
// change of a name, so that an inode number that the kernel uses again is
// another file here.

#ifndef LASTCOMMIT_RECORD_FILE_TABLE_H_
#define LASTCOMMIT_RECORD_FILE_TABLE_H_

#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "record/recording.h"

namespace lastcommit {

class FileTable {
 public:
  // `root` is a real path without symbolic links.
  explicit FileTable(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  // Relative to the directory, "" for itself; nullopt: outside of it.
  std::optional<std::string> Below(const std::string& path) const;

  // 0: none that was seen.
  FileId Find(const struct stat& file) const;
  FileId FindName(const std::string& path) const;
  bool HasName(FileId file) const;
  // That name and all below it, the deepest first.
  std::vector<std::string> NamesFrom(const std::string& path) const;
  // A file that came to be. One that had that inode number is another one.
  FileId Bind(const struct stat& file);

  void AddName(const std::string& path, FileId file);
  void RemoveName(const std::string& path);
  // With all that lies below it. What had the name `to` loses it.
  void Move(const std::string& from, const std::string& to);
  void Exchange(const std::string& path, const std::string& other);

 private:
  using Names = std::map<std::string, FileId>;
  Names TakeOut(const std::string& path);
  void PutIn(const std::string& path, const Names& names);

  std::string root_;
  std::map<std::pair<dev_t, ino_t>, FileId> files_;
  Names names_;
  std::map<FileId, int> links_;
  FileId next_ = 1;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_FILE_TABLE_H_
