// The order in which the steps of a round took effect, whosever they are. Write
// transactions come in the order of the commit counter, which each of them read
// under the write lock (https://sqlite.org/isolation.html: there is one writer
// at a time); everything else comes where its answer fits, between what had
// been acknowledged when it began and what had been attempted when it returned.
// With one client it is the order of the plan.

#ifndef LASTCOMMIT_ORACLE_COMMIT_ORDER_H_
#define LASTCOMMIT_ORACLE_COMMIT_ORDER_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/client_units.h"
#include "oracle/round_view.h"
#include "plan/plan.h"

namespace lastcommit {

struct OrderedStep {
  enum class Kind {
    kReturned,
    // It returned, and had no effect, because another client was in the way.
    kRefused,
    // It did not return, or it failed, but what came later shows that it took
    // effect.
    kPresumed,
    // Its client's process is gone, and its transaction with it. If it was a
    // commit it may be there until another one takes its number.
    kGone,
  };
  std::size_t step = 0;
  Kind kind = Kind::kReturned;
  // Another client had the database open meanwhile.
  bool is_shared = false;
  // kPresumed: when another transaction had read, under the write lock, that it
  // is there, or its saver relied on it.
  Mark shown_at = kNever;
};

struct CommitOrder {
  std::vector<OrderedStep> steps;
  // What may have been committing when everything ended; the steps of its
  // transaction are the last of `steps`.
  std::optional<std::size_t> in_flight;
  Verdict verdict;  // violated: there is no such order
  // Violated: one kept another waiting without being entitled to
  // (lock_entitlement.h).
  Verdict waits;
  // The last one closed when all others had: it empties the WAL
  // (https://sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").
  bool closed_alone = true;
  std::int64_t refusals = 0;
  // Of them those for which company was enough, because nobody knows which
  // locks were refused.
  std::int64_t refusals_not_judged = 0;
  // For the ledger: neighbours of different clients among the commits, and
  // checkpoints during which another client committed.
  std::int64_t commits_in_turn = 0;
  std::int64_t checkpoints_across_commits = 0;
};

// `before`: the model when the round began.
CommitOrder OrderSteps(const RoundView& view,
                       const std::optional<DeathOfOne>& death,
                       const ReferenceModel& before);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_COMMIT_ORDER_H_
