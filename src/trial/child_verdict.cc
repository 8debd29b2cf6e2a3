#include "trial/child_verdict.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {

std::int32_t ViolationOf(const Verdict& verdict) {
  return verdict.violation ? static_cast<std::int32_t>(*verdict.violation) : -1;
}

std::int32_t SkippedOf(const Verdict& verdict) {
  return verdict.skipped ? static_cast<std::int32_t>(*verdict.skipped) : -1;
}

Verdict VerdictOf(std::int32_t violation, std::int32_t skipped,
                  const char* why) {
  if (violation >= 0) {
    return Verdict::Violated(static_cast<ViolationClass>(violation), why);
  }
  if (skipped >= 0) {
    return Verdict::Skipped(static_cast<SkipReason>(skipped), why);
  }
  return Verdict::Held();
}

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
