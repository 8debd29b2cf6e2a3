#include "driven/answer_judge.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/wire.h"

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
    for (const Exchange& exchange : conversation_.exchanges) {
      const Reply* const reply = answers_.ReplyTo(exchange.id);
      if (reply == nullptr) continue;
      if (!plan_.dialect->has_model) {
        JudgeOwn(exchange, *reply);
      } else {
        JudgeAnswer(exchange, *reply);
      }
      if (IsViolated()) return;
    }
  }

 private:
  bool IsViolated() const { return result_.verdict.violation.has_value(); }
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  // Whatever an operation answers, nobody knows better. But a store opens, says
  // what is in it, and closes.
  void JudgeOwn(const Exchange& exchange, const Reply& reply) {
    const Step& step = plan_.rounds[exchange.round].steps[exchange.step];
    ++result_.recorded.not_compared;
    const bool is_done = reply.code == absl::StatusCode::kOk;
    if (exchange.is_refused) {
      ++result_.refusals;
      return;
    }
    if (exchange.state.has_value()) {
      JudgeOwnState(exchange, reply);
      return;
    }
    ++result_.steps;
    if (is_done && exchange.cut_after > exchange.cut_before) ++result_.commits;
    if (is_done && IsOperation(step.kind)) ++result_.recorded.done;
    const bool must_be_done =
        exchange.request == "open" || exchange.request == "close";
    if (!must_be_done || is_done) return;
    Violated(ViolationClass::kWrongAnswer,
             absl::StrCat(InWords(plan_, exchange), ": the store answers ",
                          InWords(reply)));
  }

  void JudgeOwnState(const Exchange& exchange, const Reply& reply) {
    const auto found = StateOf(*plan_.dialect, reply);
    if (reply.code == absl::StatusCode::kOk && found.ok()) return;
    Violated(ViolationClass::kWrongRead,
             absl::StrCat(InWords(plan_, exchange), ": the state of the store ",
                          reply.code == absl::StatusCode::kOk
                              ? std::string(found.status().message())
                              : absl::StrCat("is ", InWords(reply))));
  }

  void JudgeAnswer(const Exchange& exchange, const Reply& reply) {
    const Step& step = plan_.rounds[exchange.round].steps[exchange.step];
    const bool is_done = reply.code == absl::StatusCode::kOk;
    if (exchange.state.has_value()) {
      result_.recorded.states += is_done ? 1 : 0;
    } else {
      ++result_.steps;
      if (exchange.cut_after > exchange.cut_before) ++result_.commits;
      if (exchange.is_refused) ++result_.refusals;
      if (IsOperation(step.kind) && is_done && HasValue(step, reply)) {
        ++result_.recorded.answers;
      }
    }
    if (auto wrong = Compare(plan_, exchange, reply)) {
      Violated(wrong->violation, std::move(wrong->why));
    }
  }

  static bool HasValue(const Step& step, const Reply& reply) {
    const auto value = ValueOf(step.operation, reply);
    return value.ok() && value->has_value();
  }

  const Plan& plan_;
  const Conversation& conversation_;
  const Answers& answers_;
  TrialResult& result_;
};

std::optional<WrongAnswer> CompareState(const Plan& plan,
                                        const Exchange& exchange,
                                        const Reply& reply) {
  const std::string where =
      absl::StrCat(InWords(plan, exchange), ": the state of the store");
  const auto wrong = [](std::string why) {
    return WrongAnswer{ViolationClass::kWrongRead, std::move(why)};
  };
  if (reply.code != absl::StatusCode::kOk) {
    return wrong(absl::StrCat(where, " is ", InWords(reply)));
  }
  const auto found = StateOf(*plan.dialect, reply);
  if (!found.ok()) return wrong(std::string(found.status().message()));
  if (IsSame(*plan.dialect, *exchange.state, *found)) return std::nullopt;
  return wrong(
      absl::StrCat(where, " is not the model's",
                   RowDifferences(*plan.dialect, *exchange.state, *found)));
}

}  // namespace

std::optional<WrongAnswer> Compare(const Plan& plan, const Exchange& exchange,
                                   const Reply& reply) {
  const Step& step = plan.rounds[exchange.round].steps[exchange.step];
  const auto wrong = [&](const std::string& answered) {
    return WrongAnswer{ViolationClass::kWrongAnswer,
                       absl::StrCat(InWords(plan, exchange),
                                    ": the store answers ", answered)};
  };
  if (exchange.is_refused && reply.code == exchange.expected.code) {
    return std::nullopt;
  }
  if (exchange.state.has_value()) return CompareState(plan, exchange, reply);
  if (reply.code != exchange.expected.code) {
    return wrong(absl::StrCat(InWords(reply), ", and the model ",
                              InWords(exchange.expected.code)));
  }
  if (!IsOperation(step.kind) || reply.code != absl::StatusCode::kOk) {
    return std::nullopt;
  }
  const auto value = ValueOf(step.operation, reply);
  if (!value.ok()) return wrong(std::string(value.status().message()));
  if (!value->has_value() || **value == exchange.expected.value) {
    return std::nullopt;
  }
  return wrong(absl::StrCat(InWords(reply), ", and the model something else"));
}

void JudgeAnswers(const Plan& plan, const Conversation& conversation,
                  const Answers& answers, TrialResult& result) {
  AnswerJudge(plan, conversation, answers, result).Judge();
}

bool IsSame(const Vocabulary& dialect, const State& expected,
            const State& found) {
  const Wire& wire = WireOf(dialect);
  return wire.is_same == nullptr
             ? expected.rows == found.rows
             : std::equal(expected.rows.begin(), expected.rows.end(),
                          found.rows.begin(), found.rows.end(),
                          [&](const auto& a, const auto& b) {
                            return a.first == b.first &&
                                   wire.is_same(a.second, b.second);
                          });
}

std::string RowDifferences(const Vocabulary& dialect, const State& expected,
                           const State& found) {
  const Wire& wire = WireOf(dialect);
  State compared = found;
  compared.cut = expected.cut;
  for (auto& [key, row] : compared.rows) {
    const auto other = expected.rows.find(key);
    if (wire.is_same != nullptr && other != expected.rows.end() &&
        wire.is_same(other->second, row)) {
      row = other->second;
    }
  }
  std::string text;
  for (const std::string& line : Difference(expected, compared, kShownRows)) {
    absl::StrAppend(&text, "\n  ", line);
  }
  return text;
}

}  // namespace lastcommit::driven
