// The mix: how often plans have which engine, fault and number of clients. One
// table; what is asked for narrows it, and a run that is asked for nothing has
// all of it. Called by arbitrary_plan.cc, and by the promises that each of them
// is met (results/promises.h).

#ifndef LASTCOMMIT_GENERATE_MIX_H_
#define LASTCOMMIT_GENERATE_MIX_H_

#include <vector>

#include "generate/arbitrary_plan.h"
#include "plan/plan.h"

namespace lastcommit {

struct Combination {
  Engine engine = Engine::kFork;
  FaultChoice fault = FaultChoice::kNone;  // never kMixed
  int clients = 1;

  bool operator==(const Combination&) const = default;
};

struct Share {
  Combination combination;
  int weight = 0;  // above 0
};

// Empty if nothing that there is fits.
std::vector<Share> MixOf(const GenerateOptions& options);

// Whether the options give a store attached databases, and leave it no
// super-journals (store/attached.h).
bool LacksSuperJournals(const GenerateOptions& options);

// Whether a store with attached databases may be there without super-journals
// (store/attached.h): CheckAttached() in subject/registry.cc refuses the
// others.
bool MayLackSuperJournals(const Combination& combination);

// What plans have that PlanAt() made of the combination: the engine, the number
// of clients, and the gravest fault (an error, then a loss of power, then a
// kill). Images taken along the way are none.
Combination CombinationOf(const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_MIX_H_
