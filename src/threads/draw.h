// What clients of the vocabulary `threads` ask for.

#ifndef LASTCOMMIT_THREADS_DRAW_H_
#define LASTCOMMIT_THREADS_DRAW_H_

#include <memory>

#include "store/vocabulary.h"

namespace lastcommit::threads {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_DRAW_H_
