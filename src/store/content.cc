// All bytes come from splitmix64.

#include "store/content.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "store/splitmix64.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kGamma = SplitMix64::kGamma;

// A bijection, so that different seeds never become one.
constexpr std::uint64_t Mix(std::uint64_t z) { return SplitMix64::Mix(z); }

class Words {
 public:
  explicit Words(std::uint64_t seed) : state_(Mix(seed)) {}
  std::uint64_t Next() { return Mix(state_ += kGamma); }

 private:
  std::uint64_t state_;
};

// Little-endian on every machine. memcpy because GCC 12 makes eight stores of
// a loop over the bytes, which is three times slower.
void PutWord(std::uint64_t word, char* to) {
  if constexpr (std::endian::native == std::endian::big) {
    word = __builtin_bswap64(word);
  }
  std::memcpy(to, &word, sizeof(word));
}

std::size_t SizeOf(const Content& content) {
  return static_cast<std::size_t>(std::max<std::int64_t>(content.size, 0));
}

// What JSON says in ways other than a plain letter.
constexpr std::array<std::string_view, 16> kPieces = {
    "\\n",    "\\\"",    "\\\\",       "\\t",
    "\\/",    "\\u0000", "\\u00e9",    "\\ud83d\\ude00",
    "\u00e9", "\u65e5",  "\U0001f600", "\u00df",
    "'",      "%s",      ";--",        "{[,:]}"};
constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 _";
static_assert(kLetters.size() == 64);

// `size` bytes for between the quotes of a JSON string. Each word gives eight
// letters, or now and then a piece if that still fits; the first word always
// letters, which are enough to tell seeds apart.
void PutJsonLetters(std::uint64_t seed, std::size_t size, char* to) {
  constexpr std::size_t kLettersPerWord = 8;
  Words words(seed);
  std::size_t done = 0;
  while (done < size) {
    const std::uint64_t word = words.Next();
    const std::size_t left = size - done;
    const std::string_view piece = kPieces[word >> 60];
    const bool is_piece = done > 0 && (word >> 58) % 4 == 0;
    if (is_piece && piece.size() <= left) {
      piece.copy(to + done, piece.size());
      done += piece.size();
      continue;
    }
    const std::size_t letters = std::min(left, kLettersPerWord);
    for (std::size_t i = 0; i < letters; ++i) {
      to[done + i] = kLetters[(word >> (6 * i)) % kLetters.size()];
    }
    done += letters;
  }
}

}  // namespace

// The odd ones still hold word and number, so all stay distinct.
std::string NameOf(std::string_view word, int number) {
  std::string plain = absl::StrCat(std::string(word), "-", number);
  if (number % 5 != 3) return plain;
  switch (number / 5 % 4) {
    case 0:
      return plain + " 'it''s' \"quoted\"; DROP TABLE checkpoints; --";
    case 1:
      return "\u00dcn\u00efc\u00f6d\u00e9 \u65e5\u672c \U0001f4be " + plain;
    case 2:
      return plain + "\nsecond line\t100%_?1:a@b$c";
    default:
      return " \x01\x1b[0m\\" + plain + "`[x]` ";
  }
}

std::uint64_t Derive(std::uint64_t seed, std::uint64_t use) {
  return Mix(seed + Mix(use + kGamma));
}

std::string ContentBytes(const Content& content) {
  constexpr std::size_t kWord = 8;
  std::string bytes(SizeOf(content), '\0');
  Words words(content.seed);
  std::size_t done = 0;
  for (; done + kWord <= bytes.size(); done += kWord) {
    PutWord(words.Next(), bytes.data() + done);
  }
  char last[kWord];
  PutWord(words.Next(), last);
  std::copy_n(last, bytes.size() - done, bytes.data() + done);
  return bytes;
}

std::string ContentJson(const Content& content, bool is_valid) {
  constexpr std::size_t kSmallest = 2;
  const std::size_t size = std::max(SizeOf(content), kSmallest);
  // Too short for a string of any letters: a number.
  if (is_valid && size == kSmallest) {
    return absl::StrCat(10 + Derive(content.seed, 0) % 90);
  }
  const bool is_object = size >= kSmallestJsonObject;
  const std::string_view begin = is_object ? "{\"v\":\"" : "\"";
  // A text without its last quote is no JSON, wherever it was cut.
  const std::string_view end = !is_valid ? "" : is_object ? "\"}" : "\"";
  std::string text(size, '\0');
  const std::size_t letters = size - begin.size() - end.size();
  begin.copy(text.data(), begin.size());
  PutJsonLetters(content.seed, letters, text.data() + begin.size());
  end.copy(text.data() + begin.size() + letters, end.size());
  return text;
}

}  // namespace lastcommit
