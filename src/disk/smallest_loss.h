// The smallest loss of power that still does what a larger one did: delta
// debugging over the fates of the changes and over how many of the names are
// gone (A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing
// Input", 2002).

#ifndef LASTCOMMIT_DISK_SMALLEST_LOSS_H_
#define LASTCOMMIT_DISK_SMALLEST_LOSS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "plan/fault.h"

namespace lastcommit {

// What a crash takes: changes of files, and the last ones of names.
struct Loss {
  std::vector<Fate> fates;
  std::int64_t names = 0;

  std::int64_t size() const {
    return static_cast<std::int64_t>(fates.size()) + names;
  }
};

// `survival` says each fate (Chosen in disk/survival.h), on a disk where so
// many changes of names were pending.
Loss LossOf(const Survival& survival, std::int64_t pending_names);
// The survival with another loss, and the same garbage.
Survival WithLoss(Survival survival, const Loss& loss,
                  std::int64_t pending_names);

struct SmallestLoss {
  Loss loss;
  int trials = 0;
  // Without any single one of its changes nothing is violated. False: a trial
  // was cancelled before that was known.
  bool is_minimal = false;
};

// Whether the same is found after that loss. Cancelled ends the search with
// what is known, another error ends it with that error.
using LossFails = std::function<absl::StatusOr<bool>(const Loss&)>;

// `loss` fails.
absl::StatusOr<SmallestLoss> FindSmallestLoss(Loss loss,
                                              const LossFails& fails);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SMALLEST_LOSS_H_
