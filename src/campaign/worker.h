// A worker of a run: a forked process that runs and judges the plans it is
// assigned, keeps and explains those that fail, and answers through a socket.

#ifndef LASTCOMMIT_CAMPAIGN_WORKER_H_
#define LASTCOMMIT_CAMPAIGN_WORKER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "plan/plan.h"
#include "results/run_options.h"

namespace lastcommit {

enum class WorkerPhase { kIdle, kRunning, kExplaining };

// What one worker is at. Outlives it.
struct WorkerSlot {
  std::atomic<WorkerPhase> phase{WorkerPhase::kIdle};
  std::atomic<std::uint64_t> index{0};
  std::atomic<std::uint64_t> beats{0};  // one before each execution of a plan
};

// Shapes that findings were shrunk to (explain/shape.h), of all workers. Those
// beyond a bound are not known.
class KnownShapes {
 public:
  void Add(const std::string& shape);
  bool Has(const std::string& shape) const;

 private:
  static constexpr std::size_t kMost = 1000;

  std::atomic<std::size_t> count_{0};
  std::atomic<std::uint64_t> digests_[kMost] = {};  // 0: not yet
};

// In memory that the supervisor and all workers share.
struct Control {
  std::atomic<std::int64_t> findings{0};
  std::atomic<std::int64_t> shrink_trials{0};
  std::atomic<std::int64_t> trials{0};  // that ended, shrinking left out
  // When the first of `findings` was seen: as many trials had ended, with it,
  // and that long after `began`, which is set before there are workers.
  absl::Time began;
  std::atomic<std::int64_t> first_finding_trials{0};
  std::atomic<std::int64_t> first_finding_ns{0};
  std::atomic<bool> stop{false};    // begin no more trials
  std::atomic<bool> cancel{false};  // and end shrinking
  // Of each class, how many were begun to be explained, were only counted, and
  // were kept. Of those that were counted the first ones are not in
  // `explained`.
  std::atomic<std::int64_t> explained[kViolationClasses] = {};
  std::atomic<std::int64_t> counted[kViolationClasses] = {};
  std::atomic<std::int64_t> kept[kViolationClasses] = {};
  KnownShapes shapes;
  WorkerSlot slots[kMaxJobs];
};

// What a trial adds to the digest of a run.
std::uint64_t DigestOf(std::uint64_t index, const Plan& plan,
                       const std::string& verdict);

// Answers assignments until there are no more, then returns.
void RunWorker(const RunOptions& options, Control& control, WorkerSlot& slot,
               int socket);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_WORKER_H_
