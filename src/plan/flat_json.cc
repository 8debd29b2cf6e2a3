#include "plan/flat_json.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "status/status.h"

namespace lastcommit {
namespace {

// More than any line of a plan has; keeps the search for repeats short.
constexpr std::size_t kMaxFields = 32;
constexpr std::size_t kMaxNameBytes = 32;
constexpr std::size_t kMaxShownBytes = 60;
// nlohmann's id for a number too large for a double.
constexpr int kNumberOverflow = 406;

// What may stand in a message: escaped, and cut when long.
std::string ShownText(std::string_view text) {
  const absl::string_view cut(text.data(),
                              std::min(text.size(), kMaxShownBytes));
  return absl::StrCat("'", absl::CHexEscape(cut),
                      cut.size() < text.size() ? "..." : "", "'");
}

std::string Shown(const JsonValue& value) {
  struct Visitor {
    std::string operator()(const OtherJson& other) const {
      return ShownText(other.text);
    }
    std::string operator()(JsonObject) const { return "an object"; }
    std::string operator()(std::int64_t number) const {
      return absl::StrCat(number);
    }
    std::string operator()(std::uint64_t number) const {
      return absl::StrCat(number);
    }
    std::string operator()(const std::string& text) const {
      return ShownText(text);
    }
  };
  return std::visit(Visitor(), value);
}

bool IsFieldName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

// Receives the events of nlohmann's parser, which keeps no tree and calls
// itself nowhere, so deep nesting ends at the first bracket too many. The
// names of the functions are nlohmann's.
class FlatReader {
 public:
  using Json = nlohmann::json;

  bool null() { return Add(OtherJson{"null"}); }
  bool boolean(bool value) { return Add(OtherJson{value ? "true" : "false"}); }
  bool number_integer(std::int64_t value) {
    // Non-negative numbers come as unsigned, so this 0 was written "-0".
    if (value == 0) return Add(OtherJson{"-0"});
    return Add(value);
  }
  bool number_unsigned(std::uint64_t value) { return Add(value); }
  bool number_float(double, const std::string& text) {
    return Add(OtherJson{text});
  }
  bool string(std::string& value) { return Add(std::move(value)); }
  bool binary(Json::binary_t&) { return Add(OtherJson{"binary"}); }

  bool start_object(std::size_t) {
    if (depth_ == 0) {
      depth_ = 1;
      return true;
    }
    if (depth_ > 1) return Fail(name_, "an object is too deep here");
    if (!Add(JsonObject{})) return false;
    prefix_ = absl::StrCat(name_, ".");
    depth_ = 2;
    return true;
  }
  bool end_object() {
    --depth_;
    prefix_.clear();
    return true;
  }
  bool start_array(std::size_t) {
    return Fail(name_.empty() ? "line" : name_, "an array is not allowed");
  }
  bool end_array() { return true; }

  bool key(std::string& key) {
    if (!IsFieldName(key)) return Fail(ShownText(key), "unknown field");
    name_ = prefix_ + key;
    if (fields_.size() >= kMaxFields) {
      return Fail(ShownText(name_),
                  absl::StrCat("too many fields (allowed ", kMaxFields, ")"));
    }
    if (Find(fields_, name_) != nullptr) {
      return Fail(ShownText(name_), "stands here twice");
    }
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const Json::exception& error) {
    return Fail(
        absl::StrCat("column ", position),
        error.id == kNumberOverflow ? "the number is too large" : "not JSON");
  }

  const absl::Status& status() const { return status_; }
  JsonFields TakeFields() { return std::move(fields_); }

 private:
  bool Add(JsonValue value) {
    if (depth_ == 0) return Fail("line", "not a JSON object");
    fields_.push_back({name_, std::move(value)});
    return true;
  }
  bool Fail(std::string_view field, std::string_view what) {
    status_ = FieldError(field, what);
    return false;
  }

  JsonFields fields_;
  int depth_ = 0;
  std::string prefix_;
  std::string name_;
  absl::Status status_;
};

// Nothing that a plan holds needs more than printable ASCII, and to refuse the
// rest here gives one clear message for CRLF, NUL and bad UTF-8.
absl::Status CheckPrintable(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] >= ' ' && line[i] <= '~') continue;
    return FieldError(
        absl::StrCat("column ", i + 1),
        absl::StrCat("the byte ", ShownText(line.substr(i, 1)),
                     " (allowed printable ASCII, lines ended by \\n alone)"));
  }
  return absl::OkStatus();
}

absl::Status NotWhole(const JsonField& field, std::string_view allowed) {
  return Refused(field, "is not a whole number", allowed);
}

}  // namespace

absl::StatusOr<JsonFields> ParseFlatJson(std::string_view line) {
  RETURN_IF_ERROR(CheckPrintable(line));
  FlatReader reader;
  const bool is_parsed =
      nlohmann::json::sax_parse(line.begin(), line.end(), &reader);
  RETURN_IF_ERROR(reader.status());
  if (!is_parsed) return FieldError("line", "not JSON");
  return reader.TakeFields();
}

const JsonField* Find(const JsonFields& fields, std::string_view name) {
  for (const JsonField& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

absl::StatusOr<std::int64_t> ReadInteger(const JsonField& field,
                                         const IntegerLimits& limits) {
  const std::string allowed = absl::StrCat(limits.min, " to ", limits.max);
  const auto* negative = std::get_if<std::int64_t>(&field.value);
  const auto* natural = std::get_if<std::uint64_t>(&field.value);
  if (negative == nullptr && natural == nullptr) {
    return NotWhole(field, allowed);
  }
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (natural == nullptr || *natural <= kMax) {
    const std::int64_t value =
        natural ? static_cast<std::int64_t>(*natural) : *negative;
    if (value >= limits.min && value <= limits.max) return value;
  }
  return Refused(field, "is outside the limits", allowed);
}

absl::StatusOr<std::uint64_t> ReadUnsigned(const JsonField& field) {
  if (const auto* value = std::get_if<std::uint64_t>(&field.value)) {
    return *value;
  }
  return NotWhole(field, "0 to 18446744073709551615");
}

absl::StatusOr<std::string_view> ReadString(const JsonField& field) {
  if (const auto* value = std::get_if<std::string>(&field.value)) {
    return std::string_view(*value);
  }
  return Refused(field, "is not a string", "text in quotes");
}

absl::Status ReadObject(const JsonField& field) {
  if (std::holds_alternative<JsonObject>(field.value)) return absl::OkStatus();
  return Refused(field, "is not an object", "fields in braces");
}

absl::Status FieldError(std::string_view field, std::string_view what) {
  std::string message(field);
  message.append(": ").append(what);
  return absl::InvalidArgumentError(message);
}

absl::Status Refused(const JsonField& field, std::string_view what,
                     std::string_view allowed) {
  std::string message = Shown(field.value);
  message.append(" ").append(what);
  message.append(" (allowed ").append(allowed).append(")");
  return FieldError(field.name, message);
}

}  // namespace lastcommit
