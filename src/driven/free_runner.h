// FreeRunner: asks the clients of a plan, each in its own order, and lets all
// of them run as the kernel does: what overlaps, and how, is left to chance.

#ifndef LASTCOMMIT_DRIVEN_FREE_RUNNER_H_
#define LASTCOMMIT_DRIVEN_FREE_RUNNER_H_

#include <cstddef>
#include <functional>
#include <string>

#include "driven/asker.h"
#include "driven/linearization.h"
#include "driven/questioner.h"
#include "plan/plan.h"

namespace lastcommit::driven {

class FreeRunner final : public AskerOfSeveral {
 public:
  // As TurnKeeper.
  FreeRunner(const Plan& plan, const std::string& database);

  void Begin(std::function<void(Requests)> ask) override;
  void TakeAnswers(const Answers& answers) override;
  bool is_over() const override { return round_ == plan_.rounds.size(); }
  Conductor* conductor() override { return nullptr; }
  bool has_killed() const override { return false; }
  const Linearization& linearization() const override {
    return questioner_.linearization();
  }
  std::string UnderWay() const override;

 private:
  void BeginRound();
  // Whoever may be asked, is.
  void AskAll();
  bool MayAsk(int client) const;
  int CountAsked() const;

  const Plan& plan_;
  Questioner questioner_;
  std::size_t round_ = 0;
  int first_ = 0;  // who is asked before others
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_FREE_RUNNER_H_
