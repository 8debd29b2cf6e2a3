// ReferenceModel: what a correct store answers and holds, without SQLite. It
// applies the steps of a plan in order: transactions, cuts and undoing are its
// own, and operations do to its rows what their spec says. An open
// transaction's changes are in its state until it ends. Not thread-safe.

#ifndef LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
#define LASTCOMMIT_MODEL_REFERENCE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/plan.h"
#include "store/outcome.h"
#include "store/rows.h"

namespace lastcommit {

class ReferenceModel {
 public:
  // Of a store that has no rows when it is new.
  ReferenceModel() = default;
  // `dialect` must outlive it.
  explicit ReferenceModel(const Vocabulary& dialect)
      : create_(dialect.create) {}

  // Runs the step to its end.
  Outcome Apply(const Step& step);

  // The process is gone: an open transaction ends without a trace.
  void Crash();

  // Takes the commits after `cut` back, as if they had never been tried. No
  // transaction is open, and `cut` is from -1 to that of the state.
  void RevertTo(std::int64_t cut);
  // The newest commit has left these rows instead, of which some are those of
  // other commits: of a transaction over several databases not all have what it
  // did. No transaction is open.
  void TakeRows(const State& state);
  void RevertLastCommit() { RevertTo(state().cut - 1); }

  // Digest() of the state at a cut up to that of the state.
  std::uint64_t DigestOfCut(std::int64_t cut) const;

  // With the changes of the open transaction; `cut` counts committed ones.
  const State& state() const { return rows_.state(); }
  const Rows& rows() const { return rows_; }
  bool in_transaction() const { return in_transaction_; }

 private:
  Outcome Operate(const Operation& operation);
  Outcome RollbackTo(const Step& step);
  void Committed(std::size_t begin);
  std::uint64_t CommittedDigest() const;

  struct Commit {
    std::size_t begin = 0;  // mark of rows_ before its first change
    std::uint64_t digest = 0;
  };

  void (*create_)(Rows& rows) = nullptr;  // Vocabulary::create
  // Their history is that of every commit, and of the open transaction.
  Rows rows_;
  bool in_transaction_ = false;
  std::vector<std::size_t> savepoints_;  // marks of rows_
  std::size_t begin_ = 0;                // mark when the open transaction began
  std::uint64_t committed_row_digests_ = 0;  // then
  std::vector<Commit> commits_;              // by cut
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_REFERENCE_MODEL_H_
