#include "trial/lock_step_engine.h"

namespace lastcommit {
namespace {

// The client says first whether it died alone: a kill may come from outside
// between the two.
void NoteDeath(int client, bool alone, ClientsPage& page) {
  const auto number = static_cast<std::size_t>(client);
  page.died_alone[number] = alone;
  page.turns.clients[number].is_dead = true;
}

}  // namespace

LockStepEngine::LockStepEngine(const Plan& plan, std::size_t round, int client,
                               ClientsPage& page, SharedPage& shared)
    : client_(client),
      page_(page),
      turns_(plan, round, page.turns),
      lock_trace_(turns_, page.locks, shared) {
  lock_trace_.set_client(client);
}

void LockStepEngine::Begin() {
  Await(client_, page_.baton);
  UseVirtualTime(&page_.time);
  SetVfsObserver(this);
  SetLockWatch(&lock_trace_);
}

void LockStepEngine::End() {
  SetVfsObserver(nullptr);
  SetLockWatch(nullptr);
  turns_.Finish(client_);
}

// The kernel ends the locks of a process when that is gone, and not before:
// hence the parent, who sees that, passes the baton on.
void LockStepEngine::Die(bool alone) {
  NoteDeath(client_, alone, page_);
  ForkEngine::Die(alone);
}

void LockStepEngine::BeforeStep(std::size_t step, Store* saver) {
  turns_.EnterStep(client_, step, saver != nullptr && saver->IsInTransaction());
  const int next = *turns_.NextInOrder();  // at least this one is left
  if (next != client_) GoOn(next);
  MayYield(nullptr);
}

void LockStepEngine::AfterCall(const VfsCall& call) {
  if (call.kind == VfsCallKind::kSleep) {
    const std::optional<int> next = turns_.NextOfSleeper(client_);
    if (next.has_value()) GoOn(*next);
  }
  MayYield(&call);
}

void LockStepEngine::MayYield(const VfsCall* call) {
  const std::optional<TakenSwitch> taken = turns_.SwitchFrom(client_, call);
  if (!taken.has_value()) return;
  if (page_.switches < kMaxSwitches) page_.taken[page_.switches++] = *taken;
  GoOn(taken->what.to);
}

void LockStepEngine::GoOn(int to) {
  ++page_.changes_of_client;
  GiveTo(to, page_.baton);
  Await(client_, page_.baton);
  turns_.GoOn(client_);
}

void FreeEngine::Begin() {
  if (++page_.ready == static_cast<int>(clients_.size())) {
    for (const int client : clients_) GiveTo(client, page_.baton);
  }
  Await(client_, page_.baton);
}

void FreeEngine::End() {
  page_.turns.clients[static_cast<std::size_t>(client_)].step =
      ClientTurn::kNowhere;
}

void FreeEngine::Die(bool alone) {
  NoteDeath(client_, alone, page_);
  ForkEngine::Die(alone);
}

}  // namespace lastcommit
