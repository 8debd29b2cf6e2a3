// Rows: the rows of a ReferenceModel, which can undo what was done to them. A
// vocabulary's rules change rows and look them up; when a change becomes a
// commit, and what is undone, is the model's. Not thread-safe.

#ifndef LASTCOMMIT_STORE_ROWS_H_
#define LASTCOMMIT_STORE_ROWS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "store/state.h"

namespace lastcommit {

// What fingerprints do not say, of the rows from which the next answers follow.
// The rules say what each number is.
using Facts = std::array<std::int64_t, 5>;

class Rows {
 public:
  // `cut` is the model's.
  const State& state() const { return state_; }
  // One more commit, or back to an earlier one.
  void set_cut(std::int64_t cut);
  // RowDigest of each row, summed up.
  std::uint64_t digests() const { return digests_; }
  // The same of a cut from 0 to that of the state.
  std::uint64_t DigestsAt(std::int64_t cut) const {
    return digests_at_[static_cast<std::size_t>(cut)];
  }

  bool Has(const RowKey& key) const { return state_.rows.contains(key); }
  // nullptr if the row is not there, or has none.
  const Facts* FactsOf(const RowKey& key) const;
  // By key, of the rows that have some.
  const std::map<RowKey, Facts>& facts() const { return facts_; }

  void Put(const RowKey& key, const Fingerprint& row,
           const std::optional<Facts>& facts = std::nullopt);
  void Erase(const RowKey& key);
  // Makes the rows those of `state`, whatever its cut.
  void Become(const State& state);
  // Erases the rows from `first` on for which the predicate holds, up to the
  // first for which it does not.
  template <typename Predicate>
  void EraseWhile(const RowKey& first, Predicate holds) {
    auto row = state_.rows.lower_bound(first);
    while (row != state_.rows.end() && holds(row->first)) row = EraseAt(row);
  }

  // A place in the history of changes, for UndoTo.
  std::size_t mark() const { return undo_.size(); }
  // Takes back what was done since mark() was `mark`.
  void UndoTo(std::size_t mark);

 private:
  // How to undo one change: what the row was before; nullopt = not there.
  struct Undo {
    RowKey key;
    std::optional<Fingerprint> row;
    std::optional<Facts> facts;
  };
  using RowMap = std::map<RowKey, Fingerprint>;

  RowMap::iterator EraseAt(RowMap::iterator row);
  std::optional<Facts> CopyOfFacts(const RowKey& key) const;
  void SetFacts(const RowKey& key, const std::optional<Facts>& facts);

  State state_;
  std::uint64_t digests_ = 0;
  std::vector<std::uint64_t> digests_at_;  // by cut
  std::map<RowKey, Facts> facts_;
  std::vector<Undo> undo_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_ROWS_H_
