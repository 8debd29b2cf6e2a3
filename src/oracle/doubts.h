// Doubts: the commits of which nobody can say whether they are there, because
// they failed or their client died in them; which of them a crash may bring
// back, and what the connection may see of them.

#ifndef LASTCOMMIT_ORACLE_DOUBTS_H_
#define LASTCOMMIT_ORACLE_DOUBTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/reference_model.h"
#include "oracle/replayed.h"
#include "oracle/round_view.h"
#include "plan/plan.h"

namespace lastcommit {

// What the connection may see in place of the model, a model each: with commits
// that failed, and the steps since.
using PossibleModels = std::vector<ReferenceModel>;

class Doubts {
 public:
  // Plan and view must outlive it. `earlier`: what a loss of power may still
  // bring back of earlier rounds.
  Doubts(const Plan& plan, const RoundView& view, const Alternatives& earlier);

  // What a crash at this moment may bring back.
  const InDoubt& in_doubt() const { return in_doubt_; }
  const std::vector<Overtaken>& overtaken() const { return overtaken_; }
  const PossibleModels& possible() const { return possible_; }
  void set_possible(PossibleModels possible) {
    possible_ = std::move(possible);
  }

  // ---- What comes into doubt ----

  // Of a client that is gone: the model has lost its transaction.
  void DoubtCommitOfTheDead(std::size_t i, ReferenceModel with,
                            const ReferenceModel& model);
  void DoubtCreation(std::size_t i, const ReferenceModel& model);
  // The operation of step `i` is absent; `during`: if the process died in it.
  void DoubtFailed(std::size_t i, ReferenceModel& model, InDoubt& during);
  // Each of those that is not in the middle of a transaction.
  void DoubtPossible();
  // The step that everything ended in may come after each of them.
  void DoubtInFlight(std::size_t i, InDoubt& at_end) const;

  // ---- What takes effect ----

  // Those that step `i` was answered by, and those that came too late for it.
  struct Matching {
    PossibleModels with_it;
    PossibleModels not_yet_there;
  };
  Matching MatchAnswer(std::size_t i, InDoubt& during) const;

  // The newest commit that failed did so after step `i` had begun, wherever
  // that is in the order.
  bool IsEarlier(std::size_t i) const;
  // By what the step shows nothing that failed before it is in doubt.
  void Decide(std::size_t i);
  // The step has answered as without errors, and the model is at its `after`.
  void DecideBy(std::size_t i, const ReferenceModel& before,
                const ReferenceModel& after, bool is_shared);
  // Another commit has the number from that moment on.
  void Overtake(std::int64_t cut, Mark at);
  // A sync of step `i` covers what a loss of power might have brought back.
  void SyncAway(std::size_t i);

 private:
  static void Doubt(const ReferenceModel& model, InDoubt& in_doubt);
  // The commit of step `i`, which failed, after others that are in doubt.
  PossibleModels BehindAnother(std::size_t i) const;
  bool IsOvertakenByOther(std::size_t i, const ReferenceModel& with) const;

  const Plan& plan_;
  const RoundView& view_;
  InDoubt in_doubt_;
  PossibleModels possible_;
  std::vector<Overtaken> overtaken_;
  Mark failed_at_ = 0;  // when the newest of them did
  // Where they are in `overtaken_`: those that no step has decided, and those
  // that a loss of power may still bring back.
  std::vector<std::size_t> undecided_;
  std::vector<std::size_t> may_come_back_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_DOUBTS_H_
