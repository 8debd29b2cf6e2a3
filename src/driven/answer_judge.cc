#include "driven/answer_judge.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lastcommit::driven {
namespace {

constexpr std::size_t kShownRows = 6;

class AnswerJudge {
 public:
  AnswerJudge(const Plan& plan, const Conversation& conversation,
              const Answers& answers, TrialResult& result)
      : plan_(plan),
        conversation_(conversation),
        answers_(answers),
        result_(result) {}

  void Judge() {
    for (std::size_t i = 0; i < answers_.replies.size() && !IsViolated(); ++i) {
      const Exchange& exchange = conversation_.exchanges[i];
      const Reply& reply = answers_.replies[i];
      if (!plan_.dialect->has_model) {
        Count(exchange);
      } else if (exchange.state.has_value()) {
        JudgeState(exchange, reply);
      } else {
        JudgeAnswer(exchange, reply);
      }
    }
  }

 private:
  bool IsViolated() const { return result_.verdict.violation.has_value(); }
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  // Whatever it answers, nobody knows better.
  void Count(const Exchange& exchange) {
    ++result_.steps;
    ++result_.recorded.not_compared;
    if (exchange.cut_after > exchange.cut_before) ++result_.commits;
  }

  void JudgeAnswer(const Exchange& exchange, const Reply& reply) {
    const Step& step = plan_.rounds[exchange.round].steps[exchange.step];
    ++result_.steps;
    if (exchange.cut_after > exchange.cut_before) ++result_.commits;
    const auto wrong = [&](const std::string& answered) {
      Violated(ViolationClass::kWrongAnswer,
               absl::StrCat(InWords(plan_, exchange), ": the store answers ",
                            answered));
    };
    if (reply.code != exchange.expected.code) {
      return wrong(absl::StrCat(InWords(reply), ", and the model ",
                                InWords(exchange.expected.code)));
    }
    if (!IsOperation(step.kind) || reply.code != absl::StatusCode::kOk) return;
    const auto value = ValueOf(step.operation, reply);
    if (!value.ok()) return wrong(std::string(value.status().message()));
    if (!value->has_value()) return;
    ++result_.recorded.answers;
    if (**value == exchange.expected.value) return;
    wrong(absl::StrCat(InWords(reply), ", and the model something else"));
  }

  void JudgeState(const Exchange& exchange, const Reply& reply) {
    const std::string where =
        absl::StrCat(InWords(plan_, exchange), ": the state of the store");
    if (reply.code != absl::StatusCode::kOk) {
      Violated(ViolationClass::kWrongRead,
               absl::StrCat(where, " is ", InWords(reply)));
      return;
    }
    const auto found = StateOf(*plan_.dialect, reply);
    if (!found.ok()) {
      Violated(ViolationClass::kWrongRead,
               std::string(found.status().message()));
      return;
    }
    ++result_.recorded.states;
    if (found->rows == exchange.state->rows) return;
    Violated(ViolationClass::kWrongRead,
             absl::StrCat(where, " is not the model's",
                          RowDifferences(*exchange.state, *found)));
  }

  const Plan& plan_;
  const Conversation& conversation_;
  const Answers& answers_;
  TrialResult& result_;
};

}  // namespace

void JudgeAnswers(const Plan& plan, const Conversation& conversation,
                  const Answers& answers, TrialResult& result) {
  AnswerJudge(plan, conversation, answers, result).Judge();
}

std::string RowDifferences(const State& expected, const State& found) {
  State compared = found;
  compared.cut = expected.cut;
  std::string text;
  for (const std::string& line : Difference(expected, compared, kShownRows)) {
    absl::StrAppend(&text, "\n  ", line);
  }
  return text;
}

}  // namespace lastcommit::driven
