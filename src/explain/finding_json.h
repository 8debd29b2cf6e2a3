// A finding as JSON: in the messages of workers, in results.jsonl and in
// summaries (docs/results-format.md).

#ifndef LASTCOMMIT_EXPLAIN_FINDING_JSON_H_
#define LASTCOMMIT_EXPLAIN_FINDING_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "explain/finding.h"

namespace lastcommit {

nlohmann::json FindingToJson(const Finding& finding);
// Throws nlohmann::json::exception if it is none.
Finding FindingFromJson(const nlohmann::json& value);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FINDING_JSON_H_
