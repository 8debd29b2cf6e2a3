#include "explain/shape.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "names/names.h"

namespace lastcommit {
namespace {

std::string WordOf(const Step& step) {
  std::string word =
      absl::StrCat(step.client == 0 ? "" : absl::StrCat(step.client, "."),
                   std::string(NameOf(step)), step.switches.empty() ? "" : "~");
  if (step.error.has_value()) {
    absl::StrAppend(&word, "?", Word(step.error->kind));
  }
  if (!step.crash.has_value()) return word;
  const SurvivalKind survival = step.crash->survival.kind;
  return absl::StrCat(word, step.crash->io == 0 ? "!!" : "!",
                      survival == SurvivalKind::kAll ? "" : Word(survival));
}

void AppendRound(const Round& round, std::string& shape) {
  std::string last;
  for (const Step& step : round.steps) {
    const std::string word = WordOf(step);
    if (word != last) {
      absl::StrAppend(&shape, " ", word);
    } else if (!shape.ends_with('*')) {
      shape += '*';
    }
    last = word;
  }
}

}  // namespace

std::string ShapeOf(const Plan& plan, ViolationClass violation) {
  std::string shape =
      absl::StrCat(Word(violation), " ", Word(plan.profile.journal_mode), ":");
  for (std::size_t i = 0; i < plan.rounds.size(); ++i) {
    if (i > 0) shape += " /";
    AppendRound(plan.rounds[i], shape);
  }
  return shape;
}

}  // namespace lastcommit
