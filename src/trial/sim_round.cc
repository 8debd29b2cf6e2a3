#include "trial/sim_round.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "trial/crash_history.h"
#include "trial/fiber.h"

namespace lastcommit {
namespace {

// https://prng.di.unimi.it/splitmix64.c describes the generator.
std::uint64_t Mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

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

SimRound::SimRound(SimDisk& disk, SharedPage& page, const Round& round,
                   const ImageSampling& sampling)
    : disk_(disk), page_(page), round_(round), sampling_(sampling) {
  disk_.set_observer(this);
}

SimRound::~SimRound() { disk_.set_observer(nullptr); }

bool SimRound::Run(const RoundTask& task) {
  // Left behind when the round dies: what is on its stack is still known to
  // SQLite.
  auto fiber = std::make_unique<Fiber>([&] { RunRound(task, *this, page_); });
  fiber_ = fiber.get();
  fiber_->Resume();
  errors_ = errors();
  injector_.reset();
  if (is_dead_) fiber.release();  // NOLINT(bugprone-unused-return-value)
  std::sort(images_.begin(), images_.end(),
            [](const SimImage& a, const SimImage& b) {
              return a.ordinal < b.ordinal;
            });
  return !is_dead_;
}

void SimRound::Die() {
  is_dead_ = true;
  fiber_->Suspend();
  std::abort();  // nobody resumes the dead
}

std::int64_t SimRound::errors() const {
  return injector_ == nullptr ? errors_ : injector_->errors();
}

void SimRound::BeforeStep(std::size_t step, Saver* saver) {
  PassCrashPoint(Moment::kBefore);
  const std::optional<IoError>& error = round_.steps[step].error;
  if (error.has_value()) {
    injector_ = std::make_unique<ErrorInjector>(*error, disk_);
  }
  if (injector_ == nullptr) return;
  // In these steps it goes, or comes.
  const StepKind kind = round_.steps[step].kind;
  const bool is_there = kind != StepKind::kOpen && kind != StepKind::kReopen &&
                        kind != StepKind::kClose;
  injector_->set_saver(is_there ? saver : nullptr);
}

Mark SimRound::now() const { return MarkOf(page_); }

int SimRound::BeforeCall(const SimCall& call) {
  call_began_ = now();
  divided_.reset();
  divided_for_.reset();
  counted_ = Counted(call);
  const int error = injector_ == nullptr ? SQLITE_OK : injector_->At(call);
  if (!counted_.has_value()) return error;
  counted_->has_two_parts =
      call.kind == SimCallKind::kSync && call.syncs_directory;
  if (observer_ != nullptr) divided_ = observer_->BeforeCall(*counted_);
  MayTakeImage(Moment::kBefore);
  PassCrashPoint(Moment::kBefore);
  return error;
}

std::optional<std::int64_t> SimRound::Divide(const SimCall& call) {
  if (divided_.has_value()) return divided_;
  if (injector_ != nullptr) {
    const std::optional<std::int64_t> prefix = injector_->PrefixOf(call);
    if (prefix.has_value()) return prefix;  // an error divides it already
  }
  return DivideForImage();
}

// A write that is divided to be seen goes on as one afterwards.
std::optional<std::int64_t> SimRound::DivideForImage() {
  if (!sampling_.window.has_value() || observer_ == nullptr) {
    return std::nullopt;
  }
  const std::optional<std::int64_t> boundary = KillBoundary(*counted_);
  if (!boundary.has_value()) return std::nullopt;
  const std::uint64_t number = moments_++;
  if (!IsInWindow(number)) return std::nullopt;
  divided_for_ = number;
  return boundary;
}

int SimRound::DuringCall(const SimCall& call) {
  MayTakeImage(Moment::kDuring);
  if (divided_for_.has_value()) {
    TakeCrashPoint(*divided_for_, Moment::kDuring);
  } else if (call.kind == SimCallKind::kSync) {
    PassCrashPoint(Moment::kDuring);
  }
  if (divided_.has_value() && observer_ != nullptr) {
    observer_->DuringCall(*counted_);
  }
  return injector_ == nullptr ? SQLITE_OK : injector_->During(call);
}

void SimRound::AfterCall(const SimCall& call, int result) {
  if (result == SQLITE_OK) {
    if (call.kind == SimCallKind::kSync && call.role == FileRole::kWal) {
      synced_.wal = call_began_;
    }
    if (call.syncs_directory && call.kind != SimCallKind::kOpen) {
      synced_.directory = call_began_;
    }
  }
  if (injector_ != nullptr) injector_->After(result);
  if (counted_.has_value() && observer_ != nullptr) {
    observer_->AfterCall(*counted_);
    PassCrashPoint(Moment::kAfter);
  }
}

bool SimRound::IsInWindow(std::uint64_t number) const {
  return number >= sampling_.window->begin && number < sampling_.window->end;
}

SimImage SimRound::ImageAt(std::uint64_t ordinal, Moment moment) const {
  CrashPlace place = page_.position.Get();
  place.point.moment = moment;
  return {ordinal,
          disk_.storage(),
          now(),
          synced_,
          page_.database_written_since_commit,
          place,
          Survival()};
}

// Where no step runs there is no crash point.
void SimRound::PassCrashPoint(Moment moment) {
  if (!sampling_.window.has_value() || observer_ == nullptr) return;
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
