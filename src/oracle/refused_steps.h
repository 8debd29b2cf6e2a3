// RefusedSteps: whether a step that had no effect was in the way of another
// client, or of an error.

#ifndef LASTCOMMIT_ORACLE_REFUSED_STEPS_H_
#define LASTCOMMIT_ORACLE_REFUSED_STEPS_H_

#include <cstddef>
#include <cstdint>

#include "oracle/client_units.h"
#include "oracle/commit_numbers.h"
#include "oracle/company.h"
#include "oracle/lock_entitlement.h"
#include "oracle/round_view.h"

namespace lastcommit {

class RefusedSteps {
 public:
  // All must outlive it.
  RefusedSteps(const RoundView& view, const Company& company,
               const CommitNumbers& numbers, const LockEntitlement& entitlement)
      : view_(view),
        company_(company),
        numbers_(numbers),
        entitlement_(entitlement) {}

  // Busy, or not opened because of that.
  bool IsRefused(const Unit& unit, std::size_t step) const;
  // Busy, and company is all that is known of the reason.
  bool IsNotJudged(std::size_t step) const;
  // Another client changed what the step had read before it could change it.
  bool LostARace(const Unit& unit, std::size_t at) const;
  // A call of it was made to fail, or one before it had taken its transaction.
  bool HasFailed(std::size_t step) const;

 private:
  bool NeedsTheFileAlone(std::size_t step) const;
  std::int64_t LastSeenByUpdate(std::size_t step) const;

  const RoundView& view_;
  const Company& company_;
  const CommitNumbers& numbers_;
  const LockEntitlement& entitlement_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_REFUSED_STEPS_H_
