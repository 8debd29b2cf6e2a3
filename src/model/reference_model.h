// ReferenceModel: what a correct store answers and holds, without SQLite. It
// applies the steps of a plan in order; an open transaction's changes are in
// its state until it ends. Not thread-safe.

#ifndef LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
#define LASTCOMMIT_MODEL_REFERENCE_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "model/state.h"
#include "plan/plan.h"

namespace lastcommit {

// What one step answers.
struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  // open, reopen: the commit counter; commit: its new value; append_log(s):
  // the last number; update_task: the new version; prune: how many
  // checkpoints; list_checkpoints: DigestOfList; read: Digest of the state;
  // live_read: Digest of the committed state; 0 for the others and for errors.
  std::int64_t value = 0;

  bool operator==(const Outcome&) const = default;
};

// What a list of checkpoints says, in its order.
struct ListedCheckpoint {
  std::string id;
  std::int64_t sequence = 0;
};
std::int64_t DigestOfList(const std::vector<ListedCheckpoint>& list);

class ReferenceModel {
 public:
  // Runs the step to its end.
  Outcome Apply(const Step& step);

  // The process is gone: an open transaction ends without a trace.
  void Crash();

  // Takes the commits after `cut` back, as if they had never been tried. No
  // transaction is open, and `cut` is from -1 to that of the state.
  void RevertTo(std::int64_t cut);
  void RevertLastCommit() { RevertTo(state_.cut - 1); }

  // Digest() of the state at a cut up to that of the state.
  std::uint64_t DigestOfCut(std::int64_t cut) const;

  // With the changes of the open transaction; `cut` counts committed ones.
  const State& state() const { return state_; }
  bool in_transaction() const { return in_transaction_; }

 private:
  // What fingerprints do not say, of the rows from which the next answers
  // follow.
  struct ThreadFacts {
    std::int64_t last_log = 0;
    std::int64_t last_checkpoint = 0;
    bool is_deleted = false;
  };
  struct CheckpointFacts {
    std::int64_t sequence = 0;
    std::optional<int> filter;
  };
  struct TaskFacts {
    TaskState state = TaskState::kPending;
    std::int64_t attempts = 0;
    std::int64_t version = 0;
    Content payload;
  };
  using Facts =
      std::variant<std::monostate, ThreadFacts, CheckpointFacts, TaskFacts>;

  // How to undo one change: what the row was before; nullopt = not there.
  struct Undo {
    RowKey key;
    std::optional<Fingerprint> row;
    Facts facts;
  };

  // Where the step is a change: what it answers, and its effect.
  Outcome Change(const Step& step);
  Outcome ChangeThread(const Step& step, const std::string& thread);
  Outcome PutCheckpoint(const Step& step, const std::string& thread);
  Outcome PutWrites(const Step& step, const std::string& thread);
  Outcome Prune(const Step& step, const std::string& thread);
  Outcome AppendLogs(const Step& step, const std::string& thread);
  Outcome CreateTask(const Step& step, const std::string& thread);
  Outcome UpdateTask(const Step& step, const std::string& thread);
  Outcome PutBlob(const Step& step, const std::string& thread);
  Outcome DeleteThread(const std::string& thread);
  Outcome ListCheckpoints(const Step& step) const;
  Outcome RollbackTo(const Step& step);

  ThreadFacts ThreadOf(const std::string& thread) const;
  void PutThread(const std::string& thread, const ThreadFacts& facts);
  void PutTask(const RowKey& key, const TaskFacts& facts);
  // The checkpoints of a namespace, newest first.
  struct NumberedCheckpoint {
    RowKey key;
    CheckpointFacts facts;
  };
  std::vector<NumberedCheckpoint> NewestFirst(const std::string& thread,
                                              const std::string& ns) const;
  // nullptr if the row is not there, or of another table.
  template <typename Kind>
  const Kind* Find(const RowKey& key) const {
    const auto found = facts_.find(key);
    return found == facts_.end() ? nullptr : std::get_if<Kind>(&found->second);
  }

  void Put(const RowKey& key, const Fingerprint& row, const Facts& facts = {});
  // Removes the rows from `first` on for which the predicate holds, up to the
  // first for which it does not.
  template <typename Predicate>
  void EraseWhile(const RowKey& first, Predicate holds);
  void SetFacts(const RowKey& key, const Facts& facts);
  void UndoTo(std::size_t mark);
  void Committed(std::size_t begin);
  std::uint64_t CommittedDigest() const;

  struct Commit {
    std::size_t begin = 0;  // size of undo_ before its first change
    std::uint64_t digest = 0;
  };

  State state_;
  std::uint64_t row_digests_ = 0;  // of state_, summed up
  std::map<RowKey, Facts> facts_;  // of threads, checkpoints and tasks
  bool in_transaction_ = false;
  std::vector<std::size_t> savepoints_;  // sizes of undo_
  std::size_t begin_ = 0;  // size of undo_ when the open transaction began
  std::uint64_t committed_row_digests_ = 0;  // then
  std::vector<Undo> undo_;       // of every commit, and of the open transaction
  std::vector<Commit> commits_;  // by cut
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
