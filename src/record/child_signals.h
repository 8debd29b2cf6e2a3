// ChildSignals: as long as it lives SIGCHLD waits to be taken, so that its
// owner can sleep until a child stops or ends.

#ifndef LASTCOMMIT_RECORD_CHILD_SIGNALS_H_
#define LASTCOMMIT_RECORD_CHILD_SIGNALS_H_

#include <signal.h>

namespace lastcommit {

class ChildSignals {
 public:
  ChildSignals();
  ~ChildSignals() { Restore(); }
  ChildSignals(const ChildSignals&) = delete;
  ChildSignals& operator=(const ChildSignals&) = delete;

  // Until there is one, or `readable` can be read or `writable` be written (-1:
  // nothing), or a tick is over, which is a tenth of a second.
  void Wait(int readable, int writable) const;
  // The mask as it was before: for a child, too.
  void Restore() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t set_;
  sigset_t before_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_CHILD_SIGNALS_H_
