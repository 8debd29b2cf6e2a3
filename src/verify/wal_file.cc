#include "verify/wal_file.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "verify/database_header.h"
#include "verify/raw_file.h"

namespace lastcommit {
namespace {

constexpr std::size_t kHeaderBytes = 32;
constexpr std::size_t kFrameHeaderBytes = 24;
constexpr std::uint32_t kMagic = 0x377f0682;  // and one more: big-endian sums
constexpr std::uint32_t kFormat = 3007000;
// The first salt grows by one with each generation of a file, and begins
// anywhere. Further apart they have nothing to do with each other.
constexpr std::int32_t kGenerationsNearby = 1 << 16;

std::uint32_t LittleEndian(const unsigned char* bytes) {
  return std::uint32_t{bytes[3]} << 24 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[0]};
}

// The running sum over all that was written, which each frame stores: so that
// of the one before it is all that a frame needs to be judged by
// (https://sqlite.org/fileformat2.html#checksum_algorithm).
class Checksum {
 public:
  Checksum(const unsigned char* stored, bool is_big_endian)
      : read_(is_big_endian ? BigEndian : LittleEndian),
        first_(BigEndian(stored)),
        second_(BigEndian(stored + 4)) {}
  explicit Checksum(bool is_big_endian)
      : read_(is_big_endian ? BigEndian : LittleEndian) {}

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
  std::uint32_t (*read_)(const unsigned char*);
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

enum class Generation { kThis, kOlder, kNewer, kForeign };

struct Frame {
  std::uint32_t page = 0;
  std::uint32_t pages_after_commit = 0;  // 0: no commit frame
  Generation generation = Generation::kThis;
  std::uint64_t sum = 0;  // its checksum, which no other frame has
  bool fits = false;      // to the frame before it
};

// Page -> the last frame that holds it.
using PageFrames = std::map<std::uint32_t, std::int64_t>;

// Of the transaction that is read, and of those that are committed.
class Pages {
 public:
  void Add(std::uint32_t page, std::int64_t frame) { pending_[page] = frame; }
  void Commit(std::uint32_t pages_after_commit) {
    for (const auto& [page, frame] : pending_) latest_[page] = frame;
    pending_.clear();
    latest_.erase(latest_.upper_bound(pages_after_commit), latest_.end());
  }
  const PageFrames& latest() const { return latest_; }

 private:
  PageFrames pending_;
  PageFrames latest_;
};

class WalReader {
 public:
  explicit WalReader(const std::string& database)
      : database_(database), wal_(absl::StrCat(database, "-wal")) {}

  absl::StatusOr<WalState> Read() {
    if (!wal_.is_open()) return state_;
    state_.bytes = wal_.Size();
    ASSIGN_OR_RETURN(state_.header, ReadHeader());
    if (page_size_ == 0 || state_.header == WalHeader::kUnknownVersion) {
      return state_;
    }
    RETURN_IF_ERROR(ReadFrames());
    const RawFile database(database_);
    if (!database.is_open()) return state_;
    PageFrames ignored = newer_.latest();
    ignored.insert(ignored_.latest().begin(), ignored_.latest().end());
    state_.pages = static_cast<std::int64_t>(pages_.latest().size());
    state_.ignored_pages = static_cast<std::int64_t>(ignored.size());
    ASSIGN_OR_RETURN(state_.checkpointed_pages,
                     CountIn(database, pages_.latest()));
    ASSIGN_OR_RETURN(state_.ignored_pages_in_database,
                     CountIn(database, ignored));
    return state_;
  }

 private:
  std::int64_t OffsetOf(std::int64_t frame) const {
    return static_cast<std::int64_t>(kHeaderBytes) +
           frame * static_cast<std::int64_t>(kFrameHeaderBytes + page_size_);
  }

  // walIndexRecover() of SQLite's wal.c, and what is needed to look at the
  // frames of a WAL whose header is damaged.
  absl::StatusOr<WalHeader> ReadHeader() {
    header_.resize(kHeaderBytes);
    ASSIGN_OR_RETURN(const bool is_there, wal_.Read(0, header_));
    if (!is_there || state_.bytes == kHeaderBytes) {
      return state_.bytes == 0 ? WalHeader::kNone : WalHeader::kTooShort;
    }
    const std::uint32_t magic = BigEndian(header_.data());
    page_size_ = BigEndian(header_.data() + 8);
    const bool has_magic = (magic & ~1U) == kMagic;
    const bool has_page_size = page_size_ >= 512 && page_size_ <= 65536 &&
                               (page_size_ & (page_size_ - 1)) == 0;
    is_big_endian_ = has_magic && (magic & 1U) != 0;
    Checksum checksum(is_big_endian_);
    checksum.Add(header_.data(), 24);
    if (has_magic && has_page_size && checksum.Matches(&header_[24])) {
      return BigEndian(header_.data() + 4) == kFormat
                 ? WalHeader::kValid
                 : WalHeader::kUnknownVersion;
    }
    RETURN_IF_ERROR(GuessFromFrames(has_magic, has_page_size));
    return has_magic && has_page_size ? WalHeader::kWrongChecksum
                                      : WalHeader::kNoMagic;
  }

  // The first frame is of the newest generation: each begins there.
  absl::Status GuessFromFrames(bool has_magic, bool has_page_size) {
    ASSIGN_OR_RETURN(const DatabaseHeader database,
                     ReadDatabaseHeader(database_));
    if (database.has_magic && database.page_size != 0) {
      page_size_ = static_cast<std::size_t>(database.page_size);
    } else if (!has_page_size) {
      page_size_ = 0;
      return absl::OkStatus();
    }
    Bytes first(kFrameHeaderBytes + page_size_);
    Bytes second = first;
    ASSIGN_OR_RETURN(const bool has_first, wal_.Read(OffsetOf(0), first));
    if (!has_first) return absl::OkStatus();
    std::copy_n(first.begin() + 8, 8, header_.begin() + 16);
    ASSIGN_OR_RETURN(const bool has_second, wal_.Read(OffsetOf(1), second));
    if (!has_magic && has_second) {
      is_big_endian_ = Fits(second, first.data() + 16, /*is_big_endian=*/true);
    }
    return absl::OkStatus();
  }

  bool Fits(const Bytes& frame, const unsigned char* before,
            bool is_big_endian) const {
    Checksum checksum(before, is_big_endian);
    checksum.Add(frame.data(), 8);
    checksum.Add(frame.data() + kFrameHeaderBytes, page_size_);
    return checksum.Matches(frame.data() + 16);
  }

  absl::Status ReadFrames() {
    Bytes bytes(kFrameHeaderBytes + page_size_);
    Bytes before(header_.begin() + 24, header_.end());
    while (true) {
      ASSIGN_OR_RETURN(const bool is_there,
                       wal_.Read(OffsetOf(state_.frames), bytes));
      if (!is_there) return absl::OkStatus();
      Frame frame = {.page = BigEndian(bytes.data()),
                     .pages_after_commit = BigEndian(bytes.data() + 4),
                     .generation = GenerationOf(bytes.data() + 8),
                     .sum = std::uint64_t{BigEndian(&bytes[16])} << 32 |
                            BigEndian(&bytes[20]),
                     .fits = Fits(bytes, before.data(), is_big_endian_)};
      std::copy_n(bytes.begin() + 16, 8, before.begin());
      Take(frame);
      ++state_.frames;
    }
  }

  Generation GenerationOf(const unsigned char* salts) const {
    if (std::equal(salts, salts + 8, header_.begin() + 16)) {
      return Generation::kThis;
    }
    const auto later =
        static_cast<std::int32_t>(BigEndian(salts) - BigEndian(&header_[16]));
    if (later > 0 && later < kGenerationsNearby) return Generation::kNewer;
    if (later < 0 && later > -kGenerationsNearby) return Generation::kOlder;
    return Generation::kForeign;
  }

  void Take(Frame frame) {
    const bool is_valid = !has_ended_ && frame.page != 0 && frame.fits &&
                          frame.generation == Generation::kThis &&
                          state_.header == WalHeader::kValid;
    if (is_valid) {
      sums_.insert(frame.sum);
      pages_.Add(frame.page, state_.valid++);
      if (frame.pages_after_commit == 0) return;
      ++state_.transactions;
      state_.committed = state_.valid;
      pages_.Commit(frame.pages_after_commit);
      return;
    }
    // The salts are not in the checksum: what fits to a frame of this
    // generation was written behind it, whatever its salts are now.
    if (frame.fits && is_of_this_ && state_.frames > 0) {
      frame.generation = Generation::kThis;
    }
    if (!has_ended_) state_.end = EndAt(frame);
    has_ended_ = true;
    // A copy of a frame that counts: nothing is in it that SQLite ignores.
    if (!sums_.contains(frame.sum)) Ignore(frame);
  }

  static WalEnd EndAt(const Frame& frame) {
    switch (frame.generation) {
      case Generation::kOlder:
        return WalEnd::kOlder;
      case Generation::kNewer:
        return WalEnd::kNewer;
      case Generation::kForeign:
        return WalEnd::kForeign;
      case Generation::kThis:
        break;
    }
    return WalEnd::kWrongChecksum;
  }

  void Ignore(const Frame& frame) {
    is_of_this_ = frame.generation == Generation::kThis;
    const bool is_newer = frame.generation == Generation::kNewer;
    const bool is_commit = frame.pages_after_commit != 0;
    if (!is_of_this_ && !is_newer) {
      if (is_commit) ++state_.ignored_older;
      return;
    }
    Pages& pages = is_newer ? newer_ : ignored_;
    pages.Add(frame.page, state_.frames);
    if (!is_commit) return;
    ++(is_newer ? state_.ignored_newer : state_.ignored);
    if (frame.fits) ++state_.ignored_whole;
    pages.Commit(frame.pages_after_commit);
  }

  absl::StatusOr<std::int64_t> CountIn(const RawFile& database,
                                       const PageFrames& pages) const {
    std::int64_t count = 0;
    Bytes in_database(page_size_);
    Bytes in_wal(page_size_);
    for (const auto& [page, frame] : pages) {
      const std::int64_t offset =
          (std::int64_t{page} - 1) * static_cast<std::int64_t>(page_size_);
      if (page == 0) continue;
      ASSIGN_OR_RETURN(const bool is_there, database.Read(offset, in_database));
      RETURN_IF_ERROR(wal_.Read(OffsetOf(frame) + static_cast<std::int64_t>(
                                                      kFrameHeaderBytes),
                                in_wal)
                          .status());
      if (is_there && in_database == in_wal) ++count;
    }
    return count;
  }

  const std::string database_;
  const RawFile wal_;
  WalState state_;
  Bytes header_;
  std::size_t page_size_ = 0;
  bool is_big_endian_ = false;
  bool has_ended_ = false;
  bool is_of_this_ = true;        // the frame before
  std::set<std::uint64_t> sums_;  // of the valid frames
  Pages pages_;
  Pages ignored_;
  Pages newer_;  // those of newer generations, whose content is the latest
};

}  // namespace

absl::StatusOr<WalState> ReadWal(const std::string& database) {
  return WalReader(database).Read();
}

}  // namespace lastcommit
