// What is only for people who read standard output on a terminal.

#ifndef LASTCOMMIT_OUTPUT_TERMINAL_H_
#define LASTCOMMIT_OUTPUT_TERMINAL_H_

#include <string>

#include "output/exit_code.h"

namespace lastcommit {

// Standard output is a terminal that has colours, and nobody has set NO_COLOR
// (https://no-color.org).
bool HasColour();

// The text with the last time that it says the word of the code in its colour:
// green, red, or yellow where nothing is known. Without HasColour it stays as
// it is.
std::string WithColour(std::string text, ExitCode code);

// Columns of the terminal that standard output is; 80 if nobody knows.
int TerminalWidth();

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_TERMINAL_H_
