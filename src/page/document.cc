#include "page/document.h"

#include "absl/strings/str_cat.h"
#include "page/markdown.h"

namespace lastcommit {
namespace {

struct WriteMarkdown {
  std::string operator()(const Heading& heading) const {
    return absl::StrCat(
        "\n", std::string(static_cast<std::size_t>(heading.level), '#'), " ",
        MarkdownText(heading.text), "\n");
  }
  std::string operator()(const Paragraph& paragraph) const {
    std::string text = "\n";
    for (const Span& span : paragraph.spans) {
      if (span.is_code) {
        absl::StrAppend(&text, "`", span.text, "`");
      } else {
        text += MarkdownText(span.text);
      }
    }
    return text + "\n";
  }
  std::string operator()(const Code& code) const {
    return "\n" + MarkdownCode(code.text);
  }
  std::string operator()(const PageTable& table) const {
    return "\n" + MarkdownTable(table.rows);
  }
  std::string operator()(const Plot& /*plot*/) const { return ""; }
  std::string operator()(const Strip& /*strip*/) const { return ""; }
  std::string operator()(const StepChart& /*chart*/) const { return ""; }
  std::string operator()(const FileBars& /*bars*/) const { return ""; }
};

}  // namespace

VerdictTone ToneOf(ExitCode code) {
  switch (code) {
    case ExitCode::kHeld:
      return VerdictTone::kGood;
    case ExitCode::kViolated:
      return VerdictTone::kBad;
    default:
      return VerdictTone::kOpen;
  }
}

std::string MarkdownOf(const Document& document) {
  std::string text = absl::StrCat("# ", MarkdownText(document.verdict), "\n");
  for (const Block& block : document.blocks) {
    text += std::visit(WriteMarkdown(), block);
  }
  return text;
}

}  // namespace lastcommit
