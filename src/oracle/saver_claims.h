// What the saver says of itself after a step: whether a transaction is open or
// aborted, and whether a commit is in doubt.

#ifndef LASTCOMMIT_ORACLE_SAVER_CLAIMS_H_
#define LASTCOMMIT_ORACLE_SAVER_CLAIMS_H_

#include <cstddef>

#include "model/verdict.h"
#include "oracle/round_view.h"

namespace lastcommit {

// The saver must know whether its transaction is open. `in_transaction`: what
// the model says.
Verdict CompareTransaction(const RoundView& view, std::size_t i,
                           bool in_transaction);

// What it says of an error: that its transaction is gone, and refused until it
// is rolled back; that a commit which failed may be there. `may_abort`: the
// step may have ended its transaction.
Verdict CompareErrorClaims(const RoundView& view, std::size_t i,
                           bool was_in_transaction, bool may_abort);

// It says that a commit is in doubt, where none can be.
Verdict FalseDoubt(const RoundView& view, std::size_t i);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_SAVER_CLAIMS_H_
