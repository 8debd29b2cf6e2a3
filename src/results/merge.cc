#include "results/merge.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "output/json_file.h"
#include "output/whole_file.h"
#include "results/campaign_directory.h"
#include "results/results_database.h"
#include "results/results_file.h"
#include "results/unrecorded.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

struct Part {
  std::string path;
  Identity identity;
};

absl::Status InDirectory(const std::string& directory,
                         const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(absl::CHexEscape(directory),
                                                  ": ", status.message()));
}

// In the order of their shards: of neighbours the indexes that are done grow
// together into few ranges.
absl::StatusOr<std::vector<Part>> PartsIn(
    const std::vector<std::string>& directories) {
  std::vector<Part> parts;
  for (const std::string& path : directories) {
    ASSIGN_OR_RETURN(Identity identity, ReadIdentity(path));
    // Who is still at work is named now, and not after many others.
    RETURN_IF_ERROR(CampaignDirectory::Lock(path).status());
    parts.push_back({path, std::move(identity)});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) {
                     return a.identity.shards < b.identity.shards;
                   });
  return parts;
}

// One identity for all, its shards ascending.
absl::StatusOr<Identity> Together(const std::vector<Part>& parts) {
  Identity all = parts.front().identity;
  std::set<int> shards(all.shards.begin(), all.shards.end());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const absl::Status belongs = CheckBelongTogether(part.identity, all);
    if (!belongs.ok()) return InDirectory(part.path, belongs);
    for (const int shard : part.identity.shards) {
      if (shards.insert(shard).second) continue;
      return InDirectory(part.path, absl::FailedPreconditionError(absl::StrCat(
                                        "shard ", shard, " is there already")));
    }
  }
  all.shards.assign(shards.begin(), shards.end());
  return all;
}

std::string Missing(const Identity& identity) {
  std::vector<int> missing;
  for (int shard = 1; shard <= identity.shards_of; ++shard) {
    if (!std::binary_search(identity.shards.begin(), identity.shards.end(),
                            shard)) {
      missing.push_back(shard);
    }
  }
  if (missing.empty()) return "";
  return absl::StrCat("of ", identity.shards_of, " shards these are missing: ",
                      absl::StrJoin(missing, ", "));
}

// Findings have other indexes in each shard, and so other directories.
absl::Status CopyFindings(const std::string& from, const std::string& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return absl::OkStatus();
  fs::copy(from, to,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing,
           error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(), absl::StrCat("cannot copy ", absl::CHexEscape(from),
                                  " to ", absl::CHexEscape(to)));
}

void Move(const std::string& from, const std::string& to, std::string& path) {
  if (path.starts_with(from + "/")) path.replace(0, from.size(), to);
}

Record WithPathsIn(const std::string& from, const std::string& to,
                   Record record) {
  if (auto* found = std::get_if<FindingRecord>(&record)) {
    Move(from, to, found->finding.directory);
    Move(from, to, found->finding.plan_path);
  }
  return record;
}

// Where it is written, and where it will be.
struct Place {
  std::string temporary;
  std::string out;
};

// The records of all parts, and what they come to. A night of a shard has
// thousands of records of trials, and there may be a thousand shards: those of
// a run become one for some minutes of it.
class MergedRecords {
 public:
  MergedRecords(Place place, std::unique_ptr<ResultsFile> file)
      : place_(std::move(place)), file_(std::move(file)) {}

  absl::Status Copy(const std::string& from) {
    // Nobody works on it meanwhile.
    ASSIGN_OR_RETURN(const CampaignDirectory directory,
                     CampaignDirectory::Lock(from));
    ASSIGN_OR_RETURN(const Identity identity, ReadIdentity(from));
    const absl::StatusOr<Results> results = ReadResults(
        from, [&](const Record& record) { return Take(from, record); });
    RETURN_IF_ERROR(results.status());
    RETURN_IF_ERROR(WriteTrials());
    ASSIGN_OR_RETURN(
        const std::vector<Finding> unrecorded,
        UnrecordedFindings(directory.findings(), identity, results->tally));
    for (const Finding& finding : unrecorded) {
      RETURN_IF_ERROR(Write(from, FindingRecord{finding}));
    }
    return CopyFindings(directory.findings(),
                        absl::StrCat(place_.temporary, "/findings"));
  }

  absl::StatusOr<Tally> End() {
    RETURN_IF_ERROR(file_->Sync());
    return std::move(tally_);
  }

 private:
  static constexpr double kSeconds = 300;

  absl::Status Take(const std::string& from, const Record& record) {
    const auto* const trials = std::get_if<TrialsRecord>(&record);
    if (trials == nullptr) {
      // A finding may stand before its trials, what begins and ends may not.
      if (!std::holds_alternative<FindingRecord>(record)) {
        RETURN_IF_ERROR(WriteTrials());
      }
      return Write(from, record);
    }
    if (tally_.done.Overlaps(trials->indexes)) {
      return InDirectory(from, absl::FailedPreconditionError(
                                   "it has plans that another one has too"));
    }
    if (!trials_.has_value()) trials_.emplace();
    trials_->at = trials->at;
    trials_->seconds += trials->seconds;
    for (const IndexRange& range : trials->indexes.ranges()) {
      trials_->indexes.Add(range);
    }
    for (const auto& [cell, count] : trials->cells) {
      trials_->cells[cell] += count;
    }
    trials_->digest_sum += trials->digest_sum;
    return trials_->seconds < kSeconds ? absl::OkStatus() : WriteTrials();
  }

  absl::Status WriteTrials() {
    if (!trials_.has_value()) return absl::OkStatus();
    return Write("", *std::exchange(trials_, std::nullopt));
  }

  absl::Status Write(const std::string& from, const Record& record) {
    tally_.Add(WithPathsIn(from, place_.out, record));
    return file_->AppendUnsynced(WithPathsIn(from, place_.temporary, record));
  }

  const Place place_;
  const std::unique_ptr<ResultsFile> file_;
  Tally tally_;
  std::optional<TrialsRecord> trials_;  // that are not written yet
};

RunOptions OptionsOf(const Identity& identity) {
  RunOptions options;
  options.seed = identity.seed;
  options.generate = identity.generate;
  options.shard = {identity.shards.front(), identity.shards_of};
  return options;
}

// With the versions that were tested, not those of the program that merges.
nlohmann::json SummaryOf(const Identity& identity, const Summary& summary) {
  nlohmann::json value = SummaryToJson(OptionsOf(identity), summary);
  value["generator_version"] = identity.generator_version;
  value["sqlite_version"] = identity.sqlite_version;
  value["sqlite_source_id"] = identity.sqlite_source_id;
  return value;
}

absl::StatusOr<Summary> WriteMerged(const std::vector<Part>& parts,
                                    const Identity& identity,
                                    const Place& place,
                                    const OnMerged& on_merged) {
  const std::string& directory = place.temporary;
  std::error_code error;
  if (!fs::create_directories(directory, error)) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot make the directory ",
                                            absl::CHexEscape(directory)));
  }
  ASSIGN_OR_RETURN(std::unique_ptr<ResultsFile> file,
                   ResultsFile::Open(directory, Results()));
  MergedRecords records(place, std::move(file));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    RETURN_IF_ERROR(records.Copy(parts[i].path));
    on_merged(i + 1);
  }
  ASSIGN_OR_RETURN(Tally tally, records.End());
  RETURN_IF_ERROR(BuildResultsDatabase(directory, identity, tally));
  Summary summary = Summarize(std::move(tally), identity.generate);
  for (const Part& part : parts) {
    // One shard of a night runs them.
    if (summary.properties.has_value()) break;
    RETURN_IF_ERROR(CopyNightProperties(part.path, directory));
    summary.properties = ReadNightProperties(directory);
  }
  summary.DecideOutcome(/*has_found=*/false);
  RETURN_IF_ERROR(WriteWholeFile(absl::StrCat(directory, "/summary.json"),
                                 PrintJson(SummaryOf(identity, summary))));
  RETURN_IF_ERROR(WriteWholeFile(absl::StrCat(directory, "/campaign.json"),
                                 PrintJson(IdentityToJson(identity))));
  return summary;
}

}  // namespace

absl::StatusOr<Merged> Merge(const std::string& out,
                             const std::vector<std::string>& directories,
                             const OnMerged& on_merged) {
  std::error_code error;
  if (fs::exists(out, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(absl::CHexEscape(out), " exists already"));
  }
  ASSIGN_OR_RETURN(const std::vector<Part> parts, PartsIn(directories));
  ASSIGN_OR_RETURN(const Identity identity, Together(parts));
  // Under another name until it is complete.
  const std::string temporary = absl::StrCat(out, ".tmp-", getpid());
  const absl::Cleanup remover = [&] {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
  };
  ASSIGN_OR_RETURN(Summary summary,
                   WriteMerged(parts, identity, {temporary, out}, on_merged));
  RETURN_IF_ERROR(PutInPlace(temporary, out));
  return Merged{std::move(summary), Missing(identity)};
}

}  // namespace lastcommit
