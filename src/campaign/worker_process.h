// The supervisor's side of one worker: the process, its socket, what it was
// assigned, and for how long it has given no sign of life.

#ifndef LASTCOMMIT_CAMPAIGN_WORKER_PROCESS_H_
#define LASTCOMMIT_CAMPAIGN_WORKER_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/line_socket.h"
#include "campaign/worker.h"
#include "results/index_ranges.h"

namespace lastcommit {

struct WorkerProcess {
  // Forks; `run` runs in the child only, with its end of the socket, and the
  // child ends when it returns.
  static absl::StatusOr<std::unique_ptr<WorkerProcess>> Start(
      WorkerSlot& slot, const std::function<void(int socket)>& run);
  WorkerProcess(pid_t process, int descriptor, WorkerSlot& its_slot)
      : pid(process), socket(descriptor), slot(its_slot) {}
  // Kills it, if nobody waited for it.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Ends it, whatever it is doing.
  void Kill() const;
  // After the end of its lines; what waitpid says.
  int Wait();
  // To be called often: true if it has been at one execution of a plan for too
  // long. A time in which the supervisor did not run either does not count.
  bool HangsFor(absl::Duration timeout);

  pid_t pid;
  LineSocket socket;
  WorkerSlot& slot;
  std::deque<IndexRange> assigned;  // and not answered, in order
  bool said_last = false;
  bool was_hung = false;
  bool has_no_more = false;  // was told that there is no more work

 private:
  std::uint64_t beats_seen_ = 0;
  absl::Duration silent_;
  absl::Time looked_ = absl::InfinitePast();
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_WORKER_PROCESS_H_
