// ForkTrial: runs a plan with a real process, a real SIGKILL and real files.
// Each round is a forked child that ends at its crash point, or one for each of
// its clients; another child examines what it left. No exec.
//
// The process that owns a ForkTrial must be single-threaded when Run is called
// and must never have opened a database of the trial's directory itself.

#ifndef LASTCOMMIT_TRIAL_FORK_TRIAL_H_
#define LASTCOMMIT_TRIAL_FORK_TRIAL_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "disk/dropped_syncs.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

// The program that runs a plan for the engine record.
enum class DrivenBy {
  kNew,        // one that has run no other plan
  kUsed,       // one that has, if there is one; what that does wrong a new one
               // is tried with, which is what counts if it does wrong, too
  kUsedAlone,  // the same, but no new one is tried: what it shows may come of
               // the plans before
};

struct TrialOptions {
  // Where the trials' directories are made; must exist. Empty: a tmpfs
  // (/dev/shm) if there is one, else the system's directory for temporary
  // files. A SIGKILL cannot tell the difference.
  std::string directory;
  // A child that takes longer is a finding (kHung).
  absl::Duration hang_timeout = absl::Minutes(1);
  // Records the system calls of every plan, not only of those with a loss of
  // power or an I/O error, and compares the files with them. Not of plans with
  // several clients.
  bool records_always = false;
  // Of plans whose system calls are recorded: a planted bug beneath SQLite.
  DroppedSyncs dropped_syncs = DroppedSyncs::kNone;
  // Runs plans for the engine record, if something is driven; leaves what it
  // did in `directory` unless that is empty. Called in the process that owns
  // the TrialRunner.
  std::function<absl::StatusOr<TrialResult>(
      const Plan& plan, const std::string& directory, DrivenBy by)>
      record = nullptr;
};

class ForkTrial {
 public:
  // Makes a directory of its own under options.directory. NotFound,
  // PermissionDenied, ResourceExhausted.
  static absl::StatusOr<std::unique_ptr<ForkTrial>> Create(
      const TrialOptions& options);
  // Removes its directory.
  ~ForkTrial();
  ForkTrial(const ForkTrial&) = delete;
  ForkTrial& operator=(const ForkTrial&) = delete;

  // InvalidArgument: a plan of another engine, or with faults that this one
  // does not have. NotFound: no such saver. ResourceExhausted: the directory's
  // file system is full. Internal: the tester failed (fork, copy, a child
  // killed from outside). A violation is no error but a verdict.
  absl::StatusOr<TrialResult> Run(const Plan& plan);

  // As Run, and leaves what each round left in `directory`.
  absl::StatusOr<TrialResult> RunAndKeep(const Plan& plan,
                                         const std::string& directory);

 private:
  class Impl;
  explicit ForkTrial(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_FORK_TRIAL_H_
