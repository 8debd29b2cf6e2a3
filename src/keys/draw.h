// What clients of the vocabulary `keys` ask for.

#ifndef LASTCOMMIT_KEYS_DRAW_H_
#define LASTCOMMIT_KEYS_DRAW_H_

#include <memory>

#include "store/vocabulary.h"

namespace lastcommit::keys {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

}  // namespace lastcommit::keys

#endif  // LASTCOMMIT_KEYS_DRAW_H_
