#include "output/exit_code.h"

namespace lastcommit {

const char* Word(ExitCode exit_code) {
  switch (exit_code) {
    case ExitCode::kHeld:
      return "HELD";
    case ExitCode::kViolated:
      return "VIOLATED";
    case ExitCode::kTesterFailed:
      return "TESTER FAILED";
    default:
      return "NOT EXERCISED";
  }
}

}  // namespace lastcommit
