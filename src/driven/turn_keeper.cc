#include "driven/turn_keeper.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "disk/file_role.h"
#include "disk/shim_vfs.h"
#include "disk/vfs_call.h"
#include "driven/wire.h"
#include "record/watched_calls.h"

namespace lastcommit::driven {
namespace {

// Who locks so often in a row, and changes nothing, waits for another one.
constexpr int kMostLocks = 64;

// As near as a call of the system is to SQLite's, for stories; all others are
// writes.
struct Kinds {
  CallFamily family;
  VfsCallKind call;
  IoKind io;
};
constexpr Kinds kKnownCalls[] = {
    {CallFamily::kOpen, VfsCallKind::kOpen, IoKind::kOpen},
    {CallFamily::kResize, VfsCallKind::kTruncate, IoKind::kTruncate},
    {CallFamily::kAllocate, VfsCallKind::kTruncate, IoKind::kTruncate},
    {CallFamily::kNames, VfsCallKind::kDelete, IoKind::kDelete},
    {CallFamily::kSync, VfsCallKind::kSync, IoKind::kSync},
    {CallFamily::kMap, VfsCallKind::kShmMap, IoKind::kShmMap},
    {CallFamily::kLock, VfsCallKind::kLock, IoKind::kWrite},
};

Kinds KindsOf(const ConductedCall& call) {
  const CallFamily family = FamilyOf(call.call);
  const auto* const found = std::find_if(
      std::begin(kKnownCalls), std::end(kKnownCalls),
      [family](const Kinds& kinds) { return kinds.family == family; });
  return found != std::end(kKnownCalls)
             ? *found
             : Kinds{family, VfsCallKind::kWrite, IoKind::kWrite};
}

VfsCall CallOf(const ConductedCall& call) {
  VfsCall seen;
  seen.kind = KindsOf(call).call;
  seen.role =
      call.name == kDatabase ? FileRole::kDatabase : RoleOfPath(call.name);
  seen.offset = call.offset;
  seen.amount = call.amount;
  if (seen.kind != VfsCallKind::kLock) return seen;
  const bool is_shared = seen.role == FileRole::kShm;
  if (call.unlocks) {
    seen.kind = is_shared ? VfsCallKind::kShmUnlock : VfsCallKind::kUnlock;
  } else if (is_shared) {
    seen.kind = VfsCallKind::kShmLock;
  }
  return seen;
}

}  // namespace

TurnKeeper::TurnKeeper(const Plan& plan, const std::string& database)
    : plan_(plan), questioner_(plan, database), deaths_(plan.rounds.size()) {}

void TurnKeeper::Begin(std::function<void(Requests)> ask) {
  questioner_.Begin(std::move(ask));
  BeginRound();
  GoOn(turns().NextInOrder());
}

void TurnKeeper::BeginRound() {
  turns_.emplace(plan_, round_, state_);
  turns().Begin();
  for (const int client : turns().clients()) {
    clients_[static_cast<std::size_t>(client)] = {};
    EnterStep(client);
    if (is_dead_[static_cast<std::size_t>(client)]) turns().Die(client);
  }
}

void TurnKeeper::EnterStep(int number) {
  Client& client = clients_[static_cast<std::size_t>(number)];
  const std::vector<std::size_t>& program = turns().program(number);
  client.has_begun = false;
  client.calls = 0;
  if (client.in_program == program.size()) {
    turns().Finish(number);
    return;
  }
  const std::size_t step = program[client.in_program];
  turns().EnterStep(number, step, /*in_transaction=*/false);
  const auto& crash = plan_.rounds[round_].steps[step].crash;
  if (crash.has_value() && crash->is_of_one) client.calls_to_crash = crash->io;
}

void TurnKeeper::GoOn(std::optional<int> next) {
  for (;;) {
    if (!next.has_value()) {
      if (++round_ == plan_.rounds.size()) return;
      BeginRound();
      next = turns().NextInOrder();
      continue;
    }
    turn_ = *next;
    turns().GoOn(turn_);
    Client& client = Turning();
    if (questioner_.IsAsked(turn_)) return;
    if (!client.has_begun) {
      client.has_begun = true;
      questioner_.Give(turn_, QuestionsOf(plan_, round_, turns().step(turn_)));
      if (TakeSwitch(nullptr)) {
        next = turn_;
        continue;
      }
    }
    if (questioner_.AskNext(turn_)) return;
    EndStep();
    next = turns().NextInOrder();
  }
}

void TurnKeeper::EndStep() {
  ++Turning().in_program;
  EnterStep(turn_);
}

void TurnKeeper::TakeAnswers(const Answers& answers) {
  questioner_.Take(
      answers, [this](int client, bool is_busy) { Answered(client, is_busy); });
}

void TurnKeeper::Answered(int client, bool is_busy) {
  clients_[static_cast<std::size_t>(client)].locks = 0;
  // Another one goes on first.
  if (client != turn_) return;
  const auto other =
      is_busy ? turns().NextOfSleeper(turn_) : std::optional<int>();
  if (other.has_value()) return GoOn(other);
  if (questioner_.AskNext(turn_)) return;
  EndStep();
  GoOn(turns().NextInOrder());
}

bool TurnKeeper::TakeSwitch(const VfsCall* call) {
  const std::optional<TakenSwitch> taken = turns().SwitchFrom(turn_, call);
  // Beside some requests no other one is made, nor beside too many.
  if (!taken.has_value() || (call != nullptr && IsAlone()) ||
      linearization().open() >= Questioner::kMostOpen) {
    return false;
  }
  switches_.push_back(*taken);
  turn_ = taken->what.to;
  return true;
}

bool TurnKeeper::IsAlone() {
  return questioner_.IsAsked(turn_) && DependsOnRows(questioner_.Asked(turn_));
}

bool TurnKeeper::LivesAt(const ConductedCall& call, bool is_before) {
  if (DiesAt(call, is_before)) return false;
  const VfsCall seen = CallOf(call);
  if (TakeSwitch(&seen)) {
    GoOn(turn_);
  } else if (WaitsBy(call, is_before)) {
    Waits();
  }
  return true;
}

bool TurnKeeper::WaitsBy(const ConductedCall& call, bool is_before) {
  int& locks = Turning().locks;
  if (FamilyOf(call.call) != CallFamily::kLock) locks = 0;
  if (!is_before || ++locks < kMostLocks) return false;
  locks = 0;
  return true;
}

bool TurnKeeper::DiesAt(const ConductedCall& call, bool is_before) {
  if (FamilyOf(call.call) == CallFamily::kLock) return false;
  Client& client = Turning();
  if (is_before) {
    ++client.calls;
    if (client.calls_to_crash.has_value()) --*client.calls_to_crash;
  }
  if (client.calls_to_crash != 0) return false;
  const std::size_t step = turns().step(turn_);
  const Round& round = plan_.rounds[round_];
  const Moment moment = is_before ? Moment::kBefore : Moment::kAfter;
  if (round.steps[*DeathStep(round)].crash->moment != moment) return false;
  CrashPlace& place = deaths_[round_].emplace();
  place.step = step;
  place.point = {client.calls, moment};
  place.phase = PhaseOf(round.steps[step].kind, /*in_transaction=*/false);
  const VfsCall seen = CallOf(call);
  place.call = {KindsOf(call).io, seen.role, seen.offset, seen.amount};
  is_dead_[static_cast<std::size_t>(turn_)] = true;
  has_killed_ = true;
  turns().Die(turn_);
  return true;
}

void TurnKeeper::IsGone(int instance) {
  questioner_.Leave(instance);
  GoOn(turns().NextInOrder());
}

void TurnKeeper::Waits() {
  const std::optional<int> next = turns().NextOfSleeper(turn_);
  if (next.has_value()) GoOn(next);
}

std::string TurnKeeper::UnderWay() const {
  const std::size_t step = turns_->step(turn_);
  return InWords(plan_,
                 {round_, step, turn_, plan_.rounds[round_].steps[step]});
}

}  // namespace lastcommit::driven
