#include "generate/shrink_edits.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "generate/client_edits.h"
#include "generate/edits.h"
#include "generate/fault_edits.h"
#include "generate/schedule_edits.h"
#include "plan/step_fields.h"

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
        if (step.content.size >= size) continue;
        edits.push_back([dropped, larger, size](const Plan& from) {
          Plan to = from;
          Step& enlarged = to.rounds[larger.first].steps[larger.second];
          enlarged.content.size = size;
          enlarged = OnlyUsedFields(enlarged);
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

// One field of one step, towards its simplest value.
template <typename Int, typename Field>
void SimplifyField(std::size_t r, std::size_t i, const Step& step, Int target,
                   Field field, Edits& edits) {
  Step copy = step;
  const std::size_t first = edits.size();
  for (const Int value : Towards<Int>(target, field(copy))) {
    edits.push_back([r, i, value, field](const Plan& from) {
      Plan to = from;
      field(to.rounds[r].steps[i]) = value;
      return IfChanged(from, std::move(to));
    });
  }
  AreOfOneNumber(first, edits);
}

template <typename Enum>
void SetToDefault(std::size_t r, std::size_t i, const Step& step,
                  Enum Step::*field, Edits& edits) {
  if (step.*field == Step().*field) return;
  edits.push_back([r, i, field](const Plan& from) -> std::optional<Plan> {
    Plan to = from;
    to.rounds[r].steps[i].*field = Step().*field;
    return to;
  });
}

void SimplifyArguments(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    for (std::size_t i = 0; i < plan.rounds[r].steps.size(); ++i) {
      const Step& step = plan.rounds[r].steps[i];
      const auto simplify = [&]<typename Int>(Int target, auto field) {
        SimplifyField<Int>(r, i, step, target, field, edits);
      };
      simplify(std::max(step.invalid_at + 1, 1),
               [](Step& s) -> int& { return s.count; });
      simplify(
          step.kind == StepKind::kAppendLogs && step.invalid_at >= 0 ? 0 : -1,
          [](Step& s) -> int& { return s.invalid_at; });
      simplify(-1, [](Step& s) -> int& { return s.invalid_at; });
      simplify(std::int64_t{0},
               [](Step& s) -> std::int64_t& { return s.content.size; });
      simplify(0, [](Step& s) -> int& { return s.thread; });
      simplify(0, [](Step& s) -> int& { return s.ns; });
      simplify(0, [](Step& s) -> int& { return s.id; });
      simplify(-1, [](Step& s) -> int& { return s.parent; });
      simplify(0, [](Step& s) -> int& { return s.task; });
      simplify(0, [](Step& s) -> int& { return s.idx; });
      simplify(0, [](Step& s) -> int& { return s.replace; });
      simplify(0, [](Step& s) -> int& { return s.stale; });
      simplify(Step().chunk, [](Step& s) -> int& { return s.chunk; });
      simplify(0, [](Step& s) -> int& { return s.keep; });
      simplify(-1, [](Step& s) -> int& { return s.filter; });
      simplify(-1, [](Step& s) -> int& { return s.before; });
      simplify(0, [](Step& s) -> int& { return s.limit; });
      simplify(0, [](Step& s) -> int& { return s.up; });
      if (step.content.seed > 9) {
        simplify(std::uint64_t{0},
                 [](Step& s) -> std::uint64_t& { return s.content.seed; });
      }
      SetToDefault(r, i, step, &Step::mode, edits);
      SetToDefault(r, i, step, &Step::journal_mode, edits);
      SetToDefault(r, i, step, &Step::file, edits);
      SetToDefault(r, i, step, &Step::level, edits);
      SetToDefault(r, i, step, &Step::state, edits);
    }
  }
}

// A kind that does less of the same.
std::optional<StepKind> SimplerKind(StepKind kind) {
  switch (kind) {
    case StepKind::kCommitStep:
      return StepKind::kPutCheckpoint;
    case StepKind::kPutWrites:
      return StepKind::kPutWrite;
    case StepKind::kAppendLogs:
      return StepKind::kAppendLog;
    case StepKind::kStreamBlob:
      return StepKind::kPutBlob;
    default:
      return std::nullopt;
  }
}

void SimplifyKinds(const Plan& plan, Edits& edits) {
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    for (std::size_t i = 0; i < plan.rounds[r].steps.size(); ++i) {
      const auto simpler = SimplerKind(plan.rounds[r].steps[i].kind);
      if (!simpler.has_value()) continue;
      edits.push_back([r, i, simpler](const Plan& from) -> std::optional<Plan> {
        Plan to = from;
        Step& step = to.rounds[r].steps[i];
        step.kind = *simpler;
        step.invalid_at = std::min(step.invalid_at, 0);
        step = OnlyUsedFields(step);
        return to;
      });
    }
  }
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
  Edits edits;
  DropUnreached(plan, edits);
  DropRounds(plan, edits);
  DropClients(plan, edits);
  DropSwitches(plan, edits);
  DropChunks(plan, edits);
  DropTransactions(plan, edits);
  SimplifyCrashes(plan, edits);
  SimplifySurvivals(plan, edits);
  SimplifyErrors(plan, edits);
  DropTimedKills(plan, edits);
  DropImages(plan, edits);
  SimplifyProfile(plan, edits);
  SimplifyKinds(plan, edits);
  SimplifyArguments(plan, edits);
  DropPairs(plan, edits);
  DropForALargerOne(plan, edits);
  return edits;
}

}  // namespace lastcommit
