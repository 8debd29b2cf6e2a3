// The mark on the status of a failed COMMIT that IsInDoubt() looks for.

#ifndef LASTCOMMIT_SAVER_IN_DOUBT_H_
#define LASTCOMMIT_SAVER_IN_DOUBT_H_

#include "absl/status/status.h"

namespace lastcommit::saver {

class DoubtMarker {
 public:
  // Makes what marks without memory: made before a COMMIT is tried.
  DoubtMarker();

  // ResourceExhausted if there is no memory to mark `status` itself.
  absl::Status MarkInDoubt(absl::Status status) const noexcept;

 private:
  absl::Status out_of_memory_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_IN_DOUBT_H_
