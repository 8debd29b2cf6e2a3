// What the environment asks of the properties: LASTCOMMIT_SEED (default 1) and
// LASTCOMMIT_TRIALS (default: each property's own number), and with
// LASTCOMMIT_REPLAY one plan instead of all properties.

#ifndef LASTCOMMIT_PROPS_ENVIRONMENT_H_
#define LASTCOMMIT_PROPS_ENVIRONMENT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace lastcommit {

std::uint64_t PropertySeed();
// At least 1: with LASTCOMMIT_TRIALS=0 the program ends, since a property that
// tried nothing has not held.
std::uint64_t PropertyTrials(std::uint64_t otherwise);

// The token of the one plan that is to be run.
std::optional<std::string> ReplayToken();

// Hands seed and trials on to RapidCheck. Before its first property.
void ConfigureRapidCheck();

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_ENVIRONMENT_H_
