// ErrorCauses: whether something that was injected, or that another program
// removed, may make a step fail as it did.

#ifndef LASTCOMMIT_ORACLE_ERROR_CAUSES_H_
#define LASTCOMMIT_ORACLE_ERROR_CAUSES_H_

#include <cstddef>
#include <optional>

#include "oracle/replayed.h"
#include "oracle/round_view.h"
#include "plan/plan.h"

namespace lastcommit {

class ErrorCauses {
 public:
  // Both must outlive it.
  ErrorCauses(const Plan& plan, const RoundView& view)
      : plan_(plan), view_(view) {}

  // Another program has removed the file of step `i`, an unlink.
  void NoteRemoval(std::size_t i, Mark at);
  const Removals& removals() const { return removals_; }
  bool has_removal() const { return has_removal_; }

  // After step `i`: what its failed read has spoiled of its transaction.
  void NoteSpoiled(std::size_t i, bool is_in_transaction);

  // Once it is over, the same connection has to go on: only a transaction that
  // was aborted is refused until it is rolled back, and a reopen that failed
  // leaves no connection (RoundView::HadNoSaver).
  bool HasCause(std::size_t i, bool was_in_transaction) const;
  // The step may end its transaction.
  bool MayAbort(std::size_t i) const;
  // An interrupt may stop the step.
  bool IsInterrupted(std::size_t i) const;

 private:
  std::optional<ErrorKind> Injected() const;
  bool IsAboutARead(std::size_t i) const;
  bool IsSpoiledByRead(std::size_t i) const;
  bool IsAborted(std::size_t i, bool was_in_transaction) const;
  bool CannotRead(std::size_t i, bool is_in_transaction) const;
  bool IsRefusedForRemoval(std::size_t i) const;

  const Plan& plan_;
  const RoundView& view_;
  Removals removals_;
  bool has_removal_ = false;
  bool has_journal_without_database_ = false;
  bool is_spoiled_ = false;  // the transaction that is open, by a read
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ERROR_CAUSES_H_
