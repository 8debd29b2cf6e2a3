#include "verify/wal_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // and one more: big-endian sums
constexpr std::uint32_t kFormat = 3007000;

using Bytes = std::vector<unsigned char>;

std::uint32_t BigEndian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

std::uint32_t LittleEndian(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[0]};
}

class File {
 public:
  explicit File(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::int64_t Size() const {
    struct stat info = {};
    return fstat(descriptor_, &info) == 0 ? info.st_size : 0;
  }
  // False at the end of the file; `bytes` has then no meaning.
  absl::StatusOr<bool> Read(std::int64_t offset, Bytes& bytes) const {
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

 private:
  int descriptor_;
};

// The running sum over all that was written
// (https://sqlite.org/fileformat2.html#checksum_algorithm).
class Checksum {
 public:
  void SetBigEndian(bool is_big) { read_ = is_big ? BigEndian : LittleEndian; }
  void Add(const unsigned char* bytes, std::size_t size) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      first_ += read_(bytes + i) + second_;
      second_ += read_(bytes + i + 4) + first_;
    }
  }
  bool Matches(const unsigned char* stored) const {
    return first_ == BigEndian(stored) && second_ == BigEndian(stored + 4);
  }

 private:
  std::uint32_t (*read_)(const unsigned char*) = BigEndian;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

class WalReader {
 public:
  explicit WalReader(const std::string& database)
      : database_(database), wal_(absl::StrCat(database, "-wal")) {}

  absl::StatusOr<WalState> Read() {
    if (!wal_.is_open()) return state_;
    state_.bytes = wal_.Size();
    ASSIGN_OR_RETURN(state_.has_valid_header, ReadHeader());
    if (!state_.has_valid_header) return state_;
    Bytes frame(kFrameHeaderBytes + page_size_);
    while (true) {
      ASSIGN_OR_RETURN(const bool is_there,
                       wal_.Read(OffsetOf(state_.frames), frame));
      if (!is_there) break;
      ++state_.frames;
      Take(frame);
    }
    RETURN_IF_ERROR(ComparePages());
    return state_;
  }

 private:
  std::int64_t OffsetOf(std::int64_t frame) const {
    return static_cast<std::int64_t>(kHeaderBytes) +
           frame * static_cast<std::int64_t>(kFrameHeaderBytes + page_size_);
  }

  absl::StatusOr<bool> ReadHeader() {
    header_.resize(kHeaderBytes);
    ASSIGN_OR_RETURN(const bool is_there, wal_.Read(0, header_));
    if (!is_there) return false;
    const std::uint32_t magic = BigEndian(header_.data());
    page_size_ = BigEndian(header_.data() + 8);
    if ((magic & ~1U) != kMagic || BigEndian(header_.data() + 4) != kFormat ||
        page_size_ < 512 || page_size_ > 65536 ||
        (page_size_ & (page_size_ - 1)) != 0) {
      return false;
    }
    checksum_.SetBigEndian((magic & 1U) != 0);
    checksum_.Add(header_.data(), 24);
    return checksum_.Matches(header_.data() + 24);
  }

  void Take(const Bytes& frame) {
    const std::uint32_t page = BigEndian(frame.data());
    const std::uint32_t pages_after_commit = BigEndian(frame.data() + 4);
    const bool is_of_this_wal =
        page != 0 &&
        std::equal(frame.begin() + 8, frame.begin() + 16, header_.begin() + 16);
    if (is_of_this_wal && !has_gap_) {
      checksum_.Add(frame.data(), 8);
      checksum_.Add(frame.data() + kFrameHeaderBytes, page_size_);
    }
    if (has_gap_ || !is_of_this_wal || !checksum_.Matches(frame.data() + 16)) {
      has_gap_ = true;
      if (is_of_this_wal && pages_after_commit != 0) {
        ++state_.commits_behind_a_gap;
      }
      return;
    }
    pending_[page] = state_.valid++;
    if (pages_after_commit != 0) Commit(pages_after_commit);
  }

  void Commit(std::uint32_t pages_after_commit) {
    ++state_.transactions;
    state_.committed = state_.valid;
    for (const auto& [page, frame] : pending_) latest_[page] = frame;
    pending_.clear();
    latest_.erase(latest_.upper_bound(pages_after_commit), latest_.end());
  }

  absl::Status ComparePages() {
    const File database(database_);
    if (!database.is_open()) return absl::OkStatus();
    Bytes in_database(page_size_);
    Bytes in_wal(page_size_);
    state_.pages = static_cast<std::int64_t>(latest_.size());
    for (const auto& [page, frame] : latest_) {
      const std::int64_t offset =
          (std::int64_t{page} - 1) * static_cast<std::int64_t>(page_size_);
      ASSIGN_OR_RETURN(const bool is_there, database.Read(offset, in_database));
      RETURN_IF_ERROR(wal_.Read(OffsetOf(frame) + static_cast<std::int64_t>(
                                                      kFrameHeaderBytes),
                                in_wal)
                          .status());
      if (is_there && in_database == in_wal) ++state_.checkpointed_pages;
    }
    return absl::OkStatus();
  }

  const std::string database_;
  const File wal_;
  WalState state_;
  Bytes header_;
  std::size_t page_size_ = 0;
  Checksum checksum_;
  bool has_gap_ = false;
  // Page -> the last frame that holds it, of the transaction that is read and
  // of those that are committed.
  std::map<std::uint32_t, std::int64_t> pending_;
  std::map<std::uint32_t, std::int64_t> latest_;
};

}  // namespace

absl::StatusOr<WalState> ReadWal(const std::string& database) {
  return WalReader(database).Read();
}

}  // namespace lastcommit
