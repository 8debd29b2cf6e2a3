#include "trial/change_words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "disk/file_role.h"

namespace lastcommit {
namespace {

// https://sqlite.org/fileformat2.html#walformat
constexpr std::int64_t kWalHeader = 32;
constexpr std::int64_t kFrameHeader = 24;
// https://sqlite.org/fileformat2.html#the_rollback_journal
constexpr std::int64_t kJournalHeader = 28;
constexpr std::array<unsigned char, 8> kJournalMagic = {0xd9, 0xd5, 0x05, 0xf9,
                                                        0x20, 0xa1, 0x63, 0xd7};
constexpr std::uint32_t kUnknownRecords = 0xffffffff;

// A file as it was then; beyond its end are zeros.
class Bytes {
 public:
  Bytes(const Storage& storage, InodeId inode)
      : storage_(storage), inode_(inode) {}

  std::uint32_t BigEndian(std::int64_t offset, int bytes = 4) const {
    std::array<char, 4> read = {};
    storage_.Read(inode_, offset, read.data(), bytes);
    std::uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      value = value << 8 |
              static_cast<unsigned char>(read[static_cast<std::size_t>(i)]);
    }
    return value;
  }

  bool HasJournalMagic(std::int64_t offset) const {
    std::array<char, kJournalMagic.size()> read = {};
    storage_.Read(inode_, offset, read.data(), read.size());
    return std::equal(read.begin(), read.end(), kJournalMagic.begin(),
                      [](char a, unsigned char b) {
                        return static_cast<unsigned char>(a) == b;
                      });
  }

 private:
  const Storage& storage_;
  const InodeId inode_;
};

bool IsSize(std::int64_t size) {
  return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

std::int64_t SizeOr(std::int64_t size, std::int64_t otherwise) {
  return IsSize(size) ? size : otherwise;
}

std::string BaseName(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string Range(std::int64_t offset, std::int64_t amount) {
  return amount == 1
             ? absl::StrCat("byte ", offset)
             : absl::StrCat("bytes ", offset, " to ", offset + amount - 1);
}

std::string Raw(const PendingChange& change) {
  return absl::StrCat(Range(change.offset, change.amount), " of ",
                      BaseName(change.path));
}

std::string DatabaseWrite(const PendingChange& change, const Bytes& file,
                          std::int64_t page_size) {
  const std::int64_t written = file.BigEndian(16, 2);
  page_size = SizeOr(written == 1 ? 65536 : written, page_size);
  const std::int64_t first = change.offset / page_size + 1;
  const std::int64_t last = (change.offset + change.amount - 1) / page_size + 1;
  const bool is_whole =
      change.offset % page_size == 0 && change.amount % page_size == 0;
  if (first != last) {
    return absl::StrCat(is_whole ? "" : "parts of ", "database pages ", first,
                        " to ", last);
  }
  std::string page = absl::StrCat("database page ", first);
  if (is_whole) return page;
  return absl::StrCat(
      page, ", ", Range(change.offset % page_size, change.amount), " of it");
}

// Counts the commit frames before `frame`; each frame has the salts of the
// header (https://sqlite.org/fileformat2.html#walformat).
std::optional<std::int64_t> CommitOfFrame(const Bytes& wal, std::int64_t frame,
                                          std::int64_t frame_size) {
  std::int64_t commit = 1;
  for (std::int64_t i = 1; i < frame; ++i) {
    const std::int64_t at = kWalHeader + (i - 1) * frame_size;
    if (wal.BigEndian(at + 8) != wal.BigEndian(16) ||
        wal.BigEndian(at + 12) != wal.BigEndian(20)) {
      return std::nullopt;
    }
    if (wal.BigEndian(at + 4) != 0) ++commit;
  }
  return commit;
}

std::string PartOfFrame(std::int64_t within, std::int64_t amount,
                        std::int64_t frame_size) {
  if (within == 0 && amount == frame_size) return "";
  if (within == 0 && amount == kFrameHeader) return ", its header";
  if (within == kFrameHeader && amount == frame_size - kFrameHeader) {
    return ", its content";
  }
  return absl::StrCat(", ", Range(within, amount), " of it");
}

std::string WalWrite(const PendingChange& change, const Bytes& wal,
                     std::int64_t page_size) {
  if (change.offset + change.amount <= kWalHeader) return "WAL header";
  if (change.offset < kWalHeader) return Raw(change);
  const std::int64_t frame_size =
      kFrameHeader + SizeOr(wal.BigEndian(8), page_size);
  const std::int64_t frame = (change.offset - kWalHeader) / frame_size + 1;
  const std::int64_t begin = kWalHeader + (frame - 1) * frame_size;
  if (change.offset + change.amount > begin + frame_size) return Raw(change);
  const std::optional<std::int64_t> commit =
      CommitOfFrame(wal, frame, frame_size);
  return absl::StrCat(
      "WAL frame ", frame,
      commit.has_value() ? absl::StrCat(" of commit ", *commit) : "",
      " (database page ", wal.BigEndian(begin), ")",
      PartOfFrame(change.offset - begin, change.amount, frame_size));
}

// journal_mode=PERSIST; where the header begins it is written with its sector.
bool IsEndOfJournal(const PendingChange& change) {
  return change.offset == 0 && change.amount == kJournalHeader;
}

std::string JournalHeader(const PendingChange& change, const Bytes& journal,
                          std::int64_t at) {
  if (IsEndOfJournal(change) && !journal.HasJournalMagic(0)) {
    return "end of the journal (its header becomes zeros)";
  }
  if (change.offset == at && change.amount == 12) {
    return absl::StrCat("journal header (", journal.BigEndian(at + 8),
                        " records)");
  }
  return "journal header";
}

std::string JournalRecord(const PendingChange& change, const Bytes& journal,
                          std::int64_t records, std::int64_t page_size) {
  const std::int64_t size = page_size + 8;
  const std::int64_t begin = records + (change.offset - records) / size * size;
  const std::int64_t within = change.offset - begin;
  const std::uint32_t page = journal.BigEndian(begin);
  if (page == 0 || within + change.amount > size) return Raw(change);
  std::string record = absl::StrCat("journal record of page ", page);
  if (within == 0 && change.amount == size) return record;
  if (within == 0 && change.amount == 4) return record + ", its page number";
  if (within == 4 && change.amount == page_size)
    return record + ", its content";
  if (within == page_size + 4 && change.amount == 4) {
    return record + ", its checksum";
  }
  return absl::StrCat(record, ", ", Range(within, change.amount), " of it");
}

// A journal is headers, each at a sector and with its records behind it. While
// a header does not say how many, they are all that follow.
std::string JournalWrite(const PendingChange& change, const Bytes& journal,
                         const Storage& then, std::int64_t page_size) {
  const std::int64_t sector =
      SizeOr(journal.BigEndian(20), then.options().sector_size);
  page_size = SizeOr(journal.BigEndian(24), page_size);
  std::int64_t header = 0;
  while (true) {
    // The first bytes of a header stay zeros until the records behind it are
    // synced.
    const bool is_complete = journal.HasJournalMagic(header);
    const bool is_there = is_complete || IsSize(journal.BigEndian(header + 24));
    if (change.offset < header + sector) {
      return is_there || IsEndOfJournal(change)
                 ? JournalHeader(change, journal, header)
                 : Raw(change);
    }
    if (!is_there) return Raw(change);
    const std::int64_t records = header + sector;
    const std::uint32_t count = is_complete ? journal.BigEndian(header + 8) : 0;
    const std::int64_t end = records + count * (page_size + 8);
    if (count == 0 || count == kUnknownRecords || change.offset < end) {
      return JournalRecord(change, journal, records, page_size);
    }
    header = (end + sector - 1) / sector * sector;
  }
}

std::string Write(const PendingChange& change, const Storage& then,
                  int page_size) {
  const InodeId inode = then.Find(change.path);
  if (inode == kNoInode) return Raw(change);
  const Bytes file(then, inode);
  switch (RoleOfPath(change.path)) {
    case FileRole::kWal:
      return WalWrite(change, file, page_size);
    case FileRole::kJournal:
      return JournalWrite(change, file, then, page_size);
    case FileRole::kShm:
    case FileRole::kSuperJournal:
      return Raw(change);
    default:  // temporary files have no name
      return DatabaseWrite(change, file, page_size);
  }
}

}  // namespace

std::string InWords(const PendingChange& change, const Storage& then,
                    int page_size) {
  switch (change.kind) {
    case PendingChange::Kind::kWrite:
      return Write(change, then, page_size);
    case PendingChange::Kind::kTruncate:
      return absl::StrCat("truncation of ", BaseName(change.path), " to ",
                          change.offset);
    case PendingChange::Kind::kLink:
      return absl::StrCat("directory entry of ", BaseName(change.path),
                          " (created)");
    case PendingChange::Kind::kUnlink:
      return absl::StrCat("directory entry of ", BaseName(change.path),
                          " (deleted)");
    case PendingChange::Kind::kRename:
      return absl::StrCat("directory entry of ", BaseName(change.path),
                          " (renamed to ", BaseName(change.to), ")");
  }
  return "";
}

std::string FateInWords(const Fate& fate, const PendingChange& change,
                        const std::string& name) {
  if (fate.kind == FateKind::kLost ||
      change.kind != PendingChange::Kind::kWrite) {
    return absl::StrCat("lost: ", name);
  }
  const std::int64_t kept =
      std::clamp<std::int64_t>(fate.bytes, 0, change.amount);
  const std::int64_t gone = change.amount - kept;
  const std::string torn = absl::StrCat("torn: ", name, ": ");
  const std::string file = absl::StrCat(" of ", BaseName(change.path));
  switch (fate.kind) {
    case FateKind::kHead:
      return absl::StrCat(torn, "without ", Range(change.offset + kept, gone),
                          file);
    case FateKind::kTail:
      return absl::StrCat(torn, "without ", Range(change.offset, gone), file);
    case FateKind::kHeadGarbage:
      return absl::StrCat(torn, "garbage in ",
                          Range(change.offset + kept, gone), file);
    default:
      return absl::StrCat(torn, "zeros in ",
                          Range(change.offset, change.amount), file,
                          ", where it grew");
  }
}

}  // namespace lastcommit
