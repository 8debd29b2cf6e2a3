#include "model/verdict.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lastcommit {
namespace {

std::string CutName(std::int64_t cut) {
  return cut < 0 ? "no schema" : absl::StrCat("cut ", cut);
}

// Commit N is what cut N has and the cut before has not.
std::string LostInWords(std::int64_t found, std::int64_t demanded) {
  if (found < 0) {
    return demanded == 0
               ? "the schema must be there, and after recovery it is not"
               : absl::StrCat("commits up to ", demanded,
                              " must be there, and after recovery not even the "
                              "schema is");
  }
  if (found + 1 == demanded) {
    return absl::StrCat("commit ", demanded,
                        " must be there, and after recovery it is not");
  }
  return absl::StrCat("commits ", found + 1, " to ", demanded,
                      " must be there, and after recovery they are not");
}

std::string Complaints(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    absl::StrAppend(&text, "\n  ", absl::CHexEscape(line));
  }
  return text;
}

}  // namespace

Verdict Verdict::Violated(ViolationClass violation, std::string why) {
  return {violation, std::nullopt, std::move(why), {}};
}

Verdict Verdict::Skipped(SkipReason reason, std::string why) {
  return {std::nullopt, reason, std::move(why), {}};
}

std::string Name(const Verdict& verdict) {
  if (verdict.violation) {
    const std::string_view name = Name(*verdict.violation);
    return absl::StrCat("violated(", std::string(name), ")");
  }
  if (!verdict.skipped) return "held";
  return *verdict.skipped == SkipReason::kNotReached ? "skipped(not_reached)"
                                                     : "skipped(no_demand)";
}

Verdict JudgeCut(const Observation& observed, const LegalCuts& legal) {
  if (!observed.opened.ok()) {
    return Verdict::Violated(
        ViolationClass::kDamaged,
        absl::StrCat("plain SQL cannot read the database: ",
                     absl::CHexEscape(observed.opened.message())));
  }
  if (!observed.integrity.empty()) {
    return Verdict::Violated(ViolationClass::kDamaged,
                             absl::StrCat("PRAGMA integrity_check says:",
                                          Complaints(observed.integrity)));
  }
  if (!observed.foreign_keys.empty()) {
    return Verdict::Violated(ViolationClass::kDamaged,
                             absl::StrCat("PRAGMA foreign_key_check says:",
                                          Complaints(observed.foreign_keys)));
  }
  const std::int64_t cut = observed.state.cut;
  const auto differs = [&](ViolationClass violation, const std::string& what) {
    return Verdict::Violated(
        violation, absl::StrCat(what, ": found ", CutName(cut),
                                "; legal: ", CutName(legal.lowest), " to ",
                                CutName(legal.highest), " (",
                                std::string(legal.source), ")"));
  };
  if (cut < legal.lowest) {
    return differs(ViolationClass::kLostCommit, LostInWords(cut, legal.lowest));
  }
  if (cut > legal.highest) {
    return differs(ViolationClass::kPhantomCommit,
                   "more commits are there than were attempted");
  }
  return Verdict::Held();
}

Verdict JudgeState(const State& expected, const State& found,
                   ViolationClass violation, const std::string& where) {
  if (expected == found) return Verdict::Held();
  std::string why =
      absl::StrCat(where, ": expected ", CutName(expected.cut), " with ",
                   expected.rows.size(), " rows, found ", CutName(found.cut),
                   " with ", found.rows.size(), " rows");
  DifferingRows differences =
      DifferingRowsOf(expected, found, Verdict::kMostRows);
  for (const std::string& line : InLines(differences)) {
    absl::StrAppend(&why, "\n  ", line);
  }
  Verdict verdict = Verdict::Violated(violation, std::move(why));
  verdict.rows = std::move(differences.rows);
  return verdict;
}

}  // namespace lastcommit
