// CallSite: who made a call of a recording, and where in the program, if the
// recording has stacks. So a finding points to a place in the source.

#ifndef LASTCOMMIT_JUDGE_CALL_SITE_H_
#define LASTCOMMIT_JUDGE_CALL_SITE_H_

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "record/recording.h"

namespace lastcommit {

struct CallSite {
  std::string name;  // of the call
  std::int32_t process = 0;
  std::int32_t thread = 0;
  std::optional<RecordedStack> stack;
};

// Of a recording's calls: those that are asked for, by their numbers.
absl::StatusOr<std::map<std::uint64_t, CallSite>> CallSitesOf(
    const std::string& recording, const std::set<std::uint64_t>& calls);

// "pwrite64 of process 1, thread 2", escaped.
std::string InWords(const CallSite& site);
// A line for each frame, the innermost first, escaped and with their newlines;
// "": there is no stack.
std::string StackInWords(const CallSite& site);
nlohmann::json JsonOf(const CallSite& site);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_CALL_SITE_H_
