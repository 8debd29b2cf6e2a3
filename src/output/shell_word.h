// A word of a command that people give to a shell.

#ifndef LASTCOMMIT_OUTPUT_SHELL_WORD_H_
#define LASTCOMMIT_OUTPUT_SHELL_WORD_H_

#include <string>

namespace lastcommit {

// In quotes if it needs them.
std::string ShellWord(const std::string& word);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_SHELL_WORD_H_
