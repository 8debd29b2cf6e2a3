// RoundLoop: the rounds of a trial, one after the other, whatever they run in:
// the clients run, what they saw is replayed on the model, what is left after
// the crash is examined, and what is found is what the next round begins with.
// What a round needs for that of processes, files and disks is a World.

#ifndef LASTCOMMIT_TRIAL_ROUND_LOOP_H_
#define LASTCOMMIT_TRIAL_ROUND_LOOP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "disk/survival.h"
#include "model/reference_model.h"
#include "oracle/client_units.h"
#include "oracle/crash_history.h"
#include "oracle/round_judge.h"
#include "plan/plan.h"
#include "subject/registry.h"
#include "trial/examine.h"
#include "trial/shared_page.h"
#include "trial/trial.h"

namespace lastcommit {

// How the clients of a round ended.
struct RoundEnd {
  bool crashed =
      false;           // all of them, where the plan or a timed kill wanted it
  bool timed = false;  // a timed kill was due
  std::optional<DeathOfOne> death;
  SyncMarks synced;
  std::int64_t changes_of_client = 0;
  std::vector<TakenSwitch> switches;
  Verdict broke_down;  // not held: a client hung, or crashed by itself
};

class RoundLoop;

class World {
 public:
  virtual ~World() = default;

  // Runs the clients of round `r` to their ends, on a page that is cleared.
  // `creates`: there is no schema yet.
  virtual absl::StatusOr<RoundEnd> RunClients(std::size_t r, bool creates) = 0;
  // Keeps the files of round `r` as they are now, if somebody wants them.
  virtual absl::Status KeepFiles(std::size_t r) = 0;
  // Judges images that were taken along the way. False: they are all that is
  // to be judged of the round.
  virtual absl::StatusOr<bool> JudgeAlongTheWay(std::size_t /*r*/,
                                                const Replayed& /*replayed*/,
                                                RoundLoop& /*loop*/) {
    return true;
  }
  // What the loss of power at the end of round `r` leaves is what is there.
  virtual absl::StatusOr<Survived> LosePower(std::size_t r,
                                             const Survival& survival) = 0;
  // Examines what is there; `task` lacks only where the files are.
  virtual absl::StatusOr<Examination> Examine(std::size_t r,
                                              ExamineTask task) = 0;
};

class RoundLoop {
 public:
  // All must outlive it. `page` is where the clients write.
  RoundLoop(const Plan& plan, const SaverEntry& entry, SharedPage& page,
            World& world)
      : plan_(plan),
        entry_(entry),
        page_(page),
        world_(world),
        history_(static_cast<int>(entry.attached.size())),
        model_(*plan.dialect) {}

  // Ends at the first round that is not held. An error is the tester's.
  absl::Status Run();

  TrialResult& result() { return result_; }
  const CrashHistory& history() const { return history_; }
  // `task` of an examination, without where the files are.
  void Complete(ExamineTask& task) const;

 private:
  absl::Status RunRound(std::size_t r);
  void NoteAcknowledgements(std::size_t r, const Replayed& replayed);
  void Note(const RoundEnd& end);
  absl::Status JudgeEnd(std::size_t r, const RoundEnd& end,
                        const Replayed& replayed);
  void Continue(const RoundEnd& end, const Replayed& replayed,
                const Alternatives& alternatives,
                const Examination& examination);
  void NoteUnfound(const RoundFacts& facts, const Replayed& replayed,
                   std::int64_t found);
  // Makes it the verdict of the trial; true if the trial ends with it.
  bool Ends(const Verdict& verdict);

  const Plan& plan_;
  const SaverEntry& entry_;
  SharedPage& page_;
  World& world_;
  CrashHistory history_;
  ReferenceModel model_;
  TrialResult result_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ROUND_LOOP_H_
