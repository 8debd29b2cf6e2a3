#include "explain/finding_json.h"

#include <nlohmann/json.hpp>
#include <string>

#include "explain/finding_fields.h"
#include "names/names.h"

// The library finds these where the type is.
namespace lastcommit {

void to_json(nlohmann::json& value, FindingState state) { value = Word(state); }

void from_json(const nlohmann::json& value, FindingState& state) {
  const auto known = ParseFindingState(value.get<std::string>());
  if (!known.has_value()) {
    throw nlohmann::json::other_error::create(501, "unknown state of a finding",
                                              &value);
  }
  state = *known;
}

nlohmann::json FindingToJson(const Finding& finding) {
  nlohmann::json value;
  VisitFields(finding, [&](const char* name, const auto& field) {
    value[name] = field;
  });
  return value;
}

Finding FindingFromJson(const nlohmann::json& value) {
  Finding finding;
  VisitFields(finding, [&](const std::string& name, auto& field) {
    // A record of an older program has none.
    const bool is_later = name == "looks_like" || name == "counted";
    if (is_later && !value.contains(name)) return;
    value.at(name).get_to(field);
  });
  return finding;
}

}  // namespace lastcommit
