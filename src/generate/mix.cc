#include "generate/mix.h"

#include <algorithm>
#include <cstddef>

namespace lastcommit {
namespace {

// Of a thousand plans; the four clients come with a little more, since many of
// their plans have fewer in the end. Kills are what real processes are for, and
// several of them are only killed; losses of power and errors cost least on a
// simulated disk. None is so rare that a minute of it would not meet it.
struct Row {
  Engine engine;
  FaultChoice fault;
  int weight[kMaxClients];  // with 1, 2, ... clients
};

constexpr Row kRows[] = {
    {Engine::kSim, FaultChoice::kNone, {25, 35, 25, 30}},
    {Engine::kSim, FaultChoice::kKill, {45, 40, 35, 30}},
    {Engine::kSim, FaultChoice::kPowerLoss, {100, 45, 40, 40}},
    {Engine::kSim, FaultChoice::kIoError, {85, 50, 40, 46}},
    {Engine::kFork, FaultChoice::kNone, {25, 20, 20, 22}},
    {Engine::kFork, FaultChoice::kKill, {56, 28, 24, 28}},
    {Engine::kFork, FaultChoice::kPowerLoss, {30, 0, 0, 0}},
    {Engine::kFork, FaultChoice::kIoError, {36, 0, 0, 0}},
    {Engine::kRecord, FaultChoice::kNone, {5, 3, 2, 1}},
    // Of one client alone: of all every plan has every kill.
    {Engine::kRecord, FaultChoice::kKill, {0, 1, 1, 1}},
};

EngineChoice ChoiceOf(Engine engine) {
  switch (engine) {
    case Engine::kFork:
      return EngineChoice::kFork;
    case Engine::kSim:
      return EngineChoice::kSim;
    case Engine::kRecord:
      break;
  }
  return EngineChoice::kRecord;
}

bool FitsEngine(Engine engine, EngineChoice wanted) {
  return wanted == EngineChoice::kMixed ? engine != Engine::kRecord
                                        : wanted == ChoiceOf(engine);
}

bool Fits(const Combination& combination, const GenerateOptions& options) {
  const bool is_free = options.schedule == ScheduleKind::kFree;
  if (!FitsEngine(combination.engine, options.engine)) return false;
  if (options.fault != FaultChoice::kMixed &&
      options.fault != combination.fault) {
    return false;
  }
  if (is_free && combination.engine == Engine::kSim) return false;
  // Nor is one of them killed at a call of its own.
  if (is_free && combination.engine == Engine::kRecord &&
      combination.fault == FaultChoice::kKill) {
    return false;
  }
  if (LacksSuperJournals(options) && !MayLackSuperJournals(combination)) {
    return false;
  }
  return combination.clients >= options.clients.least &&
         combination.clients <= options.clients.most;
}

// Of one client, and always real.
std::vector<Share> TimedKills(const GenerateOptions& options) {
  if (options.clients.least > 1) return {};
  return {{{Engine::kFork, FaultChoice::kTimedKill, 1}, 1}};
}

FaultChoice GravestFaultOf(const Plan& plan) {
  using enum FaultChoice;
  FaultChoice gravest = kNone;
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) {
      if (step.error.has_value()) return kIoError;
      if (step.kill_after_us.has_value()) gravest = kTimedKill;
      if (!step.crash.has_value() || gravest == kPowerLoss) continue;
      gravest =
          step.crash->survival.kind == SurvivalKind::kAll ? kKill : kPowerLoss;
    }
  }
  return gravest;
}

}  // namespace

std::vector<Share> MixOf(const GenerateOptions& options) {
  if (options.fault == FaultChoice::kTimedKill) return TimedKills(options);
  std::vector<Share> mix;
  for (const Row& row : kRows) {
    for (int clients = 1; clients <= kMaxClients; ++clients) {
      const int weight = row.weight[static_cast<std::size_t>(clients - 1)];
      const Combination combination = {row.engine, row.fault, clients};
      if (weight > 0 && Fits(combination, options)) {
        mix.push_back({combination, weight});
      }
    }
  }
  return mix;
}

bool LacksSuperJournals(const GenerateOptions& options) {
  return options.is_attached &&
         (options.journal_mode == saver::JournalMode::kWal ||
          options.synchronous == saver::Synchronous::kOff);
}

bool MayLackSuperJournals(const Combination& combination) {
  return combination.clients == 1 && combination.fault != FaultChoice::kIoError;
}

Combination CombinationOf(const Plan& plan) {
  return {plan.engine, GravestFaultOf(plan), Clients(plan)};
}

}  // namespace lastcommit
