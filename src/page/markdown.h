// Markdown out of text that nobody vouches for: names from plans, what a
// crashing process printed, records of another machine.

#ifndef LASTCOMMIT_RESULTS_MARKDOWN_H_
#define LASTCOMMIT_RESULTS_MARKDOWN_H_

#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

// One line of text that means nothing to Markdown, HTML or a terminal: what is
// no printable ASCII becomes \xNN, special characters are escaped.
std::string MarkdownText(std::string_view text);

// The text as a code block, as it is but for what is no printable ASCII. The
// fence is longer than any in it.
std::string MarkdownCode(std::string_view text);

// A table; the first row is its head. Cells are text, not Markdown; the first
// column is aligned left, the others right.
std::string MarkdownTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_MARKDOWN_H_
