// A crash image as real files, for commands that look at it.

#ifndef LASTCOMMIT_JUDGE_IMAGE_FILES_H_
#define LASTCOMMIT_JUDGE_IMAGE_FILES_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "disk/storage.h"
#include "record/rebuild.h"

namespace lastcommit {

struct ImageLimits {
  static constexpr std::int64_t kSectors = 1 << 18;  // of 4096 bytes: a GiB
};

// Makes `directory`, which must not be there, with all that is below the root
// of `files` in `image`. `files` says what symbolic links say. Everything
// belongs to the caller alone and may be executed: a recording has no modes.
// ResourceExhausted: it is too large.
absl::Status WriteImage(const Storage& image, const Rebuild& files,
                        const std::string& directory);

// Of names and contents below the root, but for the files `without`.
std::uint64_t DigestOfFiles(const Storage& image, const Rebuild& files,
                            const std::set<std::string>& without);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_IMAGE_FILES_H_
