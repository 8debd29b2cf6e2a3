#include "judge/judgement.h"

#include <algorithm>
#include <utility>

#include "status/status.h"

namespace lastcommit {

std::int64_t Judgement::commits() const {
  std::int64_t commits = 0;
  for (const DatabaseTimeline& line : timeline.databases) {
    commits += static_cast<std::int64_t>(line.commits.size()) - 1;
  }
  return commits;
}

std::string Judgement::NotExercised() const {
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
  return "";
}

ExitCode Judgement::exit_code() const {
  const bool is_violated =
      !timeline.kills.empty() ||
      (promise == PromiseLevel::kPower && !power.findings.empty());
  if (is_violated) return ExitCode::kViolated;
  return NotExercised().empty() ? ExitCode::kHeld : ExitCode::kNotExercised;
}

absl::StatusOr<Judgement> JudgeRecording(const std::string& recording,
                                         const JudgeOptions& options,
                                         const OnJudgeProgress& on_progress) {
  Judgement judgement;
  judgement.promise = options.promise;
  ASSIGN_OR_RETURN(const RecordingDigest digest, ReadThrough(recording));
  judgement.header = digest.frame.header;
  judgement.end = digest.frame.end;
  const auto goes_on = [&](bool is_power) {
    return [&, is_power](std::uint64_t call) {
      return on_progress(
          {is_power, call, digest.calls, judgement.states.images()});
    };
  };
  ASSIGN_OR_RETURN(judgement.timeline,
                   TimelineOf(recording, digest, options.timeline,
                              judgement.states, goes_on(false)));
  ASSIGN_OR_RETURN(
      judgement.power,
      LosePowerEverywhere(recording, digest, judgement.timeline,
                          judgement.states, options.power, goes_on(true)));
  return judgement;
}

}  // namespace lastcommit
