// What clients of the vocabulary `checkpoints` ask for.

#ifndef LASTCOMMIT_CHECKPOINTS_DRAW_H_
#define LASTCOMMIT_CHECKPOINTS_DRAW_H_

#include <memory>

#include "store/vocabulary.h"

namespace lastcommit::checkpoints {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

}  // namespace lastcommit::checkpoints

#endif  // LASTCOMMIT_CHECKPOINTS_DRAW_H_
