// A Verification as JSON: what `lastcommit verify --json` prints of each
// database (docs/results-format.md), and what the process that checks sends to
// the one that waits for it.

#ifndef LASTCOMMIT_VERIFY_VERIFICATION_JSON_H_
#define LASTCOMMIT_VERIFY_VERIFICATION_JSON_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "verify/verification.h"

namespace lastcommit {

// The first words of the last line: "OK", "WARNING", "DAMAGED", "CANNOT CHECK".
std::string Word(Soundness soundness);

// All texts must be valid UTF-8 (output/shown.h).
nlohmann::json ToJson(const Verification& verification);
// Internal if it is none.
absl::StatusOr<Verification> VerificationFromJson(const std::string& text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_VERIFICATION_JSON_H_
