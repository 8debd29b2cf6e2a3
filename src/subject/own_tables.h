// The savers that are right and have tables of their own, beside SqliteSaver
// and what is made of it. Only the registry and their own sources need this.

#ifndef LASTCOMMIT_SUBJECT_OWN_TABLES_H_
#define LASTCOMMIT_SUBJECT_OWN_TABLES_H_

#include "subject/registry.h"

namespace lastcommit {

SaverEntry Keys();  // plain_keys.cc

// In the order in which they are listed to people.
inline constexpr SaverEntry (*kOwnTables[])() = {Keys};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_OWN_TABLES_H_
