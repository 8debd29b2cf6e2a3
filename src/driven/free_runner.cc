#include "driven/free_runner.h"

#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "driven/conversation.h"

namespace lastcommit::driven {

FreeRunner::FreeRunner(const Plan& plan, const std::string& database)
    : plan_(plan), questioner_(plan, database) {}

void FreeRunner::Begin(std::function<void(Requests)> ask) {
  questioner_.Begin(std::move(ask));
  BeginRound();
  AskAll();
}

void FreeRunner::BeginRound() {
  const Round& round = plan_.rounds[round_];
  for (std::size_t step = 0; step < round.steps.size(); ++step) {
    questioner_.Give(round.steps[step].client,
                     QuestionsOf(plan_, round_, step));
  }
}

int FreeRunner::CountAsked() const {
  int count = 0;
  for (int client = 0; client < kMaxClients; ++client) {
    count += questioner_.IsAsked(client) ? 1 : 0;
  }
  return count;
}

// Beside some requests no other one is made, nor beside too many: then all are
// answered first.
bool FreeRunner::MayAsk(int client) const {
  const Question* const next = questioner_.Next(client);
  if (next == nullptr || questioner_.IsAsked(client)) return false;
  if (CountAsked() == 0) return true;
  if (DependsOnRows(*next) || linearization().open() >= Questioner::kMostOpen) {
    return false;
  }
  for (int other = 0; other < kMaxClients; ++other) {
    if (questioner_.IsAsked(other) && DependsOnRows(questioner_.Asked(other))) {
      return false;
    }
  }
  return true;
}

void FreeRunner::AskAll() {
  while (!is_over()) {
    for (int i = 0; i < kMaxClients; ++i) {
      const int client = (first_ + i) % kMaxClients;
      if (MayAsk(client)) questioner_.AskNext(client);
    }
    first_ = (first_ + 1) % kMaxClients;
    if (CountAsked() > 0) return;
    // What was left had nothing to ask.
    if (++round_ < plan_.rounds.size()) BeginRound();
  }
}

// Who cannot open the store while another one is asked something opens it again
// when that is answered.
void FreeRunner::TakeAnswers(const Answers& answers) {
  bool waits = false;
  questioner_.Take(answers, [&](int /*client*/, bool is_busy) {
    waits = is_busy && CountAsked() > 0;
  });
  if (!waits) AskAll();
}

std::string FreeRunner::UnderWay() const {
  std::vector<std::string> asked;
  for (int client = 0; client < kMaxClients; ++client) {
    if (!questioner_.IsAsked(client)) continue;
    asked.push_back(InWords(plan_, questioner_.Asked(client)));
  }
  return absl::StrJoin(asked, "; ");
}

}  // namespace lastcommit::driven
