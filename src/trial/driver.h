// Driver: carries the steps of a plan out on a saver and says what each one
// answered. Runs in the child of a trial and, for the probe transaction, in
// the examination.

#ifndef LASTCOMMIT_TRIAL_DRIVER_H_
#define LASTCOMMIT_TRIAL_DRIVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "model/reference_model.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"
#include "saver/sqlite_saver.h"
#include "subject/registry.h"

namespace lastcommit {

struct Answer {
  Outcome outcome;
  std::string message;       // of an error, or of an invariant
  bool is_in_doubt = false;  // of a failed commit: it may be there
  // Of a checkpoint that was no error.
  std::optional<saver::WalCheckpointResult> checkpoint = {};
  // It read rows that break an invariant, which `message` says.
  bool breaks_invariant = false;
};

// Whether the machine had no room, memory or descriptors left for it. A saver
// that had to give up its transaction because of that says Aborted, and why.
bool IsOutOfResources(const Answer& answer);

class Driver {
 public:
  // `entry` must outlive the driver. `client`: as whom it opens the saver.
  Driver(const SaverEntry& entry, std::string path, const Profile& profile,
         int client = 0);

  // Calls `acknowledge` as the saver does, in a commit step only. Without an
  // open saver every step but open is refused with FailedPrecondition.
  Answer Run(const Step& step, Acknowledge acknowledge);

  // Between the two halves of a reopen.
  void OnClosedForReopen(std::function<void()> hook);
  // How another program removes a file, and what came of it: the answer.
  void OnUnlink(std::function<Unlinked(DatabaseFile file)> hook);

  Store* saver() { return saver_.get(); }

 private:
  Answer Open();
  void Close();
  Answer RunOnSaver(const Step& step, Acknowledge acknowledge);
  Answer LiveRead();
  Answer Backup();
  Answer Unlink(const Step& step);

  const SaverEntry& entry_;
  std::string path_;
  Profile profile_;
  const OpenSaver open_;
  std::function<void()> closed_for_reopen_;
  std::function<Unlinked(DatabaseFile file)> unlink_;
  std::unique_ptr<Store> saver_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_DRIVER_H_
