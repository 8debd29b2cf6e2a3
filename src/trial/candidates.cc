#include "trial/candidates.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lastcommit {
namespace {

struct Place {
  std::size_t step = 0;
  IoPoint point;
};

// Where a kill at this position may stand instead: the call it was in or
// behind, its neighbours, and the beginning of the next step, which is the only
// place behind the last call that is no call.
std::vector<Place> PlacesNear(const CrashPlace& crash, std::size_t steps) {
  const std::size_t step = crash.step;
  const std::int64_t io = crash.point.io;
  const Place next = {std::min(step + 1, steps - 1), {}};
  const auto at = [&](std::int64_t ordinal, Moment moment) {
    return Place{step, {ordinal, moment}};
  };
  std::vector<Place> places;
  if (io == 0) {
    places = {at(1, Moment::kBefore), at(0, Moment::kBefore), next};
  } else if (crash.point.moment == Moment::kAfter) {
    places = {at(io, Moment::kAfter), at(io + 1, Moment::kBefore), next,
              at(io, Moment::kDuring), at(io, Moment::kBefore)};
  } else {
    places = {at(io, Moment::kDuring), at(io, Moment::kAfter),
              at(io, Moment::kBefore), next};
  }
  places.push_back(at(io + 1, Moment::kDuring));
  places.push_back(at(io + 1, Moment::kAfter));
  if (io > 1) places.push_back(at(io - 1, Moment::kAfter));
  return places;
}

void MoveCrash(const Place& place, Round& round) {
  for (Step& step : round.steps) step.crash.reset();
  round.steps[place.step].crash = {place.point.io, place.point.moment};
}

bool IsTimedAndCrashed(const RoundFacts& facts) {
  return facts.timed && facts.crashed;
}

// Few switches in the right place are mostly enough.
std::vector<Plan> Scheduled(const Plan& plan) {
  constexpr std::uint64_t kSeeds = 20;
  constexpr Schedule kKinds[] = {{ScheduleKind::kDirected, 0, 60},
                                 {ScheduleKind::kFew, 0, 10},
                                 {ScheduleKind::kRandom, 0, 10}};
  std::vector<Plan> candidates = {plan};
  candidates.back().schedule = Schedule();
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    for (const Schedule& kind : kKinds) {
      candidates.push_back(plan);
      candidates.back().schedule = {kind.kind, seed, kind.rate};
    }
  }
  return candidates;
}

}  // namespace

std::vector<Plan> DeterministicCandidates(const Plan& plan,
                                          const TrialResult& result) {
  if (RunsFreely(plan)) return Scheduled(plan);
  Plan likeliest = plan;
  for (Round& round : likeliest.rounds) {
    for (Step& step : round.steps) step.kill_after_us.reset();
  }
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    if (!IsTimedAndCrashed(result.rounds[r])) continue;
    MoveCrash(
        PlacesNear(result.rounds[r].crash, plan.rounds[r].steps.size()).front(),
        likeliest.rounds[r]);
  }
  std::vector<Plan> candidates = {likeliest};
  // One kill at a time, and first the last one, which did the harm.
  for (std::size_t r = result.rounds.size(); r-- > 0;) {
    if (!IsTimedAndCrashed(result.rounds[r])) continue;
    for (const Place& place :
         PlacesNear(result.rounds[r].crash, plan.rounds[r].steps.size())) {
      if (candidates.size() == kMaxCandidates) return candidates;
      Plan candidate = likeliest;
      MoveCrash(place, candidate.rounds[r]);
      if (candidate != likeliest) candidates.push_back(std::move(candidate));
    }
  }
  return candidates;
}

}  // namespace lastcommit
