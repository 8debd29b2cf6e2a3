#include "judge/wal_frames.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "judge/database_files.h"
#include "judge/file_format.h"

namespace lastcommit {
namespace {

constexpr std::size_t kSalts = 8;
constexpr std::uint32_t kMagic = 0x377f0682;  // or 1 more: checksums big-endian

struct Checksum {
  bool is_big_endian = false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void Add(std::string_view bytes) {
    for (std::size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += NumberAt(bytes, at) + second;
      second += NumberAt(bytes, at + 4) + first;
    }
  }

 private:
  std::uint32_t NumberAt(std::string_view bytes, std::size_t at) const {
    const std::uint32_t number = BigEndian(bytes, at);
    return is_big_endian ? number : __builtin_bswap32(number);
  }
};

}  // namespace

bool HasBrokenCommit(const Storage& image, const std::string& database) {
  const InodeId wal = image.Find(WalOf(database));
  if (wal == kNoInode) return false;
  const std::string header = BytesAt(image, wal, 0, kWalHeader);
  const std::int64_t page = BigEndian(header, 8);
  const std::uint32_t magic = BigEndian(header, 0);
  if ((magic & ~1U) != kMagic || !IsPageSize(page)) return false;
  Checksum checksum = {(magic & 1U) != 0, BigEndian(header, 24),
                       BigEndian(header, 28)};
  const std::int64_t size = image.Size(wal);
  const std::string none(kSalts, '\0');
  bool is_broken = false;
  for (std::int64_t at = kWalHeader; at + kFrameHeader + page <= size;
       at += kFrameHeader + page) {
    const std::string frame = BytesAt(image, wal, at, kFrameHeader + page);
    const bool has_salts = frame.compare(8, kSalts, header, 16, kSalts) == 0;
    const bool has_none = frame.compare(8, kSalts, none) == 0;
    if (!has_salts && !has_none) return false;  // of an older WAL
    if (!is_broken) {
      checksum.Add(std::string_view(frame).substr(0, 8));
      checksum.Add(std::string_view(frame).substr(kFrameHeader));
      is_broken = has_none || checksum.first != BigEndian(frame, 16) ||
                  checksum.second != BigEndian(frame, 20);
    }
    const bool is_commit = BigEndian(frame, 4) != 0;
    if (is_broken && is_commit) return true;
  }
  return false;
}

}  // namespace lastcommit
