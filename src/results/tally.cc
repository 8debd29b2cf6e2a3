#include "results/tally.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_format.h"
#include "explain/known_bugs.h"

namespace lastcommit {
namespace {

struct Adder {
  Tally& tally;

  bool operator()(const StartRecord& start) const {
    tally.sessions.push_back({start, std::nullopt, 0, 0});
    return true;
  }
  bool operator()(const TrialsRecord& trials) const {
    for (const IndexRange& range : trials.indexes.ranges()) {
      tally.done.Add(range);
    }
    tally.ledger.Add(trials.cells);
    for (const auto& [cell, count] : trials.cells) {
      if (cell.group != CellGroup::kSignature) continue;
      tally.first_trials.try_emplace(cell, tally.ledger.trials());
    }
    tally.digest_sum += trials.digest_sum;
    if (tally.sessions.empty()) return true;  // of fuzz, which has no times
    const auto count = static_cast<std::int64_t>(trials.indexes.size());
    tally.sessions.back().seconds += trials.seconds;
    tally.sessions.back().trials += count;
    tally.slices.push_back(
        {tally.sessions.size() - 1, trials.at, trials.seconds, count});
    return true;
  }
  bool operator()(const FindingRecord& record) const {
    const Finding& finding = record.finding;
    const auto [known, is_new] = tally.findings.try_emplace(
        {finding.key.index, finding.filed_under}, finding);
    if (is_new) {
      tally.found_after.push_back(tally.ledger.trials());
      return true;
    }
    if (std::tie(finding.state, finding.deaths) <=
        std::tie(known->second.state, known->second.deaths)) {
      return false;
    }
    known->second = finding;
    return true;
  }
  bool operator()(const EndRecord& end) const {
    if (!tally.sessions.empty()) tally.sessions.back().end = end;
    return true;
  }
  bool operator()(const CutRecord& /*cut*/) const { return true; }
};

// What one group has in common. Those alone have their index in it.
using GroupKey = std::tuple<bool, std::string, std::string,
                            std::vector<std::string>, std::uint64_t>;

GroupKey KeyOf(const Finding& finding) {
  const bool is_explained = finding.state == FindingState::kExplained;
  const bool is_alone =
      (is_explained && finding.shape.empty()) || finding.is_of_a_worker();
  return {!is_explained, finding.verdict, finding.shape, finding.looks_like,
          is_alone ? finding.key.index : 0};
}

}  // namespace

bool Tally::Add(const Record& record) {
  return std::visit(Adder{*this}, record);
}

bool Tally::has_violations() const {
  return std::any_of(findings.begin(), findings.end(), [](const auto& entry) {
    return !entry.second.is_of_a_worker();
  });
}

double Tally::seconds() const {
  double seconds = 0;
  for (const Session& session : sessions) seconds += session.seconds;
  return seconds;
}

bool Tally::has_worker_findings() const {
  return std::any_of(findings.begin(), findings.end(), [](const auto& entry) {
    return entry.second.is_of_a_worker();
  });
}

int Tally::DeathsAt(std::uint64_t index) const {
  int deaths = 0;
  for (auto next = findings.lower_bound({index, ""});
       next != findings.end() && next->first.first == index; ++next) {
    deaths += next->second.deaths;
  }
  return deaths;
}

std::string Tally::digest() const {
  return absl::StrFormat("%016x", digest_sum);
}

std::map<std::string, std::int64_t> Tally::Likenesses() const {
  std::map<std::string, std::int64_t> counts;
  for (const auto& [key, finding] : findings) {
    if (!finding.is_of_a_worker()) ++counts[JoinedNames(finding.looks_like)];
  }
  return counts;
}

std::vector<FindingGroup> Grouped(const Tally& tally) {
  std::map<GroupKey, FindingGroup> groups;
  for (const auto& [key, finding] : tally.findings) {  // by ascending index
    FindingGroup& group =
        groups.try_emplace(KeyOf(finding), FindingGroup{finding, {}})
            .first->second;
    // One that was shrunk to its end says more.
    if (group.first.counted && !finding.counted) group.first = finding;
    group.indexes.push_back(finding.key.index);
  }
  std::vector<FindingGroup> all;
  all.reserve(groups.size());
  for (auto& [key, group] : groups) all.push_back(std::move(group));
  return all;
}

}  // namespace lastcommit
