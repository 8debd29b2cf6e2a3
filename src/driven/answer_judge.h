// What a driver answers without a crash, compared with the model.

#ifndef LASTCOMMIT_DRIVEN_ANSWER_JUDGE_H_
#define LASTCOMMIT_DRIVEN_ANSWER_JUDGE_H_

#include <optional>
#include <string>

#include "driven/conversation.h"
#include "driven/protocol.h"
#include "plan/plan.h"
#include "store/state.h"
#include "trial/trial.h"

namespace lastcommit::driven {

// What is wrong with an answer, of a dialect with a model.
struct WrongAnswer {
  ViolationClass violation = ViolationClass::kWrongAnswer;
  std::string why;
};
std::optional<WrongAnswer> Compare(const Plan& plan, const Exchange& exchange,
                                   const Reply& reply);

// As far as it has answered. Counts, and perhaps a verdict, in `result`.
void JudgeAnswers(const Plan& plan, const Conversation& conversation,
                  const Answers& answers, TrialResult& result);

// Whether a store may say so of that state of the model, or of another time
// that it said it.
bool IsSame(const Vocabulary& dialect, const State& expected,
            const State& found);
// What differs in the rows, a line each behind a newline.
std::string RowDifferences(const Vocabulary& dialect, const State& expected,
                           const State& found);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_ANSWER_JUDGE_H_
