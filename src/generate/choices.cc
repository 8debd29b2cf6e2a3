#include "generate/choices.h"

#include "names/names.h"

namespace lastcommit {
namespace {

constexpr Names<EngineChoice, EngineChoice::kRecord> kEngineNames("fork", "sim",
                                                                  "mixed",
                                                                  "record");
constexpr Names<FaultChoice, FaultChoice::kIoError> kFaultNames(
    "none", "kill", "mixed", "timed-kill", "power-loss", "io-error");

}  // namespace

std::string_view Name(EngineChoice engine) { return kEngineNames.Of(engine); }
std::string_view Name(FaultChoice fault) { return kFaultNames.Of(fault); }

std::optional<EngineChoice> ParseEngineChoice(std::string_view name) {
  return kEngineNames.Parse(name);
}
std::optional<FaultChoice> ParseFaultChoice(std::string_view name) {
  return kFaultNames.Parse(name);
}

}  // namespace lastcommit
