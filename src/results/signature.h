// The signature of a crash or an error: what kind of moment it was. Two that
// have one signature are thought to go alike; how many new ones there still are
// says whether a longer run would see anything else
// (results/residual_risk.h).

#ifndef LASTCOMMIT_RESULTS_SIGNATURE_H_
#define LASTCOMMIT_RESULTS_SIGNATURE_H_

#include <optional>

#include "plan/plan.h"
#include "results/cell.h"
#include "trial/trial.h"

namespace lastcommit {

// The cell of the group kSignature that counts it. Its word has, with a dot
// between them: the kind of crash, the phase, the call and the role of its
// file, what the recovery did, and the kind of the injected error:
// "kill.commit.write.wal.replayed.none".
// nullopt: the round was not examined, or neither crashed nor had an error.
std::optional<Cell> SignatureOf(Engine engine, const Round& round,
                                const RoundFacts& facts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_SIGNATURE_H_
