#include "explain/finding_json.h"

#include <nlohmann/json.hpp>
#include <string>

namespace lastcommit {
namespace {

using nlohmann::json;

FindingState StateFromJson(const json& value) {
  const auto state = ParseFindingState(value.get<std::string>());
  if (state.has_value()) return *state;
  throw json::other_error::create(501, "unknown state of a finding", &value);
}

}  // namespace

json FindingToJson(const Finding& finding) {
  return {{"seed", finding.key.seed},
          {"index", finding.key.index},
          {"state", std::string(Name(finding.state))},
          {"class", finding.filed_under},
          {"verdict", finding.verdict},
          {"directory", finding.directory},
          {"plan", finding.plan_path},
          {"token", finding.token},
          {"story", finding.story},
          {"repeats", finding.repeats},
          {"verdicts", finding.verdicts},
          {"looks_like", finding.looks_like},
          {"shape", finding.shape},
          {"shrink_trials", finding.shrink_trials},
          {"lines", finding.lines},
          {"deaths", finding.deaths}};
}

Finding FindingFromJson(const json& value) {
  Finding finding;
  finding.key = {value.at("seed"), value.at("index")};
  finding.state = StateFromJson(value.at("state"));
  finding.filed_under = value.at("class");
  finding.verdict = value.at("verdict");
  finding.directory = value.at("directory");
  finding.plan_path = value.at("plan");
  finding.token = value.at("token");
  finding.story = value.at("story");
  finding.repeats = value.at("repeats");
  finding.verdicts = value.at("verdicts").get<std::map<std::string, int>>();
  // A record of an older program has none.
  finding.looks_like = value.value("looks_like", std::vector<std::string>());
  finding.shape = value.at("shape");
  finding.shrink_trials = value.at("shrink_trials");
  finding.lines = value.at("lines");
  finding.deaths = value.at("deaths");
  return finding;
}

}  // namespace lastcommit
