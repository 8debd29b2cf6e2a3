// The JSON that a command writes at its end to where --json says: see
// WriteOutput.

#ifndef LASTCOMMIT_OUTPUT_JSON_FILE_H_
#define LASTCOMMIT_OUTPUT_JSON_FILE_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/status.h"

namespace lastcommit {

// Any JSON, for people, in ASCII.
std::string PrintJson(const nlohmann::json& value);

// Makes the file, and leaves one that is there as it is. With an empty path
// both do nothing.
absl::Status PrepareJsonFile(const std::string& path);

// "cannot write PATH: why".
absl::Status WriteJsonFile(const std::string& path,
                           const nlohmann::json& value);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_JSON_FILE_H_
