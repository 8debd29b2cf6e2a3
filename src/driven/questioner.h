// Questioner: what several clients of a plan have been asked, and have yet to
// be. Who is asked when is its user's to say (turn_keeper.h, free_runner.h).

#ifndef LASTCOMMIT_DRIVEN_QUESTIONER_H_
#define LASTCOMMIT_DRIVEN_QUESTIONER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "driven/asker.h"
#include "driven/conversation.h"
#include "driven/linearization.h"
#include "driven/protocol.h"
#include "plan/plan.h"

namespace lastcommit::driven {

class Questioner {
 public:
  // So many requests may overlap, or follow each other while one is left in the
  // middle: their orders are many more.
  static constexpr std::size_t kMostOpen = 6;

  // The plan must outlive it. `database`: the path that the drivers open.
  Questioner(const Plan& plan, const std::string& database);

  // Once, before anything is asked.
  void Begin(std::function<void(Requests)> ask) { ask_ = std::move(ask); }
  // What the client is to be asked after what it already is.
  void Give(int client, const std::vector<Question>& questions);
  // The next of them that asks something; false: there is none, and no other
  // one is left.
  bool AskNext(int client);
  // nullptr: there is none.
  const Question* Next(int client) const;
  bool IsAsked(int client) const { return Of(client).asked != 0; }
  // The one that is asked.
  const Question& Asked(int client) const { return Of(client).is_asked; }
  // It was killed.
  void Leave(int client);

  // One answer more, or an acknowledgement: all that are there. For each answer
  // `on_answer` is told whose it is, and whether it was that the store cannot
  // be opened just now: as a program would, the client is to open it again.
  void Take(const Answers& answers,
            const std::function<void(int client, bool is_busy)>& on_answer);

  const Linearization& linearization() const { return linearization_; }

 private:
  struct Client {
    std::deque<Question> questions;  // that are not asked yet
    std::int64_t asked = 0;          // id of the one that is; 0: none
    Question is_asked;               // that
    int opens = 0;                   // in a row, that were busy
  };

  Client& Of(int client) { return clients_[static_cast<std::size_t>(client)]; }
  const Client& Of(int client) const {
    return clients_[static_cast<std::size_t>(client)];
  }
  void TakeTime(Question& question);
  static bool OpensAgain(Client& client, const Reply& reply);

  const Plan& plan_;
  Linearization linearization_;
  std::function<void(Requests)> ask_;
  std::array<Client, kMaxClients> clients_;
  const std::vector<const Operation*> clock_;
  std::size_t operations_ = 0;  // that were asked
  std::size_t hour_ = 0;        // in the clock
  std::int64_t ids_ = 0;
  std::size_t lines_ = 0;    // answered
  std::size_t replies_ = 0;  // the same, that were taken
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_QUESTIONER_H_
