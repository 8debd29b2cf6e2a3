#include "token/forged_token.h"

#include <cstdint>

#include "absl/strings/escaping.h"

namespace lastcommit {
namespace {

constexpr char kPrefix[] = "lc1_";
constexpr std::size_t kPrefixSize = sizeof(kPrefix) - 1;
constexpr std::size_t kChecksumSize = 3;

// As in RFC 4880 section 6.1.
std::uint32_t Crc24(const std::string& bytes) {
  std::uint32_t crc = 0xB704CE;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(byte)) << 16;
    for (int i = 0; i < 8; i++) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= 0x1864CFB;
    }
  }
  return crc & 0xFFFFFF;
}

}  // namespace

std::string BodyOf(const std::string& token) {
  std::string bytes;
  absl::WebSafeBase64Unescape(token.substr(kPrefixSize), &bytes);
  return bytes.substr(0, bytes.size() - kChecksumSize);
}

std::string ForgedToken(std::string body) {
  const std::uint32_t crc = Crc24(body);
  for (const int shift : {0, 8, 16}) body += static_cast<char>(crc >> shift);
  std::string text;
  absl::WebSafeBase64Escape(body, &text);
  return kPrefix + text;
}

}  // namespace lastcommit
