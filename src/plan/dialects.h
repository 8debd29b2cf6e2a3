// The vocabularies that plans are written in.

#ifndef LASTCOMMIT_PLAN_DIALECTS_H_
#define LASTCOMMIT_PLAN_DIALECTS_H_

#include <span>
#include <string_view>

#include "store/vocabulary.h"

namespace lastcommit {

// In the order in which they are listed to people; the default is the first.
std::span<const Vocabulary* const> Dialects();

// Adds one to them that lives as long as the program, once. For main; not
// thread-safe.
void RegisterDialect(const Vocabulary& dialect);

// That of a plan whose header names none.
const Vocabulary& DefaultDialect();

// nullptr if there is none.
const Vocabulary* FindDialect(std::string_view name);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_DIALECTS_H_
