#include "trial/client_processes.h"

#include <utility>

#include "disk/shim_vfs.h"
#include "status/status.h"
#include "trial/child_verdict.h"
#include "trial/client_turns.h"

namespace lastcommit {
namespace {

// A round, and what becomes of its processes.
class ClientsRound {
 public:
  ClientsRound(const Plan& plan, std::size_t round, ClientsPage& page,
               SharedPage& shared)
      : plan_(plan),
        round_number_(round),
        page_(page),
        shared_(shared),
        turns_(plan, round, page.turns) {
    Withdraw(page_.baton);
    page_.ready = 0;
    page_.died_alone = {};
    page_.locks = {};
    page_.time = {};
    page_.changes_of_client = 0;
    page_.switches = 0;
    turns_.Begin();
    if (!RunsFreely(plan_)) GiveTo(turns_.clients().front(), page_.baton);
  }

  int processes() const { return static_cast<int>(turns_.clients().size()); }
  int ClientOf(int process) const {
    return turns_.clients()[static_cast<std::size_t>(process)];
  }

  // In the child.
  void RunClient(const RoundTask& task) {
    if (RunsFreely(plan_)) {
      // Clients may wait for each other until one has waited too long.
      constexpr int kFaster = 20;
      DivideSleeps(kFaster);
      FreeEngine engine(turns_.clients(), task.client, page_);
      engine.Begin();
      RunProgram(task, engine, shared_);
      engine.End();
      return;
    }
    LockStepEngine engine(plan_, round_number_, task.client, page_, shared_);
    engine.Begin();
    RunProgram(task, engine, shared_);
    engine.End();
  }

  // The parent calls it when that process is gone. True: the others go on.
  bool HasEnded(int process, ChildReport report) {
    const int client = ClientOf(process);
    const ClientTurn& turn =
        page_.turns.clients[static_cast<std::size_t>(client)];
    CallEarlyLeaveACrash(turn.has_finished() || turn.is_dead, report);
    if (report.end != ChildEnd::kReturned) {
      const bool is_planned = turn.is_dead && report.end == ChildEnd::kKilled;
      if (!is_planned || !DiedAlone(client)) {
        end_.is_planned = is_planned;
        end_.report = std::move(report);
        return false;
      }
      end_.death = DeathOfOne{client, MarkOfDeath()};
    }
    ForgetLocks(client, page_.locks);
    PassBatonOn();
    return true;
  }

  ClientsEnd Take(const std::string& output) {
    end_.report.output = output;
    end_.changes_of_client = page_.changes_of_client;
    end_.switches.assign(page_.taken, page_.taken + page_.switches);
    return std::move(end_);
  }

 private:
  bool DiedAlone(int client) const {
    return page_.died_alone[static_cast<std::size_t>(client)] &&
           turns_.clients().size() > 1;
  }

  // The death is a moment of its own: until then the locks of the dead client
  // may have been in the way.
  Mark MarkOfDeath() { return ++shared_.now; }

  void PassBatonOn() {
    if (RunsFreely(plan_)) return;
    const std::optional<int> next = turns_.NextInOrder();
    if (!next.has_value()) return;
    turns_.GoOn(*next);
    GiveTo(*next, page_.baton);
  }

  const Plan& plan_;
  const std::size_t round_number_;
  ClientsPage& page_;
  SharedPage& shared_;
  ClientTurns turns_;
  ClientsEnd end_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ClientProcesses>> ClientProcesses::Create() {
  ASSIGN_OR_RETURN(SharedMemory<ClientsPage> page,
                   MakeSharedMemory<ClientsPage>());
  return std::unique_ptr<ClientProcesses>(new ClientProcesses(std::move(page)));
}

absl::StatusOr<ClientsEnd> ClientProcesses::Run(
    const Plan& plan, std::size_t round, const RoundTask& task,
    ChildRunner& children, absl::Duration hang_timeout,
    absl::FunctionRef<void(int)> begin_lifetime, SharedPage& shared) {
  ClientsRound clients(plan, round, *page_, shared);
  ASSIGN_OR_RETURN(const auto reports,
                   children.RunTogether(
                       clients.processes(),
                       [&](int process) {
                         RoundTask own = task;
                         own.client = clients.ClientOf(process);
                         begin_lifetime(own.client);
                         clients.RunClient(own);
                       },
                       [&](int process, const ChildReport& report) {
                         return clients.HasEnded(process, report);
                       },
                       hang_timeout));
  for (const std::optional<ChildReport>& report : reports) {
    if (report.has_value()) return clients.Take(report->output);
  }
  return absl::InternalError("no client's process ended by itself");
}

}  // namespace lastcommit
