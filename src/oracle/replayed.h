// Replayed: what is known of a round once its answers were compared with the
// model, and what may be there at each moment of it. Plain data.

#ifndef LASTCOMMIT_ORACLE_REPLAYED_H_
#define LASTCOMMIT_ORACLE_REPLAYED_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

// What the database may hold instead of what the model says, because commits
// that failed may be there after all: a model each, without open transactions.
using Alternatives = std::vector<std::shared_ptr<const ReferenceModel>>;

// A WAL that was deleted comes back with a loss of power as long as the
// directory was not synced, also after a recovery has seen that there is none.
struct InDoubt {
  Alternatives after_kill;
  Alternatives after_power_loss;
};

// A commit of the round: from when on it may be there, and must be.
struct CommitTimes {
  std::int64_t cut = 0;
  Mark attempted_at = 0;
  Mark acknowledged_at = kNever;
  // False: it had failed in doubt, and was seen by a read, or by another
  // client's transaction. Whoever sees it may rely on it, but not on its being
  // durable.
  bool is_promised = true;
  // Of StepCalls of the step.
  CallMark wal_written = 0;
  OfEachAttached attached_wal_written = {};
};

// SQLite has said that everything is durable that was acknowledged before a
// call of it, from when it returned on.
struct DurabilityPromise {
  Mark called_at = 0;
  Mark returned_at = 0;
};

// When the commit that is the step's was first attempted. The schema, commit 0,
// may have been made by whoever opens the database, from the first step on.
Mark AttemptedAt(std::int64_t cut, std::size_t step, const RoundTrace& trace);

// A commit that a client died in, or that failed in doubt, and whose number
// another one took later. From the one to the other moment it may be there.
struct Overtaken {
  std::shared_ptr<const ReferenceModel> with;
  Mark attempted_at = 0;
  Mark overtaken_at = kNever;
  // After a loss of power perhaps for longer, until a commit was synced.
  Mark lost_power_until = 0;
  // Of a client that died: also no longer than until a sync of the WAL covers
  // the commit that took its number, and was written over it.
  bool is_of_the_dead = false;
};

// What another program has removed in the round.
struct Removals {
  std::array<bool, kDatabaseFiles> of = {};  // by DatabaseFile
  Mark at = 0;  // the newest of the database or its WAL

  bool Has(DatabaseFile file) const {
    return of[static_cast<std::size_t>(file)];
  }
  // The wal-index has none of its own.
  bool take_commits() const {
    return Has(DatabaseFile::kDatabase) || Has(DatabaseFile::kWal);
  }
};

struct Replayed {
  Verdict verdict;  // held, or the first wrong answer
  std::optional<std::size_t> in_flight;
  bool in_flight_acknowledged = false;
  bool closed_alone = true;          // as CommitOrder has it
  bool closed_without_error = true;  // every client, and each had a saver
  // The newest error of a client was its last word before it closed.
  bool may_leave_journal = false;
  std::vector<CommitTimes> commits;
  std::vector<DurabilityPromise> promises;
  std::vector<Overtaken> overtaken;
  Removals removals;
  bool was_writing_database = false;  // the step in flight, until it ended
  Mark wal_written_from = kNever;     // when the first step that did so began
  std::int64_t highest_cut = -1;      // the model's, when all is applied
  // By step, for those that returned and came before what stopped the replay:
  std::vector<std::optional<InDoubt>> during;  // if the process dies in it
  InDoubt at_end;                              // if it dies after the last one

  // Without a crash. Nobody checkpoints into a file that has lost its name
  // (databaseIsUnmoved() in pager.c), and its WAL stays.
  bool closes_cleanly() const {
    return closed_without_error && closed_alone &&
           !removals.Has(DatabaseFile::kDatabase);
  }
};

// What may be there instead at that moment, of what the order of the steps says
// of it: that is the order in which they took effect, and not quite that of
// time. `wal_synced`: when the newest successful sync of the WAL began.
Alternatives AlternativesAt(Mark now, bool is_kill, Alternatives by_order,
                            const Replayed& replayed, Mark wal_synced = -1);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_REPLAYED_H_
