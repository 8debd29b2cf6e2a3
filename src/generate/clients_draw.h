// Several clients in one round: whose steps come when, and who goes on where.
// Called by arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_CLIENTS_DRAW_H_
#define LASTCOMMIT_GENERATE_CLIENTS_DRAW_H_

#include <optional>
#include <vector>

#include "plan/plan.h"
#include "store/draw.h"

namespace lastcommit {

// One round of them: client i gets the steps of programs[i], each in its order.
Round Interleave(Draw& draw, std::vector<Round> programs);

Schedule DrawSchedule(Draw& draw, std::optional<ScheduleKind> kind);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_CLIENTS_DRAW_H_
