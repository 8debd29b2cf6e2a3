// The progress of a run: one status line that is rewritten on a terminal, a
// plain line now and then when piped.

#ifndef LASTCOMMIT_CAMPAIGN_PROGRESS_H_
#define LASTCOMMIT_CAMPAIGN_PROGRESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "results/ledger.h"

namespace lastcommit {

class ProgressLine {
 public:
  explicit ProgressLine(bool is_shown);

  // `trials_before` are in the ledger and do not count for the rate. `left`:
  // until it ends by itself; nullopt: nobody knows.
  void Show(const Ledger& ledger, std::int64_t trials_before,
            std::size_t findings, std::int64_t shrink_trials,
            std::optional<absl::Duration> left);
  // The same for other work: `text` is made into the status line.
  void Show(const std::string& text);
  // Before other text is printed.
  void Interrupt();
  void Finish() { Interrupt(); }

  absl::Duration Elapsed() const;

 private:
  bool IsDue() const;

  const bool is_shown_;
  const bool is_terminal_;
  const absl::Time started_;
  absl::Time shown_;
  bool is_line_open_ = false;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_PROGRESS_H_
