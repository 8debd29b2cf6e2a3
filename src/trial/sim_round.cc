#include "trial/sim_round.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "store/splitmix64.h"
#include "trial/sim_client.h"

namespace lastcommit {
namespace {

std::uint64_t Mix(std::uint64_t value) { return SplitMix64(value).Next(); }

Survival DrawSurvival(std::uint64_t random) {
  constexpr SurvivalKind kKinds[] = {
      SurvivalKind::kNone,         SurvivalKind::kPrefix,
      SurvivalKind::kFilePrefixes, SurvivalKind::kFilePrefixes,
      SurvivalKind::kSubset,       SurvivalKind::kSubset,
      SurvivalKind::kSubset,       SurvivalKind::kLoseOne};
  Survival survival;
  survival.kind = kKinds[random % std::size(kKinds)];
  // Small enough to be read and to fit into a token.
  constexpr std::uint64_t kNumbers = 1'000'000;
  if (survival.kind != SurvivalKind::kNone) {
    survival.number = Mix(random) % kNumbers;
  }
  return survival;
}

}  // namespace

SimRound::SimRound(SimDisk& disk, SharedPage& page, const Plan& plan,
                   std::size_t round, const ImageSampling& sampling)
    : disk_(disk),
      page_(page),
      round_(plan.rounds[round]),
      turns_(plan, round, turns_state_),
      lock_trace_(turns_, locks_, page),
      sampling_(sampling) {
  disk_.set_observer(this);
  disk_.set_lock_watch(&lock_trace_);
  turns_.Begin();
  for (const int number : turns_.clients()) {
    clients_.push_back(std::make_unique<SimClient>(*this, number));
  }
}

SimRound::~SimRound() {
  disk_.set_observer(nullptr);
  disk_.set_lock_watch(nullptr);
}

bool SimRound::Run(const RoundTask& task) {
  for (const auto& client : clients_) {
    client->fiber = std::make_unique<Fiber>([this, &task, &client = *client] {
      RoundTask own = task;
      own.client = client.number;
      RunProgram(own, client, page_);
      turns_.Finish(client.number);
      client.finished_errors = client.errors();
      client.injector.reset();
      next_ = NextInOrder();
    });
  }
  next_ = clients_.front().get();
  while (next_ != nullptr && !is_over_) {
    running_ = std::exchange(next_, nullptr);
    turns_.GoOn(running_->number);
    disk_.set_owner(running_->number);
    lock_trace_.set_client(running_->number);
    HoldErrors(*running_, false);
    running_->fiber->Resume();
    HoldErrors(*running_, true);
  }
  running_ = nullptr;
  for (const auto& client : clients_) {
    client->finished_errors = client->errors();
    client->injector.reset();
    // The fiber of a client that has died is left behind: SQLite still knows
    // what is on its stack.
    if (!client->fiber->has_returned()) {
      client->fiber.release();  // NOLINT(bugprone-unused-return-value)
    }
  }
  std::sort(images_.begin(), images_.end(),
            [](const SimImage& a, const SimImage& b) {
              return a.ordinal < b.ordinal;
            });
  return !is_over_;
}

void SimRound::HoldErrors(SimClient& client, bool held) {
  if (client.injector != nullptr) client.injector->Hold(held);
}

// The fiber of `from` stays where it is.
void SimRound::GoOn(SimClient& from, SimClient& to) {
  ++changes_of_client_;
  next_ = &to;
  from.fiber->Suspend();
}

SimClient* SimRound::NextInOrder() const {
  const std::optional<int> next = turns_.NextInOrder();
  return next.has_value() ? &ClientOf(*next) : nullptr;
}

void SimRound::Die(SimClient& client, bool alone) {
  turns_.Die(client.number);
  if (!alone || clients_.size() == 1) {
    is_over_ = true;
  } else {
    dead_client_ = client.number;
    // The death is a moment of its own: until then the locks of the dead client
    // were in the way.
    died_at_ = ++page_.now;
    disk_.KillOwner(client.number);
    ForgetLocks(client.number, locks_);
    next_ = NextInOrder();
  }
  client.fiber->Suspend();
  std::abort();  // nobody resumes the dead
}

void SimRound::BeforeStep(SimClient& client, std::size_t step) {
  turns_.EnterStep(client.number, step,
                   client.saver != nullptr && client.saver->IsInTransaction());
  SimClient* const next = NextInOrder();
  if (next != &client) GoOn(client, *next);
  MayYield(client, nullptr);
  PassCrashPoint(Moment::kBefore);
  const std::optional<IoError>& error = round_.steps[step].error;
  if (error.has_value()) {
    client.injector = std::make_unique<ErrorInjector>(*error, disk_);
  }
  if (client.injector == nullptr) return;
  // In these steps the saver goes, or comes.
  const StepKind kind = round_.steps[step].kind;
  const bool is_there = kind != StepKind::kOpen && kind != StepKind::kReopen &&
                        kind != StepKind::kClose;
  client.injector->set_saver(is_there ? client.saver : nullptr);
}

// Nothing that must be destroyed is alive when the client is left.
void SimRound::MayYield(SimClient& client, const VfsCall* call) {
  const std::optional<TakenSwitch> taken =
      turns_.SwitchFrom(client.number, call);
  if (!taken.has_value()) return;
  switches_.push_back(*taken);
  GoOn(client, ClientOf(taken->what.to));
}

// The round has a client of that number.
SimClient& SimRound::ClientOf(int number) const {
  return **std::find_if(
      clients_.begin(), clients_.end(),
      [number](const auto& client) { return client->number == number; });
}

int SimRound::BeforeCall(const VfsCall& call) {
  SimClient& client = *running_;
  MayYield(client, &call);
  client.call_began = page_.now;
  client.calls_before = page_.calls;
  client.divided.reset();
  client.divided_for.reset();
  client.counted = Counted(call);
  const int error =
      client.injector == nullptr ? SQLITE_OK : client.injector->At(call);
  if (!client.counted.has_value()) return error;
  client.counted->has_two_parts =
      call.kind == VfsCallKind::kSync && call.syncs_directory;
  if (client.observer != nullptr) {
    client.divided = client.observer->BeforeCall(*client.counted);
  }
  MayTakeImage(Moment::kBefore);
  PassCrashPoint(Moment::kBefore);
  return error;
}

std::optional<std::int64_t> SimRound::Divide(const VfsCall& call) {
  const SimClient& client = *running_;
  if (client.divided.has_value()) return client.divided;
  if (client.injector != nullptr) {
    const std::optional<std::int64_t> prefix = client.injector->PrefixOf(call);
    if (prefix.has_value()) return prefix;  // an error divides it already
  }
  return DivideForImage();
}

// A write that is divided to be seen goes on as one afterwards.
std::optional<std::int64_t> SimRound::DivideForImage() {
  SimClient& client = *running_;
  if (!sampling_.window.has_value() || client.observer == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> boundary = KillBoundary(*client.counted);
  if (!boundary.has_value()) return std::nullopt;
  const std::uint64_t number = moments_++;
  if (!IsInWindow(number)) return std::nullopt;
  client.divided_for = number;
  return boundary;
}

int SimRound::DuringCall(const VfsCall& call) {
  SimClient& client = *running_;
  MayTakeImage(Moment::kDuring);
  if (client.divided_for.has_value()) {
    TakeCrashPoint(*client.divided_for, Moment::kDuring);
  } else if (call.kind == VfsCallKind::kSync) {
    PassCrashPoint(Moment::kDuring);
  }
  if (client.divided.has_value() && client.observer != nullptr) {
    client.observer->DuringCall(*client.counted);
  }
  return client.injector == nullptr ? SQLITE_OK : client.injector->During(call);
}

void SimRound::AfterCall(const VfsCall& call, int result) {
  SimClient& client = *running_;
  if (result == SQLITE_OK) {
    if (call.kind == VfsCallKind::kSync && call.role == FileRole::kWal) {
      NoteWalSync(call.database, client.calls_before, client.call_began,
                  synced_);
    }
    if (call.syncs_directory && call.kind != VfsCallKind::kOpen) {
      synced_.directory = std::max(synced_.directory, client.call_began);
    }
  }
  if (client.injector != nullptr) client.injector->After(result);
  if (client.counted.has_value() && client.observer != nullptr) {
    client.observer->OnResult(*client.counted, result);
    client.observer->AfterCall(*client.counted);
    PassCrashPoint(Moment::kAfter);
  }
  if (call.kind == VfsCallKind::kSleep) {
    const std::optional<int> next = turns_.NextOfSleeper(client.number);
    if (next.has_value()) GoOn(client, ClientOf(*next));
  }
  MayYield(client, &call);
}

bool SimRound::IsInWindow(std::uint64_t number) const {
  return number >= sampling_.window->begin && number < sampling_.window->end;
}

SimImage SimRound::ImageAt(std::uint64_t ordinal, Moment moment) const {
  CrashPlace place =
      page_.positions[static_cast<std::size_t>(running_->number)].Get();
  place.point.moment = moment;
  return {ordinal,
          disk_.storage(),
          page_.now,
          synced_,
          page_.database_written_since_commit,
          place,
          Survival(),
          dead_client_.has_value()};
}

// Where no step runs there is no crash point.
void SimRound::PassCrashPoint(Moment moment) {
  if (!sampling_.window.has_value() || running_->observer == nullptr) return;
  TakeCrashPoint(moments_++, moment);
}

void SimRound::TakeCrashPoint(std::uint64_t number, Moment moment) {
  if (IsInWindow(number)) images_.push_back(ImageAt(number, moment));
}

// Algorithm R of J. Vitter, "Random Sampling with a Reservoir" (1985).
void SimRound::MayTakeImage(Moment moment) {
  if (sampling_.most == 0 || !disk_.storage().has_pending_changes()) return;
  const std::uint64_t random = Mix(sampling_.seed ^ Mix(++moments_));
  const auto most = static_cast<std::size_t>(sampling_.most);
  const std::size_t slot =
      images_.size() < most ? images_.size() : random % moments_;
  if (slot >= most) return;
  SimImage image = ImageAt(moments_, moment);
  image.survival = DrawSurvival(Mix(random));
  if (slot < images_.size()) {
    images_[slot] = std::move(image);
  } else {
    images_.push_back(std::move(image));
  }
}

}  // namespace lastcommit
