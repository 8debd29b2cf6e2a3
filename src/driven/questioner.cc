#include "driven/questioner.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/wire.h"

namespace lastcommit::driven {
namespace {

// In a row, while others go on in between.
constexpr int kMostOpens = 20;

}  // namespace

Questioner::Questioner(const Plan& plan, const std::string& database)
    : plan_(plan), linearization_(plan, database), clock_(ClockOf(plan)) {}

// Time goes on when nobody is asked: of requests that overlap a store that goes
// by the time may not know another order than one that goes by its commits.
void Questioner::TakeTime(Question& question) {
  if (linearization_.open() == 0) hour_ = operations_;
  if (clock_.empty() || !IsOperation(question.what.kind)) return;
  ++operations_;
  question.what.operation =
      WireOf(*plan_.dialect)
          .at_time_of(question.what.operation, *clock_[hour_]);
}

void Questioner::Give(int client, const std::vector<Question>& questions) {
  std::deque<Question>& left = Of(client).questions;
  left.insert(left.end(), questions.begin(), questions.end());
}

const Question* Questioner::Next(int client) const {
  const std::deque<Question>& left = Of(client).questions;
  return left.empty() ? nullptr : &left.front();
}

bool Questioner::AskNext(int client) {
  Client& state = Of(client);
  while (!state.questions.empty()) {
    Question question = std::move(state.questions.front());
    state.questions.pop_front();
    TakeTime(question);
    const auto request = linearization_.RequestOf(question);
    if (!request.has_value()) continue;
    state.is_asked = question;
    state.asked = ++ids_;
    linearization_.Ask(question, *request, state.asked, lines_);
    ask_({client, state.asked, 1,
          absl::StrCat(RequestLine(state.asked, *request), "\n")});
    return true;
  }
  return false;
}

void Questioner::Leave(int client) {
  Client& state = Of(client);
  if (state.asked != 0) linearization_.Leave(state.asked);
  state = {};
}

bool Questioner::OpensAgain(Client& client, const Reply& reply) {
  const Question& question = client.is_asked;
  if (question.is_state || question.what.kind != StepKind::kOpen) return false;
  const bool is_busy = reply.code == absl::StatusCode::kUnavailable;
  if (!is_busy || ++client.opens > kMostOpens) {
    client.opens = 0;
    return false;
  }
  client.questions.push_front(question);
  return true;
}

void Questioner::Take(
    const Answers& answers,
    const std::function<void(int client, bool is_busy)>& on_answer) {
  lines_ = answers.line_ends.size();
  for (const Client& client : clients_) {
    const auto ack = answers.acks.find(client.asked);
    if (ack != answers.acks.end()) {
      linearization_.Acknowledge(client.asked, ack->second);
    }
  }
  while (replies_ < answers.replies.size()) {
    const Reply& reply = answers.replies[replies_++];
    linearization_.Answer(reply);
    for (int number = 0; number < kMaxClients; ++number) {
      Client& client = Of(number);
      if (client.asked != reply.id) continue;
      client.asked = 0;
      on_answer(number, OpensAgain(client, reply));
      break;
    }
  }
}

}  // namespace lastcommit::driven
