#include "results/unrecorded.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "plan/codec.h"
#include "token/token.h"

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

bool IsOfAWorker(const std::string& filed_under) {
  return filed_under == kWorkerDied || filed_under == kWorkerHung;
}

// nullopt: not the plan of a finding of this campaign.
std::optional<Finding> FindingAt(const fs::path& plan,
                                 const Identity& identity) {
  const fs::path directory = plan.parent_path();
  Finding finding;
  finding.filed_under = directory.parent_path().filename();
  const auto key = ParseKey(directory.filename());
  const bool is_violation =
      ParseViolationClass(finding.filed_under).has_value();
  if (plan.filename() != "original.plan" || !key ||
      key->seed != identity.seed ||
      !(is_violation || IsOfAWorker(finding.filed_under))) {
    return std::nullopt;
  }
  finding.key = *key;
  finding.state = FindingState::kKept;
  finding.verdict = is_violation
                        ? absl::StrCat("violated(", finding.filed_under, ")")
                        : finding.filed_under;
  finding.deaths = is_violation ? 0 : 1;
  finding.directory = directory;
  finding.plan_path = plan;
  // Cut off in the middle of being written it has none.
  if (const absl::StatusOr<Plan> kept = ReadPlanFile(plan); kept.ok()) {
    finding.token = PrintToken(*kept).value_or("");
  }
  return finding;
}

}  // namespace

absl::StatusOr<std::vector<Finding>> UnrecordedFindings(
    const std::string& findings, const Identity& identity, const Tally& tally) {
  std::vector<Finding> found;
  std::error_code error;
  if (!fs::exists(findings, error)) return found;
  fs::recursive_directory_iterator entry(findings, error);
  for (; !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    std::optional<Finding> finding = FindingAt(entry->path(), identity);
    if (finding.has_value() &&
        !tally.findings.contains({finding->key.index, finding->filed_under})) {
      found.push_back(*std::move(finding));
    }
  }
  if (error) {
    return absl::ErrnoToStatus(
        error.value(),
        absl::StrCat("cannot list ", absl::CHexEscape(findings)));
  }
  std::sort(found.begin(), found.end(), [](const Finding& a, const Finding& b) {
    return a.plan_path < b.plan_path;
  });
  return found;
}

}  // namespace lastcommit
