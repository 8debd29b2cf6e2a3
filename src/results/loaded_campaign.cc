#include "results/loaded_campaign.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "generate/choices.h"
#include "names/names.h"
#include "results/campaign_directory.h"
#include "results/results_file.h"
#include "results/unrecorded.h"
#include "status/status.h"

namespace lastcommit {

std::string LastError(const Tally& tally) {
  if (tally.sessions.empty() || !tally.sessions.back().end) return "";
  return tally.sessions.back().end->error;
}

absl::StatusOr<LoadedCampaign> LoadCampaign(const std::string& directory) {
  LoadedCampaign campaign;
  ASSIGN_OR_RETURN(campaign.identity, ReadIdentity(directory));
  ASSIGN_OR_RETURN(Results results, ReadResults(directory));
  ASSIGN_OR_RETURN(const std::vector<Finding> unrecorded,
                   UnrecordedFindings(directory + "/findings",
                                      campaign.identity, results.tally));
  for (const Finding& finding : unrecorded) {
    results.tally.Add(FindingRecord{finding});
  }
  Summary& summary = campaign.summary;
  summary = Summarize(std::move(results.tally), campaign.identity.generate);
  summary.error = LastError(summary.tally);
  summary.properties = ReadNightProperties(directory);
  summary.DecideOutcome(/*has_found=*/false);
  campaign.cut = std::move(results.cut);
  return campaign;
}

std::vector<std::pair<std::string, std::string>> TestedIn(
    const LoadedCampaign& campaign) {
  const Identity& identity = campaign.identity;
  std::set<std::string> testers;
  std::set<std::string> machines;
  for (const Session& session : campaign.summary.tally.sessions) {
    testers.insert(session.start.tester);
    if (session.start.machine.empty()) continue;
    machines.insert(session.start.machine);
  }
  return {{"saver", identity.generate.saver},
          {"SQLite", identity.sqlite_version},
          {"source id", identity.sqlite_source_id},
          {"tester", absl::StrJoin(testers, "; ")},
          {"machine", absl::StrJoin(machines, "; ")},
          {"generator version", absl::StrCat(identity.generator_version)},
          {"seed", absl::StrCat(identity.seed)},
          {"engine", Word(identity.generate.engine)},
          {"fault", Word(identity.generate.fault)},
          {"clients", ClientsWord(identity.generate.clients)},
          {"schedule", ScheduleWord(identity.generate)},
          {"shards", ShardsOf(identity)}};
}

}  // namespace lastcommit
