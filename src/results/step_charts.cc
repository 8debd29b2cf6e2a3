#include "results/step_charts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explain/fault_story.h"
#include "explain/step_words.h"
#include "plan/step_fields.h"

namespace lastcommit {
namespace {

using Kind = StepChart::Kind;

constexpr std::size_t kMostSteps = 200;
constexpr std::size_t kMostSwitches = 12;  // of one step

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

using Rows = std::vector<StepChart::Row>;

void AddMark(Kind kind, std::string text, Rows& rows) {
  rows.push_back({.kind = kind, .text = std::move(text)});
}

void AddSwitches(const Step& step, Rows& rows) {
  const std::size_t shown = std::min(step.switches.size(), kMostSwitches);
  for (std::size_t i = 0; i < shown; ++i) {
    AddMark(Kind::kMark, InWords(step.switches[i]), rows);
  }
  if (shown < step.switches.size()) {
    AddMark(
        Kind::kMark,
        absl::StrCat("and ", step.switches.size() - shown, " more switches"),
        rows);
  }
}

// The last mark of a step that ends is how.
void AddFaults(const Step& step, std::size_t number, Company company,
               Rows& rows) {
  const std::vector<std::string> marks = FaultMarks(step, company);
  const bool is_end = step.crash.has_value() || step.kill_after_us.has_value();
  for (std::size_t i = 0; i < marks.size(); ++i) {
    const bool is_last = i + 1 == marks.size();
    AddMark(is_end && is_last ? Kind::kCrash : Kind::kMark,
            absl::StrCat("in step ", number, ": ", marks[i]), rows);
  }
}

StepChart StepChartOf(const Round& round, std::size_t number,
                      const StoryFacts& facts) {
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
    chart.rows.push_back(
        {is_dead[client] ? Kind::kNotReached : Kind::kStep, absl::StrCat(i),
         client,
         absl::StrCat(InWords(step),
                      is_dead[client] ? " (only if the kill comes later)" : ""),
         facts.AcknowledgedBy(number - 1, i)});
    AddSwitches(step, chart.rows);
    AddFaults(step, i, company, chart.rows);
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
  const std::string end = facts.EndOf(number - 1);
  if (!end.empty()) AddMark(Kind::kMark, end, chart.rows);
  return chart;
}

}  // namespace

std::vector<StepChart> StepChartsOf(const Plan& plan, const StoryFacts& facts) {
  std::vector<StepChart> charts;
  for (const Round& round : plan.rounds) {
    charts.push_back(StepChartOf(round, charts.size() + 1, facts));
  }
  return charts;
}

}  // namespace lastcommit
