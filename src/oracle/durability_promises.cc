#include "oracle/durability_promises.h"

#include <cstddef>
#include <cstdint>

#include "oracle/round_view.h"

namespace lastcommit {

// All of the WAL is in the database, and synced unless synchronous is OFF
// (https://sqlite.org/c3ref/wal_checkpoint_v2.html). Without a WAL the counts
// are -1.
bool IsComplete(const CheckpointAnswer& answer) {
  return answer.is_there && !answer.is_busy && answer.log_frames >= 0 &&
         answer.log_frames == answer.checkpointed_frames;
}

// Rule: PromisesOf.
// A checkpoint syncs the WAL before it copies it and the database before it
// says so (walCheckpoint() in wal.c); the last close makes one, and deletes the
// WAL only if that went well (sqlite3WalClose() there). So does whoever changes
// the mode, but then the contract has no row.
std::vector<DurabilityPromise> PromisesOf(const Plan& plan, const Round& round,
                                          const RoundTrace& trace) {
  std::vector<DurabilityPromise> promises;
  if (ChangesJournalMode(plan)) return promises;
  for (const std::vector<std::size_t>& program : Programs(round)) {
    std::int64_t errors = 0;
    for (const std::size_t i : program) {
      const StepRecord& record = trace.records[i];
      if (!HasReturned(record)) break;
      const StepKind kind = round.steps[i].kind;
      const bool is_fault_free = record.errors == errors;
      errors = record.errors;
      const bool has_closed =
          (kind == StepKind::kClose || kind == StepKind::kReopen) &&
          record.calls.wal_deleted && is_fault_free;
      const bool has_checkpointed = kind == StepKind::kWalCheckpoint &&
                                    IsOk(record) &&
                                    IsComplete(record.checkpoint);
      if (has_closed || has_checkpointed) {
        promises.push_back({record.intended_at, record.returned_at});
      }
    }
  }
  return promises;
}

}  // namespace lastcommit
