#include "generate/fault_edits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace lastcommit {
namespace {

// The simplest first.
constexpr SurvivalKind kKinds[] = {
    SurvivalKind::kAll,    SurvivalKind::kNone,         SurvivalKind::kLoseOne,
    SurvivalKind::kPrefix, SurvivalKind::kFilePrefixes, SurvivalKind::kSubset,
    SurvivalKind::kChosen};
static_assert(std::size(kKinds) == kSurvivalKinds);

// Of a round that has a crash.
Survival& SurvivalOf(Round& round) {
  return round.steps[*CrashStep(round)].crash->survival;
}

void SetSurvival(std::size_t r, const Survival& survival, Edits& edits) {
  edits.push_back([r, survival](const Plan& from) {
    Plan to = from;
    SurvivalOf(to.rounds[r]) = survival;
    return IfChanged(from, std::move(to));
  });
}

// Halving chunks of fates that are forgotten, then fates that are mere losses.
void SimplifyFates(std::size_t r, const Survival& survival, Edits& edits) {
  const std::size_t size = survival.fates.size();
  for (std::size_t chunk = size; chunk >= 1; chunk /= 2) {
    for (std::size_t first = 0; first < size; first += chunk) {
      Survival fewer = survival;
      const auto begin =
          fewer.fates.begin() + static_cast<std::ptrdiff_t>(first);
      const std::size_t count = std::min(chunk, size - first);
      fewer.fates.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      SetSurvival(r, fewer, edits);
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (survival.fates[i].kind == FateKind::kLost) continue;
    Survival lost = survival;
    lost.fates[i] = {survival.fates[i].change};
    SetSurvival(r, lost, edits);
  }
  if (survival.directory == -1) return;
  Survival whole = survival;
  whole.directory = -1;
  SetSurvival(r, whole, edits);
}

// With at = 1, so that a fault that is far from its step comes near to it.
void MoveError(std::size_t r, std::size_t from_step, std::size_t to_step,
               const IoError& error, Edits& edits) {
  edits.push_back([=](const Plan& from) {
    Plan to = from;
    to.rounds[r].steps[from_step].error.reset();
    to.rounds[r].steps[to_step].error = error;
    return IfChanged(from, std::move(to));
  });
}

void SimplifyCrash(std::size_t r, std::size_t at, const Round& round,
                   Edits& edits) {
  const CrashPoint crash = *round.steps[at].crash;
  const auto place = [&edits, r, at](std::size_t step,
                                     const std::optional<CrashPoint>& point) {
    edits.push_back([=](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      std::vector<Step>& steps = to.rounds[r].steps;
      steps[at].crash.reset();
      if (steps[step].crash.has_value()) return std::nullopt;
      steps[step].crash = point;
      return IfChanged(from, std::move(to));
    });
  };
  const auto with = [&crash](std::int64_t io, Moment moment) {
    CrashPoint point = crash;
    point.io = io;
    point.moment = moment;
    return point;
  };
  place(at, std::nullopt);
  if (crash.is_of_one && !CrashStep(round).has_value()) {
    place(at, CrashPoint{crash.io, crash.moment, crash.survival});
  }
  for (const std::size_t step : Towards<std::size_t>(0, at)) {
    if (round.steps[step].client != round.steps[at].client) continue;
    place(step, with(0, Moment::kBefore));
  }
  const std::size_t first = edits.size();
  for (const std::int64_t io : Towards<std::int64_t>(0, crash.io)) {
    place(at, with(io, io == 0 ? Moment::kBefore : crash.moment));
  }
  AreOfOneNumber(first, edits);
  if (crash.moment != Moment::kBefore) {
    place(at, with(crash.io, Moment::kBefore));
  }
}

}  // namespace

void SimplifyCrashes(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const Round& round = plan.rounds[r];
    for (const auto& at : {DeathStep(round), CrashStep(round)}) {
      if (at.has_value()) SimplifyCrash(r, *at, round, edits);
    }
  }
}

void SimplifySurvivals(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const auto at = CrashStep(plan.rounds[r]);
    if (!at.has_value()) continue;
    const Survival survival = plan.rounds[r].steps[*at].crash->survival;
    for (const SurvivalKind kind : kKinds) {
      if (kind == survival.kind) break;
      SetSurvival(r, {.kind = kind}, edits);
      if (HasNumber(kind) && survival.number != 0) {
        SetSurvival(r, {kind, survival.number}, edits);
      }
    }
    const std::size_t first = edits.size();
    for (const std::uint64_t number :
         Towards<std::uint64_t>(0, survival.number)) {
      Survival smaller = survival;
      smaller.number = number;
      SetSurvival(r, smaller, edits);
    }
    AreOfOneNumber(first, edits);
    if (survival.kind == SurvivalKind::kChosen) {
      SimplifyFates(r, survival, edits);
    }
  }
}

void SimplifyErrors(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const std::vector<Step>& steps = plan.rounds[r].steps;
    const auto step = ErrorStep(plan.rounds[r]);
    if (!step.has_value()) continue;
    const IoError error = *steps[*step].error;
    edits.push_back([r, step](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      to.rounds[r].steps[*step].error.reset();
      return to;
    });
    const auto replace = [&](std::size_t at_step, std::int64_t at,
                             std::int64_t count) {
      MoveError(r, *step, at_step, {error.kind, at, count}, edits);
    };
    if (error.count != 1) replace(*step, error.at, 1);
    const std::size_t first = edits.size();
    for (const std::int64_t at : Towards<std::int64_t>(1, error.at)) {
      replace(*step, at, error.count);
    }
    AreOfOneNumber(first, edits);
    if (error.at == 1) continue;
    for (std::size_t later = *step + 1; later < steps.size(); ++later) {
      replace(later, 1, error.count);
    }
  }
}

void DropTimedKills(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const auto at = TimedKillStep(plan.rounds[r]);
    if (!at.has_value()) continue;
    edits.push_back([r, at](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      to.rounds[r].steps[*at].kill_after_us.reset();
      return to;
    });
  }
}

}  // namespace lastcommit
