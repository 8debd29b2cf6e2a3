// SimGuest: a caller that wants more of a trial on a simulated disk than its
// verdict, the images of every crash point or what a loss of power found
// unsynced. It is called in the child of the trial; what it learns has to be
// written to memory that it shares with the parent, since the child may die at
// any moment.

#ifndef LASTCOMMIT_TRIAL_SIM_GUEST_H_
#define LASTCOMMIT_TRIAL_SIM_GUEST_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "disk/survival.h"
#include "model/contract.h"
#include "oracle/round_judge.h"
#include "trial/examine.h"
#include "trial/sim_round.h"

namespace lastcommit {

// What a crash leaves, and what may be demanded of it.
struct CrashImage {
  CrashFacts facts;
  LegalCuts legal;
  std::vector<LegalCuts> attached_legal;  // as ExamineTask has it
  Alternatives alternatives;
  Survived survived;
  Storage storage;
};

// The oracle of the round that was run.
class ImageJudge {
 public:
  virtual ~ImageJudge() = default;
  // `survival` kAll is a kill, the others are losses of power.
  virtual CrashImage Crash(const SimImage& image,
                           const Survival& survival) const = 0;
  // As the image of a plan whose last round crashes there: also through the
  // saver.
  virtual absl::StatusOr<Examination> Examine(const CrashImage& image) = 0;
};

class SimGuest {
 public:
  virtual ~SimGuest() = default;
  // The crash points of the last round to take. nullopt: none, the round is
  // judged by its end.
  virtual std::optional<CrashPointWindow> Window() const {
    return std::nullopt;
  }
  // With a window: what it took, in order, instead of the judgement of the
  // round's end.
  virtual absl::Status Judge(const std::vector<SimImage>& /*images*/,
                             std::uint64_t /*crash_points*/,
                             ImageJudge& /*judge*/) {
    return absl::OkStatus();
  }
  // A loss of power that the plan asks for, in that round.
  virtual void SeePowerLoss(std::size_t /*round*/, const Storage& /*before*/,
                            const Survived& /*survived*/) {}
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_GUEST_H_
