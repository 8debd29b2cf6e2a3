#include "trial/child_verdict.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {

void CallEarlyLeaveACrash(bool is_done, ChildReport& child) {
  if (child.end != ChildEnd::kReturned || is_done) return;
  child.end = ChildEnd::kCrashed;
  child.how = "exit code 0";
}

Verdict CrashedVerdict(const ChildReport& report, const char* doing) {
  return Verdict::Violated(
      report.end == ChildEnd::kHung ? ViolationClass::kHung
                                    : ViolationClass::kCrashed,
      absl::StrCat("the process ended by itself (", report.how, ") ", doing,
                   report.output.empty() ? "" : ", having printed:\n",
                   absl::CHexEscape(report.output)));
}

}  // namespace lastcommit
