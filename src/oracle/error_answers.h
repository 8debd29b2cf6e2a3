// What a saver may answer to a step in which a call was made to fail. Answers
// about content are never an excuse: an I/O error is no NotFound. Answers about
// the environment are those that the result of such a call maps to, as in
// SqliteStatus (saver/sqlite_saver.h lists them). Used by error_causes.cc.

#ifndef LASTCOMMIT_ORACLE_ERROR_ANSWERS_H_
#define LASTCOMMIT_ORACLE_ERROR_ANSWERS_H_

#include "absl/status/status.h"
#include "plan/fault.h"

namespace lastcommit {

// NotFound, AlreadyExists, FailedPrecondition, InvalidArgument: what the model
// alone decides.
bool IsAboutContent(absl::StatusCode code);

// Whether a step may be answered so because of an error of this kind in it.
// Aborted and DataLoss have rules of their own.
bool MayAnswer(ErrorKind kind, absl::StatusCode code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ERROR_ANSWERS_H_
