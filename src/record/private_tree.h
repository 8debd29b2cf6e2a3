// A private copy of a directory, for a program that is recorded: the files of
// whoever runs the recorder are only read.

#ifndef LASTCOMMIT_RECORD_PRIVATE_TREE_H_
#define LASTCOMMIT_RECORD_PRIVATE_TREE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

struct TreeSize {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

// All regular files below it, symbolic links not followed. NotFound, ...
absl::StatusOr<TreeSize> SizeOfTree(const std::string& directory);

// `to` must not exist. Regular files, directories and symbolic links, with
// their modes, times and hard links; nothing else is copied. A link that is
// absolute goes on pointing to where it did.
absl::Status CopyTree(const std::string& from, const std::string& to);

// A directory of its own that is removed with all in it at the end, but for a
// fork's child.
class ScratchDirectory {
 public:
  // In TMPDIR, or /tmp.
  static absl::StatusOr<ScratchDirectory> Make();
  static absl::StatusOr<ScratchDirectory> MakeIn(const std::string& parent);
  ~ScratchDirectory();
  ScratchDirectory(ScratchDirectory&& other) noexcept;
  ScratchDirectory& operator=(ScratchDirectory&&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path);
  std::string path_;  // real
  int owner_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_PRIVATE_TREE_H_
