// Conversation: what a plan asks of a driver, request by request, and what a
// correct store answers. A function of the plan alone.

#ifndef LASTCOMMIT_DRIVEN_CONVERSATION_H_
#define LASTCOMMIT_DRIVEN_CONVERSATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "store/outcome.h"
#include "store/state.h"

namespace lastcommit::driven {

// The database of each run.
inline constexpr char kDatabase[] = "store.db";

// One request. Number i of a conversation has the id i + 1.
struct Exchange {
  std::size_t round = 0;
  std::size_t step = 0;
  int client = 0;
  std::string request = {};  // its "do"
  Outcome expected = {};
  // Of a request for the state: what is to come, the open transaction's changes
  // included.
  std::optional<State> state = {};
  // The newest commit before it, and when it is done.
  std::int64_t cut_before = -1;
  std::int64_t cut_after = -1;
  bool is_in_transaction = false;  // when it begins
  // Where time makes a difference: what a store may hold when it begins.
  std::optional<State> begun = {};
};

// Requests of one client, one after the other.
struct Turn {
  int client = 0;
  std::string requests = {};  // a line each
  std::size_t count = 0;      // of them
};

struct Conversation {
  std::vector<Exchange> exchanges;
  std::vector<State> cuts;  // the state at each commit from 0 on
  // All of the requests: a client begins its turn when those before it are
  // answered.
  std::vector<Turn> turns;
};

// `database`: the path that the drivers are to open, one for each client.
Conversation ConversationOf(const Plan& plan, const std::string& database);

// "round 1, step 4: put \"key-1\", 12 bytes (seed 3)".
std::string InWords(const Plan& plan, const Exchange& exchange);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_CONVERSATION_H_
