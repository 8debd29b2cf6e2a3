#include "trial/child_verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {

namespace {

template <std::size_t kSize>
void Copy(const std::string& text, char (&to)[kSize]) {
  std::snprintf(to, kSize, "%s", text.c_str());
}

// What a child has left may be anything.
template <std::size_t kSize>
std::string TextIn(const char (&text)[kSize]) {
  return std::string(text, strnlen(text, kSize));
}

}  // namespace

void Tell(const Verdict& verdict, ToldVerdict& told) {
  told.violation =
      verdict.violation ? static_cast<std::int32_t>(*verdict.violation) : -1;
  told.skipped =
      verdict.skipped ? static_cast<std::int32_t>(*verdict.skipped) : -1;
  Copy(verdict.why, told.why);
  told.rows = std::min(verdict.rows.size(), Verdict::kMostRows);
  for (std::size_t i = 0; i < told.rows; ++i) {
    Copy(verdict.rows[i].row, told.row[i].row);
    Copy(verdict.rows[i].expected, told.row[i].expected);
    Copy(verdict.rows[i].found, told.row[i].found);
  }
}

Verdict VerdictOf(const ToldVerdict& told) {
  if (told.violation >= 0) {
    Verdict verdict = Verdict::Violated(
        static_cast<ViolationClass>(told.violation), TextIn(told.why));
    const std::size_t rows = std::min(told.rows, Verdict::kMostRows);
    for (std::size_t i = 0; i < rows; ++i) {
      const ToldVerdict::Row& row = told.row[i];
      verdict.rows.push_back(
          {TextIn(row.row), TextIn(row.expected), TextIn(row.found)});
    }
    return verdict;
  }
  if (told.skipped >= 0) {
    return Verdict::Skipped(static_cast<SkipReason>(told.skipped),
                            TextIn(told.why));
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
