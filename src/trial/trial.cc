#include "trial/trial.h"

namespace lastcommit {
namespace {

Survival SurvivalOf(const Round& round) {
  const std::optional<std::size_t> step = CrashStep(round);
  return step.has_value() ? round.steps[*step].crash->survival : Survival();
}

// The crash takes the place of the one of its kind.
void SetCrash(const CrashPlace& place, const Survival& survival, bool is_of_one,
              Round& round) {
  const auto former = is_of_one ? DeathStep(round) : CrashStep(round);
  if (former.has_value()) round.steps[*former].crash.reset();
  round.steps[place.step].crash =
      CrashPoint{place.point.io, place.point.moment, survival, is_of_one};
}

void DropDeath(Round& round) {
  const auto death = DeathStep(round);
  if (death.has_value()) round.steps[*death].crash.reset();
}

// The crash that kills one client is set first: the other may belong to the
// step that the plan had the first one at.
void SetCrashes(const RoundFacts& facts, Round& round) {
  const Survival survival = SurvivalOf(round);
  if (facts.crashed) {
    const auto crash = CrashStep(round);
    if (crash.has_value()) round.steps[*crash].crash.reset();
  }
  if (facts.has_death) SetCrash(facts.death, {}, /*is_of_one=*/true, round);
  if (!facts.crashed) return;
  if (!facts.has_death) DropDeath(round);
  SetCrash(facts.crash, survival, /*is_of_one=*/false, round);
}

Plan WithExactSwitches(Plan plan, const TrialResult& result) {
  // Clients that run freely have made no switch.
  if (Clients(plan) == 1 || RunsFreely(plan)) return plan;
  plan.schedule = {};
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) step.switches.clear();
  }
  for (const TakenSwitch& taken : result.switches) {
    plan.rounds[taken.round].steps[taken.step].switches.push_back(taken.what);
  }
  return plan;
}

}  // namespace

bool IsCrashMissing(const Round& round, const RoundFacts& facts) {
  if (facts.crashed) return false;
  return CrashStep(round).has_value() ||
         (DeathStep(round).has_value() && !facts.has_death);
}

Plan WithExactCrashes(const Plan& plan, const TrialResult& result) {
  Plan exact = WithExactSwitches(plan, result);
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const RoundFacts& facts = result.rounds[r];
    if (!facts.timed) SetCrashes(facts, exact.rounds[r]);
  }
  if (!result.violated_image.has_value()) return exact;
  const ViolatedImage& image = *result.violated_image;
  exact.images = 0;
  exact.rounds.resize(image.round + 1);
  Round& round = exact.rounds.back();
  if (!image.is_after_death) DropDeath(round);
  SetCrash(image.place, image.survival, /*is_of_one=*/false, round);
  return exact;
}

}  // namespace lastcommit
