// A fuzzer of the decoder of tokens, for libFuzzer: scripts/fuzz-parser. The
// input goes behind the checksum, which would refuse nearly all of it.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "plan/codec.h"
#include "token/forged_token.h"
#include "token/plan_difference.h"
#include "token/token.h"

namespace lastcommit {
namespace {

std::vector<Plan> GeneratedPlans() {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < 64; ++i) {
    plans.push_back(PlanAt({1, i}, GenerateOptions()));
  }
  return plans;
}

// What is no plan of the text form, or has another difference than the bytes
// said, would replay as something else than what was found.
std::string BrokenLaw(const Plan& generated, std::string_view bytes) {
  const absl::StatusOr<Plan> plan = DecodeDifference(generated, bytes);
  if (!plan.ok()) {
    return absl::IsInvalidArgument(plan.status()) ? "" : "another code";
  }
  const absl::StatusOr<Plan> parsed = ParsePlan(PrintPlan(*plan), "plan");
  if (!parsed.ok()) return "no plan: " + parsed.status().ToString();
  if (*parsed != *plan) return "another plan when printed";
  const absl::StatusOr<Plan> again =
      DecodeDifference(generated, EncodeDifference(generated, *plan));
  if (!again.ok()) return "its difference is refused";
  return *again == *plan ? "" : "its difference gives another plan";
}

void Check(std::string_view input) {
  static const auto* const kPlans = new std::vector<Plan>(GeneratedPlans());
  const auto first = static_cast<unsigned char>(input.front());
  const std::string broken =
      BrokenLaw((*kPlans)[first % kPlans->size()], input.substr(1));
  if (!broken.empty()) {
    std::fprintf(stderr, "broken: %s\n", broken.c_str());
    std::abort();
  }
  const std::vector<std::string> savers = {"sqlite"};
  ParseToken(input, savers).status().IgnoreError();
  ParseToken(ForgedToken(std::string(input)), savers).status().IgnoreError();
}

}  // namespace
}  // namespace lastcommit

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size > 0) {
    lastcommit::Check({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}
