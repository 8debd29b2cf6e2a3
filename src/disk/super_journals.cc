#include "disk/super_journals.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace lastcommit {
namespace {

constexpr std::string_view kMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
constexpr std::size_t kTail = 16;  // length, checksum, magic
constexpr std::size_t kMostNameBytes = kSuperJournalBytes - kTail;

std::uint32_t BigEndian(std::string_view bytes) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return number;
}

}  // namespace

bool IsSuperJournal(std::string_view path) {
  constexpr std::string_view kMark = "-mj";
  constexpr std::size_t kDigits = 9;
  if (path.size() < kMark.size() + kDigits) return false;
  const std::string_view digits = path.substr(path.size() - kDigits);
  path.remove_suffix(kDigits);
  return path.ends_with(kMark) &&
         std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string SuperJournalOf(std::string_view end_of_journal) {
  if (!end_of_journal.ends_with(kMagic)) return "";
  if (end_of_journal.size() < kTail) return "";
  const std::string_view tail =
      end_of_journal.substr(end_of_journal.size() - kTail);
  const std::size_t size = BigEndian(tail);
  if (size == 0 || size > kMostNameBytes ||
      size > end_of_journal.size() - kTail) {
    return "";
  }
  const std::string_view name =
      end_of_journal.substr(end_of_journal.size() - kTail - size, size);
  std::uint32_t sum = BigEndian(tail.substr(4));
  for (const char byte : name) {
    sum -= static_cast<std::uint32_t>(static_cast<signed char>(byte));
  }
  if (sum != 0) return "";
  return std::string(name.substr(0, name.find('\0')));
}

}  // namespace lastcommit
