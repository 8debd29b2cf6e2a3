#include "output/junit_file.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "output/json_file.h"
#include "output/shown.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What XML may not have, controls and bytes that are no UTF-8, is escaped.
std::string Escaped(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines) line = Shown(line);
  return absl::StrReplaceAll(
      absl::StrJoin(lines, "\n"),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// A newline in an attribute is read as a space.
std::string Attribute(const std::string& text) {
  return absl::StrReplaceAll(Escaped(text), {{"\n", "&#10;"}});
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

bool HasFailed(const JUnitCase& one) { return one.code == ExitCode::kViolated; }

bool IsUnknown(const JUnitCase& one) {
  return !HasFailed(one) && one.code != ExitCode::kHeld;
}

std::string Print(const std::string& suite, const JUnitCase& one) {
  std::string text = absl::StrCat("  <testcase classname=\"", Attribute(suite),
                                  "\" name=\"", Attribute(one.name), "\">\n");
  if (HasFailed(one) || IsUnknown(one)) {
    const char* const element = HasFailed(one) ? "failure" : "error";
    absl::StrAppend(&text, "    <", element, " type=\"", Word(one.code),
                    "\" message=\"", Attribute(FirstLine(one.text)), "\">",
                    Escaped(one.text), "</", element, ">\n");
  } else if (!one.text.empty()) {
    absl::StrAppend(&text, "    <system-out>", Escaped(one.text),
                    "</system-out>\n");
  }
  return absl::StrCat(text, "  </testcase>\n");
}

}  // namespace

std::string PrintJUnit(const std::string& suite,
                       const std::vector<JUnitCase>& cases) {
  std::string text = absl::StrCat(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"",
      Attribute(suite), "\" tests=\"", cases.size(), "\" failures=\"",
      std::count_if(cases.begin(), cases.end(), HasFailed), "\" errors=\"",
      std::count_if(cases.begin(), cases.end(), IsUnknown), "\">\n");
  for (const JUnitCase& one : cases) text += Print(suite, one);
  return text + "</testsuite>\n";
}

absl::Status PrepareJUnitFile(const std::string& path, const std::string& suite,
                              const std::string& name) {
  RETURN_IF_ERROR(PrepareJsonFile(path));
  if (path.empty() || !IsReplaced(path)) return absl::OkStatus();
  return WriteJUnitFile(
      path, suite,
      {{name, ExitCode::kTesterFailed, "it did not come to its end"}});
}

absl::Status WriteJUnitFile(const std::string& path, const std::string& suite,
                            const std::vector<JUnitCase>& cases) {
  if (path.empty()) return absl::OkStatus();
  return WriteOutput(path, PrintJUnit(suite, cases));
}

}  // namespace lastcommit
