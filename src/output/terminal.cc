#include "output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

const char* ColourOf(ExitCode code) {
  switch (code) {
    case ExitCode::kHeld:
      return "\033[1;32m";
    case ExitCode::kViolated:
      return "\033[1;31m";
    default:
      return "\033[1;33m";
  }
}

}  // namespace

bool HasColour() {
  const char* const terminal = std::getenv("TERM");
  const char* const none = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr &&
         std::strcmp(terminal, "dumb") != 0 &&
         (none == nullptr || *none == '\0');
}

std::string WithColour(std::string text, ExitCode code) {
  const std::string word = Word(code);
  const std::size_t at = text.rfind(word);
  if (!HasColour() || at == std::string::npos) return text;
  return text.replace(at, word.size(),
                      absl::StrCat(ColourOf(code), word, "\033[0m"));
}

int TerminalWidth() {
  constexpr int kUsual = 80;
  winsize size = {};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return is_known && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace lastcommit
