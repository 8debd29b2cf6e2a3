// The names of an enumeration, in one table: what each of its values is called,
// and which value a name means. For enumerations that count from 0 without a
// gap; a table with too few names, or too many, does not compile.
//
//   constexpr Names<Color, Color::kBlue> kColors("red", "green", "blue");
//   std::string_view Name(Color color) { return kColors.Of(color); }

#ifndef LASTCOMMIT_NAMES_NAMES_H_
#define LASTCOMMIT_NAMES_NAMES_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lastcommit {

template <typename Enum, Enum kLast>
class Names {
 public:
  static constexpr std::size_t kCount = static_cast<std::size_t>(kLast) + 1;

  template <typename... Words>
  requires(sizeof...(Words) == kCount) consteval explicit Names(Words... names)
      : names_{names...} {}

  // "" for a number that is no value.
  constexpr std::string_view Of(Enum value) const {
    const auto at = static_cast<std::size_t>(value);
    return at < kCount ? names_[at] : std::string_view();
  }

  // nullopt: no value has that name.
  constexpr std::optional<Enum> Parse(std::string_view name) const {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (names_[i] == name) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }

 private:
  std::array<std::string_view, kCount> names_;
};

// The value below `count` that Name() calls so, of an enumeration whose table
// is elsewhere.
template <typename Enum>
std::optional<Enum> ParseNamed(int count, std::string_view name) {
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    if (Name(value) == name) return value;
  }
  return std::nullopt;
}

// Name() for absl::StrCat: absl::string_view of Debian 12 is not
// std::string_view.
template <typename Enum>
std::string Word(Enum value) {
  return std::string(Name(value));
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_NAMES_NAMES_H_
