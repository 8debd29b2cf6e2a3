#include "driven/conversation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/protocol.h"
#include "driven/wire.h"

namespace lastcommit::driven {
namespace {

std::optional<State> Begun(const Plan& plan, const Step& step,
                           const ReferenceModel& model) {
  const Wire& wire = WireOf(*plan.dialect);
  if (wire.pass_time == nullptr || !IsOperation(step.kind)) return std::nullopt;
  Rows rows = model.rows();
  wire.pass_time(step.operation, rows);
  return rows.state();
}

}  // namespace

std::vector<const Operation*> ClockOf(const Plan& plan) {
  std::vector<const Operation*> clock;
  const Wire& wire = WireOf(*plan.dialect);
  if (wire.is_earlier == nullptr) return clock;
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) {
      if (IsOperation(step.kind)) clock.push_back(&step.operation);
    }
  }
  std::stable_sort(clock.begin(), clock.end(),
                   [&wire](const Operation* a, const Operation* b) {
                     return wire.is_earlier(*a, *b);
                   });
  return clock;
}

std::vector<Question> QuestionsOf(const Plan& plan, std::size_t round,
                                  std::size_t step) {
  const Step& what = plan.rounds[round].steps[step];
  std::vector<Question> questions;
  const auto ask = [&](Step asked) {
    questions.push_back({round, step, what.client, std::move(asked)});
  };
  const auto ask_state = [&] {
    questions.push_back({round, step, what.client, what, /*is_state=*/true});
  };
  switch (what.kind) {
    case StepKind::kOpen:
      ask(what);
      ask_state();
      break;
    case StepKind::kReopen:
      ask({.kind = StepKind::kClose});
      ask({.kind = StepKind::kOpen});
      ask_state();
      break;
    case StepKind::kRead:
      ask_state();
      break;
    case StepKind::kClose:
      ask_state();
      ask(what);
      break;
    default:
      ask(what);
  }
  return questions;
}

bool DependsOnRows(const Question& question) {
  if (!IsOperation(question.what.kind)) return false;
  const Operation& operation = question.what.operation;
  const Wire& wire = WireOf(*operation.spec->vocabulary);
  return wire.depends_on_rows != nullptr && wire.depends_on_rows(operation);
}

std::optional<nlohmann::json> RequestFor(const Question& question,
                                         const std::string& database,
                                         const Rows& rows) {
  if (question.is_state) return Request("state");
  switch (question.what.kind) {
    case StepKind::kOpen:
      return OpenRequest(database);
    case StepKind::kClose:
      return Request("close");
    default:
      return StepRequest(question.what, rows);
  }
}

void Add(const Plan& plan, const Question& question, ReferenceModel& model,
         Conversation& conversation) {
  Exchange exchange;
  exchange.round = question.round;
  exchange.step = question.step;
  exchange.client = question.client;
  exchange.what = question.what;
  exchange.request =
      question.is_state ? "state" : std::string(NameOf(question.what));
  exchange.is_in_transaction = model.in_transaction();
  exchange.cut_before = exchange.cut_after = model.state().cut;
  if (question.is_state) {
    exchange.state = model.state();
  } else {
    exchange.begun = Begun(plan, question.what, model);
    exchange.expected = model.Apply(question.what);
    exchange.cut_after = model.state().cut;
    if (exchange.cut_after > exchange.cut_before) {
      conversation.cuts.push_back(model.state());
    }
  }
  conversation.exchanges.push_back(std::move(exchange));
}

Conversation ConversationOf(const Plan& plan, const std::string& database) {
  ReferenceModel model(*plan.dialect);
  Conversation conversation;
  const std::vector<const Operation*> clock = ClockOf(plan);
  std::size_t operations = 0;
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    for (std::size_t s = 0; s < plan.rounds[r].steps.size(); ++s) {
      for (Question& question : QuestionsOf(plan, r, s)) {
        if (!clock.empty() && IsOperation(question.what.kind)) {
          question.what.operation =
              WireOf(*plan.dialect)
                  .at_time_of(question.what.operation, *clock[operations++]);
        }
        auto request = RequestFor(question, database, model.rows());
        if (!request.has_value()) continue;
        Add(plan, question, model, conversation);
        const auto id =
            static_cast<std::int64_t>(conversation.exchanges.size());
        conversation.exchanges.back().id = id;
        absl::StrAppend(&conversation.requests,
                        RequestLine(id, *std::move(request)), "\n");
      }
    }
  }
  return conversation;
}

std::string InWords(const Plan& plan, const Question& question) {
  const Step& step = plan.rounds[question.round].steps[question.step];
  std::string text = absl::StrCat(
      "round ", question.round + 1, ", step ", question.step,
      Clients(plan) == 1 ? "" : absl::StrCat(", client ", step.client), ": ",
      std::string(NameOf(step)));
  if (IsOperation(question.what.kind)) {
    const Operation& operation = question.what.operation;
    absl::StrAppend(&text, " ", operation.spec->words(operation));
  }
  return text;
}

std::string InWords(const Plan& plan, const Exchange& exchange) {
  return InWords(plan, Question{exchange.round, exchange.step, exchange.client,
                                exchange.what});
}

}  // namespace lastcommit::driven
