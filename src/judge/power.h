// What a loss of power leaves of a recording: at each call every bounded
// survival of what was not synced (disk/survival.h), each database recovered by
// SQLite and compared with what it held at the last promise and since. A loss
// that SQLite's documentation allows for the journal mode and the syncs that
// are seen in the recording is a setting; any other one is a bug.

#ifndef LASTCOMMIT_JUDGE_POWER_H_
#define LASTCOMMIT_JUDGE_POWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/survival.h"
#include "judge/cause.h"
#include "judge/side_files.h"
#include "judge/states.h"
#include "judge/timeline.h"
#include "record/rebuild.h"

namespace lastcommit {

enum class PowerKind {
  kLost,     // an older state, whole: promised commits are gone
  kHalf,     // no state that ever was
  kDamaged,  // no database any more
  kTorn,     // of a transaction over several databases only a part
};

struct PowerFinding {
  PowerKind kind = PowerKind::kLost;
  Cause cause = Cause::kUnknown;
  std::size_t database = 0;
  std::int64_t images = 0;  // that are so
  // The worst of them: most commits lost, then the first.
  std::uint64_t call = 0;
  // Says each fate; of the worst image, and what it takes is made smaller as
  // long as the same is lost.
  Survival survival;
  // Without any single one of the changes that it takes it is not so. False:
  // that would have taken too long.
  bool is_reduced = false;
  std::int64_t promised = 0;  // commits that were
  std::int64_t lost = 0;      // of these
  // kLost: lines that were acknowledged until then, and how many of them after
  // a commit that is lost.
  std::int64_t acknowledged = 0;
  std::int64_t acknowledged_lost = 0;
  StateId expected = 0;
  StateId found = 0;
  std::size_t other = 0;  // kTorn: the database whose part is missing
};

struct PowerOutcome {
  std::vector<PowerFinding> findings;  // one of each kind, cause and database
  std::vector<SideFile> side_files;
  std::int64_t images = 0;       // judged
  std::int64_t not_counted = 0;  // before the database counts
  std::int64_t unreadable = 0;
  std::int64_t thinned = 0;  // crash points with more than the limit unsynced
  std::int64_t skipped = 0;  // crash points with so many that none was tried
  // How often so much was not synced that it was taken for synced.
  std::int64_t settled = 0;
  std::uint64_t ended_at = 0;  // as of a timeline
};

struct PowerLimits {
  SurvivalLimits survivals = {.random = 4, .seed = 1, .changes = 12};
  DiskModel model = DiskModel::kPosix;
  std::optional<std::uint64_t> only_call = {};  // a crash after that one only
  // Bytes that are not synced, and so are kept in memory.
  std::int64_t unsynced = std::int64_t{256} << 20;
};

absl::StatusOr<PowerOutcome> LosePowerEverywhere(const std::string& recording,
                                                 const RecordingDigest& digest,
                                                 const Timeline& timeline,
                                                 States& states,
                                                 const PowerLimits& limits,
                                                 const JudgeGoesOn& goes_on);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_POWER_H_
