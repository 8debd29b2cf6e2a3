// Verdict: what a trial says about its plan. Held, violated in one class, or
// skipped with a reason: silence is never a pass.

#ifndef LASTCOMMIT_MODEL_VERDICT_H_
#define LASTCOMMIT_MODEL_VERDICT_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/contract.h"
#include "plan/plan.h"
#include "store/state.h"

namespace lastcommit {

enum class SkipReason {
  kNotReached,  // the round ended before its crash point
  kNoDemand,    // the contract demands nothing after this crash
};

struct Verdict {
  std::optional<ViolationClass> violation;
  std::optional<SkipReason> skipped;
  std::string why;  // several lines for a violation; escaped
  // That differ, if that is what is violated; not all if they are many.
  std::vector<RowDifference> rows = {};
  static constexpr std::size_t kMostRows = 8;

  bool held() const { return !violation && !skipped; }

  static Verdict Held() { return {}; }
  static Verdict Violated(ViolationClass violation, std::string why);
  static Verdict Skipped(SkipReason reason, std::string why);
};

// "held", "violated(lost_commit)", "skipped(not_reached)".
std::string Name(const Verdict& verdict);

// What plain SQL finds in a database.
struct Observation {
  absl::Status opened;                 // an error: nothing else is known
  std::vector<std::string> integrity;  // complaints of PRAGMA integrity_check
  std::vector<std::string> foreign_keys;  // and of foreign_key_check
  State state;
};

// The first half of the judgement: is the database whole and its cut legal?
// Held means that `observed.state.cut` is one to compare with.
Verdict JudgeCut(const Observation& observed, const LegalCuts& legal);

// The second half: the whole state against the model at that cut. `where`
// names what was read ("plain SQL after the crash"), `violation` the class if
// it differs.
Verdict JudgeState(const State& expected, const State& found,
                   ViolationClass violation, const std::string& where);

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_VERDICT_H_
