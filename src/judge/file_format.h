// What the files of a database look like, as far as the judge reads them:
// https://sqlite.org/fileformat2.html and https://sqlite.org/walformat.html.

#ifndef LASTCOMMIT_JUDGE_FILE_FORMAT_H_
#define LASTCOMMIT_JUDGE_FILE_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "disk/storage.h"

namespace lastcommit {

inline constexpr std::int64_t kWalHeader = 32;
inline constexpr std::int64_t kFrameHeader = 24;
inline constexpr std::int64_t kLargestPage = 65'536;

// A power of two that a page may have.
bool IsPageSize(std::int64_t size);

// The file must be there; behind its end there are zeros.
std::string BytesAt(const Storage& image, InodeId inode, std::int64_t offset,
                    std::int64_t amount);

// The four bytes at that place, which must be there.
std::uint32_t BigEndian(std::string_view bytes, std::size_t at);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_FILE_FORMAT_H_
