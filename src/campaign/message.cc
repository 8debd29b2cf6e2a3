#include "campaign/message.h"

#include <nlohmann/json.hpp>

namespace lastcommit {
namespace {

using nlohmann::json;

json FindingToJson(const Finding& finding) {
  return {{"seed", finding.key.seed},   {"index", finding.key.index},
          {"verdict", finding.verdict}, {"directory", finding.directory},
          {"plan", finding.plan_path},  {"story", finding.story},
          {"repeats", finding.repeats}, {"trials", finding.shrink_trials},
          {"lines", finding.lines}};
}

Finding FindingFromJson(const json& value) {
  Finding finding;
  finding.key = {value.at("seed"), value.at("index")};
  finding.verdict = value.at("verdict");
  finding.directory = value.at("directory");
  finding.plan_path = value.at("plan");
  finding.story = value.at("story");
  finding.repeats = value.at("repeats");
  finding.shrink_trials = value.at("trials");
  finding.lines = value.at("lines");
  return finding;
}

}  // namespace

std::string PrintMessage(const Message& message) {
  json value = {{"cells", message.cells},
                {"digest", message.digest_sum},
                {"error", message.error},
                {"last", message.is_last}};
  if (message.finding.has_value()) {
    value["finding"] = FindingToJson(*message.finding);
  }
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    json::error_handler_t::replace) +
         "\n";
}

std::optional<Message> ParseMessage(const std::string& line) {
  try {  // nlohmann-json throws; nothing leaves here
    const json value = json::parse(line);
    Message message;
    message.cells = value.at("cells").get<Ledger::Cells>();
    message.digest_sum = value.at("digest");
    message.error = value.at("error");
    message.is_last = value.at("last");
    if (value.contains("finding")) {
      message.finding = FindingFromJson(value.at("finding"));
    }
    return message;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace lastcommit
