#include "campaign/message.h"

#include <nlohmann/json.hpp>

#include "explain/finding_json.h"

namespace lastcommit {
namespace {

using nlohmann::json;

std::string LineOf(const json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    json::error_handler_t::replace) +
         "\n";
}

IndexRange RangeFromJson(const json& value) {
  return {value.at(0).get<std::uint64_t>(), value.at(1).get<std::uint64_t>()};
}

}  // namespace

std::string PrintAssignment(const Assignment& assignment) {
  return LineOf({{"range", {assignment.range.first, assignment.range.end}},
                 {"settled", assignment.settled}});
}

std::string PrintMessage(const Message& message) {
  json value = {{"cells", WithNames(message.cells)},
                {"digest", message.digest_sum},
                {"error", message.error},
                {"last", message.is_last}};
  if (message.done) value["done"] = {message.done->first, message.done->end};
  if (message.finding) value["finding"] = FindingToJson(*message.finding);
  return LineOf(value);
}

std::optional<Assignment> ParseAssignment(const std::string& line) {
  try {  // nlohmann-json throws; nothing leaves here
    const json value = json::parse(line);
    return Assignment{RangeFromJson(value.at("range")),
                      value.at("settled").get<std::set<std::uint64_t>>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::optional<Message> ParseMessage(const std::string& line) {
  try {
    const json value = json::parse(line);
    Message message;
    message.cells = ParseCells(value.at("cells").get<NamedCells>());
    message.digest_sum = value.at("digest");
    message.error = value.at("error");
    message.is_last = value.at("last");
    if (value.contains("done")) message.done = RangeFromJson(value.at("done"));
    if (value.contains("finding")) {
      message.finding = FindingFromJson(value.at("finding"));
    }
    return message;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

}  // namespace lastcommit
