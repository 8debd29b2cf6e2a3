// CrashSweep: every crash point of the last round of a plan, on a simulated
// disk, each with a bounded family of survivals. The round is run without
// stopping; what every crash would have left is taken along the way and judged
// as the end of a plan that stops there is. Since a round gives the same each
// time, it is run again for each batch, so that memory stays bounded.

#ifndef LASTCOMMIT_TRIAL_CRASH_SWEEP_H_
#define LASTCOMMIT_TRIAL_CRASH_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "disk/survival.h"
#include "model/verdict.h"
#include "plan/plan.h"
#include "trial/sim_trial.h"
#include "trial/trial.h"

namespace lastcommit {

struct SweepLimits : SurvivalLimits {
  // Images in all.
  std::int64_t images = 1'000'000;
};

// One image and what was said of it. Plain data, shared with a child.
struct SweptImage {
  std::uint64_t crash_point = 0;
  CrashPlace place;
  SurvivalKind survival = SurvivalKind::kAll;
  std::uint64_t number = 0;        // of the survival
  bool is_first_of_point = false;  // of its crash point
  bool is_thinned = false;         // SweepLimits::changes was too few
  // An image with the same bytes and the same legal cuts was examined before;
  // the rest is what was found then.
  bool is_duplicate = false;
  bool no_demand = false;
  bool is_damaged = false;        // also where that is legal
  std::int64_t lost_commits = 0;  // acknowledged, and legally lost
  std::int32_t violation = -1;    // ViolationClass, -1 = none
};

struct SweepBatch {
  std::vector<SweptImage> images;
  std::uint64_t crash_points = 0;  // of the whole round
  bool is_last = false;
  bool is_complete = false;  // and no limit ended it
  // Not held: the plan ends before its last round does, or fails there without
  // a crash, and there are no images.
  Verdict verdict;
};

class CrashSweep {
 public:
  // `plan` is for the engine sim, and its last round has no crash. All must
  // outlive it. Internal: no memory to share.
  static absl::StatusOr<std::unique_ptr<CrashSweep>> Create(
      SimTrial& trial, const Plan& plan, const SweepLimits& limits);
  ~CrashSweep();
  CrashSweep(const CrashSweep&) = delete;
  CrashSweep& operator=(const CrashSweep&) = delete;

  // The next images, some hundreds. The errors of SimTrial::Run.
  absl::StatusOr<SweepBatch> Next();

 private:
  class Impl;
  explicit CrashSweep(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// `plan` with its last round crashing as the image says.
Plan PlanOf(const Plan& plan, const SweptImage& image);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CRASH_SWEEP_H_
