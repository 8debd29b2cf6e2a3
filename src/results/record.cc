#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "explain/finding_json.h"
#include "results/results_file.h"

namespace lastcommit {
namespace {

using nlohmann::json;

// A clock with more digits shows nothing more.
double Milliseconds(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

json ToJson(const StartRecord& start) {
  return {{"record", "start"},
          {"at", Milliseconds(start.at)},
          {"jobs", start.jobs},
          {"machine", start.machine},
          {"tester", start.tester}};
}

json ToJson(const TrialsRecord& trials) {
  json ranges = json::array();
  for (const IndexRange& range : trials.indexes.ranges()) {
    ranges.push_back({range.first, range.end});
  }
  return {{"record", "trials"},
          {"at", Milliseconds(trials.at)},
          {"seconds", Milliseconds(trials.seconds)},
          {"indexes", ranges},
          {"cells", WithNames(trials.cells)},
          {"digest", absl::StrFormat("%016x", trials.digest_sum)}};
}

json ToJson(const FindingRecord& record) {
  json value = FindingToJson(record.finding);
  value["record"] = "finding";
  return value;
}

json ToJson(const EndRecord& end) {
  return {{"record", "end"},
          {"at", Milliseconds(end.at)},
          {"interrupted", end.was_interrupted},
          {"error", end.error},
          {"exit_code", end.exit_code}};
}

json ToJson(const CutRecord& /*cut*/) { return {{"record", "cut"}}; }

TrialsRecord TrialsFromJson(const json& value) {
  TrialsRecord trials;
  trials.at = value.at("at");
  trials.seconds = value.at("seconds");
  for (const json& range : value.at("indexes")) {
    trials.indexes.Add({range.at(0), range.at(1)});
  }
  trials.cells = ParseCells(value.at("cells").get<NamedCells>());
  const std::string digest = value.at("digest");
  if (!absl::SimpleHexAtoi(digest, &trials.digest_sum)) {
    throw json::other_error::create(501, "digest is no hexadecimal number",
                                    &value);
  }
  return trials;
}

Record FromJson(const json& value) {
  const std::string kind = value.at("record");
  if (kind == "start") {
    return StartRecord{value.at("at"), value.at("jobs"), value.at("tester"),
                       value.value("machine", "")};
  }
  if (kind == "trials") return TrialsFromJson(value);
  if (kind == "finding") return FindingRecord{FindingFromJson(value)};
  if (kind == "end") {
    return EndRecord{value.at("at"), value.at("interrupted"), value.at("error"),
                     value.at("exit_code")};
  }
  if (kind == "cut") return CutRecord{};
  throw json::other_error::create(501, "there is no such record", &value);
}

}  // namespace

std::string PrintRecord(const Record& record) {
  const json value =
      std::visit([](const auto& one) { return ToJson(one); }, record);
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    json::error_handler_t::replace) +
         "\n";
}

absl::StatusOr<Record> ParseRecord(std::string_view line) {
  try {  // nlohmann-json throws; nothing leaves here
    return FromJson(json::parse(line));
  } catch (const json::exception& error) {
    // The library quotes what it read, with control characters escaped.
    return absl::InvalidArgumentError(
        absl::StrCat("no record of a campaign: ", error.what()));
  }
}

}  // namespace lastcommit
