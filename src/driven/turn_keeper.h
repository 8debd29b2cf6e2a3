// TurnKeeper: asks the clients of a plan, as its list of steps, its switches
// and its schedule say, and lets one at a time go on: a client is left in the
// middle of what it does where the plan has a switch, and others do theirs
// meanwhile. A client may also be killed there alone.

#ifndef LASTCOMMIT_DRIVEN_TURN_KEEPER_H_
#define LASTCOMMIT_DRIVEN_TURN_KEEPER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "driven/asker.h"
#include "driven/linearization.h"
#include "driven/questioner.h"
#include "oracle/crash_place.h"
#include "plan/plan.h"
#include "record/conductor.h"
#include "trial/client_turns.h"

namespace lastcommit::driven {

class TurnKeeper final : public AskerOfSeveral, public Conductor {
 public:
  // The plan must outlive it. `database`: the path that the drivers open.
  TurnKeeper(const Plan& plan, const std::string& database);

  void Begin(std::function<void(Requests)> ask) override;
  void TakeAnswers(const Answers& answers) override;
  bool is_over() const override { return round_ == plan_.rounds.size(); }
  Conductor* conductor() override { return this; }
  bool has_killed() const override { return has_killed_; }

  int turn() const override { return turn_; }
  bool LivesAt(const ConductedCall& call, bool is_before) override;
  void Waits() override;
  void IsGone(int instance) override;

  const Linearization& linearization() const override {
    return questioner_.linearization();
  }
  const std::vector<TakenSwitch>& switches() const { return switches_; }
  // By round: the client that was killed alone, if one was.
  const std::vector<std::optional<CrashPlace>>& deaths() const {
    return deaths_;
  }
  // The step of the client that has the turn, for people.
  std::string UnderWay() const override;

 private:
  struct Client {
    std::size_t in_program = 0;  // the number of its step there
    bool has_begun = false;      // the step
    std::int64_t calls = 0;      // of the step, that change files
    int locks = 0;               // in a row
    // Until it is killed, from the step on that has its crash.
    std::optional<std::int64_t> calls_to_crash;
  };

  Client& Turning() { return clients_[static_cast<std::size_t>(turn_)]; }
  ClientTurns& turns() { return *turns_; }
  void BeginRound();
  void EnterStep(int client);
  // To the client that comes next, until one is asked or goes on.
  void GoOn(std::optional<int> client);
  void EndStep();
  void Answered(int client, bool is_busy);
  bool TakeSwitch(const VfsCall* call);
  bool IsAlone();
  bool WaitsBy(const ConductedCall& call, bool is_before);
  bool DiesAt(const ConductedCall& call, bool is_before);

  const Plan& plan_;
  Questioner questioner_;
  std::size_t round_ = 0;
  TurnsState state_;
  std::optional<ClientTurns> turns_;  // of the round
  std::array<Client, kMaxClients> clients_;
  std::array<bool, kMaxClients> is_dead_ = {};
  int turn_ = 0;
  bool has_killed_ = false;
  std::vector<TakenSwitch> switches_;
  std::vector<std::optional<CrashPlace>> deaths_;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_TURN_KEEPER_H_
