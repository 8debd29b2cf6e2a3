// CommitNumbers: which unit of which client is which commit. Write transactions
// read the commit counter under the write lock, so that each number is that of
// one transaction (https://sqlite.org/isolation.html: there is one writer at a
// time); a client that was not told that its commit is there may have had it
// all the same.

#ifndef LASTCOMMIT_ORACLE_COMMIT_NUMBERS_H_
#define LASTCOMMIT_ORACLE_COMMIT_NUMBERS_H_

#include <cstdint>
#include <map>
#include <vector>

#include "model/verdict.h"
#include "oracle/client_units.h"
#include "oracle/round_view.h"

namespace lastcommit {

class CommitNumbers {
 public:
  // Both must outlive it. `base`: the newest commit when the round began. Notes
  // in the units which of them has made the schema.
  CommitNumbers(const RoundView& view, RoundUnits& units, std::int64_t base);

  // Violated: two transactions were acknowledged with one number.
  const Verdict& verdict() const { return verdict_; }

  std::int64_t base() const { return base_; }
  const std::map<std::int64_t, Unit*>& commits() const { return commits_; }
  // nullptr: no unit's.
  Unit* Find(std::int64_t number) const;
  bool IsCommit(const Unit& unit) const;

  // The newest commit that was acknowledged, or attempted, before `mark`.
  std::int64_t AcknowledgedBefore(Mark mark) const;
  std::int64_t AttemptedBefore(Mark mark) const;
  // When a transaction with a higher number had begun.
  Mark ShownAt(std::int64_t number) const;

  // The commit is that of a unit that did not return. nullptr: there is none.
  Unit* Presume(std::int64_t number);
  // From now on nothing is a commit.
  void Forget();

  // How many commits came behind one of another client.
  std::int64_t InTurn() const;
  // Whether another client committed during the unit.
  bool HasCommitOfOther(const Unit& unit) const;

 private:
  void FindCommits();
  bool AddCommit(Unit& unit);
  void FindCreation();
  void FillGaps();
  Unit* NewestCandidate(std::int64_t number, bool in_flight) const;

  const RoundView& view_;
  RoundUnits& units_;
  const std::int64_t base_;
  Verdict verdict_;
  std::map<std::int64_t, Unit*> commits_;
  std::map<std::int64_t, Mark> begun_;  // transactions, by their numbers
  std::vector<Unit*> candidates_;       // in flight, or in doubt
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_COMMIT_NUMBERS_H_
