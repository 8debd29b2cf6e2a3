#include "judge/judgement.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "disk/freed_memory.h"
#include "judge/finding_view.h"
#include "status/status.h"

namespace lastcommit {

std::int64_t Judgement::commits() const {
  std::int64_t commits = 0;
  for (const DatabaseTimeline& line : timeline.databases) {
    commits += static_cast<std::int64_t>(line.commits.size()) - 1;
  }
  return commits;
}

std::uint64_t Judgement::ended_at() const {
  if (timeline.ended_at > 0) return timeline.ended_at;
  if (power.ended_at > 0) return power.ended_at;
  return check.has_value() ? check->ended_at : 0;
}

std::string Judgement::NotExercised() const {
  if (ended_at() > 0) return "interrupted before all crashes were judged";
  // Without a database, too: what the program keeps may be something else.
  if (check.has_value() && check->kill_images > 0) return "";
  if (timeline.databases.empty()) {
    return "the program made no SQLite database in the directory (:memory:, or "
           "one elsewhere?)";
  }
  if (timeline.promises.empty()) {
    return "the program promised nothing: it printed nothing, acknowledged "
           "nothing and did not end with 0";
  }
  const bool is_counted = std::any_of(
      timeline.databases.begin(), timeline.databases.end(),
      [](const DatabaseTimeline& line) { return !line.counted.empty(); });
  if (!is_counted) return "no database was whole when something was promised";
  if (commits() == 0) return "the program committed nothing";
  if (power.images == 0 && power.unreadable > 0) {
    return "this SQLite cannot read the database";
  }
  const bool loses_power = promise == PromiseLevel::kPower;
  if (timeline.kill_images == 0 && !(loses_power && power.images > 0) &&
      !only_call.has_value()) {
    return absl::StrCat(
        "the program wrote nothing to its databases after its first promise, "
        "so that no kill ",
        loses_power ? "and no loss of power " : "",
        "was judged: let it print or acknowledge as it goes");
  }
  return "";
}

ExitCode Judgement::exit_code() const {
  const bool survives_power = promise == PromiseLevel::kPower;
  bool is_violated =
      !timeline.kills.empty() || (survives_power && !power.findings.empty());
  if (check.has_value()) {
    for (const CheckFinding& finding : check->findings) {
      is_violated |= survives_power || !finding.is_power;
    }
  }
  if (is_violated) return ExitCode::kViolated;
  return NotExercised().empty() ? ExitCode::kHeld : ExitCode::kNotExercised;
}

namespace {

absl::StatusOr<Judgement> Judge(const std::string& recording,
                                const JudgeOptions& options,
                                const OnJudgeProgress& on_progress) {
  KeepFreedMemory();
  Judgement judgement;
  judgement.promise = options.promise;
  judgement.only_call = options.timeline.only_call;
  ASSIGN_OR_RETURN(const RecordingDigest digest, ReadThrough(recording));
  judgement.header = digest.frame.header;
  judgement.end = digest.frame.end;
  const auto goes_on = [&](JudgePhase phase) {
    return [&, phase](std::uint64_t call) {
      return on_progress(
          {phase, call, digest.calls, judgement.states.images()});
    };
  };
  ASSIGN_OR_RETURN(judgement.timeline,
                   TimelineOf(recording, digest, options.timeline,
                              judgement.states, goes_on(JudgePhase::kKills)));
  if (judgement.ended_at() > 0) return judgement;
  if (options.check.is_given()) {
    RETURN_IF_ERROR(TryWithoutCrash(recording, digest, judgement.timeline,
                                    options.check,
                                    goes_on(JudgePhase::kChecks)));
  }
  ASSIGN_OR_RETURN(judgement.power,
                   LosePowerEverywhere(recording, digest, judgement.timeline,
                                       judgement.states, options.power,
                                       goes_on(JudgePhase::kPower)));
  if (judgement.ended_at() > 0 || !options.check.is_given()) return judgement;
  ASSIGN_OR_RETURN(
      judgement.check,
      CheckEverywhere(recording, digest, judgement.timeline, options.check,
                      options.timeline.atomic, options.power,
                      goes_on(JudgePhase::kChecks)));
  return judgement;
}

}  // namespace

absl::Status FindCallSites(const std::string& recording, Judgement& judgement) {
  std::set<std::uint64_t> calls;
  for (const FindingView& view : FindingsOf(judgement)) calls.insert(view.call);
  ASSIGN_OR_RETURN(judgement.sites, CallSitesOf(recording, calls));
  return absl::OkStatus();
}

absl::StatusOr<Judgement> JudgeRecording(const std::string& recording,
                                         const JudgeOptions& options,
                                         const OnJudgeProgress& on_progress) {
  ASSIGN_OR_RETURN(Judgement judgement, Judge(recording, options, on_progress));
  RETURN_IF_ERROR(FindCallSites(recording, judgement));
  return judgement;
}

}  // namespace lastcommit
