#include "page/markdown.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lastcommit {
namespace {

void AppendPrintable(char c, std::string& text) {
  if (c >= ' ' && c <= '~') {
    text += c;
  } else {
    absl::StrAppendFormat(&text, "\\x%02x", static_cast<unsigned char>(c));
  }
}

std::size_t LongestRun(std::string_view text, char wanted) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == wanted ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

std::string Row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) absl::StrAppend(&row, " ", cell, " |");
  return row + "\n";
}

}  // namespace

std::string MarkdownText(std::string_view text) {
  // What means something in the middle of a line to CommonMark or to GitHub
  // (names, formulas, addresses); this is never the beginning of one.
  constexpr std::string_view kSpecial = "\\`*_[]<>#|~&!@$";
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // In front of a space it begins neither an address nor a picture.
    const bool is_in_a_word =
        c == ':' && i + 1 < text.size() && text[i + 1] != ' ';
    if (is_in_a_word || kSpecial.find(c) != std::string_view::npos) {
      escaped += '\\';
    }
    AppendPrintable(c, escaped);
  }
  return escaped;
}

std::string MarkdownCode(std::string_view text) {
  const std::string fence(std::max<std::size_t>(3, LongestRun(text, '`') + 1),
                          '`');
  std::string code = fence + "text\n";
  for (const char c : text) {
    if (c == '\n') {
      code += c;
    } else {
      AppendPrintable(c, code);
    }
  }
  if (!code.ends_with('\n')) code += '\n';
  return absl::StrCat(code, fence, "\n");
}

std::string MarkdownTable(const std::vector<std::vector<std::string>>& rows) {
  std::string table;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> cells;
    for (const std::string& cell : rows[i]) cells.push_back(MarkdownText(cell));
    table += Row(cells);
    if (i > 0) continue;
    std::vector<std::string> lines(cells.size(), "--:");
    if (!lines.empty()) lines.front() = ":--";
    table += Row(lines);
  }
  return table;
}

}  // namespace lastcommit
