#include "campaign/progress.h"

#include <unistd.h>

#include <cstdio>

#include "absl/time/clock.h"

namespace lastcommit {

Progress::Progress(bool is_shown)
    : is_shown_(is_shown),
      is_terminal_(isatty(STDOUT_FILENO) == 1),
      started_(absl::Now()),
      shown_(started_) {}

absl::Duration Progress::Elapsed() const { return absl::Now() - started_; }

void Progress::Show(const Ledger& ledger, std::size_t findings) {
  const absl::Duration interval =
      is_terminal_ ? absl::Milliseconds(300) : absl::Seconds(10);
  if (!is_shown_ || absl::Now() - shown_ < interval) return;
  shown_ = absl::Now();
  const double seconds = absl::ToDoubleSeconds(Elapsed());
  std::printf(
      "%s%.0f s: %lld trials, %.0f per second, %lld skipped, %zu kept "
      "findings%s",
      is_terminal_ ? "\r\033[K" : "", seconds,
      static_cast<long long>(ledger.trials()),
      static_cast<double>(ledger.trials()) / seconds,
      static_cast<long long>(ledger.skipped()), findings,
      is_terminal_ ? "" : "\n");
  is_line_open_ = is_terminal_;
  std::fflush(stdout);
}

void Progress::Interrupt() {
  if (is_line_open_) std::printf("\n");
  is_line_open_ = false;
}

}  // namespace lastcommit
