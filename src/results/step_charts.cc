#include "results/step_charts.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "explain/fault_story.h"
#include "explain/step_words.h"
#include "plan/step_fields.h"

namespace lastcommit {
namespace {

using Kind = StepChart::Kind;

constexpr std::size_t kMostSteps = 200;

std::string InWords(const Step& step) {
  const std::string arguments = ArgumentsInWords(step);
  return absl::StrCat(std::string(NameOf(step)), arguments.empty() ? "" : " ",
                      arguments);
}

// "before VFS call 5: client 1 goes on".
std::string InWords(const Switch& one) {
  const std::string place =
      one.at == 0 ? "before it begins"
                  : absl::StrCat(one.at % 2 == 1 ? "before" : "after",
                                 " VFS call ", (one.at + 1) / 2);
  return absl::StrCat(place, ": client ", one.to, " goes on");
}

StepChart StepChartOf(const Round& round, std::size_t number) {
  const int clients = Clients(round);
  const Company company = clients == 1 ? Company::kAlone : Company::kOthers;
  StepChart chart = {.title = absl::StrCat("Round ", number)};
  for (int i = 0; i < clients; ++i) {
    chart.columns.push_back(absl::StrCat("client ", i));
  }
  std::vector<bool> is_dead(static_cast<std::size_t>(clients));
  const std::size_t shown = std::min(round.steps.size(), kMostSteps);
  for (std::size_t i = 0; i < shown; ++i) {
    const Step& step = round.steps[i];
    const auto client = static_cast<std::size_t>(step.client);
    chart.rows.push_back({is_dead[client] ? Kind::kNotReached : Kind::kStep,
                          absl::StrCat(i), client, InWords(step)});
    for (const Switch& one : step.switches) {
      chart.rows.push_back({.kind = Kind::kMark, .text = InWords(one)});
    }
    for (const std::string& mark : FaultMarks(step, company)) {
      chart.rows.push_back(
          {.kind = step.crash.has_value() ? Kind::kCrash : Kind::kMark,
           .text = absl::StrCat("in step ", i, ": ", mark)});
    }
    if (!step.crash.has_value()) continue;
    if (step.crash->is_of_one) {
      is_dead[client] = true;
    } else {
      is_dead.assign(is_dead.size(), true);
    }
  }
  if (shown < round.steps.size()) {
    chart.rows.push_back(
        {.kind = Kind::kMark,
         .text =
             absl::StrCat("and ", round.steps.size() - shown, " more steps")});
  }
  return chart;
}

}  // namespace

std::vector<StepChart> StepChartsOf(const Plan& plan) {
  std::vector<StepChart> charts;
  for (const Round& round : plan.rounds) {
    charts.push_back(StepChartOf(round, charts.size() + 1));
  }
  return charts;
}

}  // namespace lastcommit
