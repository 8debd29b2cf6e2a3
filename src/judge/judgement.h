// The judgement of a recording: what a kill leaves of it and what a loss of
// power leaves, as values, as a text of a few lines, and as JSON.

#ifndef LASTCOMMIT_JUDGE_JUDGEMENT_H_
#define LASTCOMMIT_JUDGE_JUDGEMENT_H_

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "judge/call_site.h"
#include "judge/check.h"
#include "judge/power.h"
#include "judge/states.h"
#include "judge/timeline.h"
#include "output/exit_code.h"
#include "record/recording.h"

namespace lastcommit {

// What a program promises when it says that something is done: that it survives
// the death of the process, or also a loss of power. The exit code follows it.
enum class PromiseLevel { kProcess, kPower };

struct JudgeOptions {
  PromiseLevel promise = PromiseLevel::kProcess;
  TimelineOptions timeline = {};
  PowerLimits power = {};
  CheckOptions check = {};
};

struct Judgement {
  RecordingHeader header;
  RecordingEnd end;
  Timeline timeline;
  PowerOutcome power;
  std::optional<CheckOutcome> check;  // if commands were given
  States states;
  PromiseLevel promise = PromiseLevel::kProcess;
  std::optional<std::uint64_t> only_call;  // whose crashes were looked at
  // Who made the calls at which something was found.
  std::map<std::uint64_t, CallSite> sites;

  std::int64_t commits() const;  // of all databases
  // Somebody ended it before all was judged; 0: nobody did.
  std::uint64_t ended_at() const;
  // Why nothing was judged, or not all; "" if all was.
  std::string NotExercised() const;
  ExitCode exit_code() const;
};

enum class JudgePhase { kKills, kPower, kChecks };

struct JudgeProgress {
  JudgePhase phase = JudgePhase::kKills;
  std::uint64_t call = 0;
  std::uint64_t calls = 0;
  std::int64_t images = 0;
};

// False ends it: the judgement is of what was seen until then.
using OnJudgeProgress = std::function<bool(const JudgeProgress&)>;

// The errors of reading a recording. FailedPrecondition: what was asked for
// cannot be judged (timeline.h, check.h).
absl::StatusOr<Judgement> JudgeRecording(const std::string& recording,
                                         const JudgeOptions& options,
                                         const OnJudgeProgress& on_progress);

// Of a judgement that was made in another way: its `sites`.
absl::Status FindCallSites(const std::string& recording, Judgement& judgement);

// At most 20 lines; the last one is the verdict.
std::string TextOf(const Judgement& judgement);
// Only what was found, a line each.
std::string TextOfFindings(const Judgement& judgement);
nlohmann::json JsonOf(const Judgement& judgement);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_JUDGEMENT_H_
