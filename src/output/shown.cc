#include "output/shown.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace lastcommit {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: no UTF-8
};

// The first character of `text`, which is not empty
// (https://www.rfc-editor.org/rfc/rfc3629#section-4).
Character FirstOf(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(text[i])};
  };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {};
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < kSmallest[size] || code > 0x10ffff || is_surrogate) return {};
  return {code, size};
}

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Controls; marks and overrides of direction; separators of lines; what has no
// width; what is no character; variants and tags.
constexpr Range kHidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff}};

bool IsHidden(std::uint32_t code) {
  return std::any_of(std::begin(kHidden), std::end(kHidden), [&](Range range) {
    return code >= range.first && code <= range.last;
  });
}

}  // namespace

std::string Shown(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const Character next = FirstOf(text);
    const std::size_t size = std::max<std::size_t>(next.bytes, 1);
    if (next.bytes == 0 || next.code < 0x80) {
      const auto byte = static_cast<unsigned char>(text.front());
      const bool is_plain = next.bytes != 0 && !IsHidden(next.code);
      shown += is_plain       ? std::string(1, text.front())
               : byte == '\n' ? "\\n"
               : byte == '\t' ? "\\t"
                              : absl::StrFormat("\\x%02x", byte);
    } else if (IsHidden(next.code)) {
      shown += absl::StrFormat("\\u{%x}", next.code);
    } else {
      shown += std::string(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return shown;
}

}  // namespace lastcommit
