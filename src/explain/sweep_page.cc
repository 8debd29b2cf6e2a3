#include "explain/sweep_page.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "explain/finding.h"
#include "explain/story.h"
#include "explain/sweep_report.h"
#include "names/names.h"
#include "output/exit_code.h"
#include "output/version.h"

namespace lastcommit {
namespace {

// Those that a sweep tries.
constexpr SurvivalKind kColumns[] = {
    SurvivalKind::kAll,     SurvivalKind::kNone,         SurvivalKind::kPrefix,
    SurvivalKind::kLoseOne, SurvivalKind::kFilePrefixes, SurvivalKind::kSubset};

// "3 of 40 violated", "40 held", "40 without a demand".
std::string CellOf(const SweepCounts& counts) {
  if (counts.violations > 0) {
    return absl::StrCat(counts.violations, " of ", counts.images, " violated");
  }
  if (counts.judged == 0) {
    return absl::StrCat(counts.no_demand, " without a demand");
  }
  return absl::StrCat(
      counts.judged, " held",
      counts.no_demand > 0
          ? absl::StrCat(", ", counts.no_demand, " without a demand")
          : "");
}

PageTable MatrixOf(const SweepSummary& summary) {
  PageTable table = {{{"I/O call"}}, PageTable::Kind::kVerdicts};
  for (const SurvivalKind survival : kColumns) {
    table.rows.front().push_back(survival == SurvivalKind::kAll
                                     ? "all (a kill)"
                                     : std::string(Name(survival)));
  }
  for (const auto& [row, all] : summary.rows) {
    std::vector<std::string> cells = {NameOf(row)};
    for (const SurvivalKind survival : kColumns) {
      const auto cell = summary.cells.find({row, survival});
      cells.push_back(cell == summary.cells.end() ? "-" : CellOf(cell->second));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

Paragraph Said(std::string text) { return {{{std::move(text)}}}; }

}  // namespace

Document PageOf(const SweepSummary& summary, const SweepOptions& options,
                const Plan& plan) {
  const ExitCode code = summary.exit_code();
  Document page = {.title = "lastcommit: a sweep of " + plan.saver,
                   .verdict = Word(code),
                   .tone = ToneOf(code)};
  page.blocks.emplace_back(Said(OutcomeOf(summary)));
  if (!summary.without_crash.held()) {
    page.blocks.emplace_back(Code{summary.without_crash.why});
  }
  if (!summary.error.empty()) {
    page.blocks.emplace_back(Said("It ended with an error: " + summary.error));
  }
  page.blocks.emplace_back(
      Said(absl::StrCat(TesterVersion(), ", ", SqliteUnderTest(), ", seed ",
                        options.limits.seed)));
  page.blocks.emplace_back(Heading{2, "Findings"});
  if (summary.findings.empty()) page.blocks.emplace_back(Said("None."));
  for (const SweepFinding& finding : summary.findings) {
    page.blocks.emplace_back(
        Heading{3, absl::StrCat("violated(", finding.filed_under, ")")});
    page.blocks.emplace_back(Said("It repeats: " + finding.repeats));
    page.blocks.emplace_back(
        Code{ReplayCommand(options.program, finding.plan_path)});
  }
  page.blocks.emplace_back(Heading{2, "Each call, and what survived"});
  page.blocks.emplace_back(MatrixOf(summary));
  page.blocks.emplace_back(Said(
      "A cell counts the images after crashes at calls of that kind: all of "
      "what was not synced survives, nothing, the first changes, all but one, "
      "of each file the first ones, any. Duplicates of an image count again."));
  page.blocks.emplace_back(Heading{2, "The plan"});
  page.blocks.emplace_back(Code{ReadableProgram(plan)});
  return page;
}

}  // namespace lastcommit
