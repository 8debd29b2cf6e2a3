// A fuzzer of the parser of plans, for libFuzzer: scripts/fuzz-parser.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "plan/parser_law.h"
#include "plan/plan_mutation.h"

extern "C" {

// libFuzzer's own mutations of bytes.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                             std::size_t max_size);

// Every other time a mutation that knows lines and values.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                    std::size_t max_size, unsigned seed) {
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  static const auto* const generated =
      new std::vector<std::string>(lastcommit::GeneratedPlanTexts(100));
  const std::string text(data, data + size);
  const std::string& plan = (*generated)[seed / 8 % generated->size()];
  // Now and then from a plan on: libFuzzer soon prefers texts that are none.
  const bool is_anew = seed % 8 == 1;
  const std::string mutated = lastcommit::MutatedPlanText(
      is_anew ? plan : text, is_anew ? text : plan, seed);
  const std::size_t new_size = std::min(mutated.size(), max_size);
  std::copy_n(mutated.begin(), new_size, data);
  return new_size;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lastcommit::Parsing parsing = lastcommit::ParseByLaw(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (parsing.broken_law.empty()) return 0;
  std::fprintf(stderr, "broken: %s\n", parsing.broken_law.c_str());
  std::abort();
}

}  // extern "C"
