#include "results/comparison.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "explain/known_bugs.h"
#include "output/exit_code.h"
#include "results/cell.h"

namespace lastcommit {
namespace {

using Groups = std::vector<FindingGroup>;
using Causes =
    std::map<std::tuple<std::string, std::string, std::vector<std::string>>,
             const FindingGroup*>;

// Only what was shrunk to a shape has one that can be told.
bool HasCause(const FindingGroup& group) {
  return group.first.state == FindingState::kExplained &&
         !group.first.shape.empty();
}

Causes CausesOf(const Summary& summary) {
  Causes causes;
  for (const FindingGroup& group : summary.groups) {
    const Finding& first = group.first;
    if (HasCause(group)) {
      causes[{first.verdict, first.shape, first.looks_like}] = &group;
    }
  }
  return causes;
}

std::vector<std::string> Differences(const LoadedCampaign& before,
                                     const LoadedCampaign& after) {
  std::vector<std::string> differences;
  const auto earlier = TestedIn(before);
  const auto later = TestedIn(after);
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    if (earlier[i].second == later[i].second) continue;
    differences.push_back(absl::StrCat(
        earlier[i].first, ": ", earlier[i].second, ", then ", later[i].second));
  }
  return differences;
}

// Names of the cells of `all` that `others` has not.
std::vector<std::string> CellsWithout(const LoadedCampaign& all,
                                      const LoadedCampaign& others) {
  const NamedCells some = WithNames(others.summary.tally.ledger.cells());
  std::vector<std::string> names;
  for (const auto& [name, count] :
       WithNames(all.summary.tally.ledger.cells())) {
    // Of the signatures each run has others that are rare.
    if (ParseCell(name).group == CellGroup::kSignature) continue;
    if (count > 0 && !some.contains(name)) names.push_back(name);
  }
  return names;
}

std::vector<std::string> NewlyFailed(const Summary& before,
                                     const Summary& after) {
  std::vector<std::string> failed;
  if (!after.properties.has_value()) return failed;
  for (const std::string& name : after.properties->failed) {
    const bool is_known = before.properties.has_value() &&
                          std::count(before.properties->failed.begin(),
                                     before.properties->failed.end(), name) > 0;
    if (!is_known) failed.push_back(name);
  }
  return failed;
}

std::string CauseInWords(const Finding& finding) {
  std::vector<std::string> words;
  if (!finding.shape.empty()) words.push_back("shape " + finding.shape);
  if (!finding.looks_like.empty()) {
    words.push_back("looks like " + JoinedNames(finding.looks_like));
  }
  return absl::StrJoin(words, ", ");
}

PageTable TableOf(const Comparison& comparison) {
  PageTable table = {{{"finding", "since", "times", "cause"}},
                     PageTable::Kind::kWords};
  const auto add = [&table](const Groups& groups, const char* since) {
    for (const FindingGroup& group : groups) {
      table.rows.push_back({group.first.verdict, since,
                            absl::StrCat(group.indexes.size()),
                            CauseInWords(group.first)});
    }
  };
  add(comparison.new_ones, "new");
  add(comparison.known, "known");
  add(comparison.gone, "gone");
  add(comparison.not_compared, "not shrunk, not compared");
  add(comparison.not_compared_before, "before, not shrunk, not compared");
  return table;
}

std::string TrialsInWords(const Tally& tally) {
  const double seconds = tally.seconds();
  const auto trials = static_cast<double>(tally.ledger.trials());
  return absl::StrCat(
      tally.ledger.trials(), " trials",
      seconds > 0 ? absl::StrFormat(", %.1f a second", trials / seconds) : "");
}

void AddNames(const std::string& title, const std::vector<std::string>& names,
              Document& page) {
  if (names.empty()) return;
  page.blocks.emplace_back(
      Paragraph{{{absl::StrCat(title, " (", names.size(), "):")}}});
  Code code;
  for (const std::string& name : names) absl::StrAppend(&code.text, name, "\n");
  page.blocks.emplace_back(std::move(code));
}

nlohmann::json JsonOf(const Groups& groups) {
  nlohmann::json list = nlohmann::json::array();
  for (const FindingGroup& group : groups) {
    list.push_back({{"verdict", group.first.verdict},
                    {"shape", group.first.shape},
                    {"looks_like", group.first.looks_like},
                    {"count", group.indexes.size()},
                    {"seed", absl::StrCat(group.first.key.seed)},
                    {"index", group.first.key.index},
                    {"token", group.first.token}});
  }
  return list;
}

}  // namespace

Comparison Compare(const LoadedCampaign& before, const LoadedCampaign& after) {
  Comparison comparison;
  const Causes earlier = CausesOf(before.summary);
  const Causes later = CausesOf(after.summary);
  for (const auto& [cause, group] : later) {
    (earlier.contains(cause) ? comparison.known : comparison.new_ones)
        .push_back(*group);
  }
  for (const auto& [cause, group] : earlier) {
    if (!later.contains(cause)) comparison.gone.push_back(*group);
  }
  for (const FindingGroup& group : after.summary.groups) {
    if (!HasCause(group)) comparison.not_compared.push_back(group);
  }
  for (const FindingGroup& group : before.summary.groups) {
    if (!HasCause(group)) comparison.not_compared_before.push_back(group);
  }
  comparison.failed = NewlyFailed(before.summary, after.summary);
  comparison.differences = Differences(before, after);
  comparison.new_cells = CellsWithout(after, before);
  comparison.gone_cells = CellsWithout(before, after);
  return comparison;
}

ExitCode CodeOf(const Comparison& comparison, const LoadedCampaign& after) {
  if (!comparison.new_ones.empty() || !comparison.failed.empty()) {
    return ExitCode::kViolated;
  }
  // One that is violated may have done too little to say that nothing is new.
  const Summary& later = after.summary;
  const bool has_verdict =
      later.error.empty() && later.promises.broken.empty() &&
      !later.tally.has_worker_findings() &&
      (!later.properties.has_value() || later.properties->are_complete);
  return has_verdict && comparison.not_compared.empty()
             ? ExitCode::kHeld
             : ExitCode::kNotExercised;
}

std::string InWords(const Comparison& comparison) {
  const auto count = [](const Groups& groups) {
    return groups.empty() ? "none" : absl::StrCat(groups.size());
  };
  std::string words = absl::StrCat(count(comparison.new_ones), " new, ",
                                   count(comparison.known), " known, ",
                                   count(comparison.gone), " gone");
  const auto add = [&words](const Groups& groups, const char* which) {
    if (groups.empty()) return;
    absl::StrAppend(&words, ", ", groups.size(), which,
                    " not shrunk and not compared");
  };
  add(comparison.not_compared, "");
  add(comparison.not_compared_before, " before");
  return words;
}

void AddComparison(const Comparison& comparison, const LoadedCampaign& before,
                   const LoadedCampaign& after, int level, Document& page) {
  page.blocks.emplace_back(
      Paragraph{{{absl::StrCat("Findings: ", InWords(comparison), ".")}}});
  PageTable table = TableOf(comparison);
  if (table.rows.size() > 1) page.blocks.emplace_back(std::move(table));
  if (!comparison.failed.empty()) {
    page.blocks.emplace_back(
        Paragraph{{{"Properties that failed, and had not before: " +
                    absl::StrJoin(comparison.failed, ", ")}}});
  }
  if (!comparison.gone.empty()) {
    page.blocks.emplace_back(Paragraph{
        {{"Gone: not found again, which is no proof that it is mended."}}});
  }
  page.blocks.emplace_back(
      Paragraph{{{absl::StrCat("Before: ", TrialsInWords(before.summary.tally),
                               ", ", Word(before.summary.exit_code),
                               ". After: ", TrialsInWords(after.summary.tally),
                               ", ", Word(after.summary.exit_code), ".")}}});
  if (comparison.differences.empty() && comparison.new_cells.empty() &&
      comparison.gone_cells.empty()) {
    return;
  }
  page.blocks.emplace_back(Heading{level, "What else is different"});
  for (const std::string& difference : comparison.differences) {
    page.blocks.emplace_back(Paragraph{{{difference}}});
  }
  AddNames("Cells of the ledger that are new", comparison.new_cells, page);
  AddNames("Cells of the ledger that are not there any more",
           comparison.gone_cells, page);
}

nlohmann::json JsonOf(const Comparison& comparison) {
  return {{"schema", "lastcommit-comparison-1"},
          {"new", JsonOf(comparison.new_ones)},
          {"known", JsonOf(comparison.known)},
          {"gone", JsonOf(comparison.gone)},
          {"not_compared", JsonOf(comparison.not_compared)},
          {"not_compared_before", JsonOf(comparison.not_compared_before)},
          {"failed_properties", comparison.failed},
          {"differences", comparison.differences},
          {"new_cells", comparison.new_cells},
          {"gone_cells", comparison.gone_cells}};
}

}  // namespace lastcommit
