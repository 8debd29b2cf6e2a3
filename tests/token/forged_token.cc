#include "token/forged_token.h"

#include <zlib.h>

#include "absl/strings/escaping.h"

namespace lastcommit {

std::string ForgedToken(const std::string& text, const std::string& behind) {
  z_stream stream = {};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS,
               MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY);
  std::string bytes(deflateBound(&stream, text.size()), '\0');
  std::string input = text;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  bytes += behind;
  const std::string all = bytes + text;
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(all.data()),
                          static_cast<uInt>(all.size()));
  for (const int shift : {0, 8, 16, 24}) {
    bytes += static_cast<char>(sum >> shift);
  }
  std::string word;
  absl::WebSafeBase64Escape(bytes, &word);
  return "lc2_" + word;
}

}  // namespace lastcommit
