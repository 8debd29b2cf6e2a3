#include "generate/schedule_edits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace lastcommit {
namespace {

// A plan with no more is left alone: the known races need as few.
constexpr std::size_t kContent = 3;

// Of more switches than that not each pair is tried, nor each earlier place:
// most of them go anyway.
constexpr std::size_t kFew = 32;

// Where a switch is: of a round, of a step, the how-many-th.
struct Place {
  std::size_t round = 0;
  std::size_t step = 0;
  std::size_t number = 0;
};

std::vector<Place> PlacesOfSwitches(const Plan& plan) {
  std::vector<Place> places;
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const std::vector<Step>& steps = plan.rounds[r].steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      for (std::size_t n = 0; n < steps[i].switches.size(); ++n) {
        places.push_back({r, i, n});
      }
    }
  }
  return places;
}

void Erase(const Place& place, Plan& plan) {
  std::vector<Switch>& switches =
      plan.rounds[place.round].steps[place.step].switches;
  switches.erase(switches.begin() + static_cast<std::ptrdiff_t>(place.number));
}

// The same steps with other switches, which a schedule draws where few are
// needed. Out of hundreds, nearly none of which can go without the rest, it is
// a short way to a handful.
void DrawSwitchesAnew(Edits& edits) {
  constexpr Schedule kSchedules[] = {{ScheduleKind::kDirected, 0, 30},
                                     {ScheduleKind::kDirected, 0, 60},
                                     {ScheduleKind::kDirected, 0, 100},
                                     {ScheduleKind::kFew, 0, 10}};
  constexpr std::uint64_t kSeeds = 20;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    for (const Schedule& schedule : kSchedules) {
      edits.push_back([seed, schedule](const Plan& from) {
        Plan to = from;
        for (Round& round : to.rounds) {
          for (Step& step : round.steps) step.switches.clear();
        }
        to.schedule = schedule;
        to.schedule.seed = seed;
        return std::optional(std::move(to));
      });
    }
  }
}

// The first step of the client behind step `from`; nullopt: it has none.
std::optional<std::size_t> NextStepOf(int client, std::size_t from,
                                      const Round& round) {
  for (std::size_t i = from + 1; i < round.steps.size(); ++i) {
    if (round.steps[i].client == client) return i;
  }
  return std::nullopt;
}

// Client 0 opens first and closes last, the others in between.
bool MayMove(std::size_t step, std::size_t to, const Round& round) {
  return to > 0 && step != to && step + 1 < round.steps.size();
}

}  // namespace

void DrawManySwitchesAnew(const Plan& plan, Edits& edits) {
  if (plan.schedule.kind == ScheduleKind::kPlan &&
      PlacesOfSwitches(plan).size() > kFew) {
    DrawSwitchesAnew(edits);
  }
}

void DrawFewSwitchesAnew(const Plan& plan, Edits& edits) {
  const std::size_t switches = PlacesOfSwitches(plan).size();
  if (plan.schedule.kind == ScheduleKind::kPlan && switches > kContent &&
      switches <= kFew) {
    DrawSwitchesAnew(edits);
  }
}

void DropSwitches(const Plan& plan, Edits& edits) {
  // Shared: a schedule may have drawn hundreds.
  const auto places =
      std::make_shared<const std::vector<Place>>(PlacesOfSwitches(plan));
  for (std::size_t chunk = places->size(); chunk >= 1; chunk /= 2) {
    for (std::size_t end = places->size(); end > 0;
         end = end > chunk ? end - chunk : 0) {
      const std::size_t first = end > chunk ? end - chunk : 0;
      edits.push_back([places, first, end](const Plan& from) {
        Plan to = from;
        for (std::size_t p = end; p > first; --p) Erase((*places)[p - 1], to);
        return std::optional(std::move(to));
      });
    }
  }
}

void DropPairsOfSwitches(const Plan& plan, Edits& edits) {
  const std::vector<Place> places = PlacesOfSwitches(plan);
  if (places.size() > kFew) return;
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = a + 1; b < places.size(); ++b) {
      edits.push_back(
          [first = places[a], second = places[b]](const Plan& from) {
            Plan to = from;
            Erase(second, to);
            Erase(first, to);
            return std::optional(std::move(to));
          });
    }
  }
}

// Instead of the switch the order of the steps has it: without a switch a step
// runs to its end before the next one.
void ReorderSteps(const Plan& plan, Edits& edits) {
  for (const Place& place : PlacesOfSwitches(plan)) {
    const Round& round = plan.rounds[place.round];
    const int client = round.steps[place.step].switches[place.number].to;
    const auto next = NextStepOf(client, place.step, round);
    if (!next.has_value()) continue;
    for (const std::size_t to : {place.step, place.step + 1}) {
      if (!MayMove(*next, to, round)) continue;
      edits.push_back([place, next, to](const Plan& from) {
        Plan reordered = from;
        Erase(place, reordered);
        const auto steps = reordered.rounds[place.round].steps.begin();
        const auto moved = steps + static_cast<std::ptrdiff_t>(*next);
        std::rotate(steps + static_cast<std::ptrdiff_t>(to), moved, moved + 1);
        return std::optional(std::move(reordered));
      });
    }
  }
}

void SwitchEarlier(const Plan& plan, Edits& edits) {
  const std::vector<Place> places = PlacesOfSwitches(plan);
  if (places.size() > kFew) return;
  for (const Place& place : places) {
    const Step& step = plan.rounds[place.round].steps[place.step];
    if (place.number > 0) continue;
    const std::size_t first = edits.size();
    for (const std::int64_t at :
         Towards(std::int64_t{0}, step.switches[place.number].at)) {
      edits.push_back([place, at](const Plan& from) -> std::optional<Plan> {
        Plan to = from;
        to.rounds[place.round].steps[place.step].switches[place.number].at = at;
        return to;
      });
    }
    AreOfOneNumber(first, edits);
  }
}

}  // namespace lastcommit
