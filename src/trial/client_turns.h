// ClientTurns: whose turn it is among the clients of a round that run one at a
// time. They may be fibers (sim_round.h) or processes (lock_step_engine.h):
// what is known of them is plain data, which can be in memory that processes
// share. Only the client whose turn it is may ask; the engine passes the turn
// on.

#ifndef LASTCOMMIT_TRIAL_CLIENT_TURNS_H_
#define LASTCOMMIT_TRIAL_CLIENT_TURNS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "disk/vfs_call.h"
#include "plan/plan.h"
#include "trial/client_schedule.h"

namespace lastcommit {

// Where a client is.
struct ClientTurn {
  // The step of a client that has finished.
  static constexpr std::size_t kNowhere =
      std::numeric_limits<std::size_t>::max();

  std::size_t step = kNowhere;    // that it is at, or comes to next
  std::size_t in_program = 0;     // the same
  std::int64_t yield_points = 0;  // of that step so far
  bool is_delicate = false;       // as YieldPoint has it
  bool is_dead = false;
  std::uint64_t asleep = 0;  // since which sleep of the round; 0 = it is not

  bool has_finished() const { return step == kNowhere; }
  bool is_gone() const { return is_dead || has_finished(); }
};

struct TurnsState {
  std::array<ClientTurn, kMaxClients> clients;  // by number
  std::uint64_t sleeps = 0;
};

class ClientTurns {
 public:
  // Both must outlive it; the engine that begins the round calls Begin().
  ClientTurns(const Plan& plan, std::size_t round, TurnsState& state);

  void Begin();

  // The numbers of the clients that have steps, ascending.
  const std::vector<int>& clients() const { return clients_; }
  const std::vector<std::size_t>& program(int client) const {
    return programs_[static_cast<std::size_t>(client)];
  }
  std::size_t step(int client) const { return Of(client).step; }

  // The client comes to that step.
  void EnterStep(int client, std::size_t step, bool in_transaction);
  void GoOn(int client) { Of(client).asleep = 0; }
  void Finish(int client) { Of(client).step = ClientTurn::kNowhere; }
  void Die(int client) { Of(client).is_dead = true; }

  // The client that goes on by the order of the round; nullopt: no client is
  // left.
  std::optional<int> NextInOrder() const;
  // The switch that the schedule makes at the client's next yield point.
  // `call`: the call before or after which that point is; nullptr: it is before
  // the step begins.
  std::optional<TakenSwitch> SwitchFrom(int client, const VfsCall* call);
  // A client that sleeps waits for the others: the one of them that goes on;
  // nullopt: there is no other one.
  std::optional<int> NextOfSleeper(int client);

 private:
  ClientTurn& Of(int client) const {
    return state_.clients[static_cast<std::size_t>(client)];
  }
  // The other clients that are still there.
  std::vector<int> Others(int client) const;

  const Round& round_;
  const std::size_t round_number_;
  const ClientSchedule schedule_;
  const std::vector<std::vector<std::size_t>> programs_;
  std::vector<int> clients_;
  TurnsState& state_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CLIENT_TURNS_H_
