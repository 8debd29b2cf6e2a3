#include "results/cell.h"

#include <span>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "generate/choices.h"
#include "names/names.h"

namespace lastcommit {
namespace {

constexpr Names<CellGroup, CellGroup::kUnknown> kGroups(
    "trials", "steps", "commits", "verdict", "plans", "exercised", "round",
    "crash", "moment", "timed_kill", "power_loss", "images", "errors",
    "survival", "clients", "schedule", "removal", "outcome", "signature",
    "recorded", "");
constexpr Names<CrashKind, CrashKind::kPowerLoss> kCrashes("none", "kill",
                                                           "timed_kill",
                                                           "power_loss");

enum class Field {
  kEngine,
  kFault,
  kCrash,
  kJournalMode,
  kSynchronous,
  kPhase,
  kClients,
  kWhat
};

// The fields that the cells of a group have. A group may have two forms.
struct Form {
  CellGroup group;
  std::vector<Field> fields;
};

const std::vector<Form>& Forms() {
  using G = CellGroup;
  using F = Field;
  static const std::vector<Form> kForms = {
      {G::kTrials, {}},
      {G::kSteps, {}},
      {G::kCommits, {}},
      {G::kVerdict, {F::kWhat}},
      {G::kPlans, {F::kEngine, F::kFault, F::kClients}},
      {G::kExercised, {F::kEngine, F::kFault, F::kClients}},
      {G::kRound, {F::kEngine, F::kCrash, F::kJournalMode}},
      {G::kCrash, {F::kEngine, F::kCrash, F::kJournalMode, F::kPhase}},
      {G::kMoment, {F::kWhat}},
      {G::kTimedKill, {F::kWhat}},
      {G::kPowerLoss, {F::kJournalMode, F::kSynchronous, F::kWhat}},
      {G::kImages, {F::kWhat}},
      {G::kErrors, {F::kWhat}},
      {G::kErrors, {F::kEngine, F::kWhat}},
      {G::kSurvival, {F::kEngine, F::kWhat}},
      {G::kClients, {F::kClients}},
      {G::kClients, {F::kEngine, F::kWhat}},
      {G::kSchedule, {F::kEngine, F::kWhat}},
      {G::kRemoval, {F::kEngine, F::kWhat}},
      {G::kOutcome, {F::kWhat}},
      {G::kSignature, {F::kEngine, F::kWhat}},
      {G::kRecorded, {F::kWhat}}};
  return kForms;
}

template <typename Value>
bool Take(std::optional<Value> parsed, std::optional<Value>& field) {
  field = parsed;
  return parsed.has_value();
}

// False: it is no value of that field.
bool TakePart(Field field, const std::string& part, Cell& cell) {
  switch (field) {
    case Field::kEngine:
      return Take(ParseEngine(part), cell.engine);
    case Field::kFault:
      return Take(ParseFaultChoice(part), cell.fault);
    case Field::kCrash:
      return Take(kCrashes.Parse(part), cell.crash);
    case Field::kJournalMode:
      return Take(saver::ParseJournalMode(part), cell.journal_mode);
    case Field::kSynchronous:
      return Take(saver::ParseSynchronous(part), cell.synchronous);
    case Field::kPhase:
      return Take(ParseNamed<Phase>(kPhases, part), cell.phase);
    case Field::kClients:
      return absl::SimpleAtoi(part, &cell.clients.emplace());
    case Field::kWhat:
      cell.what = part;
      return true;
  }
  return false;
}

std::optional<Cell> ParseAs(const Form& form,
                            std::span<const std::string> parts) {
  if (parts.size() != form.fields.size()) return std::nullopt;
  Cell cell = {.group = form.group};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!TakePart(form.fields[i], parts[i], cell)) return std::nullopt;
  }
  return cell;
}

Cell CellOf(CellGroup group, const Combination& combination) {
  return {.group = group,
          .engine = combination.engine,
          .fault = combination.fault,
          .clients = combination.clients};
}

}  // namespace

std::string_view Name(CrashKind crash) { return kCrashes.Of(crash); }

std::string Name(const Cell& cell) {
  if (cell.group == CellGroup::kUnknown) return cell.what;
  std::string name(kGroups.Of(cell.group));
  const auto append = [&](const auto& field) {
    if (field.has_value()) absl::StrAppend(&name, "/", Word(*field));
  };
  append(cell.engine);
  append(cell.fault);
  append(cell.crash);
  append(cell.journal_mode);
  append(cell.synchronous);
  append(cell.phase);
  if (cell.clients.has_value()) absl::StrAppend(&name, "/", *cell.clients);
  if (!cell.what.empty()) absl::StrAppend(&name, "/", cell.what);
  return name;
}

Cell ParseCell(std::string_view name) {
  const std::vector<std::string> parts =
      absl::StrSplit(absl::string_view(name.data(), name.size()), '/');
  for (const Form& form : Forms()) {
    if (parts.front() != kGroups.Of(form.group)) continue;
    std::optional<Cell> cell = ParseAs(form, std::span(parts).subspan(1));
    // "clients/02" is no other name of "clients/2".
    if (cell.has_value() && Name(*cell) == name) return *std::move(cell);
  }
  return {.what = std::string(name)};
}

NamedCells WithNames(const Cells& cells) {
  NamedCells named;
  for (const auto& [cell, count] : cells) named.emplace(Name(cell), count);
  return named;
}

Cells ParseCells(const NamedCells& named) {
  Cells cells;
  for (const auto& [name, count] : named) cells.emplace(ParseCell(name), count);
  return cells;
}

Cell VerdictCell(std::string_view verdict) {
  return {.group = CellGroup::kVerdict, .what = std::string(verdict)};
}

Cell PlansCell(const Combination& combination) {
  return CellOf(CellGroup::kPlans, combination);
}

Cell ExercisedCell(const Combination& combination) {
  return CellOf(CellGroup::kExercised, combination);
}

}  // namespace lastcommit
