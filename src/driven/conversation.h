// Conversation: what a plan asks of a driver, request by request, and what a
// correct store answers. Of one client it is a function of the plan alone; of
// several, whose requests may overlap, also of the order that explains their
// answers (linearization.h).

#ifndef LASTCOMMIT_DRIVEN_CONVERSATION_H_
#define LASTCOMMIT_DRIVEN_CONVERSATION_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/reference_model.h"
#include "plan/plan.h"
#include "store/outcome.h"
#include "store/state.h"

namespace lastcommit::driven {

// The database of each run.
inline constexpr char kDatabase[] = "store.db";

// What a plan asks with one request.
struct Question {
  std::size_t round = 0;
  std::size_t step = 0;
  int client = 0;
  Step what = {};         // for the model
  bool is_state = false;  // else `what` is done
};

// The operations of a plan by their times, where they have some: the n-th that
// is asked is at the n-th of them.
std::vector<const Operation*> ClockOf(const Plan& plan);

// Of one step, in their order.
std::vector<Question> QuestionsOf(const Plan& plan, std::size_t round,
                                  std::size_t step);
// Whether its request depends on the rows of the model.
bool DependsOnRows(const Question& question);
// Its request, without an id, where the model has these rows; nullopt: there is
// nothing to ask. `database`: the path that the drivers are to open.
std::optional<nlohmann::json> RequestFor(const Question& question,
                                         const std::string& database,
                                         const Rows& rows);

// One request.
struct Exchange {
  std::int64_t id = 0;
  std::size_t round = 0;
  std::size_t step = 0;
  int client = 0;
  Step what = {};            // as it was asked
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
  // It was asked when so many lines were answered; nullopt: when the request
  // before it was.
  std::optional<std::size_t> asked_after = {};
  // It was answered "busy", and another client was asked meanwhile: it has had
  // no effect.
  bool is_refused = false;
};

struct Conversation {
  std::vector<Exchange> exchanges;
  std::vector<State> cuts;  // the state at each commit from 0 on
  // Of one client: all of its requests, a line each.
  std::string requests = {};
};

// Adds what the question comes to next: the model takes its step.
void Add(const Plan& plan, const Question& question, ReferenceModel& model,
         Conversation& conversation);

// Of a plan with one client. The ids are 1, 2, ...
Conversation ConversationOf(const Plan& plan, const std::string& database);

// "round 1, step 4: put \"key-1\", 12 bytes (seed 3)".
std::string InWords(const Plan& plan, const Exchange& exchange);
std::string InWords(const Plan& plan, const Question& question);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_CONVERSATION_H_
