#include "campaign/campaign.h"

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "campaign/campaign_directory.h"
#include "campaign/fuzz.h"
#include "campaign/interrupts.h"
#include "campaign/results_database.h"
#include "campaign/results_file.h"
#include "campaign/supervisor.h"
#include "campaign/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

// "7-42".
std::optional<CaseKey> ParseKey(const std::string& name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '-');
  CaseKey key;
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &key.seed) &&
      absl::SimpleAtoi(parts[1], &key.index)) {
    return key;
  }
  return std::nullopt;
}

// Plans that were kept when the supervisor was killed before it had recorded
// them: they are findings as the others are.
std::vector<Finding> UnrecordedFindings(const CampaignDirectory& directory,
                                        const Identity& identity,
                                        const Tally& tally) {
  std::vector<Finding> found;
  FindingOptions options;
  options.generate = identity.generate;
  std::error_code error;
  for (const auto& entry :
       fs::recursive_directory_iterator(directory.findings(), error)) {
    if (entry.path().filename() != "original.plan") continue;
    const fs::path kept = entry.path().parent_path();
    Finding finding;
    finding.filed_under = kept.parent_path().filename();
    const auto key = ParseKey(kept.filename());
    if (!key || key->seed != identity.seed ||
        tally.findings.count({key->index, finding.filed_under}) > 0) {
      continue;
    }
    const bool is_violation =
        ParseViolationClass(finding.filed_under).has_value();
    finding.key = *key;
    finding.state = FindingState::kKept;
    finding.verdict = is_violation
                          ? absl::StrCat("violated(", finding.filed_under, ")")
                          : finding.filed_under;
    finding.deaths = is_violation ? 0 : 1;
    finding.directory = kept;
    finding.plan_path = entry.path();
    SetToken(PlanAt(*key, identity.generate), options, finding);
    found.push_back(std::move(finding));
  }
  return found;
}

// What was found before it could be recorded, and where a record was cut off.
absl::Status Repair(const CampaignDirectory& directory,
                    const Identity& identity, Results& results,
                    ResultsFile& file) {
  if (!results.cut.empty()) std::printf("%s\n", results.cut.c_str());
  for (const Finding& finding :
       UnrecordedFindings(directory, identity, results.tally)) {
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

// What is written about a campaign that has ended; an error is one of the
// tester, whatever was found.
absl::Status WriteResults(const CampaignDirectory& directory,
                          const Identity& identity, const RunOptions& options,
                          const Summary& summary) {
  const absl::Status built =
      BuildResultsDatabase(directory.path(), identity, summary.tally);
  RETURN_IF_ERROR(WriteWholeFile(directory.Path("summary.json"),
                                 PrintJson(SummaryToJson(options, summary))));
  return built;
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
