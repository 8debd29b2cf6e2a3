#include "driven/conversation.h"

#include "absl/strings/str_cat.h"
#include "driven/protocol.h"
#include "driven/wire.h"
#include "model/reference_model.h"

namespace lastcommit::driven {
namespace {

class Builder {
 public:
  Builder(const Plan& plan, const std::string& database)
      : plan_(plan), database_(database), model_(*plan.dialect) {}

  Conversation Build() && {
    for (std::size_t r = 0; r < plan_.rounds.size(); ++r) {
      for (std::size_t s = 0; s < plan_.rounds[r].steps.size(); ++s) {
        Add(r, s, plan_.rounds[r].steps[s]);
      }
    }
    return std::move(conversation_);
  }

 private:
  void Add(std::size_t round, std::size_t number, const Step& step) {
    Exchange exchange = {.round = round, .step = number, .client = step.client};
    switch (step.kind) {
      case StepKind::kOpen:
        Ask(exchange, step, OpenRequest(database_));
        AskState(exchange);
        return;
      case StepKind::kReopen:
        Ask(exchange, {.kind = StepKind::kClose}, Request("close"));
        Ask(exchange, {.kind = StepKind::kOpen}, OpenRequest(database_));
        AskState(exchange);
        return;
      case StepKind::kRead:
        AskState(exchange);
        return;
      case StepKind::kClose:
        AskState(exchange);
        Ask(exchange, step, Request("close"));
        return;
      default:
        if (auto request = StepRequest(step, model_.rows())) {
          Ask(exchange, step, *std::move(request));
        }
    }
  }

  void Ask(Exchange exchange, const Step& step, nlohmann::json request) {
    exchange.is_in_transaction = model_.in_transaction();
    exchange.cut_before = model_.state().cut;
    exchange.begun = Begun(step);
    exchange.expected = model_.Apply(step);
    exchange.cut_after = model_.state().cut;
    if (exchange.cut_after > exchange.cut_before) {
      conversation_.cuts.push_back(model_.state());
    }
    Push(std::move(exchange), std::move(request));
  }

  std::optional<State> Begun(const Step& step) const {
    const Wire& wire = WireOf(*plan_.dialect);
    if (wire.pass_time == nullptr || !IsOperation(step.kind)) {
      return std::nullopt;
    }
    Rows rows = model_.rows();
    wire.pass_time(step.operation, rows);
    return rows.state();
  }

  void AskState(Exchange exchange) {
    exchange.is_in_transaction = model_.in_transaction();
    exchange.cut_before = exchange.cut_after = model_.state().cut;
    exchange.state = model_.state();
    Push(std::move(exchange), Request("state"));
  }

  void Push(Exchange exchange, nlohmann::json request) {
    exchange.request = request["do"];
    conversation_.exchanges.push_back(std::move(exchange));
    const auto id = static_cast<std::int64_t>(conversation_.exchanges.size());
    const int client = conversation_.exchanges.back().client;
    std::vector<Turn>& turns = conversation_.turns;
    if (turns.empty() || turns.back().client != client) {
      turns.push_back({.client = client});
    }
    absl::StrAppend(&turns.back().requests, RequestLine(id, std::move(request)),
                    "\n");
    ++turns.back().count;
  }

  const Plan& plan_;
  const std::string& database_;
  ReferenceModel model_;
  Conversation conversation_;
};

}  // namespace

Conversation ConversationOf(const Plan& plan, const std::string& database) {
  return Builder(plan, database).Build();
}

std::string InWords(const Plan& plan, const Exchange& exchange) {
  const Step& step = plan.rounds[exchange.round].steps[exchange.step];
  std::string text = absl::StrCat(
      "round ", exchange.round + 1, ", step ", exchange.step,
      Clients(plan) == 1 ? "" : absl::StrCat(", client ", exchange.client),
      ": ", std::string(NameOf(step)));
  if (IsOperation(step.kind)) {
    absl::StrAppend(&text, " ", step.operation.spec->words(step.operation));
  }
  return text;
}

}  // namespace lastcommit::driven
