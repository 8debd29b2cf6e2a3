// TransactionPlaces: where each step stands to the transactions of its client,
// and so what it may do to the database: write, checkpoint, commit.

#ifndef LASTCOMMIT_ORACLE_TRANSACTION_PLACES_H_
#define LASTCOMMIT_ORACLE_TRANSACTION_PLACES_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

class TransactionPlaces {
 public:
  // What is known of a step of its client from those before it.
  struct Place {
    std::optional<std::size_t> previous;
    std::size_t transaction_began = 0;  // with which step, or the step itself
    bool in_transaction = false;        // when it began
    bool in_transaction_after = false;
  };

  // Both must outlive it.
  TransactionPlaces(const Round& round, const RoundTrace& trace);

  const Place& Of(std::size_t step) const { return places_[step]; }

  bool MayWrite(std::size_t step) const;
  bool MayCopy(std::size_t step) const;
  bool MayCommit(std::size_t step) const;

 private:
  void FollowProgram(const std::vector<std::size_t>& program);

  const Round& round_;
  const RoundTrace& trace_;
  std::vector<Place> places_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_TRANSACTION_PLACES_H_
