#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checkpoints/specs.h"
#include "driven/wire.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

using checkpoints::Kind;
using checkpoints::Value;
using Json = nlohmann::json;
using Row = std::pair<RowKey, Fingerprint>;

constexpr char kBase64[] = "base64";

Json JsonOf(const Value& value) {
  if (!value.is_bytes) return value.content;
  return {{kBase64, absl::Base64Escape(value.content)}};
}

absl::Status Wrong(const char* what) {
  return absl::InvalidArgumentError(what);
}

absl::StatusOr<Value> ValueIn(const Json& json) {
  if (json.is_string()) return Value{json.get<std::string>(), false};
  Value value = {"", true};
  const auto text = json.is_object() ? json.find(kBase64) : json.end();
  if (text == json.end() || !text->is_string() ||
      !absl::Base64Unescape(text->get_ref<const std::string&>(),
                            &value.content)) {
    return Wrong(
        "has a value that is neither a text nor {\"base64\": a text of it}");
  }
  return value;
}

absl::StatusOr<std::optional<std::string>> ParentIn(const Json& json) {
  if (json.is_null()) return std::nullopt;
  if (json.is_string()) return json.get<std::string>();
  return Wrong("has a parent that is neither a text nor null");
}

absl::StatusOr<Fingerprint> CheckpointIn(const Json& parent,
                                         const Json& value) {
  ASSIGN_OR_RETURN(const std::optional<std::string> id, ParentIn(parent));
  ASSIGN_OR_RETURN(const Value content, ValueIn(value));
  return checkpoints::CheckpointRow(id, content);
}

absl::StatusOr<Fingerprint> WriteIn(const Json& value) {
  ASSIGN_OR_RETURN(const Value content, ValueIn(value));
  return checkpoints::WriteRow(content);
}

bool Ask(const Operation& operation, const Rows& /*rows*/, Json& request) {
  const checkpoints::Arguments arguments = checkpoints::ArgumentsOf(operation);
  const Kind kind = checkpoints::KindOf(operation);
  request["thread"] = checkpoints::ThreadName(arguments.thread);
  if (kind == Kind::kDeleteThread) return true;
  if (arguments.ns != 0) {
    request["ns"] = checkpoints::NamespaceName(arguments.ns);
  }
  request["checkpoint"] = checkpoints::CheckpointName(arguments.id);
  if (kind == Kind::kGet) return true;
  if (kind == Kind::kPut || kind == Kind::kPutStep) {
    if (arguments.parent >= 0) {
      request["parent"] = checkpoints::CheckpointName(arguments.parent);
    }
    request["value"] = JsonOf(checkpoints::ValueOf(arguments));
  }
  if (kind == Kind::kPut) return true;
  request["task"] = checkpoints::TaskName(arguments.task);
  Json writes = Json::array();
  for (int idx = 0; idx < arguments.count; ++idx) {
    writes.push_back(JsonOf(checkpoints::WriteOf(kind, arguments, idx)));
  }
  request["writes"] = std::move(writes);
  return true;
}

absl::StatusOr<std::int64_t> AnswerOfGet(const Json& value) {
  const auto writes = value.find("writes");
  if (!value.contains("parent") || !value.contains("value") ||
      writes == value.end() || !writes->is_array()) {
    return Wrong(
        "has not all of \"parent\", \"value\" and \"writes\" in the \"value\" "
        "of a get");
  }
  ASSIGN_OR_RETURN(const Fingerprint checkpoint,
                   CheckpointIn(value["parent"], value["value"]));
  checkpoints::WriteRows rows;
  for (const Json& write : *writes) {
    if (!write.is_array() || write.size() != 3 || !write[0].is_string() ||
        !write[1].is_number_integer()) {
      return Wrong(
          "has a write of a get that is no list of task, number, value");
    }
    ASSIGN_OR_RETURN(const Fingerprint row, WriteIn(write[2]));
    if (!rows.emplace(std::pair(write[0].get<std::string>(),
                                write[1].get<std::int64_t>()),
                      row)
             .second) {
      return Wrong("has a write of a get twice");
    }
  }
  return checkpoints::AnswerOf(checkpoint, rows);
}

absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Json& body) {
  if (checkpoints::KindOf(operation) != Kind::kGet) return std::nullopt;
  const auto value = body.find("value");
  if (value == body.end() || !value->is_object()) {
    return Wrong("has no object as the \"value\" of a get");
  }
  return AnswerOfGet(*value);
}

bool HasTexts(const Json& row, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last; ++i) {
    if (!row[i].is_string()) return false;
  }
  return true;
}

absl::StatusOr<Row> RowOf(const Json& row) {
  const auto text = [&](std::size_t i) { return row[i].get<std::string>(); };
  if (row.is_array() && row.size() == 6 && HasTexts(row, 0, 3) &&
      row[0] == "checkpoint") {
    ASSIGN_OR_RETURN(const Fingerprint found, CheckpointIn(row[4], row[5]));
    return Row({checkpoints::kCheckpoints, {text(1), text(2), text(3)}, 0},
               found);
  }
  if (row.is_array() && row.size() == 7 && HasTexts(row, 0, 4) &&
      row[0] == "write" && row[5].is_number_integer()) {
    ASSIGN_OR_RETURN(const Fingerprint found, WriteIn(row[6]));
    return Row({checkpoints::kWrites,
                {text(1), text(2), text(3), text(4)},
                row[5].get<std::int64_t>()},
               found);
  }
  return Wrong(
      "has a row that is neither [\"checkpoint\", thread, namespace, id, "
      "parent, value] nor [\"write\", thread, namespace, id, task, number, "
      "value]");
}

}  // namespace

const Wire& CheckpointsWire() {
  static const Wire kWire = {
      .dialect = &checkpoints::kVocabulary,
      .optional = {"put_bytes", "put_step", "delete_thread"},
      .ask = Ask,
      .value = ValueOf,
      .row = RowOf};
  return kWire;
}

}  // namespace lastcommit::driven
