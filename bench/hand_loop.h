// HandLoop: the loop that somebody would write by hand to crash-test one
// program: a fork, a SIGKILL in the middle of a write, a second fork that
// recovers and checks. What it asks of SQLite is what ForkTrial asked for the
// same plan, replayed (replay.h), and without generator, model and judgement:
// what ForkTrial costs beyond it is the price of the tester.
//
// Not for finding anything: it only notices that it reads what ForkTrial read,
// all rows after the recovery among it.

#ifndef LASTCOMMIT_BENCH_HAND_LOOP_H_
#define LASTCOMMIT_BENCH_HAND_LOOP_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tape.h"

namespace lastcommit {

class HandLoop {
 public:
  // `tape` is of two processes of one trial, and must outlive it. `directory`
  // must exist; files are made in it.
  static absl::StatusOr<HandLoop> Create(const Tape& tape,
                                         const std::string& directory);

  // The process dies instead of its n-th write (1, 2, ...).
  void KillAtWrite(std::int64_t n) { kill_at_write_ = n; }

  // One kill and one recovery. Internal if either went otherwise.
  absl::Status RunOnce();

 private:
  HandLoop() = default;

  absl::Status Recover() const;

  std::span<const Call> killed_;
  std::span<const Call> recovery_;
  std::string trial_;  // where the tape was recorded
  std::string directory_;
  std::int64_t kill_at_write_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HAND_LOOP_H_
