// One line of a plan as JSON: an object whose values are numbers, strings, or
// objects of those. Only codec.cc and the files of fields read it. Not for any
// other JSON: arrays, deeper objects and more than a few fields are refused
// while they are read, so that no input costs more than its own length.
//
// Errors are InvalidArgument "FIELD: what is wrong (allowed ...)".

#ifndef LASTCOMMIT_PLAN_FLAT_JSON_H_
#define LASTCOMMIT_PLAN_FLAT_JSON_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

// A value that no field of a plan has: true, null, 1.5, -0.
struct OtherJson {
  std::string text;
};
// The beginning of an object; its fields follow under their full names.
struct JsonObject {};
// Whole numbers are unsigned where they can be.
using JsonValue = std::variant<OtherJson, JsonObject, std::int64_t,
                               std::uint64_t, std::string>;

struct JsonField {
  std::string name;  // "io", or "crash.io" inside the object "crash"
  JsonValue value;
};
using JsonFields = std::vector<JsonField>;

// The fields in the order of the line; no name stands there twice.
absl::StatusOr<JsonFields> ParseFlatJson(std::string_view line);

// nullptr if there is none.
const JsonField* Find(const JsonFields& fields, std::string_view name);

struct IntegerLimits {
  std::int64_t min = 0;
  std::int64_t max = 0;
};
absl::StatusOr<std::int64_t> ReadInteger(const JsonField& field,
                                         const IntegerLimits& limits);
absl::StatusOr<std::uint64_t> ReadUnsigned(const JsonField& field);
// Lives as long as the field.
absl::StatusOr<std::string_view> ReadString(const JsonField& field);
absl::Status ReadObject(const JsonField& field);

// "FIELD: what".
absl::Status FieldError(std::string_view field, std::string_view what);
// "FIELD: VALUE what (allowed ...)", the value escaped, and cut when long.
absl::Status Refused(const JsonField& field, std::string_view what,
                     std::string_view allowed);

// A word that `parse` knows.
template <typename T>
absl::StatusOr<T> ReadWord(const JsonField& field,
                           std::optional<T> (*parse)(std::string_view),
                           std::string_view allowed) {
  const absl::StatusOr<std::string_view> word = ReadString(field);
  if (!word.ok()) return word.status();
  if (const std::optional<T> value = parse(*word)) return *value;
  return Refused(field, "is not known", allowed);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_FLAT_JSON_H_
