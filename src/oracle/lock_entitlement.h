// Whether a step may have been refused as busy: only if a lock call of it was
// refused because of a lock that its holder was entitled to at that moment, and
// that refusal is one which SQLite reports; or in one of the few cases in which
// SQLite says so without a lock. Used by refused_steps.cc.

#ifndef LASTCOMMIT_ORACLE_LOCK_ENTITLEMENT_H_
#define LASTCOMMIT_ORACLE_LOCK_ENTITLEMENT_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "oracle/lock_refusal.h"
#include "oracle/round_trace.h"
#include "oracle/transaction_places.h"
#include "plan/plan.h"

namespace lastcommit {

class LockEntitlement {
 public:
  // Both must outlive it. `has_schema`: when the round began.
  LockEntitlement(const Round& round, const RoundTrace& trace, bool has_schema);

  // Of a step that returned. nullopt: it is not known which locks were refused.
  std::optional<bool> MayBeBusy(std::size_t step) const;

  // Violated if a client was kept waiting, to the end or not, by a lock that
  // its holder was not entitled to.
  Verdict CheckWaits() const;

  // For people: the refused lock calls of the step, each with who was in the
  // way and whether that excuses it.
  std::string Explain(std::size_t step) const;

 private:
  std::vector<LockRefusal> RefusalsOf(std::size_t step) const;
  bool IsEntitled(const LockRefusal& refusal) const;
  bool MakesBusy(const LockRefusal& refusal) const;
  std::string Explain(const LockRefusal& refusal) const;
  bool HasLeftovers(const LockRefusal& refusal) const;
  bool HasTriedTooOften(const std::vector<LockRefusal>& refusals) const;
  bool IsOutOfDate(std::size_t step) const;
  bool HasModeOfOther(std::size_t step) const;
  template <typename Predicate>
  bool AnyOfOthers(std::size_t step, Mark since, Predicate predicate) const;

  const Round& round_;
  const RoundTrace& trace_;
  const bool has_schema_;
  const TransactionPlaces places_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_LOCK_ENTITLEMENT_H_
