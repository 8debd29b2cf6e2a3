#include "results/report_json.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "output/exit_code.h"
#include "results/cell.h"
#include "results/night_properties.h"
#include "results/summary.h"

namespace lastcommit {

nlohmann::json JsonOf(const LoadedCampaign& campaign) {
  const Summary& summary = campaign.summary;
  const Tally& tally = summary.tally;
  nlohmann::json findings = nlohmann::json::array();
  for (const FindingGroup& group : summary.groups) {
    findings.push_back(GroupToJson(group));
  }
  nlohmann::json tested = nlohmann::json::object();
  for (auto& [name, value] : TestedIn(campaign)) tested[name] = value;
  nlohmann::json properties;
  if (summary.properties.has_value()) {
    properties = {{"passed", summary.properties->passed},
                  {"failed", summary.properties->failed},
                  {"complete", summary.properties->are_complete}};
  }
  const bool has_ended =
      !tally.sessions.empty() && tally.sessions.back().end.has_value();
  return {
      {"schema", "lastcommit-report-1"},
      {"tested", std::move(tested)},
      {"trials", tally.ledger.trials()},
      {"judged", tally.ledger.judged()},
      {"ledger", WithNames(tally.ledger.cells())},
      {"findings", std::move(findings)},
      {"kept_promises", summary.promises.kept},
      {"pending_promises", summary.promises.pending},
      {"broken_promises", summary.promises.broken},
      {"properties", std::move(properties)},
      {"runs", tally.sessions.size()},
      {"seconds", tally.seconds()},
      {"ended", has_ended},
      {"interrupted", has_ended && tally.sessions.back().end->was_interrupted},
      {"error", summary.error},
      {"digest", tally.digest()},
      {"outcome", Word(summary.exit_code)},
      {"exit_code", static_cast<int>(summary.exit_code)}};
}

std::vector<JUnitCase> CasesOf(const LoadedCampaign& campaign) {
  const Summary& summary = campaign.summary;
  std::string text = absl::StrCat(summary.tally.ledger.trials(),
                                  " trials: ", JudgedInWords(summary));
  if (summary.properties.has_value()) {
    absl::StrAppend(&text, "\nproperties: ", Describe(*summary.properties));
  }
  if (!summary.error.empty()) {
    absl::StrAppend(&text,
                    "\nthe last run ended with an error: ", summary.error);
  }
  std::vector<JUnitCase> cases = {
      {"campaign", summary.exit_code, std::move(text)}};
  for (const FindingGroup& group : summary.groups) {
    const Finding& finding = group.first;
    cases.push_back(
        {absl::StrCat(finding.verdict, finding.shape.empty() ? "" : ", shape ",
                      finding.shape, ", first at index ", finding.key.index),
         finding.is_of_a_worker() ? ExitCode::kTesterFailed
                                  : ExitCode::kViolated,
         absl::StrCat(finding.verdict, ", ", group.indexes.size(), " times",
                      finding.plan_path.empty() ? "" : ": ", finding.plan_path,
                      "\n", finding.story)});
  }
  return cases;
}

}  // namespace lastcommit
