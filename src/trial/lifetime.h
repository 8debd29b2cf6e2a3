// Lifetimes: the seeds of the processes of a trial, real and simulated. Each
// has one of its own (SQLite puts it into WAL and journal), the same in each
// trial of a plan, and the same whatever engine runs it and wherever it
// crashes.

#ifndef LASTCOMMIT_TRIAL_LIFETIME_H_
#define LASTCOMMIT_TRIAL_LIFETIME_H_

#include <cstddef>
#include <cstdint>

#include "plan/plan.h"

namespace lastcommit {

std::uint64_t SeedOf(const Plan& plan);

// `examination`: 0 is the round's own process, 1, 2, ... those that examine
// what it left. Never 0.
std::uint32_t LifetimeSeed(std::uint64_t plan_seed, std::size_t round,
                           std::uint64_t examination);
// Of one of the round's several processes: two that draw the same numbers would
// give two WALs the same salts.
std::uint32_t ClientSeed(std::uint64_t plan_seed, std::size_t round,
                         int client);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_LIFETIME_H_
