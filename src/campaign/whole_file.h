// Files that are never half there: written beside their place, synced, then
// renamed to it. For summaries and reports; plans have WritePlanFile, and
// results.jsonl only ever grows.

#ifndef LASTCOMMIT_CAMPAIGN_WHOLE_FILE_H_
#define LASTCOMMIT_CAMPAIGN_WHOLE_FILE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

// "cannot write PATH: why". One writer at a time.
absl::Status WriteWholeFile(const std::string& path, std::string_view text);

// The second half alone: syncs what is at `temporary` and renames it.
absl::Status PutInPlace(const std::string& temporary, const std::string& path);

// NotFound, PermissionDenied, ...
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_WHOLE_FILE_H_
