#include <string>

#include "driven/wire.h"
#include "logs/specs.h"

namespace lastcommit::driven {
namespace {

using logs::Kind;
using Json = nlohmann::json;

absl::Status Wrong(const char* what) {
  return absl::InvalidArgumentError(what);
}

bool Ask(const Operation& operation, const Rows& /*rows*/, Json& request) {
  const logs::Arguments arguments = logs::ArgumentsOf(operation);
  switch (logs::KindOf(operation)) {
    case Kind::kAppend:
      request["entry"] = logs::EntryOf(arguments, 0);
      break;
    case Kind::kAppendBatch: {
      Json entries = Json::array();
      for (int idx = 0; idx < arguments.count; ++idx) {
        entries.push_back(logs::EntryOf(arguments, idx));
      }
      request["entries"] = std::move(entries);
      break;
    }
    case Kind::kRead:
      request["after"] = arguments.after;
      request["limit"] = arguments.limit;
      break;
    case Kind::kTrim:
      request["to"] = arguments.to;
      break;
  }
  return true;
}

bool IsEntry(const Json& json) {
  return json.is_array() && json.size() == 2 && json[0].is_number_integer() &&
         json[1].is_string();
}

absl::StatusOr<std::int64_t> AnswerOfRead(const Json& body) {
  const auto value = body.find("value");
  if (value == body.end() || !value->is_array()) {
    return Wrong("has no list as the \"value\" of a read");
  }
  logs::ReadAnswer answer;
  for (const Json& entry : *value) {
    if (!IsEntry(entry)) {
      return Wrong("has an entry of a read that is no list of number and text");
    }
    answer.Add(entry[0].get<std::int64_t>(),
               logs::EntryRow(entry[1].get_ref<const std::string&>()));
  }
  return answer.value();
}

absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Json& body) {
  switch (logs::KindOf(operation)) {
    case Kind::kRead:
      return AnswerOfRead(body);
    case Kind::kTrim:
      return std::nullopt;
    case Kind::kAppend:
    case Kind::kAppendBatch:
      break;
  }
  const auto value = body.find("value");
  if (value == body.end()) return std::nullopt;
  if (!value->is_number_integer()) {
    return Wrong(
        "has a \"value\" that is not the number of the entry that was "
        "appended last");
  }
  return value->get<std::int64_t>();
}

absl::StatusOr<std::pair<RowKey, Fingerprint>> RowOf(const Json& row) {
  if (row.is_array() && row.size() == 2 && row[0] == "next" &&
      row[1].is_number_integer()) {
    return std::pair(RowKey{logs::kNext, {}, 0},
                     logs::NextRow(row[1].get<std::int64_t>()));
  }
  if (IsEntry(row)) {
    return std::pair(RowKey{logs::kEntries, {}, row[0].get<std::int64_t>()},
                     logs::EntryRow(row[1].get_ref<const std::string&>()));
  }
  return Wrong(
      "has a row that is neither [NUMBER, entry] nor [\"next\", NUMBER]");
}

}  // namespace

const Wire& LogWire() {
  static const Wire kWire = {.dialect = &logs::kVocabulary,
                             .optional = {"append_batch", "read", "trim"},
                             .ask = Ask,
                             .value = ValueOf,
                             .row = RowOf};
  return kWire;
}

}  // namespace lastcommit::driven
