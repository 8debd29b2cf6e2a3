#include "results/run_options.h"

namespace lastcommit {

const char* Word(EngineChoice engine) {
  switch (engine) {
    case EngineChoice::kFork:
      return "fork";
    case EngineChoice::kSim:
      return "sim";
    case EngineChoice::kMixed:
      return "mixed";
  }
  return "";
}

std::optional<EngineChoice> ParseEngineChoice(std::string_view word) {
  for (int i = 0; i < kEngineChoices; ++i) {
    const auto engine = static_cast<EngineChoice>(i);
    if (word == Word(engine)) return engine;
  }
  return std::nullopt;
}

const char* Word(FaultChoice fault) {
  switch (fault) {
    case FaultChoice::kNone:
      return "none";
    case FaultChoice::kKill:
      return "kill";
    case FaultChoice::kMixed:
      return "mixed";
    case FaultChoice::kTimedKill:
      return "timed-kill";
    case FaultChoice::kPowerLoss:
      return "power-loss";
    case FaultChoice::kIoError:
      return "io-error";
  }
  return "";
}

std::optional<FaultChoice> ParseFault(std::string_view word) {
  for (int i = 0; i < kFaultChoices; ++i) {
    const auto fault = static_cast<FaultChoice>(i);
    if (word == Word(fault)) return fault;
  }
  return std::nullopt;
}

}  // namespace lastcommit
