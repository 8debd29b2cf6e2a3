// The blocks of a Markdown page that a test looks after: those that its readers
// are meant to run, and those that quote the sources. A comment in front of the
// block says so, which no reader sees:
//
//   <!-- runnable -->
//   <!-- runnable: exit 1, last line "20 of 20 violated", before 3.50.2 -->
//
// The block is indented by four spaces or fenced. If its lines begin with "$ ",
// the other ones are output, and the last line of both must be the same.

#ifndef LASTCOMMIT_TESTS_E2E_RUNNABLE_BLOCKS_H_
#define LASTCOMMIT_TESTS_E2E_RUNNABLE_BLOCKS_H_

#include <optional>
#include <string>
#include <vector>

namespace lastcommit {

struct RunnableBlock {
  int line = 0;  // of the comment
  std::string script;
  int exit_code = 0;
  std::optional<std::string> last_line;  // the beginning is enough
  int before_sqlite = 0;                 // a version number; 0 = all versions
  std::string error;  // what is wrong with the comment or the block
};

std::vector<RunnableBlock> RunnableBlocks(const std::string& page);

// A block that stands in a file of the repository, said by a comment such as
//   <!-- from props/kill_props.cc -->
struct QuotedBlock {
  int line = 0;
  std::string path;
  std::string text;
};

std::vector<QuotedBlock> QuotedBlocks(const std::string& page);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_E2E_RUNNABLE_BLOCKS_H_
