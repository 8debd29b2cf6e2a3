// The names of what GenerateOptions choose, as the options --engine and --fault
// say them.

#ifndef LASTCOMMIT_GENERATE_CHOICES_H_
#define LASTCOMMIT_GENERATE_CHOICES_H_

#include <optional>
#include <string_view>

#include "generate/arbitrary_plan.h"

namespace lastcommit {

std::string_view Name(EngineChoice engine);
std::string_view Name(FaultChoice fault);
// nullopt: there is no such name.
std::optional<EngineChoice> ParseEngineChoice(std::string_view name);
std::optional<FaultChoice> ParseFaultChoice(std::string_view name);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_CHOICES_H_
