#include <sqlite3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "judge/finding_words.h"
#include "judge/judgement.h"
#include "output/plural.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

class Text {
 public:
  explicit Text(const Judgement& judgement) : judgement_(judgement) {}

  std::string Print() {
    Head();
    Interrupted();
    Kills();
    Power();
    Checks();
    SideFiles();
    Outside();
    Verdict();
    return std::move(text_);
  }

  std::string PrintFindings() {
    if (!judgement_.timeline.kills.empty()) Kills();
    if (!judgement_.power.findings.empty()) Power();
    return std::move(text_);
  }

 private:
  // Of files, and of findings after each kind of crash, so that the whole stays
  // short.
  static constexpr std::size_t kMost = 2;
  std::size_t most_findings() const { return has_checks() ? 2 : 4; }
  bool has_checks() const { return judgement_.check.has_value(); }
  // Only commands look at what the program keeps.
  bool has_only_checks() const {
    return has_checks() && timeline().databases.empty();
  }

  // The last line says why.
  bool was_nothing_judged() const {
    return timeline().kill_images + judgement_.power.images == 0 &&
           judgement_.exit_code() == ExitCode::kNotExercised;
  }

  void LeftOut(std::size_t count) {
    if (count <= most_findings()) return;
    Line("                       and ", count - most_findings(),
         " more (--json has all)");
  }

  template <typename... Parts>
  void Line(const Parts&... parts) {
    absl::StrAppend(&text_, parts..., "\n");
  }

  const Timeline& timeline() const { return judgement_.timeline; }
  std::string HowItEnded() const {
    const RecordingEnd& end = judgement_.end;
    switch (end.how) {
      case RecordingEnd::How::kExited:
        return absl::StrCat("ended with ", end.status);
      case RecordingEnd::How::kKilled:
        return absl::StrCat("was killed by signal ", end.status);
      case RecordingEnd::How::kStopped:
        return "was stopped";
      case RecordingEnd::How::kGoesOn:
        return "went on";
    }
    return "";
  }

  void Head() {
    Line(Brief(absl::StrJoin(judgement_.header.command, " ")), ": ",
         HowItEnded(), "; ", Plural(judgement_.commits(), "commit"), " in ",
         Plural(static_cast<std::int64_t>(timeline().databases.size()),
                "database"),
         ", ",
         timeline().has_acks
             ? Plural(timeline().acknowledged(), "acknowledgement")
             : Plural(static_cast<std::int64_t>(timeline().promises.size()),
                      "promise"),
         ", ",
         Plural(static_cast<std::int64_t>(timeline().calls -
                                          timeline().first_call),
                "call"),
         "; judged by SQLite ", sqlite3_libversion());
    if (judgement_.only_call.has_value()) {
      Line("only what crashes at call ", *judgement_.only_call, " leave:");
    }
  }

  void Interrupted() {
    if (timeline().ended_at > 0) {
      Line("interrupted: kills were judged up to call ", timeline().ended_at,
           ", losses of power not at all");
    } else if (judgement_.power.ended_at > 0) {
      Line(
          "interrupted: all kills were judged, and losses of power up to call ",
          judgement_.power.ended_at);
    } else if (judgement_.ended_at() > 0) {
      Line("interrupted: not all images were looked at by the commands");
    }
  }

  void Kills() {
    if (has_only_checks() || was_nothing_judged()) return;
    if (timeline().kills.empty() && timeline().kill_images == 0) {
      Line(
          "after a kill:          nothing is lost (nothing was written after "
          "the first promise)");
      return;
    }
    if (timeline().kills.empty()) {
      Line("after a kill:          nothing is lost (",
           Plural(timeline().kill_images, "image"), ")");
      return;
    }
    const std::size_t count = timeline().kills.size();
    for (std::size_t i = 0; i < std::min(count, most_findings()); ++i) {
      const KillFinding& kill = timeline().kills[i];
      Line("after a kill:          ", InWords(judgement_, kill), " (",
           Plural(timeline().kill_counts[i], "image"), ", the first at call ",
           kill.call, ")");
    }
    LeftOut(count);
  }

  void Power() {
    const std::vector<PowerFinding>& findings = judgement_.power.findings;
    if (timeline().ended_at > 0 || has_only_checks() || was_nothing_judged()) {
      return;
    }
    if (findings.empty()) {
      Line("after a loss of power: nothing is lost (",
           Plural(judgement_.power.images, "image"), ")");
      return;
    }
    for (std::size_t i = 0; i < std::min(findings.size(), most_findings());
         ++i) {
      const PowerFinding& finding = findings[i];
      Line("after a loss of power: ", InWords(judgement_, finding), " (",
           Plural(finding.images, "image"), ", the worst at call ",
           finding.call, ")");
    }
    LeftOut(findings.size());
  }

  void Checks() {
    if (!has_checks()) return;
    const CheckOutcome& check = *judgement_.check;
    const std::size_t count = check.findings.size();
    for (std::size_t i = 0; i < std::min(count, most_findings()); ++i) {
      const CheckFinding& finding = check.findings[i];
      Line(finding.is_power ? "after a loss of power: "
                            : "after a kill:          ",
           InWords(finding), " (", Plural(finding.images, "image"),
           ", the first at call ", finding.call, ")");
      if (!finding.output.empty()) {
        Line("                       its output: ", Shown(finding.output));
      }
    }
    LeftOut(count);
    Line("looked at by command:  ", Plural(check.kill_images, "image"),
         " after a kill, and ", check.power_images,
         " others after a loss of power",
         check.not_checked == 0
             ? ""
             : absl::StrCat("; not at ", check.not_checked, " more",
                            check.ended_at > 0 ? "" : " (--check-images)"));
  }

  void SideFiles() {
    // A check knows better what is wrong with a file; what it has found this
    // may explain.
    const bool is_explained =
        has_checks() && std::none_of(judgement_.check->findings.begin(),
                                     judgement_.check->findings.end(),
                                     [](const CheckFinding& finding) {
                                       return finding.is_power;
                                     });
    if (is_explained) return;
    const std::size_t most = has_checks() ? 1 : kMost;
    const auto& files = judgement_.power.side_files;
    for (std::size_t i = 0; i < files.size() && i < most; ++i) {
      Line("after a loss of power: ", Shown(files[i].path),
           files[i].is_renamed
               ? " can be empty: it was renamed and its content never synced"
               : " can be empty or old: its content was not synced when "
                 "something was promised");
    }
    if (files.size() > most) {
      Line("                       and ", files.size() - most,
           " more files without a sync");
    }
  }

  void Outside() {
    const RecordingEnd& end = judgement_.end;
    if (end.outside == 0) return;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < end.outside_paths.size() && i < kMost; ++i) {
      paths.push_back(Shown(end.outside_paths[i]));
    }
    Line("outside of the directory, and not recorded: ",
         Plural(end.outside, "change"), " (", absl::StrJoin(paths, ", "), ")");
  }

  void Verdict() {
    const std::string level = judgement_.promise == PromiseLevel::kPower
                                  ? "promise: survives a loss of power"
                                  : "promise: survives a kill";
    const std::string why = judgement_.NotExercised();
    const PowerOutcome& power = judgement_.power;
    if (power.unreadable + timeline().unreadable > 0) {
      Line("not judged: ",
           Plural(power.unreadable + timeline().unreadable, "image"),
           " that this SQLite cannot read: ",
           Brief(judgement_.states.WhyUnreadable()));
    }
    if (power.skipped > 0) {
      Line("not judged: ", Plural(power.skipped, "crash point"),
           " with too much that was not synced");
    }
    if (power.settled > 0) {
      Line("not judged: the loss of what was not synced ",
           Plural(power.settled, "time"), " when it was too much to keep");
    }
    const ExitCode code = judgement_.exit_code();
    Line(Word(code), " (", code == ExitCode::kNotExercised ? why : level, ")");
  }

  const Judgement& judgement_;
  std::string text_;
};

}  // namespace

std::string TextOf(const Judgement& judgement) {
  return Text(judgement).Print();
}

std::string TextOfFindings(const Judgement& judgement) {
  return Text(judgement).PrintFindings();
}

}  // namespace lastcommit
