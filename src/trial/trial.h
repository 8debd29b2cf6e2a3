// What one execution of a plan gives: its verdict, and what really happened,
// for the ledger and for the story of a finding.

#ifndef LASTCOMMIT_TRIAL_TRIAL_H_
#define LASTCOMMIT_TRIAL_TRIAL_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "oracle/crash_place.h"
#include "oracle/image_counts.h"
#include "oracle/round_counts.h"
#include "plan/plan.h"
#include "store/attached.h"
#include "trial/client_schedule.h"

namespace lastcommit {

// Of what a round left.
enum class Demand {
  kUnknown,  // it was not judged, or not against a range of cuts
  kNone,
  kSome,
};

struct RoundFacts {
  bool timed = false;  // a timed kill was due
  bool crashed =
      false;            // killed between its first step and the end of its last
  bool judged = false;  // what it left was examined
  CrashPlace crash;     // if crashed
  bool has_death = false;         // of one client alone
  CrashPlace death;               // if has_death
  bool had_candidate = false;     // a commit was in doubt
  bool candidate_landed = false;  // and was there after recovery
  // Of a simulated disk: what the crash took of the changes that no sync had
  // covered. Without a loss of power it is a kill, which takes nothing.
  bool lost_power = false;
  std::int64_t unsynced_changes = 0;
  std::int64_t lost_changes = 0;
  // What the clients had been told by then; commits that were seen after an
  // earlier round, and that nobody was told of, are not in it.
  std::int64_t acknowledged = -1;
  // The cuts that it might have, if something was demanded.
  Demand demand = Demand::kUnknown;
  std::int64_t lowest = -1;
  std::int64_t highest = -1;
  bool was_read = false;  // what it left: SQLite could
  std::int64_t cut = -1;  // found in it
  bool is_mixed = false;  // attached databases are at other cuts:
  OfEachAttached attached_cuts = {-1, -1, -1};
  std::int64_t wal_frames_recovered = 0;
  bool hot_journal = false;  // one was there to be rolled back
  // By DatabaseFile: another program removed it while it was open.
  std::array<bool, kDatabaseFiles> removed = {};
  RoundCounts counts;

  bool has_removal() const {
    return std::find(removed.begin(), removed.end(), true) != removed.end();
  }
};

// The step said that this commit is there. Plain data.
struct Acknowledgement {
  std::uint32_t round = 0;
  std::uint32_t step = 0;
  std::int64_t commit = 0;

  bool operator==(const Acknowledgement&) const = default;
};

// Of one trial; later ones are not told.
inline constexpr std::size_t kMaxAcknowledgements = 1000;

// Whether the round ended before a crash that its plan has. One that kills all
// makes up for one that would have killed one client later.
bool IsCrashMissing(const Round& round, const RoundFacts& facts);

// An image taken along the way that is no crash point of the plan.
struct ViolatedImage {
  std::size_t round = 0;
  CrashPlace place;
  Survival survival;
  bool is_after_death = false;  // of one client alone
};

// Of a plan for the engine record.
struct RecordedCounts {
  std::int64_t calls = 0;         // of the program, recorded
  std::int64_t kill_images = 0;   // judged without a model
  std::int64_t power_images = 0;  // the same
  std::int64_t kills_recovered =
      0;  // by the store, and compared with the model
  std::int64_t losses_recovered = 0;
  std::int64_t commits_in_doubt = 0;  // of these: it was there
  std::int64_t states = 0;            // that the store said, without a crash
  std::int64_t answers = 0;           // of operations, compared
  // Of operations and for the state, that no model could be compared with.
  std::int64_t not_compared = 0;
  // Of several clients: requests during which another client was asked.
  std::int64_t overlaps = 0;
  // Of these: too many for all of their orders to be tried.
  std::int64_t overlaps_not_judged = 0;
  // Operations of its own, that were answered without an error.
  std::int64_t done = 0;
  // Commits of which the store said what it makes of a copy.
  std::int64_t references = 0;
  // Crashes in which SQLite finds another database than was promised, and the
  // store what it promised.
  std::int64_t made_good = 0;
  // Images that the store did not recover well elsewhere, and in place did.
  std::int64_t only_elsewhere = 0;
  // 1: violated by a program that had run other plans before, and by one that
  // had not, held.
  std::int64_t only_after_others = 0;
  std::int64_t outside = 0;        // changes of files outside of the directory
  std::int64_t not_recovered = 0;  // images that were too many
};

// Plain data, which a child can leave in memory that it shares. Of its rounds
// the sum.
struct TrialCounts : RoundCounts {
  bool spilled = false;  // inside a transaction
  bool savepoint_rolled_back_after_spill = false;
  bool statement_failed_after_spill = false;
  std::int64_t changes_of_client = 0;
  ImageCounts images;
  RecordedCounts recorded;
};

struct TrialResult : TrialCounts {
  Verdict verdict;
  std::vector<RoundFacts> rounds;  // those that were run
  std::vector<TakenSwitch> switches;
  std::vector<Acknowledgement> acknowledgements;  // in the order of the steps
  // Of a fork trial with recorded system calls, a line each: what its processes
  // did to the database's files that did not go through SQLite's VFS.
  std::vector<std::string> past_sqlite;
  // Of every image that was examined, in their order.
  std::vector<std::uint64_t> image_digests;
  // Set if it is the one that `verdict` is about.
  std::optional<ViolatedImage> violated_image;
};

// The plan with each crash point that was reached at the step and call where it
// really was, and with the image that was violated as the last crash point. The
// same trial, easier to shrink and to read. Timed kills stay as
// they are (trial/candidates.h).
// So are the switches: those that were made, without a schedule that draws
// them.
Plan WithExactCrashes(const Plan& plan, const TrialResult& result);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TRIAL_H_
