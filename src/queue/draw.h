// What clients of the vocabulary `queue` ask for.

#ifndef LASTCOMMIT_QUEUE_DRAW_H_
#define LASTCOMMIT_QUEUE_DRAW_H_

#include <memory>
#include <span>

#include "store/vocabulary.h"

namespace lastcommit::queue {

// As Vocabulary::draw.
std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& dialect,
                                               Draw& draw,
                                               const DrawLimits& limits);

// As Vocabulary::settle: time only goes on, and each job has a name of its own.
void Settle(std::span<Operation* const> operations);

}  // namespace lastcommit::queue

#endif  // LASTCOMMIT_QUEUE_DRAW_H_
