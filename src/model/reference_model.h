// ReferenceModel: what a correct store answers and holds, without SQLite. It
// applies the steps of a plan in order; an open transaction's changes are in
// its state until it ends. Not thread-safe.

#ifndef LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
#define LASTCOMMIT_MODEL_REFERENCE_MODEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "model/state.h"
#include "plan/plan.h"

namespace lastcommit {

// What one step answers.
struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  // open, reopen: the commit counter; commit: its new value; append_log(s):
  // the last number; read: Digest of the state; live_read: Digest of the
  // committed state; 0 for the others and for errors.
  std::int64_t value = 0;

  bool operator==(const Outcome&) const = default;
};

class ReferenceModel {
 public:
  // Runs the step to its end.
  Outcome Apply(const Step& step);

  // The process is gone: an open transaction ends without a trace.
  void Crash();

  // Takes the newest commit back, as if its COMMIT had not taken effect. Only
  // directly after the Apply that made it.
  void RevertLastCommit();

  // With the changes of the open transaction; `cut` counts committed ones.
  const State& state() const { return state_; }
  bool in_transaction() const { return in_transaction_; }

 private:
  // How to undo one change: the row's former value.
  using Undo = std::pair<RowKey, std::optional<Fingerprint>>;
  struct LogUndo {
    std::string thread;
    std::optional<std::int64_t> last_log;
  };
  struct Mark {
    std::size_t rows = 0;
    std::size_t logs = 0;
  };

  Outcome Write(const std::function<Outcome()>& change);
  Outcome PutCheckpoint(const Step& step);
  Outcome AppendLogs(const Step& step);
  Outcome PutBlob(const Step& step);
  Outcome DeleteThread(const Step& step);
  Outcome RollbackTo(const Step& step);

  void Put(RowKey key, const Fingerprint& row);
  void SetLastLog(const std::string& thread, std::optional<std::int64_t> last);
  void TouchThread(const std::string& thread);
  Mark Here() const { return {undo_.size(), log_undo_.size()}; }
  void UndoTo(Mark mark);
  std::uint64_t CommittedDigest() const;

  State state_;
  std::map<std::string, std::int64_t> last_log_;
  bool in_transaction_ = false;
  std::vector<Mark> savepoints_;
  // Of the open transaction, or of the last one that was committed.
  std::vector<Undo> undo_;
  std::vector<LogUndo> log_undo_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
