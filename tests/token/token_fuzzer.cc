// A fuzzer of the parser of tokens, for libFuzzer: scripts/fuzz-parser. The
// input also goes behind a right checksum, which would refuse nearly all of it.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "plan/codec.h"
#include "token/forged_token.h"
#include "token/token.h"

namespace lastcommit {
namespace {

// What is printed of a plan that was parsed is that plan again.
std::string BrokenLaw(const std::string& token) {
  const absl::StatusOr<Plan> plan = ParseToken(token);
  if (!plan.ok()) {
    return absl::IsInvalidArgument(plan.status()) ? "" : "another code";
  }
  const absl::StatusOr<std::string> again = PrintToken(*plan);
  if (!again.ok()) {
    return absl::IsResourceExhausted(again.status()) ? "" : "no token again";
  }
  const absl::StatusOr<Plan> same = ParseToken(*again);
  return same.ok() && *same == *plan ? "" : "its token gives another plan";
}

void Check(const std::string& input) {
  for (const std::string& token : {input, ForgedToken(input)}) {
    const std::string broken = BrokenLaw(token);
    if (broken.empty()) continue;
    std::fprintf(stderr, "broken: %s\n", broken.c_str());
    std::abort();
  }
}

}  // namespace
}  // namespace lastcommit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  lastcommit::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
