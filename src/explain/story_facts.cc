#include "explain/story_facts.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using nlohmann::json;

constexpr char kSchema[] = "lastcommit-facts-1";
constexpr std::size_t kMostText = std::size_t{1} << 20;

std::string UpTo(std::int64_t commit) {
  if (commit < 0) return "nothing";
  return commit == 0 ? "the schema" : absl::StrCat("commits up to ", commit);
}

// One database after the other.
std::string FoundApartInWords(const RoundFacts& facts) {
  std::string words = absl::StrCat("; found: ", UpTo(facts.cut));
  for (int database = 1; database <= kMostAttached; ++database) {
    const std::int64_t cut = Of(database, facts.attached_cuts);
    if (cut < 0) break;
    absl::StrAppend(&words, ", and in attached database ", database, " ",
                    UpTo(cut));
  }
  return words;
}

// The counter of commits says which there are only where it is the counter of a
// state that there was.
std::string FoundInWords(const RoundFacts& facts,
                         const std::optional<ViolationClass>& violation) {
  const std::int64_t cut = facts.cut;
  if (violation == ViolationClass::kDamaged) return "";
  const bool is_not_a_cut = violation == ViolationClass::kNotACut;
  if (facts.is_mixed && !is_not_a_cut) return FoundApartInWords(facts);
  const bool is_no_state =
      is_not_a_cut || violation == ViolationClass::kBrokenInvariant;
  return is_no_state
             ? absl::StrCat("; found: none of its states, with the counter of ",
                            UpTo(cut))
             : absl::StrCat("; found: ", UpTo(cut));
}

std::string DemandInWords(const RoundFacts& facts) {
  if (facts.demand == Demand::kNone) return "; no demand";
  return absl::StrCat(
      "; must be there: ", UpTo(facts.lowest),
      facts.lowest > facts.acknowledged ? " (they were seen before)" : "",
      facts.highest > facts.lowest
          ? absl::StrCat("; may be there: ", UpTo(facts.highest))
          : "");
}

// `violation`: of what this round left, if it is violated.
std::string EndInWords(const RoundFacts& facts,
                       const std::optional<ViolationClass>& violation) {
  if (!facts.judged || facts.demand == Demand::kUnknown) return "";
  return absl::StrCat("acknowledged: ", UpTo(facts.acknowledged),
                      DemandInWords(facts),
                      facts.was_read ? FoundInWords(facts, violation) : "");
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
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const bool is_last = r + 1 == result.rounds.size();
    facts.ends.push_back(EndInWords(
        result.rounds[r], is_last ? result.verdict.violation : std::nullopt));
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
  const json value = {{"schema", kSchema},
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
    if (value.at("schema") != kSchema) throw std::invalid_argument("schema");
    StoryFacts facts;
    facts.ends = value.at("rounds").get<std::vector<std::string>>();
    for (const json& one : value.at("acknowledged")) {
      const auto round = one.at(0).get<std::int64_t>();
      const auto step = one.at(1).get<std::int64_t>();
      if (round < 1 || step < 0) throw std::invalid_argument("no such step");
      facts.acknowledgements.push_back({static_cast<std::uint32_t>(round - 1),
                                        static_cast<std::uint32_t>(step),
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
  ASSIGN_OR_RETURN(const std::string text, ReadShortFile(path, kMostText));
  return ParseStoryFacts(text);
}

}  // namespace lastcommit
