#include "judge/file_format.h"

namespace lastcommit {

bool IsPageSize(std::int64_t size) {
  constexpr std::int64_t kSmallestPage = 512;
  return size >= kSmallestPage && size <= kLargestPage &&
         (size & (size - 1)) == 0;
}

std::string BytesAt(const Storage& image, InodeId inode, std::int64_t offset,
                    std::int64_t amount) {
  std::string bytes(static_cast<std::size_t>(amount), '\0');
  image.Read(inode, offset, bytes.data(), amount);
  return bytes;
}

std::uint32_t BigEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

}  // namespace lastcommit
