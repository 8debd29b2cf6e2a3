#include "results/summary.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explain/finding_json.h"
#include "explain/known_bugs.h"
#include "generate/choices.h"
#include "names/names.h"
#include "output/exit_code.h"
#include "output/terminal.h"
#include "output/version.h"
#include "results/identity.h"
#include "results/power_loss_table.h"
#include "results/residual_risk.h"

namespace lastcommit {
namespace {

using nlohmann::json;

std::string TimesOf(const FindingGroup& group) {
  return group.indexes.size() == 1
             ? ""
             : absl::StrCat(" (", group.indexes.size(), " times)");
}

void PrintGroup(const RunOptions& options, const FindingGroup& group) {
  const Finding& finding = group.first;
  if (finding.state != FindingState::kExplained && !finding.is_of_a_worker()) {
    std::printf("finding: %s, not shrunk%s, such as: ", finding.verdict.c_str(),
                TimesOf(group).c_str());
  } else {
    std::printf("finding: %s, %zu lines%s: ", finding.verdict.c_str(),
                finding.lines, TimesOf(group).c_str());
  }
  std::printf(
      "%s\n",
      finding.plan_path.empty()
          ? "not kept"
          : ReplayCommand(options.findings.program, finding.plan_path).c_str());
  if (!finding.looks_like.empty()) {
    std::printf("  looks like %s\n", JoinedNames(finding.looks_like).c_str());
  }
  if (finding.token.empty()) return;
  std::printf("  without the file: %s\n",
              ReplayCommand(options.findings.program, finding.token).c_str());
}

// "3 findings: 2 look like wal-reset-race, 1 unknown".
std::string LikenessesInWords(const Tally& tally) {
  std::int64_t all = 0;
  std::vector<std::string> parts;
  for (const auto& [name, count] : tally.Likenesses()) {
    all += count;
    if (name == JoinedNames({})) continue;
    parts.push_back(
        absl::StrCat(count, count == 1 ? " looks like " : " look like ", name));
  }
  const std::size_t named = parts.size();
  const auto likenesses = tally.Likenesses();
  const auto unknown = likenesses.find(JoinedNames({}));
  if (unknown != likenesses.end()) {
    parts.push_back(absl::StrCat(unknown->second,
                                 unknown->second == 1 ? " looks" : " look",
                                 " like no known bug of SQLite"));
  }
  return absl::StrCat(
      all, all == 1 ? " finding: " : " findings: ", absl::StrJoin(parts, ", "),
      named == 0 ? "" : " (a likeness, and no proof)");
}

void PrintFindings(const RunOptions& options, const Summary& summary) {
  constexpr std::size_t kShown = 3;
  if (summary.tally.has_violations()) {
    std::printf("%s\n", LikenessesInWords(summary.tally).c_str());
  }
  for (std::size_t i = 0; i < summary.groups.size() && i < kShown; ++i) {
    PrintGroup(options, summary.groups[i]);
  }
  if (summary.groups.size() > kShown) {
    std::printf("and %zu more findings in %s\n", summary.groups.size() - kShown,
                options.findings.directory.c_str());
  }
}

// What somebody does who has read the rest.
std::string NextStep(const RunOptions& options, const Summary& summary) {
  const std::string ledger =
      options.show_ledger ? "the ledger above says" : "--ledger shows";
  switch (summary.exit_code) {
    case ExitCode::kViolated:
      return summary.groups.empty()
                 ? "read what is said above"
                 : "run a command above, which tells how it fails";
    case ExitCode::kNotExercised:
      return "run longer, or ask for less; " + ledger + " what never happened";
    case ExitCode::kHeld:
      return "run longer; " + ledger + " what was exercised";
    default:
      return "read the error; nothing is known about the store";
  }
}

// " (15 never came to their crash, 5 without a demand)".
std::string WhyNotJudged(const Ledger& ledger) {
  std::vector<std::string> why;
  const auto add = [&](const char* verdict, const char* words) {
    const std::int64_t count = ledger.Count(VerdictCell(verdict));
    if (count > 0) why.push_back(absl::StrCat(count, words));
  };
  add("skipped(not_reached)", " never came to their crash");
  add("skipped(no_demand)", " without a demand");
  add("worker_died", " ended their worker");
  add("worker_hung", " hung their worker");
  return why.empty() ? "" : absl::StrCat(" (", absl::StrJoin(why, ", "), ")");
}

// The first ones; all of them stand above.
std::string SomeOf(const std::vector<std::string>& all) {
  constexpr std::size_t kShown = 3;
  std::vector<std::string> some = all;
  some.resize(std::min(all.size(), kShown));
  return absl::StrCat(absl::StrJoin(some, "; "),
                      all.size() > kShown
                          ? absl::StrCat("; and ", all.size() - kShown, " more")
                          : "");
}

void PutFirstFinding(const std::optional<FirstFinding>& first, json& value) {
  value["trials_to_first_finding"] = first ? json(first->trials) : json();
  value["seconds_to_first_finding"] =
      first ? json(absl::ToDoubleSeconds(first->after)) : json();
}

json RiskToJson(const ResidualRisk& risk) {
  return {{"crashes", risk.crashes},
          {"signatures", risk.signatures},
          {"seen_once", risk.seen_once},
          {"new_in_last_tenth", risk.new_at_the_end},
          {"unseen", risk.crashes > 0 ? json(risk.unseen()) : json()},
          {"unseen_at_most",
           risk.crashes > 0 ? json(risk.unseen_at_most()) : json()}};
}

json OptionalSeconds(const std::optional<absl::Duration>& limit) {
  return limit ? json(absl::ToDoubleSeconds(*limit)) : json();
}

}  // namespace

void Summary::DecideOutcome(bool has_found) {
  if (has_found || tally.has_violations() ||
      (properties.has_value() && !properties->failed.empty())) {
    exit_code = ExitCode::kViolated;
  } else if (!error.empty() || tally.has_worker_findings()) {
    exit_code = ExitCode::kTesterFailed;
  } else if (!promises.broken.empty() ||
             (properties.has_value() && !properties->are_complete)) {
    exit_code = ExitCode::kNotExercised;
  } else {
    exit_code = ExitCode::kHeld;
  }
}

Summary Summarize(Tally tally, const GenerateOptions& generate) {
  Summary summary;
  summary.tally = std::move(tally);
  summary.groups = Grouped(summary.tally);
  summary.promises = CheckPromises(summary.tally.ledger, generate);
  summary.DecideOutcome(/*has_found=*/false);
  return summary;
}

std::string JudgedInWords(const Summary& summary) {
  const Ledger& ledger = summary.tally.ledger;
  const std::int64_t held = ledger.Count(VerdictCell("held"));
  const std::int64_t judged = ledger.judged();
  std::string text = judged == held
                         ? absl::StrCat(judged, " judged and held")
                         : absl::StrCat(judged, " judged (", held, " held, ",
                                        judged - held, " violated)");
  absl::StrAppend(&text, ", ", ledger.trials() - judged, " not judged",
                  WhyNotJudged(ledger));
  const auto [images, images_without_demand] = PowerLossImages(ledger);
  if (images + images_without_demand > 0) {
    absl::StrAppend(&text, "; after losses of power ", images,
                    " images judged, ", images_without_demand,
                    " without a demand");
  }
  const PromiseReport& promises = summary.promises;
  absl::StrAppend(&text, "; promises: ", promises.kept, " kept, ",
                  promises.broken.size(), " broken, ", promises.pending,
                  " for a longer run");
  if (!promises.broken.empty()) {
    absl::StrAppend(&text, ": ", SomeOf(promises.broken));
  }
  return text;
}

void PrintSummary(const RunOptions& options, const Summary& summary) {
  const Ledger& ledger = summary.tally.ledger;
  const double seconds = absl::ToDoubleSeconds(summary.took);
  const std::int64_t now = ledger.trials() - summary.trials_before;
  const ResidualRisk risk = ResidualRiskOf(summary.tally);
  std::printf("\n%s", options.show_ledger ? ledger.Print().c_str() : "");
  if (options.show_ledger && risk.crashes > 0) {
    std::printf("%s\n", InWords(risk).c_str());
  }
  for (const std::string& broken : summary.promises.broken) {
    std::printf("promise not kept: %s\n", broken.c_str());
  }
  if (options.generate.fault == FaultChoice::kTimedKill) {
    std::printf(
        "%s\nverdicts of timed kills are no function of the seed: the digest "
        "is of the plans alone\n",
        DescribeTimedKills(ledger).c_str());
  }
  std::printf("digest %s\n", summary.tally.digest().c_str());
  PrintFindings(options, summary);
  std::printf("next: %s\n", NextStep(options, summary).c_str());
  const std::string verdict = absl::StrCat(
      summary.was_interrupted ? "interrupted, " : "", Word(summary.exit_code));
  std::printf(
      "%s: %lld trials%s in %.1f s, %.0f per second: %s\n",
      WithColour(verdict, summary.exit_code).c_str(),
      static_cast<long long>(ledger.trials()),
      summary.trials_before == 0 ? "" : absl::StrCat(", ", now, " now").c_str(),
      seconds, seconds > 0 ? static_cast<double>(now) / seconds : 0.0,
      JudgedInWords(summary).c_str());
}

json GroupToJson(const FindingGroup& group) {
  json value = FindingToJson(group.first);
  value.erase("story");  // it is in its file
  value["count"] = group.indexes.size();
  return value;
}

json SummaryToJson(const RunOptions& options, const Summary& summary) {
  json findings = json::array();
  for (const FindingGroup& group : summary.groups) {
    findings.push_back(GroupToJson(group));
  }
  const Tally& tally = summary.tally;
  json value = {
      {"schema", 1},
      {"seed", options.seed},
      {"saver", options.generate.saver},
      {"engine", Word(options.generate.engine)},
      {"fault", Word(options.generate.fault)},
      {"clients", ClientsWord(options.generate.clients)},
      {"schedule", ScheduleWord(options.generate)},
      {"shard", {{"number", options.shard.number}, {"of", options.shard.of}}},
      {"jobs", options.jobs},
      {"time_limit", OptionalSeconds(options.time_limit)},
      {"trial_limit",
       options.trial_limit ? json(*options.trial_limit) : json()},
      {"generator_version", kGeneratorVersion},
      {"tester", TesterVersion()},
      {"sqlite_version", sqlite3_libversion()},
      {"sqlite_source_id", sqlite3_sourceid()},
      {"trials", tally.ledger.trials()},
      {"trials_before", summary.trials_before},
      {"ledger", WithNames(tally.ledger.cells())},
      {"judged", tally.ledger.judged()},
      {"kept_promises", summary.promises.kept},
      {"pending_promises", summary.promises.pending},
      {"broken_promises", summary.promises.broken},
      {"residual_risk", RiskToJson(ResidualRiskOf(tally))},
      {"findings", findings},
      {"likenesses", tally.Likenesses()},
      {"interrupted", summary.was_interrupted},
      {"error", summary.error},
      {"digest", tally.digest()},
      {"seconds", absl::ToDoubleSeconds(summary.took)},
      {"outcome", Word(summary.exit_code)},
      {"exit_code", static_cast<int>(summary.exit_code)}};
  PutFirstFinding(summary.first_finding, value);
  return value;
}

}  // namespace lastcommit
