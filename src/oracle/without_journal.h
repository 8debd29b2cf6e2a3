// With journal_mode OFF nothing can be undone: what is not judged then
// (https://sqlite.org/pragma.html#pragma_journal_mode).

#ifndef LASTCOMMIT_ORACLE_WITHOUT_JOURNAL_H_
#define LASTCOMMIT_ORACLE_WITHOUT_JOURNAL_H_

#include "model/reference_model.h"
#include "model/verdict.h"
#include "plan/plan.h"

namespace lastcommit {

// The step ends a connection in the middle of a transaction.
bool LeavesHalfATransaction(const Plan& plan, const Step& step,
                            bool in_transaction);

// The step, which answered as it must, undoes something.
bool CannotUndo(const Plan& plan, const Step& step, const Outcome& expected);

Verdict NoDemandWithoutJournal();

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_WITHOUT_JOURNAL_H_
