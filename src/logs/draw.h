// What clients of the vocabulary `log` ask for.

#ifndef LASTCOMMIT_LOGS_DRAW_H_
#define LASTCOMMIT_LOGS_DRAW_H_

#include <memory>

#include "store/vocabulary.h"

namespace lastcommit::logs {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

}  // namespace lastcommit::logs

#endif  // LASTCOMMIT_LOGS_DRAW_H_
