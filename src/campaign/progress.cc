#include "campaign/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "output/terminal.h"

namespace lastcommit {

ProgressLine::ProgressLine(bool is_shown)
    : is_shown_(is_shown),
      is_terminal_(isatty(STDOUT_FILENO) == 1),
      started_(absl::Now()),
      shown_(started_) {}

absl::Duration ProgressLine::Elapsed() const { return absl::Now() - started_; }

bool ProgressLine::IsDue() const {
  const absl::Duration interval =
      is_terminal_ ? absl::Milliseconds(300) : absl::Seconds(10);
  return is_shown_ && absl::Now() - shown_ >= interval;
}

void ProgressLine::Show(const Ledger& ledger, std::int64_t trials_before,
                        std::size_t findings, std::int64_t shrink_trials,
                        std::optional<absl::Duration> left) {
  if (!IsDue()) return;
  const double rate = static_cast<double>(ledger.trials() - trials_before) /
                      absl::ToDoubleSeconds(Elapsed());
  std::string text = absl::StrFormat("%d trials, %.0f per second, %d skipped",
                                     ledger.trials(), rate, ledger.skipped());
  if (shrink_trials > 0) {
    absl::StrAppendFormat(&text, ", %d kept findings, %d trials of shrinking",
                          findings, shrink_trials);
  }
  if (left.has_value()) {
    const absl::Duration rest = std::max(*left, absl::ZeroDuration());
    absl::StrAppendFormat(&text, ", %.0f s left", absl::ToDoubleSeconds(rest));
  }
  Show(text);
}

void ProgressLine::Show(const std::string& text) {
  if (!IsDue()) return;
  shown_ = absl::Now();
  std::string line =
      absl::StrFormat("%.0f s: %s", absl::ToDoubleSeconds(Elapsed()), text);
  if (is_terminal_) {
    // One that is longer than the terminal could not be written over.
    const auto width = static_cast<std::size_t>(TerminalWidth());
    line.resize(std::min(line.size(), width - 1));
    std::printf("\r\033[K%s", line.c_str());
  } else {
    std::printf("%s\n", line.c_str());
  }
  is_line_open_ = is_terminal_;
  std::fflush(stdout);
}

void ProgressLine::Interrupt() {
  if (is_line_open_) std::printf("\n");
  is_line_open_ = false;
}

}  // namespace lastcommit
