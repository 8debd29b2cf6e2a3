// Answers: what a step answered against what the model answers.

#ifndef LASTCOMMIT_ORACLE_ANSWERS_H_
#define LASTCOMMIT_ORACLE_ANSWERS_H_

#include <cstddef>
#include <string>

#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/round_view.h"
#include "plan/plan.h"

namespace lastcommit {

class Answers {
 public:
  // Both must outlive it.
  Answers(const Plan& plan, const RoundView& view) : plan_(plan), view_(view) {}

  // Violated: a step acknowledged a commit and then answered something else.
  Verdict CompareAcknowledgements() const;
  // `in_transaction`: the model, before the step.
  Verdict CompareAnswer(std::size_t i, const Outcome& expected,
                        bool in_transaction) const;

 private:
  bool IsLockedBySpill(std::size_t i, bool in_transaction) const;
  std::string Explain(std::size_t i, const Outcome& expected,
                      const Outcome& found) const;
  std::string WhyNotBusy(std::size_t i, const Outcome& found) const;

  const Plan& plan_;
  const RoundView& view_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ANSWERS_H_
