// A file that is read byte by byte and without SQLite, at offsets that its
// content names: nothing is trusted, and what is not there is not there.

#ifndef LASTCOMMIT_VERIFY_RAW_FILE_H_
#define LASTCOMMIT_VERIFY_RAW_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lastcommit {

using Bytes = std::vector<unsigned char>;

// SQLite stores numbers big-endian, in all its files but -shm.
std::uint32_t BigEndian(const unsigned char* bytes);
std::uint32_t BigEndian16(const unsigned char* bytes);

class RawFile {
 public:
  explicit RawFile(const std::string& path);
  ~RawFile();
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  std::int64_t Size() const;
  // False if the file ends before; `bytes` has then no meaning.
  absl::StatusOr<bool> Read(std::int64_t offset, Bytes& bytes) const;

 private:
  int descriptor_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_RAW_FILE_H_
