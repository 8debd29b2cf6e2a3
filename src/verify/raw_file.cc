#include "verify/raw_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace lastcommit {

std::uint32_t BigEndian(const unsigned char* bytes) {
  return BigEndian16(bytes) << 16 | BigEndian16(bytes + 2);
}

std::uint32_t BigEndian16(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 8 | std::uint32_t{bytes[1]};
}

// Not blocking: it may be a FIFO.
RawFile::RawFile(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}

RawFile::~RawFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

std::int64_t RawFile::Size() const {
  struct stat info = {};
  return fstat(descriptor_, &info) == 0 ? info.st_size : 0;
}

absl::StatusOr<bool> RawFile::Read(std::int64_t offset, Bytes& bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t size =
        pread(descriptor_, bytes.data() + done, bytes.size() - done,
              offset + static_cast<std::int64_t>(done));
    if (size == 0) return false;
    if (size < 0 && errno != EINTR) {
      return absl::ErrnoToStatus(errno, "reading the copy");
    }
    if (size > 0) done += static_cast<std::size_t>(size);
  }
  return true;
}

}  // namespace lastcommit
