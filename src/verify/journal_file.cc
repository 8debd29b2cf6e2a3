#include "verify/journal_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "disk/super_journals.h"
#include "status/status.h"
#include "verify/raw_file.h"

namespace lastcommit {
namespace {

constexpr unsigned char kMagic[] = {0xd9, 0xd5, 0x05, 0xf9,
                                    0x20, 0xa1, 0x63, 0xd7};
// A disk with powersafe overwrite, which `unix` supposes, has sectors of 512
// bytes; the header says the size of its own.
constexpr std::int64_t kDefaultSector = 512;
constexpr std::int64_t kMaxSector = 65536;
constexpr std::int64_t kMaxPage = 65536;
constexpr std::uint32_t kUntilTheEnd = 0xffffffff;

bool HasMagic(const unsigned char* bytes) {
  return std::equal(std::begin(kMagic), std::end(kMagic), bytes);
}

bool IsPowerOfTwo(std::int64_t number) { return (number & (number - 1)) == 0; }

// As unixAccess() of SQLite's os_unix.c, to which a file of no bytes is none.
// Only asked: nothing outside the copy is opened.
bool IsThere(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 &&
         (!S_ISREG(info.st_mode) || info.st_size > 0);
}

class JournalReader {
 public:
  explicit JournalReader(const std::string& database)
      : database_(database), file_(absl::StrCat(database, "-journal")) {}

  absl::StatusOr<JournalState> Read(bool is_in_use) {
    if (!file_.is_open()) return state_;
    state_.bytes = file_.Size();
    RETURN_IF_ERROR(ReadSuperJournal());
    RETURN_IF_ERROR(ReadParts());
    ASSIGN_OR_RETURN(state_.fate, Fate(is_in_use));
    return state_;
  }

 private:
  absl::StatusOr<JournalFate> Fate(bool is_in_use) {
    if (is_in_use) return JournalFate::kInUse;
    struct stat info = {};
    if (stat(database_.c_str(), &info) == 0 && info.st_size == 0) {
      return JournalFate::kDatabaseIsEmpty;
    }
    Bytes first(1);
    ASSIGN_OR_RETURN(const bool has_first, file_.Read(0, first));
    if (!has_first || first[0] == 0) return JournalFate::kCold;
    if (!state_.super_journal.empty() && !IsThere(state_.super_journal)) {
      return JournalFate::kSuperIsGone;
    }
    return has_header_ ? JournalFate::kRolledBack : JournalFate::kNoHeader;
  }

  absl::Status ReadSuperJournal() {
    const std::int64_t size =
        std::min(state_.bytes, static_cast<std::int64_t>(kSuperJournalBytes));
    Bytes end(static_cast<std::size_t>(size));
    RETURN_IF_ERROR(file_.Read(state_.bytes - size, end).status());
    state_.super_journal =
        SuperJournalOf({reinterpret_cast<const char*>(end.data()), end.size()});
    return absl::OkStatus();
  }

  // A journal whose transaction outgrew the cache has several headers.
  absl::Status ReadParts() {
    std::int64_t at = 0;
    std::int64_t sector = kDefaultSector;
    std::int64_t page = 0;
    while (at + sector <= state_.bytes) {
      Bytes header(28);
      ASSIGN_OR_RETURN(const bool is_there, file_.Read(at, header));
      if (!is_there || !HasMagic(header.data())) break;
      std::int64_t records = BigEndian(&header[8]);
      const bool is_counted = records != kUntilTheEnd;
      if (at == 0) {
        sector = BigEndian(&header[20]);
        page = BigEndian(&header[24]);
        if (page == 0) page = 4096;  // before 3.5.8; the records are not read
        if (sector < 32 || sector > kMaxSector || !IsPowerOfTwo(sector) ||
            page < 512 || page > kMaxPage || !IsPowerOfTwo(page)) {
          break;
        }
        has_header_ = true;
        state_.original_pages = BigEndian(&header[16]);
      }
      at += sector;
      if (records == kUntilTheEnd) records = (state_.bytes - at) / (page + 8);
      ASSIGN_OR_RETURN(const bool is_whole,
                       ReadRecords(at, records, page, BigEndian(&header[12])));
      if (!is_whole) {
        state_.is_broken = is_counted;
        break;
      }
      at += records * (page + 8);
      at = (at + sector - 1) / sector * sector;
    }
    return absl::OkStatus();
  }

  // pager_playback_one_page(): the first record that does not match ends it.
  absl::StatusOr<bool> ReadRecords(std::int64_t at, std::int64_t count,
                                   std::int64_t page, std::uint32_t seed) {
    const auto page_bytes = static_cast<std::size_t>(page);
    Bytes record(page_bytes + 8);
    for (std::int64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const bool is_there,
                       file_.Read(at + i * (page + 8), record));
      const std::uint32_t number = BigEndian(record.data());
      if (!is_there || number == 0) return false;
      if (number > state_.original_pages) continue;  // is cut off anyway
      std::uint32_t sum = seed;
      for (std::size_t j = page_bytes - 200; j > 0 && j < page_bytes;
           j -= 200) {
        sum += record[4 + j];
      }
      if (sum != BigEndian(&record[4 + page_bytes])) return false;
      ++state_.records;
    }
    return true;
  }

  const std::string database_;
  const RawFile file_;
  JournalState state_;
  bool has_header_ = false;
};

}  // namespace

absl::StatusOr<JournalState> ReadJournal(const std::string& database,
                                         bool is_in_use) {
  return JournalReader(database).Read(is_in_use);
}

}  // namespace lastcommit
