// Which crash images a command of the user's looks at: each takes a process or
// more, so that there are few, the most telling first. Of kills and of losses
// of power in turn: those at promises, then those between, spread evenly. Two
// with the same files and the same promises are one; a loss of power that
// leaves what a kill leaves, too, is a kill.
//
// Images count from where a database counts; without one, from the first
// promise after a change of a file.

#ifndef LASTCOMMIT_JUDGE_CHECK_IMAGES_H_
#define LASTCOMMIT_JUDGE_CHECK_IMAGES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "disk/survival.h"
#include "judge/power.h"
#include "judge/timeline.h"
#include "record/rebuild.h"

namespace lastcommit {

struct CheckImage {
  Storage image;
  bool is_power = false;
  std::uint64_t call = 0;     // the crash comes after it
  std::int64_t written = -1;  // in the middle of it: bytes that are there
  Survival survival = {};     // of a loss of power: says each fate
  std::size_t promises = 0;   // that were made until then
};

struct CheckImages {
  std::vector<CheckImage> images;
  std::int64_t left_out = 0;  // that are others, and too many
  // What is there after some calls, without a crash.
  std::map<std::uint64_t, Storage> states;
  // Says what the symbolic links of all of them say.
  std::unique_ptr<Rebuild> files;
  std::uint64_t ended_at = 0;  // as of a timeline
};

struct CheckImageLimits {
  int images = 200;
  // Also the states that an image may be compared with (StatesToExpect).
  bool has_states = false;
  bool has_losses = true;  // also of power
  // Also those from before they count, where there is room: a program that was
  // ended while it made its files.
  bool has_beginning = false;
  // Half of the kills are none at promises, if there are so many.
  bool is_even = false;
  // What is known after a crash there, besides its files: two crashes of which
  // both are the same are one. nullptr: how many promises were made.
  std::function<std::uint64_t(std::uint64_t call, std::int64_t written)> known =
      nullptr;
  bool atomic = false;
  PowerLimits power = {};
};

absl::StatusOr<CheckImages> ImagesToCheck(const std::string& recording,
                                          const RecordingDigest& digest,
                                          const Timeline& timeline,
                                          const CheckImageLimits& limits,
                                          const JudgeGoesOn& goes_on);

// After which calls there is what may be there after a crash: the last promise,
// the next one or the end, and unless it is `atomic` the commits between them.
struct ExpectedStates {
  static constexpr std::size_t kMost = 64;
  std::vector<std::uint64_t> calls;  // those of promises first
  bool are_all = true;
};
ExpectedStates StatesToExpect(const Timeline& timeline, std::size_t promises,
                              bool atomic);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_CHECK_IMAGES_H_
