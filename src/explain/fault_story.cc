#include "explain/fault_story.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

// "of what was not synced ... survives".
std::string Survivors(const Survival& survival) {
  switch (survival.kind) {
    case SurvivalKind::kAll:
      return "everything";
    case SurvivalKind::kNone:
      return "nothing";
    case SurvivalKind::kPrefix:
      return absl::StrCat("the beginning (number ", survival.number, ")");
    case SurvivalKind::kFilePrefixes:
      return absl::StrCat("the beginning of each file's changes (seed ",
                          survival.number, ")");
    case SurvivalKind::kSubset:
      return absl::StrCat("a part, some of it torn (seed ", survival.number,
                          ")");
    case SurvivalKind::kLoseOne:
      return absl::StrCat("all but one change (number ", survival.number, ")");
    case SurvivalKind::kChosen:
      return survival.fates.empty()
                 ? "everything"
                 : "everything but changes " + PrintFates(survival.fates);
  }
  return "";
}

std::string Directory(const Survival& survival) {
  if (survival.kind != SurvivalKind::kChosen || survival.directory < 0) {
    return "";
  }
  return absl::StrCat(", of the directory the first ", survival.directory,
                      " changes");
}

// The clients that are killed. Without power nobody lives on.
std::string Victims(const CrashPoint& crash, const Step& step,
                    Company company) {
  if (company == Company::kAlone) return "KILLED ";
  if (!crash.is_of_one) return "ALL CLIENTS KILLED ";
  return absl::StrCat("CLIENT ", step.client, " ALONE KILLED ");
}

std::string CrashMark(const Step& step, Company company) {
  const CrashPoint& crash = *step.crash;
  const bool is_kill = crash.survival.kind == SurvivalKind::kAll;
  std::string text = is_kill ? Victims(crash, step, company) : "POWER LOSS ";
  if (crash.io == 0) {
    absl::StrAppend(&text, "before it begins");
  } else {
    absl::StrAppend(&text, std::string(Name(crash.moment)), " I/O call ",
                    crash.io);
  }
  if (is_kill) {
    return company == Company::kOthers && crash.is_of_one
               ? text + "; the others go on"
               : text;
  }
  return absl::StrCat(text, "; of what was not synced ",
                      Survivors(crash.survival), " survives",
                      Directory(crash.survival));
}

std::string TimedKillMark(std::int64_t microseconds) {
  return absl::StrCat("SIGKILL ", microseconds,
                      " us after this begins, wherever it is then");
}

}  // namespace

std::string Ordinal(std::int64_t number) {
  const std::int64_t last = number % 10;
  const bool is_teen = number % 100 / 10 == 1;
  const char* ending = is_teen || last == 0 || last > 3 ? "th"
                       : last == 1                      ? "st"
                       : last == 2                      ? "nd"
                                                        : "rd";
  return absl::StrCat(number, ending);
}

namespace {

std::string ErrorMark(const IoError& error) {
  const ErrorSpec& spec = SpecOf(error.kind);
  const std::string how(spec.how);
  const std::string first = absl::StrCat("from here the ", Ordinal(error.at),
                                         " ", std::string(spec.call));
  if (error.count == 1) return absl::StrCat(first, " fails", how);
  const std::string more = error.count == 0 ? "do all after it in this round"
                           : error.count == 2
                               ? "does the next one"
                               : absl::StrCat("do the next ", error.count - 1);
  return absl::StrCat(first, " fails", how, ", and so ", more);
}

}  // namespace

std::vector<std::string> FaultMarks(const Step& step, Company company) {
  std::vector<std::string> marks;
  if (step.error.has_value()) marks.push_back(ErrorMark(*step.error));
  if (step.crash.has_value()) marks.push_back(CrashMark(step, company));
  if (step.kill_after_us.has_value()) {
    marks.push_back(TimedKillMark(*step.kill_after_us));
  }
  return marks;
}

}  // namespace lastcommit
