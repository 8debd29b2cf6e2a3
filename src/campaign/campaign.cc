#include "campaign/campaign.h"

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "campaign/fuzz.h"
#include "campaign/interrupts.h"
#include "campaign/supervisor.h"
#include "output/json_file.h"
#include "output/whole_file.h"
#include "page/document.h"
#include "results/campaign_directory.h"
#include "results/report.h"
#include "results/results_database.h"
#include "results/results_file.h"
#include "results/unrecorded.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What was found before it could be recorded, and where a record was cut off.
absl::Status Repair(const CampaignDirectory& directory,
                    const Identity& identity, Results& results,
                    ResultsFile& file) {
  if (!results.cut.empty()) std::printf("%s\n", results.cut.c_str());
  ASSIGN_OR_RETURN(
      const std::vector<Finding> unrecorded,
      UnrecordedFindings(directory.findings(), identity, results.tally));
  for (const Finding& finding : unrecorded) {
    std::printf("kept and not recorded until now: %s\n",
                finding.plan_path.c_str());
    RETURN_IF_ERROR(file.Append(FindingRecord{finding}));
    results.tally.Add(FindingRecord{finding});
  }
  return absl::OkStatus();
}

RunOptions OptionsFor(const CampaignOptions& options, const Identity& identity,
                      const CampaignDirectory& directory) {
  RunOptions run = options.run;
  run.seed = identity.seed;
  run.generate = identity.generate;
  run.shard = {identity.shards.front(), identity.shards_of};
  run.findings.directory = directory.findings();
  return run;
}

absl::Status WriteReport(const CampaignDirectory& directory,
                         const RunOptions& options) {
  ASSIGN_OR_RETURN(const Document page,
                   ReportOn(directory.path(), /*since=*/"",
                            {directory.path(), options.findings.program}));
  return WriteWholeFile(directory.Path("report.html"), HtmlOf(page));
}

// What is written about a campaign that has ended. That the database is a newer
// one is the caller's error; any other is one of the tester, whatever was
// found.
absl::Status WriteResults(const CampaignDirectory& directory,
                          const Identity& identity, const RunOptions& options,
                          const Summary& summary) {
  const absl::Status built =
      BuildResultsDatabase(directory.path(), identity, summary.tally);
  const absl::Status pages[] = {
      WriteWholeFile(directory.Path("summary.json"),
                     PrintJson(SummaryToJson(options, summary))),
      WriteReport(directory, options)};
  RETURN_IF_ERROR(built);
  for (const absl::Status& written : pages) {
    if (!written.ok()) return absl::InternalError(written.message());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Summary> RunCampaign(const CampaignOptions& options) {
  const Interrupts interrupts;
  ASSIGN_OR_RETURN(const CampaignDirectory directory,
                   CampaignDirectory::Lock(options.directory));
  ASSIGN_OR_RETURN(const Identity identity, directory.Begin(options.wanted));
  const RunOptions run = OptionsFor(options, identity, directory);
  ASSIGN_OR_RETURN(Results results, ReadResults(directory.path()));
  ASSIGN_OR_RETURN(const std::unique_ptr<ResultsFile> file,
                   ResultsFile::Open(directory.path(), results));
  RETURN_IF_ERROR(PrepareFindings(run.findings.directory));
  std::printf("lastcommit campaign: %s\n", Parameters(run).c_str());
  RETURN_IF_ERROR(Repair(directory, identity, results, *file));
  if (results.tally.ledger.trials() > 0) {
    std::printf("it goes on: %lld trials and %zu findings until now\n",
                static_cast<long long>(results.tally.ledger.trials()),
                results.tally.findings.size());
  }
  std::fflush(stdout);
  ASSIGN_OR_RETURN(Summary summary,
                   Supervise(run, std::move(results.tally), file.get()));
  PrintSummary(run, summary);
  summary.written = WriteResults(directory, identity, run, summary);
  return summary;
}

}  // namespace lastcommit
