#include "e2e/runnable_blocks.h"

#include <regex>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "plan/sqlite_version.h"

namespace lastcommit {
namespace {

constexpr char kBegin[] = "<!-- runnable";

using Lines = std::vector<std::string>;

// One condition of the comment: false if there is no such.
bool ReadCondition(const std::string& text, RunnableBlock& block) {
  static const std::regex kExit("exit ([0-9]+)");
  static const std::regex kLastLine("last line \"(.*)\"");
  static const std::regex kBefore("before (3\\.[0-9]+\\.[0-9]+)");
  std::smatch match;
  if (std::regex_match(text, match, kExit)) {
    return absl::SimpleAtoi(match[1].str(), &block.exit_code);
  }
  if (std::regex_match(text, match, kLastLine)) {
    block.last_line = match[1];
    return true;
  }
  if (!std::regex_match(text, match, kBefore)) return false;
  block.before_sqlite = ParseSqliteVersion(match[1].str()).value_or(0);
  return block.before_sqlite != 0;
}

void ReadComment(absl::string_view comment, RunnableBlock& block) {
  if (!absl::ConsumeSuffix(&comment, " -->")) {
    block.error = "the comment does not end on its line";
    return;
  }
  absl::ConsumePrefix(&comment, kBegin);
  if (comment.empty()) return;
  if (!absl::ConsumePrefix(&comment, ": ")) {
    block.error = "no colon behind \"runnable\"";
    return;
  }
  for (const absl::string_view part : absl::StrSplit(comment, ", ")) {
    const std::string condition(part);
    if (!ReadCondition(condition, block)) {
      block.error = "not known: " + condition;
    }
  }
}

// The lines of the block that begins at or behind `at`.
Lines BlockAt(const Lines& page, std::size_t at) {
  while (at < page.size() && page[at].empty()) ++at;
  Lines lines;
  if (at < page.size() && absl::StartsWith(page[at], "```")) {
    while (++at < page.size() && !absl::StartsWith(page[at], "```")) {
      lines.push_back(page[at]);
    }
    return lines;
  }
  for (; at < page.size(); ++at) {
    if (!absl::StartsWith(page[at], "    ") && !page[at].empty()) break;
    lines.push_back(page[at].substr(page[at].empty() ? 0 : 4));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

void ReadBlock(const Lines& lines, RunnableBlock& block) {
  constexpr absl::string_view kPrompt = "$ ";
  if (lines.empty()) {
    block.error = "no block follows";
    return;
  }
  const bool has_output = absl::StartsWith(lines.front(), kPrompt);
  for (const std::string& line : lines) {
    absl::string_view command = line;
    if (has_output && !absl::ConsumePrefix(&command, kPrompt)) {
      block.last_line = line;
      continue;
    }
    block.script += std::string(command) + "\n";
  }
}

}  // namespace

std::vector<RunnableBlock> RunnableBlocks(const std::string& page) {
  const Lines lines = absl::StrSplit(page, '\n');
  std::vector<RunnableBlock> blocks;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!absl::StartsWith(lines[i], kBegin)) continue;
    RunnableBlock block;
    block.line = static_cast<int>(i) + 1;
    ReadComment(lines[i], block);
    ReadBlock(BlockAt(lines, i + 1), block);
    blocks.push_back(block);
  }
  return blocks;
}

std::vector<QuotedBlock> QuotedBlocks(const std::string& page) {
  const Lines lines = absl::StrSplit(page, '\n');
  std::vector<QuotedBlock> blocks;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    absl::string_view path = lines[i];
    if (!absl::ConsumePrefix(&path, "<!-- from ")) continue;
    absl::ConsumeSuffix(&path, " -->");
    blocks.push_back({static_cast<int>(i) + 1, std::string(path),
                      absl::StrJoin(BlockAt(lines, i + 1), "\n")});
  }
  return blocks;
}

}  // namespace lastcommit
