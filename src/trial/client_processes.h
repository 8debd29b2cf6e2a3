// ClientProcesses: runs a round of several clients, each a process of its own
// on the same real files, in lock step or freely, as the plan's schedule says.

#ifndef LASTCOMMIT_TRIAL_CLIENT_PROCESSES_H_
#define LASTCOMMIT_TRIAL_CLIENT_PROCESSES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "disk/shared_memory.h"
#include "oracle/client_units.h"
#include "plan/plan.h"
#include "trial/child.h"
#include "trial/client_schedule.h"
#include "trial/lock_step_engine.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"

namespace lastcommit {

// How a round of several processes ended.
struct ClientsEnd {
  // The report of the process with which the others were killed; if all went on
  // to their ends, but for one that was to die alone, it says that they
  // returned.
  ChildReport report;
  bool is_planned = false;  // it was killed at the crash point of the plan
  std::optional<DeathOfOne> death;  // who was killed alone
  std::int64_t changes_of_client = 0;
  std::vector<TakenSwitch> switches;
};

class ClientProcesses {
 public:
  static absl::StatusOr<std::unique_ptr<ClientProcesses>> Create();

  // `task` is of any client. `begin_lifetime` is called in each process before
  // anything else, with its client. The errors of ChildRunner.
  absl::StatusOr<ClientsEnd> Run(const Plan& plan, std::size_t round,
                                 const RoundTask& task, ChildRunner& children,
                                 absl::Duration hang_timeout,
                                 absl::FunctionRef<void(int)> begin_lifetime,
                                 SharedPage& shared);

 private:
  explicit ClientProcesses(SharedMemory<ClientsPage> page)
      : page_(std::move(page)) {}

  SharedMemory<ClientsPage> page_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CLIENT_PROCESSES_H_
