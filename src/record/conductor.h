// Conductor: who of several instances of a program goes on at which of their
// calls, so that the order in which they get into each other's way is no
// accident. One at a time has the turn; whoever has not waits at its next call
// that changes a file, locks one, or sleeps.

#ifndef LASTCOMMIT_RECORD_CONDUCTOR_H_
#define LASTCOMMIT_RECORD_CONDUCTOR_H_

#include <cstdint>
#include <string>

#include "record/watched_calls.h"

namespace lastcommit {

// A call on a file below the directory that is watched.
struct ConductedCall {
  WatchedCall call = WatchedCall::kWrite;
  std::string name;         // of the file, below the directory
  std::int64_t offset = 0;  // of what is written or locked
  std::int64_t amount = 0;
  bool unlocks = false;
};

class Conductor {
 public:
  virtual ~Conductor() = default;

  // The instance that goes on.
  virtual int turn() const = 0;
  // The one that has the turn is about to make the call, or has made it. False:
  // it is killed there, with all of its processes. The turn may be another
  // one's afterwards.
  virtual bool LivesAt(const ConductedCall& call, bool is_before) = 0;
  // The one that has the turn is about to sleep, or to wait for a lock; or it
  // has done nothing for a while.
  virtual void Waits() = 0;
  // An instance that was killed is gone, and so are its locks.
  virtual void IsGone(int instance) = 0;
  // Nobody has anything left to do: the part ends.
  virtual bool is_over() const = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_CONDUCTOR_H_
