// DiskMap: the files as the last loss of power of a plan, or its last kill
// (explain/killed_files.h), left them, unit by unit: pages of a database,
// frames of a WAL, blocks of anything else; which of them were durable, and
// what became of those that were written and not synced. A finding keeps it as
// disk.json (docs/results-format.md), for the page.

#ifndef LASTCOMMIT_EXPLAIN_DISK_MAP_H_
#define LASTCOMMIT_EXPLAIN_DISK_MAP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/storage.h"
#include "disk/survival.h"
#include "plan/plan.h"
#include "trial/sim_trial.h"

namespace lastcommit {

enum class UnitState {
  kDurable,  // nothing of it was unsynced
  kWritten,  // what was written and not synced is there
  kTorn,     // a part of it is there
  kLost,     // nothing of it is there
  // After a kill, where all is there, what recovery makes of it:
  kThere,        // nothing
  kCommitted,    // it belongs to a commit
  kUncommitted,  // it belongs to none, and is left out
  kPutBack,      // it goes back into the database
  kIgnored,      // it is older, or does not match its checksum
};
std::string_view Name(UnitState state);

// Neighbours of one state are one, where no change is named.
struct DiskUnits {
  std::int64_t first = 0;
  std::int64_t last = 0;
  UnitState state = UnitState::kDurable;
  // The newest change, in words; of what is torn each one that it has, and what
  // became of it; of durable ones none.
  std::string change = {};

  bool operator==(const DiskUnits&) const = default;
};

struct DiskFile {
  std::string name;
  std::string unit;  // "page", "frame", "block"
  std::vector<DiskUnits> units;

  bool operator==(const DiskFile&) const = default;
};

struct DiskMap {
  std::size_t round = 0;
  std::vector<DiskFile> files;
  // What has no place in a file and did not survive: truncations, entries of
  // the directory.
  std::vector<std::string> lost;
  // There was more: of later changes only the state is there, and files, units
  // and `lost` beyond a bound are left out.
  bool is_cut = false;
  // It is what a kill left.
  bool is_killed = false;

  // That have their words, which take long.
  static constexpr std::size_t kMostNamed = 500;
  static constexpr std::size_t kMostUnits = 5000;  // of all files

  bool operator==(const DiskMap&) const = default;
};

// Of the disk as it was before the loss of power.
DiskMap DiskMapOf(const Storage& before, const Survived& survived,
                  int page_size);

// Runs the plan. NotFound: no power was lost in it. ResourceExhausted: its
// disk's is too long. The errors of SimTrial::Run.
absl::StatusOr<DiskMap> ViewDisk(SimTrial& trial, const Plan& plan);

// As disk.json, and back. InvalidArgument.
std::string PrintDiskMap(const DiskMap& map);
absl::StatusOr<DiskMap> ParseDiskMap(std::string_view text);
// The errors of ReadWholeFile, and InvalidArgument.
absl::StatusOr<DiskMap> ReadDiskMap(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_DISK_MAP_H_
