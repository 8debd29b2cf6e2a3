#include "token/token.h"

#include <zlib.h>

#include <array>
#include <cstdint>
#include <optional>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "plan/codec.h"
#include "status/status.h"
#include "token/dictionary.h"

namespace lastcommit {
namespace {

// The number is the format's.
constexpr std::string_view kPrefix = "lc2_";
constexpr std::string_view kFormerPrefix = "lc1_";
constexpr std::size_t kChecksumBytes = 4;
// No header and no checksum of zlib's (https://zlib.net/manual.html, raw).
constexpr int kRawDeflate = -MAX_WBITS;

const Bytef* BytesOf(std::string_view text) {
  return reinterpret_cast<const Bytef*>(text.data());
}

uInt SizeOf(std::string_view text) { return static_cast<uInt>(text.size()); }

std::string Compressed(std::string_view text) {
  z_stream stream = {};
  CHECK(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kRawDeflate,
                     MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
  const absl::Cleanup end = [&] { deflateEnd(&stream); };
  CHECK(deflateSetDictionary(&stream, BytesOf(Dictionary()),
                             SizeOf(Dictionary())) == Z_OK);
  std::string bytes(deflateBound(&stream, SizeOf(text)), '\0');
  stream.next_in = const_cast<Bytef*>(BytesOf(text));
  stream.avail_in = SizeOf(text);
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = SizeOf(bytes);
  CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  bytes.resize(stream.total_out);
  return bytes;
}

// nullopt if that is not all of a compressed text and nothing more. A text is
// at most 1,032 times as long as its bytes, of which a token has few.
std::optional<std::string> Decompressed(std::string_view bytes) {
  z_stream stream = {};
  CHECK(inflateInit2(&stream, kRawDeflate) == Z_OK);
  const absl::Cleanup end = [&] { inflateEnd(&stream); };
  CHECK(inflateSetDictionary(&stream, BytesOf(Dictionary()),
                             SizeOf(Dictionary())) == Z_OK);
  stream.next_in = const_cast<Bytef*>(BytesOf(bytes));
  stream.avail_in = SizeOf(bytes);
  std::string text;
  std::array<char, 4096> part = {};
  int result = Z_OK;
  while (result == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(part.data(), part.size() - stream.avail_out);
  }
  if (result != Z_STREAM_END || stream.avail_in != 0) return std::nullopt;
  return text;
}

// Of the bytes, of which several stand for one text, and of the text, so that
// another dictionary never gives another plan.
std::string Checksum(std::string_view bytes, std::string_view text) {
  const uLong sum = crc32(crc32(0, BytesOf(bytes), SizeOf(bytes)),
                          BytesOf(text), SizeOf(text));
  std::string checksum;
  for (std::size_t i = 0; i < kChecksumBytes; ++i) {
    checksum += static_cast<char>(sum >> (8 * i));
  }
  return checksum;
}

absl::Status Refused(std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("the token is refused: ", std::string(why)));
}

absl::Status Mistyped() {
  return Refused("it is mistyped or cut off (its checksum does not match)");
}

std::string WordOf(const std::string& bytes) {
  std::string word;
  absl::WebSafeBase64Escape(bytes, &word);
  return absl::StrCat(std::string(kPrefix), word);
}

absl::Status CheckFormat(std::string_view token) {
  if (token.size() > kMaxTokenSize) {
    return Refused(absl::StrCat(token.size(),
                                " characters are too many (allowed ",
                                kMaxTokenSize, ")"));
  }
  if (!LooksLikeToken(token)) return Refused("it does not begin like one");
  if (token.starts_with(kFormerPrefix)) {
    return Refused(
        "it is of the former format lc1, which only the program that printed "
        "it can read; replay the plan file of the finding, or run that "
        "program's `lastcommit show`");
  }
  if (token.starts_with(kPrefix)) return absl::OkStatus();
  return Refused("it is of another format (this program knows lc2)");
}

}  // namespace

absl::StatusOr<std::string> PrintToken(const Plan& plan) {
  const std::string text = PrintPlan(WithoutExpectation(plan));
  const std::string bytes = Compressed(text);
  std::string token = WordOf(bytes + Checksum(bytes, text));
  if (token.size() <= kMaxTokenSize) return token;
  return absl::ResourceExhaustedError(
      absl::StrCat("the plan is too long for a token: ", token.size(),
                   " characters (allowed ", kMaxTokenSize, ")"));
}

absl::StatusOr<Plan> ParseToken(std::string_view token) {
  RETURN_IF_ERROR(CheckFormat(token));
  const std::string_view word = token.substr(kPrefix.size());
  std::string bytes;
  if (!absl::WebSafeBase64Unescape({word.data(), word.size()}, &bytes) ||
      bytes.size() < kChecksumBytes) {
    return Mistyped();
  }
  // Also of the bits of the last character that stand for nothing.
  if (WordOf(bytes) != token) return Mistyped();
  const std::string checksum = bytes.substr(bytes.size() - kChecksumBytes);
  bytes.resize(bytes.size() - kChecksumBytes);
  const std::optional<std::string> text = Decompressed(bytes);
  if (!text.has_value() || Checksum(bytes, *text) != checksum) {
    return Mistyped();
  }
  const absl::StatusOr<Plan> plan = ParsePlan(*text, "the plan in it");
  if (!plan.ok()) return Refused(std::string(plan.status().message()));
  return WithoutExpectation(*plan);
}

bool LooksLikeToken(std::string_view text) {
  if (!text.starts_with("lc")) return false;
  const std::size_t end = text.find_first_not_of("0123456789", 2);
  return end != std::string_view::npos && end > 2 && text[end] == '_' &&
         text.find_first_of("./") == std::string_view::npos;
}

}  // namespace lastcommit
