#include "results/merge.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
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
  CampaignDirectory directory;  // locked
  Identity identity;
  Results results;
  std::vector<Finding> unrecorded;  // what was kept and not recorded
};

absl::Status InDirectory(const std::string& directory,
                         const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(absl::CHexEscape(directory),
                                                  ": ", status.message()));
}

absl::StatusOr<Part> Read(const std::string& path) {
  ASSIGN_OR_RETURN(Identity identity, ReadIdentity(path));
  ASSIGN_OR_RETURN(CampaignDirectory directory, CampaignDirectory::Lock(path));
  ASSIGN_OR_RETURN(Results results, ReadResults(path));
  ASSIGN_OR_RETURN(
      std::vector<Finding> unrecorded,
      UnrecordedFindings(directory.findings(), identity, results.tally));
  return Part{std::move(directory), std::move(identity), std::move(results),
              std::move(unrecorded)};
}

absl::Status CheckPlans(const Part& part, const IndexRanges& others) {
  const std::string& path = part.directory.path();
  if (part.results.tally.done.Overlaps(others)) {
    return InDirectory(path, absl::FailedPreconditionError(
                                 "it has plans that another one has too"));
  }
  return absl::OkStatus();
}

// One identity for all, its shards ascending.
absl::StatusOr<Identity> Together(const std::vector<Part>& parts) {
  Identity all = parts.front().identity;
  IndexRanges done = parts.front().results.tally.done;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Part& part = parts[i];
    const std::string& path = part.directory.path();
    const absl::Status belongs = CheckBelongTogether(part.identity, all);
    if (!belongs.ok()) return InDirectory(path, belongs);
    for (const int shard : part.identity.shards) {
      if (std::count(all.shards.begin(), all.shards.end(), shard) > 0) {
        return InDirectory(path, absl::FailedPreconditionError(absl::StrCat(
                                     "shard ", shard, " is there already")));
      }
      all.shards.push_back(shard);
    }
    RETURN_IF_ERROR(CheckPlans(part, done));
    for (const IndexRange& range : part.results.tally.done.ranges()) {
      done.Add(range);
    }
  }
  std::sort(all.shards.begin(), all.shards.end());
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
absl::Status CopyFindings(const Part& part, const std::string& to) {
  std::error_code error;
  if (!fs::exists(part.directory.findings(), error)) return absl::OkStatus();
  fs::copy(part.directory.findings(), to,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing,
           error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(),
      absl::StrCat("cannot copy ", absl::CHexEscape(part.directory.findings()),
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

absl::StatusOr<Tally> CopyParts(const std::vector<Part>& parts,
                                const Place& place) {
  Tally tally;
  ASSIGN_OR_RETURN(const std::unique_ptr<ResultsFile> file,
                   ResultsFile::Open(place.temporary, Results()));
  for (const Part& part : parts) {
    const std::string& from = part.directory.path();
    RETURN_IF_ERROR(
        CopyFindings(part, absl::StrCat(place.temporary, "/findings")));
    const auto copy = [&](const Record& record) {
      tally.Add(WithPathsIn(from, place.out, record));
      return file->Append(WithPathsIn(from, place.temporary, record));
    };
    // Once more: all records of all parts would not fit into memory.
    RETURN_IF_ERROR(ReadResults(from, copy).status());
    for (const Finding& finding : part.unrecorded) {
      RETURN_IF_ERROR(copy(FindingRecord{finding}));
    }
  }
  return tally;
}

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
                                    const Place& place) {
  const std::string& directory = place.temporary;
  std::error_code error;
  if (!fs::create_directories(directory, error)) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot make the directory ",
                                            absl::CHexEscape(directory)));
  }
  ASSIGN_OR_RETURN(Tally tally, CopyParts(parts, place));
  RETURN_IF_ERROR(BuildResultsDatabase(directory, identity, tally));
  Summary summary = Summarize(std::move(tally), identity.generate);
  for (const Part& part : parts) {
    // One shard of a night runs them.
    if (summary.properties.has_value()) break;
    RETURN_IF_ERROR(CopyNightProperties(part.directory.path(), directory));
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
                             const std::vector<std::string>& directories) {
  std::error_code error;
  if (fs::exists(out, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(absl::CHexEscape(out), " exists already"));
  }
  std::vector<Part> parts;
  for (const std::string& directory : directories) {
    ASSIGN_OR_RETURN(Part part, Read(directory));
    parts.push_back(std::move(part));
  }
  ASSIGN_OR_RETURN(const Identity identity, Together(parts));
  // Under another name until it is complete.
  const std::string temporary = absl::StrCat(out, ".tmp-", getpid());
  const absl::Cleanup remover = [&] {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
  };
  ASSIGN_OR_RETURN(Summary summary,
                   WriteMerged(parts, identity, {temporary, out}));
  RETURN_IF_ERROR(PutInPlace(temporary, out));
  return Merged{std::move(summary), Missing(identity)};
}

}  // namespace lastcommit
