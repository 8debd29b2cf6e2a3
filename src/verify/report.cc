#include "verify/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace lastcommit {

void Report::Add(RemarkLevel level, const std::string& about,
                 const std::string& text) {
  remarks_.push_back({level, about, text});
}

void Report::Fact(const std::string& about, const std::string& text) {
  Add(RemarkLevel::kFact, about, text);
}

void Report::Note(const std::string& about, const std::string& text) {
  Add(RemarkLevel::kNote, about, text);
}

void Report::Warn(const std::string& about, const std::string& text,
                  const std::string& summary) {
  Add(RemarkLevel::kWarning, about, text);
  warnings_.push_back(summary);
}

void Report::Damage(const std::string& about, const std::string& text,
                    const std::string& summary) {
  DamagedRow(about, text);
  damages_.push_back(summary);
}

void Report::DamagedRow(const std::string& about, const std::string& text) {
  Add(RemarkLevel::kDamage, about, text);
}

void Report::Unchecked(const std::string& about, const std::string& text,
                       const std::string& summary) {
  Add(RemarkLevel::kUnchecked, about, text);
  unchecked_.push_back(summary);
}

// The surest and worst news first: what is damaged is so whatever else could
// not be looked at; and a warning is about a database of which all is known.
Verification Report::Conclude(const std::string& intact) const {
  Verification verification;
  verification.remarks = remarks_;
  if (!damages_.empty()) {
    verification.soundness = Soundness::kDamaged;
    verification.summary = absl::StrJoin(damages_, "; ");
  } else if (!unchecked_.empty()) {
    verification.soundness = Soundness::kCannotCheck;
    verification.summary = absl::StrJoin(unchecked_, "; ");
  } else if (!warnings_.empty()) {
    verification.soundness = Soundness::kWarning;
    verification.summary =
        absl::StrCat(absl::StrJoin(warnings_, "; "), "; else ", intact);
  } else {
    verification.soundness = Soundness::kOk;
    verification.summary = intact;
  }
  return verification;
}

}  // namespace lastcommit
