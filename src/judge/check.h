// Checks: commands of the user's that look at crash images. --recover is the
// program's own recovery, and must succeed; --check says by its exit code
// whether what is there is right; --dump puts out a state, which must be one
// that was there at the last promise or since. Each gets the image in a
// directory of its own. They must do well on what the program leaves without a
// crash, or nothing is judged by them.

#ifndef LASTCOMMIT_JUDGE_CHECK_H_
#define LASTCOMMIT_JUDGE_CHECK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "disk/survival.h"
#include "judge/power.h"
#include "judge/timeline.h"
#include "record/rebuild.h"

namespace lastcommit {

struct CheckOptions {
  // For /bin/sh -c; "": none.
  std::string recover = {};
  std::string check = {};
  std::string dump = {};
  absl::Duration time = absl::Seconds(10);  // of each
  int images = 200;
  int jobs = 1;
  // A private directory, where images are put.
  std::string scratch = {};

  bool is_given() const {
    return !recover.empty() || !check.empty() || !dump.empty();
  }
};

struct CheckFinding {
  enum class Kind {
    kRecoveryFails,
    kCheckFails,
    kDumpFails,
    kOtherState,  // the dump is none that may be there
  };
  Kind kind = Kind::kCheckFails;
  bool is_power = false;
  std::int64_t images = 0;  // that are so
  // The first of them.
  std::uint64_t call = 0;
  std::int64_t written = -1;  // in the middle of it: bytes that are there
  Survival survival = {};     // says each fate
  std::string how;            // "exit code 1"
  std::string output;         // its first and its last line, as they are
};

// "check_fails".
std::string_view Name(CheckFinding::Kind kind);

struct CheckOutcome {
  std::vector<CheckFinding> findings;  // one of each kind and crash
  std::int64_t kill_images = 0;        // that were looked at
  std::int64_t power_images = 0;
  std::int64_t not_checked = 0;  // others, which are too many
  std::uint64_t ended_at = 0;    // as of a timeline
};

// FailedPrecondition: a command fails on what the program leaves without a
// crash, or a dump is something else each time.
absl::Status TryWithoutCrash(const std::string& recording,
                             const RecordingDigest& digest,
                             const Timeline& timeline,
                             const CheckOptions& options,
                             const JudgeGoesOn& goes_on);

// They did well without a crash.
absl::StatusOr<CheckOutcome> CheckEverywhere(
    const std::string& recording, const RecordingDigest& digest,
    const Timeline& timeline, const CheckOptions& options, bool atomic,
    const PowerLimits& power, const JudgeGoesOn& goes_on);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_CHECK_H_
