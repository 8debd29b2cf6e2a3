#include "judge/image_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

absl::Status Cannot(std::string_view what, const std::string& path) {
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot ", std::string(what), " ", path));
}

bool IsZero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

absl::Status WriteFile(const Storage& image, InodeId inode,
                       const std::string& path) {
  const int file = open(
      path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700);
  if (file < 0) return Cannot("make", path);
  const auto closes = absl::MakeCleanup([file] { close(file); });
  const std::int64_t size = image.Size(inode);
  if (ftruncate(file, size) != 0) return Cannot("write", path);
  constexpr std::int64_t kPiece = 1 << 20;
  std::string piece;
  for (std::int64_t at = 0; at < size; at += kPiece) {
    piece.resize(static_cast<std::size_t>(std::min(kPiece, size - at)));
    image.Read(inode, at, piece.data(),
               static_cast<std::int64_t>(piece.size()));
    if (IsZero(piece)) continue;
    for (std::size_t done = 0; done < piece.size();) {
      const ssize_t written =
          pwrite(file, piece.data() + done, piece.size() - done,
                 at + static_cast<std::int64_t>(done));
      if (written <= 0) return Cannot("write", path);
      done += static_cast<std::size_t>(written);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteImage(const Storage& image, const Rebuild& files,
                        const std::string& directory) {
  if (image.AllocatedSectors() > ImageLimits::kSectors) {
    return absl::ResourceExhaustedError(
        "a crash image has more than a GiB, which is not given to commands");
  }
  if (mkdir(directory.c_str(), 0700) != 0) return Cannot("make", directory);
  std::map<InodeId, std::string> written;
  // Symbolic links come last: no name leads through one of them then.
  std::vector<std::pair<std::string, std::string>> links;
  for (const std::string& path : image.Paths()) {
    const std::string to =
        absl::StrCat(directory, path.substr(files.root().size()));
    const InodeId inode = image.Find(path);
    if (image.IsDirectory(inode)) {
      if (mkdir(to.c_str(), 0700) != 0) return Cannot("make", to);
    } else if (const std::string& says = files.TargetOf(inode); !says.empty()) {
      links.emplace_back(says, to);
    } else if (const auto [first, is_new] = written.emplace(inode, to);
               is_new) {
      RETURN_IF_ERROR(WriteFile(image, inode, to));
    } else if (link(first->second.c_str(), to.c_str()) != 0) {
      return Cannot("make", to);
    }
  }
  for (const auto& [says, to] : links) {
    if (symlink(says.c_str(), to.c_str()) != 0) return Cannot("make", to);
  }
  return absl::OkStatus();
}

std::uint64_t DigestOfFiles(const Storage& image, const Rebuild& files,
                            const std::set<std::string>& without) {
  std::uint64_t digest = 0;
  const auto add = [&digest](const void* bytes, std::size_t size) {
    digest = XXH3_64bits_withSeed(bytes, size, digest);
  };
  for (const std::string& path : image.Paths()) {
    if (without.contains(path)) continue;
    const InodeId inode = image.Find(path);
    const std::uint64_t content =
        image.IsDirectory(inode) ? 1 : image.DigestOf(inode);
    add(path.data(), path.size());
    add(files.TargetOf(inode).data(), files.TargetOf(inode).size());
    add(&content, sizeof(content));
  }
  return digest;
}

}  // namespace lastcommit
