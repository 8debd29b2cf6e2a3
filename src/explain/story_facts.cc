#include "explain/story_facts.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using nlohmann::json;

constexpr std::size_t kMostText = std::size_t{1} << 20;

std::string UpTo(std::int64_t commit) {
  if (commit < 0) return "nothing";
  return commit == 0 ? "the schema" : absl::StrCat("commits up to ", commit);
}

// Of damage nobody can say which commits are in it.
std::string EndInWords(const RoundFacts& facts, bool is_damaged) {
  if (!facts.judged || facts.demand == Demand::kUnknown) return "";
  const std::string acknowledged =
      absl::StrCat("acknowledged: ", UpTo(facts.acknowledged));
  if (facts.demand == Demand::kNone) {
    return absl::StrCat(acknowledged, "; no demand");
  }
  const std::string demanded =
      absl::StrCat(acknowledged, "; must be there: ", UpTo(facts.lowest),
                   facts.highest > facts.lowest
                       ? absl::StrCat("; may be there: ", UpTo(facts.highest))
                       : "");
  return is_damaged ? demanded
                    : absl::StrCat(demanded, "; found: ", UpTo(facts.cut));
}

}  // namespace

std::string StoryFacts::AcknowledgedBy(std::size_t round,
                                       std::size_t step) const {
  const auto one = std::find_if(
      acknowledgements.begin(), acknowledgements.end(),
      [&](const Acknowledgement& acknowledgement) {
        return acknowledgement.round == round && acknowledgement.step == step;
      });
  if (one == acknowledgements.end()) return "";
  return one->commit == 0
             ? "the schema acknowledged"
             : absl::StrCat("commit ", one->commit, " acknowledged");
}

std::string StoryFacts::EndOf(std::size_t round) const {
  return round < ends.size() ? ends[round] : "";
}

StoryFacts StoryFactsOf(const TrialResult& result) {
  StoryFacts facts = {result.acknowledgements, {}, result.verdict.rows};
  const bool is_damaged = result.verdict.violation == ViolationClass::kDamaged;
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const bool is_last = r + 1 == result.rounds.size();
    facts.ends.push_back(EndInWords(result.rounds[r], is_damaged && is_last));
  }
  return facts;
}

std::string PrintStoryFacts(const StoryFacts& facts) {
  json acknowledged = json::array();
  for (const Acknowledgement& one : facts.acknowledgements) {
    acknowledged.push_back({one.round + 1, one.step, one.commit});
  }
  json rows = json::array();
  for (const RowDifference& row : facts.rows) {
    rows.push_back(
        {{"row", row.row}, {"expected", row.expected}, {"found", row.found}});
  }
  const json value = {{"schema", "lastcommit-facts-1"},
                      {"acknowledged", acknowledged},
                      {"rounds", facts.ends},
                      {"rows", rows}};
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    json::error_handler_t::replace) +
         "\n";
}

absl::StatusOr<StoryFacts> ParseStoryFacts(std::string_view text) {
  try {
    const json value = json::parse(text);
    StoryFacts facts;
    facts.ends = value.at("rounds").get<std::vector<std::string>>();
    for (const json& one : value.at("acknowledged")) {
      facts.acknowledgements.push_back({one.at(0).get<std::uint32_t>() - 1,
                                        one.at(1).get<std::uint32_t>(),
                                        one.at(2).get<std::int64_t>()});
    }
    for (const json& row : value.at("rows")) {
      facts.rows.push_back(
          {row.at("row"), row.at("expected"), row.at("found")});
    }
    if (facts.rows.size() > Verdict::kMostRows ||
        facts.acknowledgements.size() > kMaxAcknowledgements) {
      throw std::invalid_argument("more than a trial has");
    }
    return facts;
  } catch (const std::exception& error) {  // json's, and that above
    return absl::InvalidArgumentError(error.what());
  }
}

absl::StatusOr<StoryFacts> ReadStoryFacts(const std::string& path) {
  std::string text;
  RETURN_IF_ERROR(ReadInParts(path, [&](std::string_view part) {
    text += part;
    return text.size() <= kMostText
               ? absl::OkStatus()
               : absl::InvalidArgumentError("too long for what happened");
  }));
  return ParseStoryFacts(text);
}

}  // namespace lastcommit
