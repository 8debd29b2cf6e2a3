// The signs of the known bugs of SQLite: what a violated plan must have done,
// and how it must have failed, to be one of that bug. Each is as narrow as what
// docs/findings.md knows of its bug, and knows nothing of versions
// (explain/known_bugs.h does). They only give names: nothing is judged by them.
//
// Crashes of the plan are where they really were (WithExactCrashes); rounds
// after the last scene were not run.

#ifndef LASTCOMMIT_EXPLAIN_BUG_SIGNS_H_
#define LASTCOMMIT_EXPLAIN_BUG_SIGNS_H_

#include "explain/failure.h"
#include "plan/plan.h"

namespace lastcommit {

bool LooksLikePartialRollback(const Plan& plan, const Failure& failure);
bool LooksLikeWalResetRace(const Plan& plan, const Failure& failure);
bool LooksLikeOldPagesAfterWal(const Plan& plan, const Failure& failure);
bool LooksLikeWalAgainWhileLeft(const Plan& plan, const Failure& failure);
bool LooksLikeVacuumUndone(const Plan& plan, const Failure& failure);
bool LooksLikeWalSwitchAtNormal(const Plan& plan, const Failure& failure);
bool LooksLikeHeaderRolledBack(const Plan& plan, const Failure& failure);
bool LooksLikeMemoryJournalForgotten(const Plan& plan, const Failure& failure);
bool LooksLikeHalfStatement(const Plan& plan, const Failure& failure);
bool LooksLikeStatementOutlivesTransaction(const Plan& plan,
                                           const Failure& failure);
bool LooksLikeJournalEndNotSynced(const Plan& plan, const Failure& failure);
bool LooksLikeJournalNameNotSynced(const Plan& plan, const Failure& failure);
bool LooksLikeCreationRolledBackByHalf(const Plan& plan,
                                       const Failure& failure);
bool LooksLikeStaleSuperJournal(const Plan& plan, const Failure& failure);
bool LooksLikePageNotJournaled(const Plan& plan, const Failure& failure);
bool LooksLikeSectorJournaledByHalf(const Plan& plan, const Failure& failure);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_BUG_SIGNS_H_
