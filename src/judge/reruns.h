// Reruns: a program is run again and again, each time on a fresh copy of its
// directory, recorded, and really disturbed at one of its calls: killed, or
// made to get an error. The files that are left must be those of that run's own
// recording, byte for byte, for bytes differ between runs (salts, times); then
// the recording is judged. What the derived crashes rest on is tested so.

#ifndef LASTCOMMIT_JUDGE_RERUNS_H_
#define LASTCOMMIT_JUDGE_RERUNS_H_

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "judge/judgement.h"
#include "output/exit_code.h"

namespace lastcommit {

enum class RerunFault { kKill, kIoError };

struct RerunOptions {
  std::int64_t count = 0;
  RerunFault fault = RerunFault::kKill;
  std::uint64_t seed = 1;  // which calls are chosen is a function of it
  std::vector<std::string> command;
  std::string directory;  // is copied for each run
  std::string recording;  // of the run before: how many calls there are
  // A private directory, where copies and recordings are made.
  std::string scratch;
  // Where the recording of the first violation is left; must not be there.
  std::string kept;
  absl::Duration time = absl::Seconds(60);  // of each run
  bool is_terminal = false;
  bool has_stacks = false;  // of calls, in the recordings
  JudgeOptions judge = {};
};

struct RerunOutcome {
  RerunFault fault = RerunFault::kKill;
  std::int64_t wanted = 0;
  std::int64_t runs = 0;         // disturbed, compared and judged
  std::int64_t one_process = 0;  // of them: one process of several was killed
  std::int64_t too_short = 0;    // runs that ended before their call came
  std::int64_t images = 0;
  std::int64_t violated = 0;
  struct Violation {
    std::int64_t run = 0;  // 1, 2, ...
    Judgement judgement;
  };
  std::optional<Violation> first;
  std::string kept;  // its recording
  bool was_ended = false;

  ExitCode exit_code() const;
};

// Asked now and then; false ends it.
using RerunGoesOn = std::function<bool(const RerunOutcome& until_now)>;

// Internal: what a run left is not what its recording says.
absl::StatusOr<RerunOutcome> Rerun(const RerunOptions& options,
                                   const RerunGoesOn& goes_on);

// A few lines; the last one is the verdict, which may be worse for other
// reasons.
std::string TextOf(const RerunOutcome& outcome, ExitCode verdict);
nlohmann::json JsonOf(const RerunOutcome& outcome);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_RERUNS_H_
