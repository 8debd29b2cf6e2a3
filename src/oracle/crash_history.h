// CrashHistory: which commits a crash must leave. It knows, over the rounds of
// a plan, what was acknowledged and what the syncs had covered by then; a loss
// of power may take the rest, also of rounds before the one it ends.

#ifndef LASTCOMMIT_ORACLE_CRASH_HISTORY_H_
#define LASTCOMMIT_ORACLE_CRASH_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "model/contract.h"
#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/round_judge.h"
#include "oracle/round_trace.h"
#include "oracle/unfound_commits.h"
#include "plan/plan.h"

namespace lastcommit {

class CrashHistory {
 public:
  // Of a store with so many attached databases.
  explicit CrashHistory(int attached = 0) : attached_(attached) {}

  // `cut` is the model's.
  void BeginRound(std::int64_t cut) { cut_before_ = cut; }
  // For ReplayRound.
  BeforeRound before_round() const {
    return {.after_power_loss = in_doubt_, .has_attached = attached_ > 0};
  }

  // Brings the model, and what was replayed, to what the step in flight may
  // have committed. Violated: it acknowledged something else.
  Verdict FinishModel(const Round& round, const RoundTrace& trace,
                      ReferenceModel& model, Replayed& replayed) const;

  // Of a loss of power at that moment. After FinishModel.
  CrashFacts FactsAt(Mark now, const SyncMarks& synced,
                     const Replayed& replayed) const;

  // Adds what a crash of `facts` at that moment may leave of commits that were
  // interrupted in earlier rounds.
  void AddUnfound(const Plan& plan, const CrashFacts& facts, Mark now,
                  const Replayed& replayed, Alternatives& alternatives) const;

  // The newest commits of `with` were interrupted, and `found` is the newest
  // that is there. After EndRound.
  void NoteUnfound(const Plan& plan, const ReferenceModel& with,
                   std::int64_t found, Interruption how);

  // What the next round begins with. `cut` is what was found.
  void EndRound(bool lost_power, std::int64_t cut, Mark now,
                const SyncMarks& synced, const Replayed& replayed);

 private:
  // Which commits, as values of the commit counter, are what; -1 is before the
  // schema.
  struct Promises {
    std::int64_t acknowledged = -1;
    std::int64_t in_database = -1;  // the file
    std::int64_t wal_synced = -1;
    std::int64_t directory_synced = -1;
    OfEachAttached attached_wal_synced = {-1, -1, -1};
  };

  std::int64_t PromisedAt(Mark mark, const Replayed& replayed) const;
  std::int64_t InDatabaseAt(Mark now, const Replayed& replayed) const;
  std::optional<std::int64_t> KeptAt(Mark now, const Replayed& replayed) const;
  std::int64_t WalSyncedAt(Mark now, const SyncMarks& synced,
                           const Replayed& replayed) const;
  std::int64_t AttachedWalSyncedAt(int database, Mark now,
                                   const SyncMarks& synced,
                                   const Replayed& replayed) const;
  Promises PromisesAt(Mark now, const SyncMarks& synced,
                      const Replayed& replayed) const;

  int attached_;
  std::int64_t cut_before_ = -1;  // of the model, when the round began
  Promises promises_;             // at that moment
  Alternatives in_doubt_;         // and since the last loss of power
  UnfoundCommits unfound_;
};

// The same crash without a loss of power: what is there does not go away by
// itself.
CrashFacts WithoutPowerLoss(CrashFacts facts, Fault fault);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_CRASH_HISTORY_H_
