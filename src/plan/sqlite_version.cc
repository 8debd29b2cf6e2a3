#include "plan/sqlite_version.h"

#include "absl/strings/str_cat.h"

namespace lastcommit {

std::string PrintSqliteVersion(int number) {
  return absl::StrCat(number / 1'000'000, ".", number / 1'000 % 1'000, ".",
                      number % 1'000);
}

std::optional<int> ParseSqliteVersion(std::string_view text) {
  // Reads leniently, then accepts only what would be printed, which rules out
  // leading and missing digits in one go.
  constexpr int kMaxPart = 999;
  int number = 0;
  int part = 0;
  int dots = 0;
  for (const char c : text) {
    if (c == '.' && dots < 2) {
      number = (number + part) * 1'000;
      part = 0;
      ++dots;
    } else if (c >= '0' && c <= '9') {
      part = part * 10 + (c - '0');
      if (part > kMaxPart) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  number += part;
  if (number == 0 || PrintSqliteVersion(number) != text) return std::nullopt;
  return number;
}

}  // namespace lastcommit
