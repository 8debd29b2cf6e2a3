// How the clients of a round closed: what a close must leave behind, and what
// it may not have been able to clean up.

#ifndef LASTCOMMIT_ORACLE_CLOSES_H_
#define LASTCOMMIT_ORACLE_CLOSES_H_

#include <cstddef>

#include "oracle/error_causes.h"
#include "oracle/round_view.h"

namespace lastcommit {

// Step `i`, a client's last one, closed a saver, and nothing stopped it.
bool ClosesWithoutError(const RoundView& view, const ErrorCauses& causes,
                        std::size_t i);

// The connection of step `i` has used the database since its newest error;
// with databases attached, each of them.
bool IsSettled(const RoundView& view, std::size_t i, bool has_attached);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_CLOSES_H_
