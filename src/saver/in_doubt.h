// The mark on the status of a failed COMMIT that IsInDoubt() looks for.

#ifndef LASTCOMMIT_SAVER_IN_DOUBT_H_
#define LASTCOMMIT_SAVER_IN_DOUBT_H_

#include "absl/status/status.h"

namespace lastcommit {

absl::Status MarkInDoubt(absl::Status status);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SAVER_IN_DOUBT_H_
