// A worker of a fuzz run: a forked process that takes the next index until it
// is told to stop, and sends messages through a pipe.

#ifndef LASTCOMMIT_CAMPAIGN_WORKER_H_
#define LASTCOMMIT_CAMPAIGN_WORKER_H_

#include <atomic>
#include <cstdint>

#include "campaign/fuzz.h"

namespace lastcommit {

// Shared by the supervisor and all workers.
struct Control {
  std::atomic<std::uint64_t> next_index{0};
  std::atomic<std::int64_t> findings{0};
  std::atomic<std::int64_t> shrink_trials{0};
  std::atomic<bool> stop{false};    // begin no more trials
  std::atomic<bool> cancel{false};  // and end shrinking
};

// Runs until told to stop or out of trials, then returns; messages are written
// to `pipe`.
void RunWorker(const FuzzOptions& options, Control& control, int pipe);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_WORKER_H_
