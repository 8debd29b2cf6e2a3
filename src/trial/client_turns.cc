#include "trial/client_turns.h"

#include <algorithm>

namespace lastcommit {
namespace {

// Whether other clients may find something else at each moment of the step.
bool IsDelicate(StepKind kind, bool in_transaction) {
  switch (kind) {
    case StepKind::kOpen:
    case StepKind::kClose:
    case StepKind::kReopen:
    case StepKind::kCommit:
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return true;
    default:
      return IsChange(kind) && !in_transaction;
  }
}

}  // namespace

ClientTurns::ClientTurns(const Plan& plan, std::size_t round, TurnsState& state)
    : round_(plan.rounds[round]),
      round_number_(round),
      schedule_(plan, round),
      programs_(Programs(round_)),
      state_(state) {
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    if (!programs_[i].empty()) clients_.push_back(static_cast<int>(i));
  }
}

void ClientTurns::Begin() {
  state_ = {};
  for (const int client : clients_) Of(client).step = program(client).front();
}

void ClientTurns::EnterStep(int client, std::size_t step, bool in_transaction) {
  const std::vector<std::size_t>& steps = program(client);
  ClientTurn& turn = Of(client);
  turn.step = step;
  turn.in_program = static_cast<std::size_t>(
      std::find(steps.begin(), steps.end(), step) - steps.begin());
  turn.yield_points = 0;
  turn.is_delicate = IsDelicate(round_.steps[step].kind, in_transaction);
}

std::optional<int> ClientTurns::NextInOrder() const {
  std::optional<int> next;
  for (const int client : clients_) {
    if (Of(client).is_gone()) continue;
    if (!next.has_value() || step(client) < step(*next)) next = client;
  }
  return next;
}

std::vector<int> ClientTurns::Others(int client) const {
  std::vector<int> others;
  for (const int other : clients_) {
    if (other != client && !Of(other).is_gone()) others.push_back(other);
  }
  return others;
}

std::optional<TakenSwitch> ClientTurns::SwitchFrom(int client,
                                                   const VfsCall* call) {
  if (clients_.size() == 1) return std::nullopt;
  ClientTurn& turn = Of(client);
  const std::vector<int> others = Others(client);
  YieldPoint point;
  point.client = client;
  point.step = turn.step;
  point.in_program = turn.in_program;
  point.at = turn.yield_points++;
  if (others.empty()) return std::nullopt;
  point.is_delicate = turn.is_delicate;
  point.is_nested =
      std::any_of(others.begin(), others.end(),
                  [this](int other) { return Of(other).yield_points > 1; });
  const std::optional<int> to = schedule_.At(point, others);
  if (!to.has_value()) return std::nullopt;
  TakenSwitch taken = {round_number_, point.step, {point.at, *to}, step(*to)};
  if (call != nullptr) taken.call = *call;
  return taken;
}

// The first client in the order of the round that does not sleep; if all sleep,
// the one that has slept for longest.
std::optional<int> ClientTurns::NextOfSleeper(int client) {
  std::optional<int> next;
  for (const int other : Others(client)) {
    const ClientTurn& turn = Of(other);
    if (!next.has_value() || turn.asleep < Of(*next).asleep ||
        (turn.asleep == Of(*next).asleep && turn.step < Of(*next).step)) {
      next = other;
    }
  }
  if (next.has_value()) Of(client).asleep = ++state_.sleeps;
  return next;
}

}  // namespace lastcommit
