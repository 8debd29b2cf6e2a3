// Files that are never half there: written beside their place, synced, then
// renamed to it. For summaries and reports; plans have WritePlanFile, and
// results.jsonl only ever grows.

#ifndef LASTCOMMIT_OUTPUT_WHOLE_FILE_H_
#define LASTCOMMIT_OUTPUT_WHOLE_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit {

// "cannot write PATH: why". One writer at a time.
absl::Status WriteWholeFile(const std::string& path, std::string_view text);

// What an option of the command line names: "-" is standard output; a regular
// file is replaced, also one that a symbolic link names, which stays; anything
// else is written to: a device, a FIFO that has a reader.
absl::Status WriteOutput(const std::string& path, std::string_view text);
// Whether WriteOutput makes a file beside it and renames that.
bool IsReplaced(const std::string& path);

// The second half alone: syncs what is at `temporary` and renames it.
absl::Status PutInPlace(const std::string& temporary, const std::string& path);

// A regular file. NotFound, PermissionDenied, ...
absl::StatusOr<std::string> ReadWholeFile(const std::string& path);

// The same for what somebody else may have made. InvalidArgument: it is longer
// than that.
absl::StatusOr<std::string> ReadShortFile(const std::string& path,
                                          std::size_t most);

// The same for one that may not fit into memory: `on_part` gets it a part at a
// time, none of them empty. An error of it ends the reading.
absl::Status ReadInParts(
    const std::string& path,
    absl::FunctionRef<absl::Status(std::string_view part)> on_part);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_WHOLE_FILE_H_
