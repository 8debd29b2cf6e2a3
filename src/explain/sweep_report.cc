#include "explain/sweep_report.h"

#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "explain/finding.h"
#include "explain/known_bugs.h"
#include "output/exit_code.h"
#include "output/version.h"

namespace lastcommit {
namespace {

using nlohmann::json;

std::string Line(const std::string& name, const SweepCounts& counts) {
  return absl::StrFormat("  %-18s%13d%9d%12d%9d%11d%14d%12d\n", name,
                         counts.crash_points, counts.images, counts.duplicates,
                         counts.judged, counts.no_demand, counts.lost_commits,
                         counts.violations);
}

std::string PrintTable(const SweepSummary& summary) {
  std::string text =
      absl::StrFormat("  %-18s%13s%9s%12s%9s%11s%14s%12s\n", "I/O call",
                      "crash points", "images", "duplicates", "judged",
                      "no demand", "commits lost", "violations");
  for (const auto& [row, counts] : summary.rows) {
    text += Line(NameOf(row), counts);
  }
  return text + Line("all", summary.Total());
}

std::string PrintNotes(const SweepSummary& summary,
                       const SweepOptions& options) {
  std::string text =
      "duplicates: the same bytes and the same legal cuts as another image, "
      "not examined again; commits lost: images without an acknowledged "
      "commit, where that is legal\n";
  if (summary.thinned_crash_points > 0) {
    absl::StrAppend(&text, "at ", summary.thinned_crash_points,
                    " crash points more than ", options.limits.changes,
                    " changes were unsynced, and only so many were lost one by "
                    "one\n");
  }
  return text;
}

std::string PrintFindings(const SweepSummary& summary) {
  std::string text;
  for (const auto& [name, images] : summary.violations) {
    absl::StrAppend(&text, "violated(", name, "): ", images, " images\n");
    for (const SweepFinding& finding : summary.findings) {
      if (finding.filed_under != name) continue;
      absl::StrAppend(&text, "  ", finding.plan_path, ": ", finding.repeats,
                      "\n");
      if (finding.looks_like.empty()) continue;
      absl::StrAppend(&text, "  looks like ", JoinedNames(finding.looks_like),
                      " (a likeness, and no proof)\n");
    }
  }
  return text;
}

}  // namespace

std::string NameOf(const SweepRow& row) {
  if (!row.has_value()) return "between two steps";
  return absl::StrCat(std::string(Name(row->first)), " ",
                      std::string(Name(row->second)));
}

std::string OutcomeOf(const SweepSummary& summary) {
  if (!summary.without_crash.held()) {
    return absl::StrCat(Word(summary.exit_code()),
                        ": nothing was swept: without a crash in round ",
                        summary.round + 1, " it is ",
                        Name(summary.without_crash));
  }
  const SweepCounts total = summary.Total();
  return absl::StrCat(
      summary.was_interrupted ? "interrupted, " : "", Word(summary.exit_code()),
      ": ", total.judged - total.violations, " images held, ", total.violations,
      " violated, ", total.no_demand, " not judged, without a demand",
      total.no_demand > 0
          ? absl::StrCat(", of these ", total.damaged, " damaged")
          : "",
      "; ", total.crash_points, " of ", summary.crash_points,
      " crash points of round ", summary.round + 1);
}

std::string PrintSweep(const SweepSummary& summary,
                       const SweepOptions& options) {
  if (!summary.without_crash.held()) {
    return absl::StrCat(summary.without_crash.why, "\n", OutcomeOf(summary),
                        "\n");
  }
  return absl::StrCat(PrintTable(summary), PrintNotes(summary, options),
                      PrintFindings(summary), OutcomeOf(summary), "\n");
}

json SweepToJson(const SweepSummary& summary, const SweepOptions& options) {
  const auto counts_of = [](const SweepCounts& counts) {
    return json{{"crash_points", counts.crash_points},
                {"images", counts.images},
                {"duplicates", counts.duplicates},
                {"judged", counts.judged},
                {"no_demand", counts.no_demand},
                {"damaged", counts.damaged},
                {"lost_commits", counts.lost_commits},
                {"violations", counts.violations}};
  };
  json calls = json::array();
  for (const auto& [row, counts] : summary.rows) {
    json call = counts_of(counts);
    call["call"] =
        row.has_value() ? json(std::string(Name(row->first))) : json();
    call["file"] =
        row.has_value() ? json(std::string(Name(row->second))) : json();
    calls.push_back(call);
  }
  json findings = json::array();
  for (const SweepFinding& finding : summary.findings) {
    findings.push_back({{"class", finding.filed_under},
                        {"plan", finding.plan_path},
                        {"looks_like", finding.looks_like},
                        {"repeats", finding.repeats}});
  }
  return {{"schema", 1},
          {"tester", TesterVersion()},
          {"sqlite_version", sqlite3_libversion()},
          {"sqlite_source_id", sqlite3_sourceid()},
          {"round", summary.round + 1},
          {"crash_points", summary.crash_points},
          {"random", options.limits.random},
          {"seed", options.limits.seed},
          {"changes", options.limits.changes},
          {"most", options.limits.images},
          {"without_crash", Name(summary.without_crash)},
          {"calls", calls},
          {"total", counts_of(summary.Total())},
          {"thinned_crash_points", summary.thinned_crash_points},
          {"violations", summary.violations},
          {"findings", findings},
          {"complete", summary.is_complete},
          {"interrupted", summary.was_interrupted},
          {"error", summary.error},
          {"outcome", Word(summary.exit_code())},
          {"exit_code", static_cast<int>(summary.exit_code())}};
}

}  // namespace lastcommit
