// Text of others as people may see it on a terminal: names of files and tables,
// messages of SQLite. UTF-8 stays as it is; what could move the cursor, hide
// text or turn it around is written as an escape, and so are bytes that are no
// UTF-8. The result is always valid UTF-8.

#ifndef LASTCOMMIT_OUTPUT_SHOWN_H_
#define LASTCOMMIT_OUTPUT_SHOWN_H_

#include <string>
#include <string_view>

namespace lastcommit {

std::string Shown(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_SHOWN_H_
