// Timeline: what each database of a recording held, call by call, what the
// program promised, and what a SIGKILL at any of its calls leaves that no
// transaction explains. The oracle has no model: a database holds what SQLite
// finds in it, and that may change at the calls alone with which SQLite ends a
// transaction (database_files.h), or with which the program handles its files.

#ifndef LASTCOMMIT_JUDGE_TIMELINE_H_
#define LASTCOMMIT_JUDGE_TIMELINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "judge/database_files.h"
#include "judge/lapses.h"
#include "judge/states.h"
#include "record/rebuild.h"

namespace lastcommit {

// From this call on the database holds that.
struct CommitPoint {
  std::uint64_t call = 0;
  StateId state = 0;
  CommitBy by = CommitBy::kNothing;
};

// Something left the program; from then on what was committed must stay.
struct ProgramPromise {
  enum class Kind { kAck, kOutput, kExit };
  std::uint64_t call = 0;
  Kind kind = Kind::kOutput;
  std::string text;
  std::int64_t lines = 0;  // of acknowledgements: that begin in it
  // Of each database, in order: which of its commit points was the newest.
  std::vector<std::size_t> commits;
};

struct DatabaseTimeline {
  std::string path;                  // below the directory
  std::vector<CommitPoint> commits;  // the first: the beginning
  // Calls during which something is demanded of it, first and last: from a
  // promise on at which it was whole, until the program itself puts another
  // file in its place.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> counted;
  // Calls during which it was written without a journal, WAL or lock to protect
  // it: first and last.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> unprotected;
  std::vector<Lapse> lapses;
  // Calls during which its WAL has a commit without checksums.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> broken;

  bool CountsAt(std::uint64_t call) const;
  bool IsUnprotectedAt(std::uint64_t call) const;
  bool IsBrokenAt(std::uint64_t call) const;
};

// One transaction over several databases (ATTACH). With a super-journal it is
// atomic; in WAL mode each file is so for itself, and a crash can leave one
// without the other (https://www.sqlite.org/lang_attach.html).
struct JointCommit {
  struct Part {
    std::size_t database = 0;
    std::size_t commit = 0;  // which of its commit points
  };
  std::vector<Part> parts;
  bool is_atomic = false;  // it has a super-journal
};

// What a kill at a call leaves.
struct KillFinding {
  enum class Kind {
    kHalf,       // neither what was there before a transaction nor after it
    kDamaged,    // no database any more
    kElsewhere,  // the content changed at a call that ends no transaction
    kUnseen,     // whole, but not what the living program sees
    kNotYet,     // what an acknowledgement asks for is not committed
    kBetween,  // with `atomic`: a commit that is a part of what is acknowledged
    kTorn,     // of a transaction over several databases only this one's part
    kNotWhole,  // never whole, though something was promised at last
  };
  Kind kind = Kind::kHalf;
  std::size_t database = 0;
  std::uint64_t call = 0;
  std::int64_t written = -1;  // of a write: bytes that are there; -1: all
  StateId expected = 0;
  StateId found = 0;
  bool is_unprotected = false;    // no journal and no WAL
  bool has_lock = false;          // somebody had SQLite's lock for writing
  std::size_t other = 0;          // kTorn: the database whose part is missing
  Cause cause = Cause::kUnknown;  // if there is one that has a name
};

struct Timeline {
  std::vector<DatabaseTimeline> databases;
  // Of the databases: those that outlive a crash, and wal-indexes.
  std::set<FileId> files;
  std::set<FileId> indexes;
  std::vector<JointCommit> joint;
  std::vector<ProgramPromise> promises;
  std::vector<KillFinding> kills;         // the first of each kind and database
  std::vector<std::int64_t> kill_counts;  // of each, how many images
  std::uint64_t first_call = 0;           // of the program
  std::uint64_t calls = 0;
  std::int64_t kill_images = 0;  // judged
  std::int64_t not_counted = 0;  // images of databases that do not count yet
  std::int64_t unreadable = 0;   // that this SQLite cannot read
  std::int64_t live_views = 0;   // compared with what a kill leaves
  bool has_acks = false;         // they are the promises, and output is none
  std::int64_t probes = 0;       // questions of acknowledgements, answered
  // Somebody ended it there, and what comes later was not looked at; 0:
  // nobody did.
  std::uint64_t ended_at = 0;

  std::int64_t acknowledged() const;  // lines
};

struct TimelineOptions {
  // Only what the databases hold at a promise is whole: a commit between two is
  // half of something. What comes before the first promise is set-up.
  bool atomic = false;
  // Findings of a kill at that call only.
  std::optional<std::uint64_t> only_call = {};
};

// Called now and then with the number of the call; false ends it.
using JudgeGoesOn = std::function<bool(std::uint64_t call)>;

// InvalidArgument: what a recording cannot be. FailedPrecondition: `atomic`,
// and several threads or processes commit, whose acknowledgements are not told
// apart.
absl::StatusOr<Timeline> TimelineOf(const std::string& recording,
                                    const RecordingDigest& digest,
                                    const TimelineOptions& options,
                                    States& states, const JudgeGoesOn& goes_on);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_TIMELINE_H_
