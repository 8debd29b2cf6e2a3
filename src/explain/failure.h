// Failure: what is known of a violated trial besides its plan, as far as known
// bugs of SQLite are told apart by it (explain/known_bugs.h). A pure value;
// explain/failure_of.h makes one of a trial.

#ifndef LASTCOMMIT_EXPLAIN_FAILURE_H_
#define LASTCOMMIT_EXPLAIN_FAILURE_H_

#include <vector>

#include "plan/plan.h"
#include "subject/defences.h"

namespace lastcommit {

// How a round ended, as a crash of the plan may end it.
struct CrashScene {
  // A database without a schema was being opened.
  bool is_in_creation = false;
  // Right after what makes a journal cold without deleting it, or before the
  // sync of the journal that comes next.
  bool is_at_journal_end = false;
  // One client alone died in a sync of the journal, between the file and its
  // directory.
  bool had_death_in_journal_sync = false;
  // Whoever died may have deleted a super-journal, and not yet the names of it
  // that stand in journals.
  bool is_past_super_journal = false;
};

struct Failure {
  ViolationClass violation = ViolationClass::kLostCommit;
  Defences of_first = Defences::kAll;   // client 0
  Defences of_others = Defences::kAll;  // the other clients
  // Of each round that was run. Whether it crashed, and what survived, is in
  // the plan, whose crashes are exact.
  std::vector<CrashScene> scenes;
  bool had_errors = false;  // that the plan asked for
  // A savepoint or a failed statement was undone after the cache had spilled;
  // or may have been, by an operation that undoes a part and that was died in.
  bool was_undone_after_spill = false;
  // Clients that were left, for another to go on, where their checkpoint has
  // read where the WAL ends and not yet how much of it is copied. Only SQLite's
  // call of xUnfetch is there.
  std::vector<int> left_in_checkpoint;
  // A client was left, for another to go on, in the middle of a change of the
  // journal mode to another than WAL.
  bool was_left_in_mode_change = false;
  bool has_attached = false;  // the saver has databases attached

  Defences Of(int client) const { return client == 0 ? of_first : of_others; }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FAILURE_H_
