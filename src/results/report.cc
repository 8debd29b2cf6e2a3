#include "results/report.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "explain/disk_map.h"
#include "explain/known_bugs.h"
#include "explain/story_facts.h"
#include "generate/choices.h"
#include "names/names.h"
#include "output/exit_code.h"
#include "plan/codec.h"
#include "results/combination_table.h"
#include "results/comparison.h"
#include "results/file_bars.h"
#include "results/loaded_campaign.h"
#include "results/power_loss_table.h"
#include "results/residual_risk.h"
#include "results/step_charts.h"
#include "results/summary.h"
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

Paragraph Said(std::string text) { return {{{std::move(text)}}}; }

void AddVerdict(const Summary& summary, Document& page) {
  const Tally& tally = summary.tally;
  page.verdict = Word(summary.exit_code);
  page.tone = ToneOf(summary.exit_code);
  page.blocks.emplace_back(Said(absl::StrCat(
      tally.ledger.trials(), " trials: ", JudgedInWords(summary), ". ",
      tally.findings.empty()
          ? "No finding."
          : absl::StrCat(tally.findings.size(), " findings, ",
                         summary.groups.size(),
                         " when those of one class and shape are one."))));
  if (summary.properties.has_value()) {
    page.blocks.emplace_back(Said(absl::StrCat(
        "Properties of the night: ", Describe(*summary.properties), ".")));
  }
  for (const std::string& broken : summary.promises.broken) {
    page.blocks.emplace_back(Said("Promise not kept: " + broken));
  }
  const std::string error = LastError(tally);
  if (!error.empty()) {
    page.blocks.emplace_back(
        Said("The last run ended with an error: " + error));
  }
  if (tally.sessions.empty()) return;
  const std::optional<EndRecord>& end = tally.sessions.back().end;
  if (!end.has_value()) {
    page.blocks.emplace_back(
        Said("The last run has not ended: it runs, or it was killed."));
  } else if (end->was_interrupted) {
    page.blocks.emplace_back(
        Said("The last run was interrupted: it ended before its time."));
  }
}

// ", by lastcommit 0.1.0 (commit 1a2b3c4d5e6f), on Linux ...".
std::string By(const LoadedCampaign& campaign) {
  std::string by;
  for (const auto& [name, value] : TestedIn(campaign)) {
    if (value.empty()) continue;
    if (name == "tester") absl::StrAppend(&by, ", by ", value);
    if (name == "machine") absl::StrAppend(&by, ", on ", value);
  }
  return by;
}

// In a line, on the first screen; the table has all of it.
void AddWhatWasTested(const LoadedCampaign& campaign, Document& page) {
  const Identity& identity = campaign.identity;
  const Tally& tally = campaign.summary.tally;
  const std::size_t runs = tally.sessions.size();
  page.blocks.emplace_back(Said(absl::StrCat(
      "Tested: saver ", identity.generate.saver, " on SQLite ",
      identity.sqlite_version, ", seed ", identity.seed, ", engine ",
      Word(identity.generate.engine), ", fault ", Word(identity.generate.fault),
      ", clients ", ClientsWord(identity.generate.clients), ", schedule ",
      ScheduleWord(identity.generate), "; ",
      absl::StrFormat("%.0f s in ", tally.seconds()), runs,
      runs == 1 ? " run" : " runs", By(campaign), ".")));
}

void AddParameters(const LoadedCampaign& campaign, Document& page) {
  const Tally& tally = campaign.summary.tally;
  PageTable table = {{{"", ""}}, PageTable::Kind::kWords};
  for (auto& [name, value] : TestedIn(campaign)) {
    table.rows.push_back({name, value});
  }
  table.rows.push_back(
      {"workers", tally.sessions.empty()
                      ? ""
                      : absl::StrCat(tally.sessions.back().start.jobs)});
  table.rows.push_back({"digest of plans and verdicts", tally.digest()});
  page.blocks.emplace_back(Heading{2, "What was tested"});
  page.blocks.emplace_back(std::move(table));
  if (!campaign.identity.is_complete()) {
    page.blocks.emplace_back(
        Said("Other shards of this campaign are not in here."));
  }
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
  std::string title = group.first.verdict;
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

// Its second line.
std::string WhyOf(const std::string& story) {
  const std::vector<std::string> lines = absl::StrSplit(story, '\n');
  return lines.size() > 1 ? lines[1] : "";
}

// What the finding kept under that name, beside its plan.
std::string FileOf(const Finding& finding, const char* name) {
  return std::filesystem::path(finding.plan_path)
      .replace_filename(name)
      .string();
}

// A plan that is not there any more, or that this program cannot read, has its
// story.
void AddStepCharts(const Finding& finding, const StoryFacts& facts,
                   Document& page) {
  const absl::StatusOr<Plan> plan = ReadPlanFile(finding.plan_path);
  if (!plan.ok() || plan->rounds.empty()) return;
  std::vector<StepChart> charts = StepChartsOf(*plan, facts);
  charts.back().rows.push_back(
      {.kind = StepChart::Kind::kMark,
       .text = absl::StrCat("then: ", WhyOf(finding.story))});
  for (StepChart& chart : charts) {
    page.blocks.emplace_back(std::move(chart));
  }
}

void AddRows(const StoryFacts& facts, Document& page) {
  if (facts.rows.empty()) return;
  PageTable table = {{{"what differs", "expected", "found"}},
                     PageTable::Kind::kWords};
  for (const RowDifference& row : facts.rows) {
    table.rows.push_back({row.row, row.expected, row.found});
  }
  page.blocks.emplace_back(std::move(table));
}

void AddDisk(const Finding& finding, Document& page) {
  const absl::StatusOr<DiskMap> map = ReadDiskMap(FileOf(finding, "disk.json"));
  if (!map.ok()) return;
  page.blocks.emplace_back(FileBarsOf(*map));
  for (const std::string& lost : map->lost) {
    page.blocks.emplace_back(Said("Lost: " + lost));
  }
  if (map->is_cut) {
    page.blocks.emplace_back(
        Said("There were more changes than are named here."));
  }
}

// What it kept of how it was run.
void AddHowItRan(const Finding& finding, Document& page) {
  if (finding.plan_path.empty()) return;
  const StoryFacts facts =
      ReadStoryFacts(FileOf(finding, "facts.json")).value_or(StoryFacts());
  AddStepCharts(finding, facts, page);
  AddRows(facts, page);
  AddDisk(finding, page);
}

void AddFinding(const FindingGroup& group, const std::string& program,
                Document& page) {
  const Finding& finding = group.first;
  page.blocks.emplace_back(Heading{3, TitleOf(group)});
  if (!finding.shape.empty()) {
    page.blocks.emplace_back(Said("Shape: " + finding.shape));
  }
  if (!finding.looks_like.empty()) {
    page.blocks.emplace_back(Paragraph{
        {{absl::StrCat("Looks like ", JoinedNames(finding.looks_like),
                       ", a known bug of SQLite: a likeness, and no proof (")},
         {"lastcommit bugs", /*is_code=*/true},
         {")."}}});
  }
  if (finding.is_of_a_worker()) {
    page.blocks.emplace_back(
        Said(absl::StrCat("A finding of the tester: ", finding.repeats, "; ",
                          finding.deaths, " workers ended over this plan.")));
  } else if (finding.state != FindingState::kExplained) {
    page.blocks.emplace_back(
        Said("Not shrunk: that is done for the first ones of a class only."));
  } else {
    page.blocks.emplace_back(Said("It repeats: " + finding.repeats));
  }
  if (finding.counted) {
    page.blocks.emplace_back(
        Said("It was shrunk until it had the shape of an earlier finding, and "
             "not to its end."));
  }
  page.blocks.emplace_back(Said(
      absl::StrCat("Seed ", finding.key.seed, ", index ", IndexesOf(group))));
  page.blocks.emplace_back(Code{CommandsFor(finding, program)});
  if (finding.state == FindingState::kExplained) {
    AddHowItRan(finding, page);
  }
  if (!finding.story.empty()) page.blocks.emplace_back(Code{finding.story});
}

// What a page has of findings in full, of bytes of HTML: so that it is one that
// a browser and a mail can carry.
constexpr std::size_t kMostInFull = 1'200'000;

// The path of its story from the page; "": there is none.
std::string LinkTo(const Finding& finding, const std::string& page_directory) {
  if (finding.story.empty() || finding.directory.empty()) return "";
  const std::string story = finding.directory + "/story.txt";
  std::error_code error;
  if (!std::filesystem::exists(story, error)) return "";
  return std::filesystem::proximate(
             story, page_directory.empty() ? "." : page_directory, error)
      .string();
}

void AddFindings(const Summary& summary, const PagePlace& where,
                 Document& page) {
  page.blocks.emplace_back(Heading{2, "Findings"});
  if (summary.groups.empty()) page.blocks.emplace_back(Said("None."));
  const std::size_t frame = HtmlOf(Document()).size();
  std::size_t bytes = 0;
  PageTable others = {
      {{"finding", "times", "shape", "replay"}}, PageTable::Kind::kWords, {""}};
  for (const FindingGroup& group : summary.groups) {
    Document alone;
    AddFinding(group, where.program, alone);
    const std::size_t more = HtmlOf(alone).size() - frame;
    if (bytes + more <= kMostInFull) {
      bytes += more;
      std::move(alone.blocks.begin(), alone.blocks.end(),
                std::back_inserter(page.blocks));
      continue;
    }
    const Finding& finding = group.first;
    std::vector<std::string> commands =
        absl::StrSplit(CommandsFor(finding, where.program), '\n');
    others.rows.push_back({finding.verdict, absl::StrCat(group.indexes.size()),
                           finding.shape, std::move(commands.front())});
    others.links.push_back(LinkTo(finding, where.directory));
  }
  if (others.rows.size() == 1) return;
  page.blocks.emplace_back(Heading{3, "More findings, as files"});
  page.blocks.emplace_back(std::move(others));
}

// Rows such as "fork kill wal", by their name, then by the phase of the crash.
void AddCrashes(const Ledger& ledger, Document& page) {
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
  page.blocks.emplace_back(
      Heading{2, "Rounds by journal mode and where they crashed"});
  page.blocks.emplace_back(
      PageTable{std::move(rows), PageTable::Kind::kCounts});
}

void AddCombinations(const Ledger& ledger, Document& page) {
  Rows rows = CombinationTable(ledger);
  if (rows.empty()) return;
  page.blocks.emplace_back(Heading{2, "Plans that were exercised"});
  page.blocks.emplace_back(
      PageTable{std::move(rows), PageTable::Kind::kCounts});
  page.blocks.emplace_back(Said(
      "Exercised: judged, with their fault done; of how many that were run."));
}

void AddPowerLoss(const Ledger& ledger, Document& page) {
  Rows rows = PowerLossTable(ledger);
  if (rows.empty()) return;
  page.blocks.emplace_back(Heading{2, "Images after a loss of power"});
  page.blocks.emplace_back(PageTable{std::move(rows)});
  page.blocks.emplace_back(
      Said("Lost and damaged: where that is legal (docs/fault-model.md)."));
}

void AddOtherCells(const Ledger& ledger, Document& page) {
  Rows rows = {{"cell", "count"}};
  for (const auto& [name, count] : WithNames(CellsOutsideOfTables(ledger))) {
    rows.push_back({name, absl::StrCat(count)});
  }
  page.blocks.emplace_back(Heading{2, "The rest of the ledger"});
  page.blocks.emplace_back(PageTable{std::move(rows)});
}

void AddRuns(const Tally& tally, Document& page) {
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
  page.blocks.emplace_back(Heading{2, "Runs"});
  page.blocks.emplace_back(PageTable{std::move(rows)});
}

// Some twenty slices, of a minute at least; none spans two runs.
void AddTrialsOverTime(const Tally& tally, Document& page) {
  constexpr double kSlices = 20;
  constexpr double kLeastSeconds = 60;
  const double width = std::max(kLeastSeconds, tally.seconds() / kSlices);
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
  Plot plot = {.title = "How fast it was, over all runs",
               .x = "seconds that it ran",
               .y = "trials per second"};
  double seconds = 0;
  for (const Slice& slice : wide) {
    seconds += slice.seconds;
    if (slice.seconds > 0) {
      plot.xs.push_back(seconds);
      plot.ys.push_back(static_cast<double>(slice.trials) / slice.seconds);
    }
    rows.push_back({Time(slice.at), absl::StrCat(slice.session + 1),
                    absl::StrFormat("%.0f", slice.seconds),
                    absl::StrCat(slice.trials),
                    Rate(static_cast<double>(slice.trials), slice.seconds)});
  }
  page.blocks.emplace_back(Heading{2, "Trials over time"});
  if (plot.xs.size() > 1) page.blocks.emplace_back(std::move(plot));
  page.blocks.emplace_back(PageTable{std::move(rows)});
}

// How many there were after how many trials: a step up at each of `after`.
Plot CountOver(std::vector<std::int64_t> after, std::int64_t trials,
               std::string title, std::string y) {
  std::sort(after.begin(), after.end());
  Plot plot = {.title = std::move(title), .x = "trials", .y = std::move(y)};
  const auto add = [&](std::int64_t x, std::size_t count) {
    plot.xs.push_back(static_cast<double>(x));
    plot.ys.push_back(static_cast<double>(count));
  };
  add(0, 0);
  for (std::size_t i = 0; i < after.size(); ++i) {
    const bool is_last_there = i + 1 == after.size() || after[i + 1] > after[i];
    if (is_last_there) add(after[i], i + 1);
  }
  add(trials, after.size());
  return plot;
}

std::string CountUntil(const std::vector<std::int64_t>& after,
                       std::int64_t trials) {
  return absl::StrCat(
      std::count_if(after.begin(), after.end(),
                    [&](std::int64_t one) { return one <= trials; }));
}

// Of both plots the same numbers, by tenths of the run.
void AddWhatWasNew(const Tally& tally, Document& page) {
  const std::int64_t trials = tally.ledger.trials();
  if (trials == 0) return;
  std::vector<std::int64_t> signatures;
  for (const auto& [cell, after] : tally.first_trials) {
    signatures.push_back(after);
  }
  page.blocks.emplace_back(Heading{2, "What was new, and when"});
  if (!signatures.empty()) {
    page.blocks.emplace_back(CountOver(signatures, trials,
                                       "Signatures, over all runs",
                                       "signatures of crashes and errors"));
  }
  if (!tally.found_after.empty()) {
    page.blocks.emplace_back(CountOver(tally.found_after, trials,
                                       "Findings, over all runs", "findings"));
  }
  PageTable table = {{{"trials", "signatures", "findings"}}};
  constexpr std::int64_t kParts = 10;
  for (std::int64_t i = 1; i <= kParts; ++i) {
    const std::int64_t until = trials * i / kParts;
    table.rows.push_back({absl::StrCat(until), CountUntil(signatures, until),
                          CountUntil(tally.found_after, until)});
  }
  page.blocks.emplace_back(std::move(table));
  page.blocks.emplace_back(Said(
      "Records are of several trials: what is new in one counts from its "
      "end on, a finding from its beginning on. Of merged shards one comes "
      "behind the other."));
}

// Recordings have no signatures, and no such part.
void AddResidualRisk(const Tally& tally, Document& page) {
  page.blocks.emplace_back(Heading{2, "What a longer run would see"});
  page.blocks.emplace_back(Said(InWords(ResidualRiskOf(tally))));
  page.blocks.emplace_back(Said(
      "A signature is the kind of crash, the phase, the call and the role of "
      "its file at which a process died, what the recovery did, and the error "
      "that was injected. "
      "Of what has one signature nothing is told apart, so that a bug which "
      "shows in one of a million crashes of a signature is not in this "
      "estimate."));
  constexpr std::size_t kRarest = 10;
  std::vector<std::pair<std::int64_t, std::string>> rarest;
  for (const auto& [cell, first] : tally.first_trials) {
    rarest.emplace_back(tally.ledger.Count(cell), Name(cell));
  }
  std::sort(rarest.begin(), rarest.end());
  rarest.resize(std::min(rarest.size(), kRarest));
  PageTable table = {{{"the rarest of them", "count"}}};
  for (auto& [count, name] : rarest) {
    table.rows.push_back({std::move(name), absl::StrCat(count)});
  }
  page.blocks.emplace_back(std::move(table));
}

constexpr char kNotShown[] =
    "A SIGKILL cannot see a missing fsync: what a killed process had written "
    "stays in the page cache. Losses of power and I/O errors are those of the "
    "cells named power_loss and errors above, simulated; without such cells "
    "nothing here says anything about them. Several clients are those of the "
    "cells named clients and schedule; they change where SQLite calls its VFS, "
    "and nowhere else. A run without a finding is no proof; it is as good as "
    "the tables above.";

}  // namespace

absl::StatusOr<Document> ReportOn(const std::string& directory,
                                  const std::string& since,
                                  const PagePlace& where) {
  ASSIGN_OR_RETURN(const LoadedCampaign campaign, LoadCampaign(directory));
  const Summary& summary = campaign.summary;
  Document page = {.title = "lastcommit: " + campaign.identity.generate.saver};
  AddVerdict(summary, page);
  AddWhatWasTested(campaign, page);
  if (!campaign.cut.empty()) page.blocks.emplace_back(Said(campaign.cut));
  if (!since.empty()) {
    ASSIGN_OR_RETURN(const LoadedCampaign before, LoadCampaign(since));
    page.blocks.emplace_back(Heading{2, "Since " + since});
    AddComparison(Compare(before, campaign), before, campaign, /*level=*/3,
                  page);
  }
  AddFindings(summary, where, page);
  AddParameters(campaign, page);
  AddCombinations(summary.tally.ledger, page);
  AddCrashes(summary.tally.ledger, page);
  AddPowerLoss(summary.tally.ledger, page);
  AddRuns(summary.tally, page);
  AddTrialsOverTime(summary.tally, page);
  AddWhatWasNew(summary.tally, page);
  if (!summary.tally.first_trials.empty()) {
    AddResidualRisk(summary.tally, page);
  }
  AddOtherCells(summary.tally.ledger, page);
  page.blocks.emplace_back(Heading{2, "What this does not show"});
  page.blocks.emplace_back(Said(kNotShown));
  return page;
}

}  // namespace lastcommit
