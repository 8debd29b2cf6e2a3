// The examination of what a round left: by plain SQL on a copy before the saver
// opens it, then, after the last round, through the saver, with a new
// transaction and another reopen. Runs in a child, because a damaged file may
// crash SQLite. Where the files are is behind Remains.

#ifndef LASTCOMMIT_TRIAL_EXAMINE_H_
#define LASTCOMMIT_TRIAL_EXAMINE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/sim_vfs.h"
#include "model/contract.h"
#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/attached_cuts.h"
#include "oracle/round_judge.h"
#include "plan/plan.h"
#include "store/state.h"
#include "subject/registry.h"
#include "trial/trial_files.h"

namespace lastcommit {

// What a connection finds. A missing file is an empty database.
struct PlainRead {
  Observation observation;
  std::uint64_t state_digest = Digest(State());  // of the observation's
  // The same without what invariants say, which no model has.
  std::uint64_t rows_digest = Digest(State());
  std::int64_t wal_frames = 0;
};
PlainRead ReadByPlainSql(const SaverEntry& entry, const std::string& path);

// By the digests of their pages (disk/page_digest.h). Of one saver that has no
// files but those of one database.
using KnownPages = std::map<std::uint64_t, std::shared_ptr<const PlainRead>>;
// The same on a simulated disk. Pages that are known are not read again.
PlainRead ReadByPlainSql(const SaverEntry& entry, SimDisk& disk,
                         const std::string& path, KnownPages& known);

// The files of a database that nobody has open.
class Remains {
 public:
  virtual ~Remains() = default;
  virtual Leftovers FindLeftovers() = 0;
  // Reads a copy; `database` itself is not touched. Never null.
  virtual absl::StatusOr<std::shared_ptr<const PlainRead>> ReadCopy(
      const SaverEntry& entry, CopyWhat what) = 0;
  // What the saver opens.
  virtual std::string database() = 0;
};

// Real ones, in a child: SQLite is confined to the copy's directory, which is
// made and overwritten, and then to that of the database.
class RealRemains : public Remains {
 public:
  RealRemains(std::string directory, std::string copy_directory)
      : directory_(std::move(directory)),
        copy_directory_(std::move(copy_directory)) {}
  Leftovers FindLeftovers() override;
  absl::StatusOr<std::shared_ptr<const PlainRead>> ReadCopy(
      const SaverEntry& entry, CopyWhat what) override;
  std::string database() override;

 private:
  const std::string directory_;
  const std::string copy_directory_;
};

// What the saver finds when it opens: the state, and what is to be recovered.
struct SaverCase {
  std::uint64_t state_digest = 0;
  bool hot_journal = false;
  bool has_wal = false;         // of any size above 0
  bool has_wal_frames = false;  // valid ones

  // NOLINTNEXTLINE(readability-implicit-bool-conversion): nobody converts
  auto operator<=>(const SaverCase&) const = default;
};

struct ExamineTask {
  const SaverEntry* entry = nullptr;
  const Profile* profile = nullptr;
  Remains* remains = nullptr;
  LegalCuts legal;
  bool closed = false;             // the round ended by a close, not by a crash
  bool may_leave_journal = false;  // a close that could not clean up
  bool through_saver = false;
  // With `through_saver`: only a case that is not in it yet is tried, and put
  // in; nullptr = every one is tried.
  std::set<SaverCase>* once = nullptr;
  // Of each attached database, where they may be at different cuts; empty: all
  // are at that of the main one.
  std::vector<LegalCuts> attached_legal = {};
  // With the commit that is in doubt, if there is one; no open transaction.
  const ReferenceModel* model = nullptr;
  // Failed commits that may be there after all; nullptr = none.
  const Alternatives* alternatives = nullptr;
};

struct Examination {
  Verdict verdict;
  bool was_read = false;  // SQLite could read the copy
  std::int64_t cut = -1;  // found in it
  // What was legal, with the alternatives.
  std::int64_t lowest = -1;
  std::int64_t highest = -1;
  bool is_damaged = false;  // also where that is no violation
  std::int64_t wal_frames_recovered = 0;
  bool hot_journal = false;
  // Which of the alternatives it is; -1 = the model.
  int alternative = -1;
  // Attached databases are at other cuts than the main one, and where.
  bool is_mixed = false;
  AttachedPlaces attached = {};
  // The process that examined it hung or crashed; no more is known.
  bool broke_down = false;
};

// An error is one of the tester (no space for the copy), not of the saver.
absl::StatusOr<Examination> Examine(const ExamineTask& task);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_EXAMINE_H_
