// The edits that make simpler who does what: fewer clients. Called by
// shrink_edits.cc.

#ifndef LASTCOMMIT_GENERATE_CLIENT_EDITS_H_
#define LASTCOMMIT_GENERATE_CLIENT_EDITS_H_

#include "generate/edits.h"

namespace lastcommit {

// Without one client, or with its steps done by another one.
void DropClients(const Plan& plan, Edits& edits);

// Takes away clients that only open and close, and numbers the others anew.
// What a crash or an error stood at moves to the next step.
void TidyClients(Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_CLIENT_EDITS_H_
