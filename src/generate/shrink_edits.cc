#include "generate/shrink_edits.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "generate/client_edits.h"
#include "generate/edits.h"
#include "generate/fault_edits.h"
#include "generate/schedule_edits.h"

namespace lastcommit {
namespace {

// One client has no turns to take.
void TidySchedule(Plan& plan) {
  if (Clients(plan) == 1) plan.schedule = {};
}

void DropRounds(const Plan& plan, Edits& edits) {
  if (plan.rounds.size() < 2) return;
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    edits.push_back([r](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      to.rounds.erase(to.rounds.begin() + static_cast<std::ptrdiff_t>(r));
      TidySchedule(to);
      return to;
    });
  }
}

// Removes steps [first, last), but not where other clients than the first open
// and close.
void EraseSteps(Round& round, std::size_t first, std::size_t last) {
  std::vector<Step> kept;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const Step& step = round.steps[i];
    const bool is_frame = step.client != 0 && (step.kind == StepKind::kOpen ||
                                               step.kind == StepKind::kClose);
    if (i < first || i >= last || is_frame) kept.push_back(step);
  }
  round.steps = std::move(kept);
  TidyClients(round);
}

// Steps behind the crash are never run.
void DropUnreached(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    edits.push_back([r](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      std::vector<Step>& steps = to.rounds[r].steps;
      const auto crash = CrashStep(to.rounds[r]);
      if (!crash.has_value() || *crash + 2 >= steps.size()) {
        return std::nullopt;
      }
      EraseSteps(to.rounds[r], *crash + 1, steps.size() - 1);
      TidySchedule(to);
      return IfChanged(from, std::move(to));
    });
  }
}

// Removes steps [first, last) of a round. A crash or an error among them moves
// to the beginning of the step that follows.
std::optional<Plan> WithoutSteps(const Plan& from, std::size_t r,
                                 std::size_t first, std::size_t last) {
  Plan to = from;
  std::vector<Step>& steps = to.rounds[r].steps;
  for (const auto crash : {CrashStep(to.rounds[r]), DeathStep(to.rounds[r])}) {
    if (!crash.has_value() || *crash < first || *crash >= last) continue;
    const CrashPoint moved = {.survival = steps[*crash].crash->survival,
                              .is_of_one = steps[*crash].crash->is_of_one};
    steps[*crash].crash.reset();
    if (!steps[last].crash.has_value()) steps[last].crash = moved;
  }
  const auto error = ErrorStep(to.rounds[r]);
  if (error.has_value() && *error >= first && *error < last) {
    const IoError moved = *steps[*error].error;
    for (std::size_t i = first; i < last; ++i) steps[i].error.reset();
    steps[last].error = moved;
  }
  EraseSteps(to.rounds[r], first, last);
  TidySchedule(to);
  return IfChanged(from, std::move(to));
}

// Halving chunks, so that n scattered steps among many cost n log many runs.
void DropChunks(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const std::size_t inner = plan.rounds[r].steps.size() - 2;
    for (std::size_t chunk = inner; chunk >= 1; chunk /= 2) {
      for (std::size_t end = inner; end > 0;
           end = end > chunk ? end - chunk : 0) {
        const std::size_t first = end > chunk ? end - chunk : 0;
        edits.push_back([r, first, end](const Plan& from) {
          return WithoutSteps(from, r, first + 1, end + 1);
        });
      }
    }
  }
}

// Of so few steps pairs of them are tried, too.
constexpr std::size_t kFewSteps = 24;

using Place = std::pair<std::size_t, std::size_t>;  // of a round, of a step

std::vector<Place> InnerSteps(const Plan& plan) {
  std::vector<Place> places;
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    for (std::size_t i = 1; i + 1 < plan.rounds[r].steps.size(); ++i) {
      places.emplace_back(r, i);
    }
  }
  return places;
}

bool HasContent(const Step& step) {
  const auto& fields = step.operation.spec->vocabulary->fields;
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    return field.place == Field::Place::kSize &&
           step.operation.spec->Uses(field);
  });
}

// One step less, and another one writes more: what the two wrote may matter,
// and not that there were two.
void DropForALargerOne(const Plan& plan, Edits& edits) {
  const std::vector<Place> places = InnerSteps(plan);
  if (places.size() > kFewSteps) return;
  for (const Place& dropped : places) {
    if (!IsChange(plan.rounds[dropped.first].steps[dropped.second].kind)) {
      continue;
    }
    for (const Place& larger : places) {
      const Step& step = plan.rounds[larger.first].steps[larger.second];
      if (larger == dropped || !IsChange(step.kind)) continue;
      for (const std::int64_t size : {1000, 4000}) {
        if (!HasContent(step) || step.operation.content.size >= size) continue;
        edits.push_back([dropped, larger, size](const Plan& from) {
          Plan to = from;
          Step& enlarged = to.rounds[larger.first].steps[larger.second];
          enlarged.operation.content.size = size;
          return WithoutSteps(to, dropped.first, dropped.second,
                              dropped.second + 1);
        });
      }
    }
  }
}

// Two steps that only go together, of any rounds.
void DropPairs(const Plan& plan, Edits& edits) {
  const std::vector<Place> places = InnerSteps(plan);
  if (places.size() > kFewSteps) return;
  for (std::size_t a = 0; a < places.size(); ++a) {
    for (std::size_t b = a + 1; b < places.size(); ++b) {
      edits.push_back([first = places[a], second = places[b]](
                          const Plan& from) -> std::optional<Plan> {
        const auto [round, step] = second;
        const auto without = WithoutSteps(from, round, step, step + 1);
        if (!without.has_value() ||
            without->rounds[first.first].steps.size() <= first.second + 1) {
          return std::nullopt;
        }
        return WithoutSteps(*without, first.first, first.second,
                            first.second + 1);
      });
    }
  }
}

// The step that ends what `begin` began, if it is in the round.
std::optional<std::size_t> EndOf(const std::vector<Step>& steps,
                                 std::size_t begin) {
  const bool is_savepoint = steps[begin].kind == StepKind::kSavepoint;
  int depth = 0;
  for (std::size_t i = begin + 1; i < steps.size(); ++i) {
    if (steps[i].client != steps[begin].client) continue;
    const StepKind kind = steps[i].kind;
    if (kind == StepKind::kCommit || kind == StepKind::kRollback) {
      return is_savepoint ? std::nullopt : std::optional(i);
    }
    if (!is_savepoint) continue;
    if (kind == StepKind::kSavepoint) ++depth;
    if (kind == StepKind::kRelease && depth-- == 0) return i;
  }
  return std::nullopt;
}

// Takes the frame of a transaction or savepoint away and keeps its content, or
// the whole of it at once.
void DropTransactions(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    const std::vector<Step>& steps = plan.rounds[r].steps;
    for (std::size_t i = 1; i + 1 < steps.size(); ++i) {
      if (steps[i].kind != StepKind::kBegin &&
          steps[i].kind != StepKind::kSavepoint) {
        continue;
      }
      const auto end = EndOf(steps, i);
      if (!end.has_value()) continue;
      edits.push_back([r, i, end](const Plan& from) {
        return WithoutSteps(from, r, i, *end + 1);
      });
      edits.push_back([r, i, end](const Plan& from) {
        auto without_end = WithoutSteps(from, r, *end, *end + 1);
        if (!without_end.has_value()) return without_end;
        return WithoutSteps(*without_end, r, i, i + 1);
      });
    }
  }
}

// The `i`-th step of round `r`.
struct StepPlace {
  std::size_t r;
  std::size_t i;

  Step& In(Plan& plan) const { return plan.rounds[r].steps[i]; }
};

// One field of an operation, towards its simplest value.
void SimplifyField(const StepPlace& place, const Operation& operation,
                   const Field& field, Edits& edits) {
  if (field.role == Field::Role::kKept) return;
  const std::size_t first = edits.size();
  const auto add = [&](std::int64_t value) {
    edits.push_back([place, value, &field](const Plan& from) {
      Plan to = from;
      place.In(to).operation.Set(field, value);
      return IfChanged(from, std::move(to));
    });
  };
  const std::int64_t now = operation.Get(field);
  if (field.role == Field::Role::kLeftOut) {
    for (std::int64_t bit = 1; bit <= field.max; bit *= 2) {
      if ((now & bit) == 0) add(now | bit);
    }
    return;
  }
  if (field.place == Field::Place::kSeed) {
    constexpr std::uint64_t kShort = 9;
    if (operation.content.seed <= kShort) return;
    for (const std::uint64_t seed :
         Towards(std::uint64_t{0}, operation.content.seed)) {
      add(static_cast<std::int64_t>(seed));
    }
  } else if (field.word != nullptr) {
    if (now != field.simplest) add(field.simplest);
    return;
  } else {
    // A batch is refused at its first entry rather than in its middle, and
    // then not at all.
    if (field.role == Field::Role::kInvalidAt && now > 0) {
      for (const std::int64_t value : Towards(std::int64_t{0}, now)) add(value);
      AreOfOneNumber(first, edits);
    }
    const std::size_t to_simplest = edits.size();
    for (const std::int64_t value :
         Towards(SimplestOf(field, operation), now)) {
      add(value);
    }
    AreOfOneNumber(to_simplest, edits);
    return;
  }
  AreOfOneNumber(first, edits);
}

// What makes an operation large first, then names and numbers, then what is
// hardly to be seen.
int Boldness(const Field& field) {
  if (field.role == Field::Role::kCount ||
      field.role == Field::Role::kLeftOut) {
    return 0;
  }
  if (field.role == Field::Role::kInvalidAt) return 1;
  if (field.place == Field::Place::kSize) return 2;
  if (field.place == Field::Place::kSeed) return 4;
  return field.word == nullptr ? 3 : 5;
}
constexpr int kBoldnesses = 6;

void SimplifyOperation(const StepPlace& place, const Operation& operation,
                       Edits& edits) {
  for (int boldness = 0; boldness < kBoldnesses; ++boldness) {
    for (const Field& field : operation.spec->vocabulary->fields) {
      if (Boldness(field) == boldness && operation.spec->Uses(field)) {
        SimplifyField(place, operation, field, edits);
      }
    }
  }
}

template <typename Enum>
void SetToDefault(const StepPlace& place, const Step& step, Enum Step::*field,
                  Edits& edits) {
  if (step.*field == Step().*field) return;
  edits.push_back([place, field](const Plan& from) -> std::optional<Plan> {
    Plan to = from;
    place.In(to).*field = Step().*field;
    return to;
  });
}

void SimplifyControl(const StepPlace& place, const Step& step, Edits& edits) {
  const std::size_t first = edits.size();
  for (const int up : Towards(0, step.up)) {
    edits.push_back([place, up](const Plan& from) {
      Plan to = from;
      place.In(to).up = up;
      return IfChanged(from, std::move(to));
    });
  }
  AreOfOneNumber(first, edits);
  SetToDefault(place, step, &Step::mode, edits);
  SetToDefault(place, step, &Step::journal_mode, edits);
  SetToDefault(place, step, &Step::file, edits);
}

// Of each step of the plan.
template <typename Each>
void ForEachStep(const Plan& plan, Each each) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    for (std::size_t i = 0; i < plan.rounds[r].steps.size(); ++i) {
      each(StepPlace{r, i}, plan.rounds[r].steps[i]);
    }
  }
}

void SimplifyArguments(const Plan& plan, Edits& edits) {
  ForEachStep(plan, [&](const StepPlace& place, const Step& step) {
    if (step.operation.spec != nullptr) {
      SimplifyOperation(place, step.operation, edits);
    } else {
      SimplifyControl(place, step, edits);
    }
  });
}

void SimplifyKinds(const Plan& plan, Edits& edits) {
  ForEachStep(plan, [&](const StepPlace& place, const Step& step) {
    const OperationSpec* const spec = step.operation.spec;
    if (spec == nullptr || spec->simpler == nullptr) return;
    edits.push_back([place, simpler = spec->simpler](
                        const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      Operation& operation = place.In(to).operation;
      operation = As(*simpler, operation);
      return to;
    });
  });
}

template <typename Value>
void SetProfile(const Plan& plan, Value Profile::*field, Value value,
                Edits& edits) {
  if (plan.profile.*field == value) return;
  edits.push_back([field, value](const Plan& from) -> std::optional<Plan> {
    Plan to = from;
    to.profile.*field = value;
    return to;
  });
}

void SimplifyProfile(const Plan& plan, Edits& edits) {
  const Profile simplest;
  if (plan.profile != simplest) {
    edits.push_back([](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      to.profile = Profile();
      return to;
    });
  }
  SetProfile(plan, &Profile::journal_mode, simplest.journal_mode, edits);
  SetProfile(plan, &Profile::synchronous, simplest.synchronous, edits);
  SetProfile(plan, &Profile::page_size, simplest.page_size, edits);
  SetProfile(plan, &Profile::cache_size, simplest.cache_size, edits);
  SetProfile(plan, &Profile::wal_autocheckpoint, simplest.wal_autocheckpoint,
             edits);
  SetProfile(plan, &Profile::sector_size, simplest.sector_size, edits);
  SetProfile(plan, &Profile::powersafe_overwrite, simplest.powersafe_overwrite,
             edits);
}

void DropImages(const Plan& plan, Edits& edits) {
  for (const int images : Towards(0, plan.images)) {
    edits.push_back([images](const Plan& from) -> std::optional<Plan> {
      Plan to = from;
      to.images = images;
      return to;
    });
  }
}

}  // namespace

std::vector<Edit> SimplerEdits(const Plan& plan) {
  constexpr void (*kKinds[])(const Plan&, Edits&) = {
      DropUnreached,        DropRounds,      DropClients,
      DrawManySwitchesAnew, DropSwitches,    DropChunks,
      DropTransactions,     ReorderSteps,    DrawFewSwitchesAnew,
      DropPairsOfSwitches,  SwitchEarlier,   SimplifyCrashes,
      SimplifySurvivals,    SimplifyErrors,  DropTimedKills,
      DropImages,           SimplifyProfile, SimplifyKinds,
      SimplifyArguments,    DropPairs,       DropForALargerOne};
  Edits edits;
  int kind = 0;
  for (const auto& make : kKinds) {
    const std::size_t first = edits.size();
    make(plan, edits);
    for (std::size_t i = first; i < edits.size(); ++i) edits[i].kind = kind;
    ++kind;
  }
  return edits;
}

}  // namespace lastcommit
