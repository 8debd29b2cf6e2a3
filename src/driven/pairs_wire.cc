#include <string>

#include "driven/wire.h"
#include "keys/pairs.h"

namespace lastcommit::driven {
namespace {

using Json = nlohmann::json;

bool Ask(const Operation& operation, const Rows& /*rows*/, Json& request) {
  const pairs::Arguments arguments = pairs::ArgumentsOf(operation);
  request["key"] = pairs::KeyName(arguments.key);
  if (pairs::KindOf(operation) == pairs::Kind::kPut) {
    request["value"] = pairs::ValueText(arguments.value);
  }
  return true;
}

absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Json& body) {
  const auto value = body.find("value");
  switch (pairs::KindOf(operation)) {
    case pairs::Kind::kPut:
      break;
    case pairs::Kind::kDelete:
      if (value == body.end()) break;
      if (!value->is_boolean()) {
        return absl::InvalidArgumentError(
            "has a \"value\" of a delete that is neither true nor false");
      }
      return value->get<bool>() ? 1 : 0;
    case pairs::Kind::kGet:
      if (value == body.end() || !value->is_string()) {
        return absl::InvalidArgumentError(
            "has no text as the \"value\" of a get");
      }
      return pairs::AnswerOf(value->get_ref<const std::string&>());
  }
  return std::nullopt;
}

absl::StatusOr<std::pair<RowKey, Fingerprint>> RowOf(const Json& row) {
  if (!row.is_array() || row.size() != 2 || !row[0].is_string() ||
      !row[1].is_string()) {
    return absl::InvalidArgumentError("has a row that is no list of two texts");
  }
  return std::pair(RowKey{pairs::kPairs, {row[0].get<std::string>()}, 0},
                   pairs::RowOf(row[1].get_ref<const std::string&>()));
}

}  // namespace

const Wire& PairsWire() {
  static const Wire kWire = {.dialect = &pairs::kVocabulary,
                             .ask = Ask,
                             .value = ValueOf,
                             .row = RowOf};
  return kWire;
}

}  // namespace lastcommit::driven
