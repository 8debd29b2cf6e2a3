// Supervised: the work of a command in a process of its own, so that its death
// (SQLite reads what crashes leave, and programs are traced) and a second
// Ctrl-C leave somebody who cleans up and says what happened.
//
// From a process with a single thread that has no other children. One at a
// time.

#ifndef LASTCOMMIT_CLI_SUPERVISED_H_
#define LASTCOMMIT_CLI_SUPERVISED_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"

namespace lastcommit {

class Supervised {
 public:
  // How the work ended.
  struct End {
    int exit_code = 0;
    int signal = 0;     // that it died of; 0: it did not
    int interrupt = 0;  // the signal that ended it by force
    int at = 0;         // the last At() before its death
    std::uint64_t call = 0;
  };

  Supervised();
  ~Supervised();
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;

  // Runs it in a child and waits. The first SIGINT or SIGTERM asks it to end,
  // the second one kills it.
  absl::StatusOr<End> Run(const std::function<int()>& work);

  // ---- For the work ----
  // Somebody has asked for an end.
  bool IsInterrupted() const;
  // What it is at, in case that it dies.
  void At(int what, std::uint64_t call);

 private:
  struct Shared;
  static void OnSignal(int signal);

  Shared* shared_ = nullptr;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_SUPERVISED_H_
