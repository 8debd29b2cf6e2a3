#include "props/environment.h"

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"

namespace lastcommit {
namespace {

std::optional<std::uint64_t> FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  std::uint64_t value = 0;
  if (absl::SimpleAtoi(text, &value)) return value;
  std::fprintf(stderr, "%s is not a number\n", name);
  std::exit(2);
}

}  // namespace

std::uint64_t PropertySeed() {
  return FromEnvironment("LASTCOMMIT_SEED").value_or(1);
}

std::uint64_t PropertyTrials(std::uint64_t otherwise) {
  const std::uint64_t trials =
      FromEnvironment("LASTCOMMIT_TRIALS").value_or(otherwise);
  if (trials > 0) return trials;
  std::fprintf(stderr, "not exercised: LASTCOMMIT_TRIALS is 0\n");
  std::exit(4);
}

std::optional<std::string> ReplayToken() {
  const char* token = std::getenv("LASTCOMMIT_REPLAY");
  if (token == nullptr || *token == '\0') return std::nullopt;
  return token;
}

void ConfigureRapidCheck() {
  const std::string params =
      "seed=" + std::to_string(PropertySeed()) +
      " max_success=" + std::to_string(PropertyTrials(200));
  setenv("RC_PARAMS", params.c_str(), /*overwrite=*/1);
}

}  // namespace lastcommit
