// Draws what a client asks of a store that a script describes.

#ifndef LASTCOMMIT_SQL_DRAW_H_
#define LASTCOMMIT_SQL_DRAW_H_

#include <memory>

#include "sql/dialect.h"
#include "store/vocabulary.h"

namespace lastcommit::sql {

// `draw` and `dialect` must outlive it.
std::unique_ptr<OperationsDraw> MakeDraw(Draw& draw, const Dialect& dialect,
                                         const DrawLimits& limits);

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_DRAW_H_
