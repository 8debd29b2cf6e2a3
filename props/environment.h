// What the environment asks of the properties: LASTCOMMIT_SEED (default 1) and
// LASTCOMMIT_TRIALS (default: each property's own number).

#ifndef LASTCOMMIT_PROPS_ENVIRONMENT_H_
#define LASTCOMMIT_PROPS_ENVIRONMENT_H_

#include <cstdint>

namespace lastcommit {

std::uint64_t PropertySeed();
std::uint64_t PropertyTrials(std::uint64_t otherwise);

// Hands both on to RapidCheck. Before its first property.
void ConfigureRapidCheck();

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_ENVIRONMENT_H_
