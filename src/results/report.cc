#include "results/report.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "explain/known_bugs.h"
#include "generate/choices.h"
#include "names/names.h"
#include "output/exit_code.h"
#include "results/campaign_directory.h"
#include "results/combination_table.h"
#include "results/markdown.h"
#include "results/power_loss_table.h"
#include "results/results_file.h"
#include "results/summary.h"
#include "results/unrecorded.h"
#include "status/status.h"
#include "trial/trial.h"

namespace lastcommit {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string Time(double seconds_since_1970) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC",
                          absl::UnixEpoch() + absl::Seconds(seconds_since_1970),
                          absl::UTCTimeZone());
}

std::string Rate(double trials, double seconds) {
  return seconds > 0 ? absl::StrFormat("%.1f", trials / seconds) : "";
}

double SecondsOf(const Tally& tally) {
  double seconds = 0;
  for (const Session& session : tally.sessions) seconds += session.seconds;
  return seconds;
}

// The error of the last session, which is not gone with a later report.
std::string LastError(const Tally& tally) {
  if (tally.sessions.empty() || !tally.sessions.back().end) return "";
  return tally.sessions.back().end->error;
}

std::string VerdictOf(const Summary& summary) {
  const Tally& tally = summary.tally;
  const Ledger& ledger = tally.ledger;
  std::string text = absl::StrCat(
      "# ", Word(summary.exit_code), "\n\n", ledger.trials(),
      " trials: ", MarkdownText(JudgedInWords(summary)), ". ",
      tally.findings.empty()
          ? "No finding."
          : absl::StrCat(tally.findings.size(), " findings, ",
                         summary.groups.size(),
                         " when those of one class and shape are one."),
      "\n");
  if (summary.properties.has_value()) {
    absl::StrAppend(&text, "\nProperties of the night: ",
                    MarkdownText(Describe(*summary.properties)), ".\n");
  }
  for (const std::string& broken : summary.promises.broken) {
    absl::StrAppend(&text, "\nPromise not kept: ", MarkdownText(broken), "\n");
  }
  const std::string error = LastError(tally);
  if (!error.empty()) {
    absl::StrAppend(&text,
                    "\nThe last run ended with an error: ", MarkdownText(error),
                    "\n");
  }
  if (!tally.sessions.empty() && !tally.sessions.back().end) {
    text += "\nThe last run has not ended: it runs, or it was killed.\n";
  }
  return text;
}

std::string ParametersOf(const Identity& identity, const Tally& tally) {
  const Session* last =
      tally.sessions.empty() ? nullptr : &tally.sessions.back();
  Rows rows = {
      {"", ""},
      {"saver", identity.generate.saver},
      {"SQLite", identity.sqlite_version},
      {"source id", identity.sqlite_source_id},
      {"tester", last == nullptr ? "" : last->start.tester},
      {"generator version", absl::StrCat(identity.generator_version)},
      {"seed", absl::StrCat(identity.seed)},
      {"engine", Word(identity.generate.engine)},
      {"fault", Word(identity.generate.fault)},
      {"clients", ClientsWord(identity.generate.clients)},
      {"schedule", ScheduleWord(identity.generate)},
      {"shards", ShardsOf(identity)},
      {"workers", last == nullptr ? "" : absl::StrCat(last->start.jobs)},
      {"digest of plans and verdicts", tally.digest()}};
  std::string text = "\n## What was tested\n\n" + MarkdownTable(rows);
  if (!identity.is_complete()) {
    text += "\nOther shards of this campaign are not in here.\n";
  }
  return text;
}

// The commands that run it again, in words where there is none.
std::string CommandsFor(const Finding& finding, const std::string& program) {
  std::string commands;
  if (!finding.plan_path.empty()) {
    commands = ReplayCommand(program, finding.plan_path) + "\n";
  }
  if (!finding.token.empty()) {
    absl::StrAppend(&commands, ReplayCommand(program, finding.token), "\n");
  }
  if (!commands.empty()) return commands;
  return absl::StrCat("the plan was not kept: seed ", finding.key.seed,
                      ", index ", finding.key.index);
}

std::string TitleOf(const FindingGroup& group) {
  std::string title = MarkdownText(group.first.verdict);
  if (group.indexes.size() > 1) {
    absl::StrAppend(&title, ", ", group.indexes.size(), " times");
  }
  return title;
}

std::string IndexesOf(const FindingGroup& group) {
  constexpr std::size_t kShown = 20;
  std::vector<std::uint64_t> shown = group.indexes;
  shown.resize(std::min(shown.size(), kShown));
  return absl::StrCat(absl::StrJoin(shown, ", "),
                      group.indexes.size() > kShown ? ", ..." : "");
}

std::string FindingText(const FindingGroup& group, const std::string& program) {
  const Finding& finding = group.first;
  std::string text = absl::StrCat("\n### ", TitleOf(group), "\n\n");
  if (!finding.shape.empty()) {
    absl::StrAppend(&text, "Shape: ", MarkdownText(finding.shape), "\n\n");
  }
  if (!finding.looks_like.empty()) {
    absl::StrAppend(&text, "Looks like ",
                    MarkdownText(JoinedNames(finding.looks_like)),
                    ", a known bug of SQLite: a likeness, and no proof "
                    "(`lastcommit bugs`).\n\n");
  }
  if (finding.is_of_a_worker()) {
    absl::StrAppend(&text,
                    "A finding of the tester: ", MarkdownText(finding.repeats),
                    "; ", finding.deaths, " workers ended over this plan.\n\n");
  } else if (finding.state != FindingState::kExplained) {
    text += "Not shrunk: that is done for the first ones of a class only.\n\n";
  } else {
    absl::StrAppend(&text, "It repeats: ", MarkdownText(finding.repeats),
                    "\n\n");
  }
  absl::StrAppend(&text, "Seed ", finding.key.seed, ", index ",
                  IndexesOf(group), "\n\n",
                  MarkdownCode(CommandsFor(finding, program)));
  if (!finding.story.empty()) {
    absl::StrAppend(&text, "\n", MarkdownCode(finding.story));
  }
  return text;
}

std::string FindingsOf(const Summary& summary, const std::string& program) {
  std::string text = "\n## Findings\n";
  if (summary.groups.empty()) text += "\nNone.\n";
  for (const FindingGroup& group : summary.groups) {
    text += FindingText(group, program);
  }
  return text;
}

// Rows such as "fork kill wal", by their name, then by the phase of the crash.
std::string CrashesOf(const Ledger& ledger) {
  std::map<std::string, std::map<std::string, std::int64_t>> counts;
  for (const auto& [cell, count] : ledger.cells()) {
    if (cell.group != CellGroup::kCrash && cell.group != CellGroup::kRound) {
      continue;
    }
    const std::string row =
        absl::StrCat(Word(*cell.engine), " ", Word(*cell.crash), " ",
                     Word(*cell.journal_mode));
    counts[row][cell.phase ? Word(*cell.phase) : "no crash"] += count;
  }
  std::vector<std::string> head = {"engine, fault, journal_mode"};
  for (int p = 0; p < kPhases; ++p) {
    head.emplace_back(Name(static_cast<Phase>(p)));
  }
  head.emplace_back("no crash");
  Rows rows = {head};
  for (auto& [name, columns] : counts) {
    std::vector<std::string> row = {name};
    for (std::size_t i = 1; i < head.size(); ++i) {
      row.push_back(absl::StrCat(columns[head[i]]));
    }
    rows.push_back(std::move(row));
  }
  return absl::StrCat("\n## Rounds by journal mode and where they crashed\n\n",
                      MarkdownTable(rows));
}

std::string CombinationsOf(const Ledger& ledger) {
  const Rows rows = CombinationTable(ledger);
  if (rows.empty()) return "";
  return absl::StrCat(
      "\n## Plans that were exercised\n\n", MarkdownTable(rows),
      "\nExercised: judged, with their fault done; of how many that were "
      "run.\n");
}

std::string PowerLossOf(const Ledger& ledger) {
  const Rows rows = PowerLossTable(ledger);
  if (rows.empty()) return "";
  return absl::StrCat(
      "\n## Images after a loss of power\n\n", MarkdownTable(rows),
      "\nLost and damaged: where that is legal (docs/fault-model.md).\n");
}

std::string OtherCells(const Ledger& ledger) {
  Rows rows = {{"cell", "count"}};
  for (const auto& [name, count] : WithNames(CellsOutsideOfTables(ledger))) {
    rows.push_back({name, absl::StrCat(count)});
  }
  return absl::StrCat("\n## The rest of the ledger\n\n", MarkdownTable(rows));
}

std::string RunsOf(const Tally& tally) {
  Rows rows = {{"run", "begun", "seconds", "trials", "per second", "end"}};
  for (std::size_t i = 0; i < tally.sessions.size(); ++i) {
    const Session& session = tally.sessions[i];
    rows.push_back({absl::StrCat(i + 1), Time(session.start.at),
                    absl::StrFormat("%.0f", session.seconds),
                    absl::StrCat(session.trials),
                    Rate(static_cast<double>(session.trials), session.seconds),
                    !session.end ? "none: it runs, or was killed"
                    : session.end->was_interrupted
                        ? "interrupted"
                        : Word(static_cast<ExitCode>(session.end->exit_code))});
  }
  return absl::StrCat("\n## Runs\n\n", MarkdownTable(rows));
}

// Some twenty slices, of a minute at least; none spans two runs.
std::string TrialsOverTime(const Tally& tally) {
  constexpr double kSlices = 20;
  constexpr double kLeastSeconds = 60;
  const double width = std::max(kLeastSeconds, SecondsOf(tally) / kSlices);
  std::vector<Slice> wide;
  for (const Slice& slice : tally.slices) {
    const bool is_same = !wide.empty() &&
                         wide.back().session == slice.session &&
                         wide.back().seconds < width;
    if (!is_same) wide.push_back({slice.session, 0, 0, 0});
    wide.back().at = slice.at;
    wide.back().seconds += slice.seconds;
    wide.back().trials += slice.trials;
  }
  Rows rows = {{"until", "run", "seconds", "trials", "per second"}};
  for (const Slice& slice : wide) {
    rows.push_back({Time(slice.at), absl::StrCat(slice.session + 1),
                    absl::StrFormat("%.0f", slice.seconds),
                    absl::StrCat(slice.trials),
                    Rate(static_cast<double>(slice.trials), slice.seconds)});
  }
  return absl::StrCat("\n## Trials over time\n\n", MarkdownTable(rows));
}

constexpr char kNotShown[] = R"(
## What this does not show

A SIGKILL cannot see a missing fsync: what a killed process had written stays in
the page cache. Losses of power and I/O errors are those of the cells named
power\_loss and errors above, simulated; without such cells nothing here says
anything about them. Several clients are those of the cells named clients
and schedule; they change where SQLite calls its VFS, and nowhere else. A run
without a finding is no proof; it is as good as the tables above.
)";

}  // namespace

absl::StatusOr<std::string> ReportOn(const std::string& directory,
                                     const std::string& program) {
  ASSIGN_OR_RETURN(const Identity identity, ReadIdentity(directory));
  ASSIGN_OR_RETURN(Results results, ReadResults(directory));
  ASSIGN_OR_RETURN(
      const std::vector<Finding> unrecorded,
      UnrecordedFindings(directory + "/findings", identity, results.tally));
  for (const Finding& finding : unrecorded) {
    results.tally.Add(FindingRecord{finding});
  }
  Summary summary = Summarize(std::move(results.tally), identity.generate);
  summary.error = LastError(summary.tally);
  summary.properties = ReadNightProperties(directory);
  summary.DecideOutcome(/*has_found=*/false);
  std::string text = VerdictOf(summary);
  if (!results.cut.empty()) {
    absl::StrAppend(&text, "\n", MarkdownText(results.cut), "\n");
  }
  return absl::StrCat(
      text, ParametersOf(identity, summary.tally), FindingsOf(summary, program),
      CombinationsOf(summary.tally.ledger), CrashesOf(summary.tally.ledger),
      PowerLossOf(summary.tally.ledger), RunsOf(summary.tally),
      TrialsOverTime(summary.tally), OtherCells(summary.tally.ledger),
      kNotShown);
}

}  // namespace lastcommit
