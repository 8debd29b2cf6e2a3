#include "verify/database_header.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "verify/raw_file.h"

namespace lastcommit {
namespace {

constexpr std::size_t kHeaderBytes = 100;
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr int kPageSizes[] = {4096, 1024, 512, 2048, 8192, 16384, 32768, 65536};
// Of the file, for each size that its pages may have.
constexpr std::int64_t kMostBytesLookedAt = 4 << 20;

// A page of a b-tree as SQLite leaves it
// (https://sqlite.org/fileformat2.html#b_tree_pages): where its cells stand
// agrees with where it says that they begin. Random bytes do that on less than
// one in 2^32 pages.
bool LooksLikeBtree(const Bytes& page, std::size_t at) {
  const unsigned char* header = page.data() + at;
  const int type = header[0];
  const bool is_interior = type == 2 || type == 5;
  if (!is_interior && type != 10 && type != 13) return false;
  const std::size_t cells = BigEndian16(header + 3);
  std::size_t content = BigEndian16(header + 5);
  if (content == 0) content = 65536;
  const std::size_t pointers = at + (is_interior ? 12 : 8);
  if (cells == 0 || pointers + 2 * cells > content || content >= page.size()) {
    return false;
  }
  std::size_t first = page.size();
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t cell = BigEndian16(page.data() + pointers + 2 * i);
    if (cell < content || cell + 2 > page.size()) return false;
    first = std::min(first, cell);
  }
  const bool has_gaps = BigEndian16(header + 1) != 0 || header[7] != 0;
  return first == content || has_gaps;
}

struct Stride {
  std::int64_t start = 0;
  std::int64_t between = 0;  // pages
};

absl::StatusOr<int> CountBtrees(const RawFile& file, int page_size,
                                Stride stride, std::size_t header_of_first) {
  Bytes page(static_cast<std::size_t>(page_size));
  int found = 0;
  std::int64_t at = stride.start;
  std::size_t header = header_of_first;
  while (at < kMostBytesLookedAt) {
    ASSIGN_OR_RETURN(const bool is_there, file.Read(at, page));
    if (!is_there) break;
    found += LooksLikeBtree(page, header) ? 1 : 0;
    header = 0;
    at += page_size + stride.between;
  }
  return found;
}

absl::StatusOr<bool> IsAllZeros(const RawFile& file) {
  Bytes part(4096);
  const std::int64_t bytes = file.Size();
  for (std::int64_t at = 0; at < bytes;) {
    part.resize(
        static_cast<std::size_t>(std::min<std::int64_t>(bytes - at, 1 << 16)));
    ASSIGN_OR_RETURN(const bool is_there, file.Read(at, part));
    if (!is_there) break;
    if (std::any_of(part.begin(), part.end(), [](auto b) { return b != 0; })) {
      return false;
    }
    at += static_cast<std::int64_t>(part.size());
  }
  return true;
}

absl::StatusOr<bool> IsAlmostMagic(const RawFile& file) {
  Bytes begin(kMagic.size());
  ASSIGN_OR_RETURN(const bool is_there, file.Read(0, begin));
  int right = 0;
  for (std::size_t i = 0; i < kMagic.size(); ++i) {
    right += begin[i] == static_cast<unsigned char>(kMagic[i]) ? 1 : 0;
  }
  constexpr int kEnough = 12;
  return is_there && right >= kEnough;
}

int PageSize(const unsigned char* field) {
  const int stored = static_cast<int>(BigEndian16(field));
  const int size = stored == 1 ? 65536 : stored;
  return std::find(std::begin(kPageSizes), std::end(kPageSizes), size) ==
                 std::end(kPageSizes)
             ? 0
             : size;
}

}  // namespace

absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(const std::string& database) {
  const RawFile file(database);
  DatabaseHeader header;
  if (!file.is_open()) return header;
  header.bytes = file.Size();
  Bytes bytes(kHeaderBytes);
  ASSIGN_OR_RETURN(const bool is_there, file.Read(0, bytes));
  if (!is_there) return header;
  header.has_magic = std::equal(kMagic.begin(), kMagic.end(), bytes.begin(),
                                [](char a, unsigned char b) {
                                  return static_cast<unsigned char>(a) == b;
                                });
  header.page_size = PageSize(&bytes[16]);
  header.is_plausible = header.page_size != 0 && bytes[21] == 64 &&
                        bytes[22] == 32 && bytes[23] == 32;
  header.write_version = bytes[18];
  header.read_version = bytes[19];
  header.schema_format = static_cast<int>(BigEndian(&bytes[44]));
  header.writer = static_cast<int>(BigEndian(&bytes[96]));
  return header;
}

std::string VersionName(int version_number) {
  return absl::StrCat(version_number / 1'000'000, ".",
                      version_number / 1000 % 1000, ".", version_number % 1000);
}

absl::StatusOr<std::string> TracesOfADatabase(const std::string& database) {
  const RawFile file(database);
  if (!file.is_open()) return std::string();
  const std::int64_t bytes = file.Size();
  if (bytes < kPageSizes[2]) return std::string();
  ASSIGN_OR_RETURN(const bool is_zeros, IsAllZeros(file));
  if (is_zeros) return absl::StrCat("all its ", bytes, " bytes are zeros");
  ASSIGN_OR_RETURN(const bool is_almost_magic, IsAlmostMagic(file));
  if (is_almost_magic) {
    return std::string("it begins almost like a database of SQLite");
  }
  const RawFile wal(database + "-wal");
  for (const int page_size : kPageSizes) {
    ASSIGN_OR_RETURN(int found, CountBtrees(file, page_size, {}, kHeaderBytes));
    if (found > 0) {
      return absl::StrCat(found, " of its pages of ", page_size,
                          " bytes look like those of a database of SQLite");
    }
    if (!wal.is_open()) continue;
    constexpr Stride kFrames = {.start = 32 + 24, .between = 24};
    ASSIGN_OR_RETURN(found, CountBtrees(wal, page_size, kFrames, 0));
    if (found > 0) {
      return absl::StrCat(
          found, " pages of ", page_size,
          " bytes in its WAL are those of a database of SQLite");
    }
  }
  return std::string();
}

}  // namespace lastcommit
