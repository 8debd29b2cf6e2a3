// What clients of the vocabulary `queue` ask for.

#ifndef LASTCOMMIT_QUEUE_DRAW_H_
#define LASTCOMMIT_QUEUE_DRAW_H_

#include <memory>

#include "store/vocabulary.h"

namespace lastcommit::queue {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

}  // namespace lastcommit::queue

#endif  // LASTCOMMIT_QUEUE_DRAW_H_
