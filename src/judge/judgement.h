// The judgement of a recording: what a kill leaves of it and what a loss of
// power leaves, as values, as a text of a few lines, and as JSON.

#ifndef LASTCOMMIT_JUDGE_JUDGEMENT_H_
#define LASTCOMMIT_JUDGE_JUDGEMENT_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/status/statusor.h"
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
};

struct Judgement {
  RecordingHeader header;
  RecordingEnd end;
  Timeline timeline;
  PowerOutcome power;
  States states;
  PromiseLevel promise = PromiseLevel::kProcess;

  std::int64_t commits() const;  // of all databases
  // Why nothing was judged; "" if something was.
  std::string NotExercised() const;
  ExitCode exit_code() const;
};

struct JudgeProgress {
  bool is_power = false;  // the second half
  std::uint64_t call = 0;
  std::uint64_t calls = 0;
  std::int64_t images = 0;
};

// False ends it with Cancelled.
using OnJudgeProgress = std::function<bool(const JudgeProgress&)>;

// The errors of reading a recording.
absl::StatusOr<Judgement> JudgeRecording(const std::string& recording,
                                         const JudgeOptions& options,
                                         const OnJudgeProgress& on_progress);

// At most 20 lines; the last one is the verdict.
std::string TextOf(const Judgement& judgement);
// Only what was found, a line each.
std::string TextOfFindings(const Judgement& judgement);
nlohmann::json JsonOf(const Judgement& judgement);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_JUDGEMENT_H_
