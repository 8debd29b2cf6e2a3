// Baton: of several processes, the one that has it goes on. It is in memory
// that they share. A process that dies with it in hand does not take it along:
// the one that waits for that process gives it to another.

#ifndef LASTCOMMIT_TRIAL_BATON_H_
#define LASTCOMMIT_TRIAL_BATON_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "plan/schedule.h"

namespace lastcommit {

struct Baton {
  // 1: this one has been given the baton and not seen it yet. Each is a futex
  // of its own, so that nobody else wakes up.
  std::array<std::atomic<std::uint32_t>, kMaxClients> given;
};

// All processes are to wait.
void Withdraw(Baton& baton);
// The process that gets the baton sees what this one has written before.
void GiveTo(int client, Baton& baton);
// Waits until this client is given it, for ever if need be.
void Await(int client, Baton& baton);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_BATON_H_
