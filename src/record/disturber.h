// Disturber: what the recorder does to the program once, to see what is left.
// It knows when the call has come at which that can be done, does it, and says
// in words what it was.

#ifndef LASTCOMMIT_RECORD_DISTURBER_H_
#define LASTCOMMIT_RECORD_DISTURBER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "record/file_table.h"
#include "record/program_thread.h"
#include "record/recorder.h"
#include "record/tracee.h"

namespace lastcommit {

class Disturber {
 public:
  // Both must outlive it.
  Disturber(const Disturbance& wanted, const FileTable& files)
      : wanted_(wanted), files_(files) {}

  // So many calls were recorded before the program began.
  void BeginAt(std::uint64_t calls) { beginning_ = calls; }

  // In all of these `calls` were recorded until now.
  // The thread is at the beginning of its call, or at its end: whether it is
  // killed there.
  bool KillsAt(pid_t tid, bool is_before, std::uint64_t calls,
               const ProgramThreads& threads) const;
  // Then.
  void Kill(pid_t tid, std::uint64_t calls, const ProgramThreads& threads);
  // Kills a process for another reason.
  void Doom(pid_t process);
  // At the beginning of the thread's call, which fails if it is the one.
  void MakeFail(const Tracee& tracee, std::uint64_t calls,
                ProgramThread& thread);

  // At the end of the thread's call: what the program gets to know of it.
  static std::optional<std::int64_t> ResultOf(const Tracee& tracee,
                                              ProgramThread& thread);

  // The process was killed, or has come to be after all were.
  bool IsDying(pid_t process) const {
    return all_die_ || dying_.contains(process);
  }
  // What was done, and how many calls were recorded then; "": nothing yet.
  const std::string& done() const { return done_; }
  std::uint64_t done_at() const { return done_at_; }

 private:
  bool HasCome(std::uint64_t number) const;

  const Disturbance& wanted_;
  const FileTable& files_;
  std::uint64_t beginning_ = 0;
  std::set<pid_t> dying_;
  bool all_die_ = false;
  std::string done_;
  std::uint64_t done_at_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_DISTURBER_H_
