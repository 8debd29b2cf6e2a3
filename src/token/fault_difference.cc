#include "token/fault_difference.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status Malformed() {
  return absl::InvalidArgumentError("it describes no plan");
}

// Describes the format once, for both directions: what it is given it encodes,
// or else fills.
class FaultCode {
 public:
  FaultCode(NumberCode& code, const FaultScope& scope, const Round* base)
      : code_(code), scope_(scope), base_(base) {}

  absl::Status CodeCrash(Round& round) {
    std::optional<std::size_t> at = CrashStep(round);
    if (!code_.Bit(About::kHasCrash, 0, 0, kMostly, at.has_value())) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeStep(About::kCrashStep, round, at));
    std::optional<CrashPoint>& crash = round.steps[*at].crash;
    if (!crash.has_value()) crash.emplace();
    const auto before = base_ == nullptr ? std::nullopt : CrashStep(*base_);
    return CodeCrashPoint(
        before.has_value() ? &*base_->steps[*before].crash : nullptr, *crash);
  }

  absl::Status CodeTimedKill(Round& round) {
    std::optional<std::size_t> at = TimedKillStep(round);
    if (!code_.Bit(About::kHasTimedKill, 0, 0, kMostly, at.has_value())) {
      for (Step& step : round.steps) step.kill_after_us.reset();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeStep(About::kTimedKillStep, round, at));
    const std::uint64_t delay = code_.Number(
        About::kTimedKillDelay, 0, kMostly,
        static_cast<std::uint64_t>(round.steps[*at].kill_after_us.value_or(0)));
    if (delay > PlanLimits::kMaxKillAfterUs) return Malformed();
    for (Step& step : round.steps) step.kill_after_us.reset();
    round.steps[*at].kill_after_us = static_cast<std::int64_t>(delay);
    return absl::OkStatus();
  }

  absl::Status CodeError(Round& round) {
    std::optional<std::size_t> at = ErrorStep(round);
    if (!code_.Bit(About::kHasError, 0, 0, kEven, at.has_value())) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeStep(About::kErrorStep, round, at));
    std::optional<IoError>& error = round.steps[*at].error;
    if (!error.has_value()) error.emplace();
    const auto before = base_ == nullptr ? std::nullopt : ErrorStep(*base_);
    return CodeIoError(
        before.has_value() ? &*base_->steps[*before].error : nullptr, *error);
  }

 private:
  // Counted from the end, where a shrunk plan has it.
  absl::Status CodeStep(About about, const Round& round,
                        std::optional<std::size_t>& at) {
    const std::size_t last = round.steps.size() - 1;
    const std::size_t left =
        code_.Number(about, 0, kEven, last - at.value_or(0));
    if (left > last) return Malformed();
    at = last - left;
    return absl::OkStatus();
  }

  absl::Status CodeCrashPoint(const CrashPoint* before, CrashPoint& point) {
    // Does not compile with another number of fields.
    // The last one is of plans with several clients, which have no tokens.
    auto& [io, moment, survival, is_of_one] = point;
    is_of_one = false;
    if (before != nullptr &&
        code_.Bit(About::kIsSameCrash, 0, 0, kEven, point == *before)) {
      point = *before;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeNumber(About::kCrashIo, PlanLimits::kMaxIo, io));
    const std::uint64_t when = code_.Number(
        About::kCrashMoment, io == 0 ? 1 : 0, io == 0 ? kRarely : kEven,
        static_cast<std::uint64_t>(moment));
    if (when > static_cast<std::uint64_t>(Moment::kAfter)) return Malformed();
    moment = static_cast<Moment>(when);
    if (!scope_.disk_faults) return absl::OkStatus();
    return CodeSurvival(before == nullptr ? nullptr : &before->survival,
                        survival);
  }

  absl::Status CodeSurvival(const Survival* before, Survival& survival) {
    // Does not compile with another number of fields.
    auto& [kind, number, fates, directory] = survival;
    if (before != nullptr &&
        code_.Bit(About::kIsSameSurvival, 0, 0, kMostly, survival == *before)) {
      survival = *before;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeWord(About::kSurvival, kSurvivalKinds, kind));
    if (HasNumber(kind)) {
      number = code_.Number(About::kSurvivalNumber, 0, kMostly, number);
    }
    if (kind != SurvivalKind::kChosen) return absl::OkStatus();
    RETURN_IF_ERROR(CodeFates(fates));
    std::int64_t number_of_directory = directory + 1;
    RETURN_IF_ERROR(CodeNumber(About::kFateDirectory, kMaxFateNumber + 1,
                               number_of_directory));
    directory = number_of_directory - 1;
    return absl::OkStatus();
  }

  // Not their number first: bytes that are not there, which read as ones, then
  // end it at once.
  absl::Status CodeFates(std::vector<Fate>& fates) {
    std::int64_t least = 0;
    for (std::size_t i = 0;
         !code_.Bit(About::kIsLastFate, 0, 0, kEven, i == fates.size()); ++i) {
      if (i == kMaxFates) return Malformed();
      if (i == fates.size()) fates.push_back({least});
      // Does not compile with another number of fields.
      auto& [change, kind, bytes] = fates[i];
      std::int64_t skipped = change - least;
      RETURN_IF_ERROR(CodeNumber(About::kFateChange, kMaxFateNumber, skipped));
      change = least + skipped;
      least = change + 1;
      RETURN_IF_ERROR(CodeWord(About::kFateKind, kFateKinds, kind));
      if (kind == FateKind::kLost || kind == FateKind::kZeros) continue;
      RETURN_IF_ERROR(CodeNumber(About::kFateBytes, kMaxFateNumber, bytes));
    }
    return absl::OkStatus();
  }

  absl::Status CodeIoError(const IoError* before, IoError& error) {
    // Does not compile with another number of fields.
    auto& [kind, at, count] = error;
    if (before != nullptr &&
        code_.Bit(About::kIsSameError, 0, 0, kEven, error == *before)) {
      error = *before;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeWord(About::kErrorKind, kErrorKinds, kind));
    RETURN_IF_ERROR(CodeNumber(About::kErrorAt, PlanLimits::kMaxIo, at));
    if (code_.Bit(About::kErrorCount, 0, 0, kMostly, count == 1)) {
      count = 1;
      return absl::OkStatus();
    }
    return CodeNumber(About::kErrorCount, PlanLimits::kMaxErrors, count);
  }

  // Of 0 to `most`.
  absl::Status CodeNumber(About about, std::int64_t most, std::int64_t& value) {
    const std::uint64_t coded =
        code_.Number(about, 0, kMostly, static_cast<std::uint64_t>(value));
    if (coded > static_cast<std::uint64_t>(most)) return Malformed();
    value = static_cast<std::int64_t>(coded);
    return absl::OkStatus();
  }

  template <typename Enum>
  absl::Status CodeWord(About about, int words, Enum& word) {
    const std::uint64_t coded =
        code_.Number(about, 0, kMostly, static_cast<std::uint64_t>(word));
    if (coded >= static_cast<std::uint64_t>(words)) return Malformed();
    word = static_cast<Enum>(coded);
    return absl::OkStatus();
  }

  NumberCode& code_;
  const FaultScope& scope_;
  const Round* base_;
};

}  // namespace

FaultScope ScopeOf(const Plan& generated) {
  return {HasTimedKill(generated),
          generated.engine == Engine::kSim || HasDiskFaults(generated)};
}

absl::Status CodeFaults(NumberCode& code, const FaultScope& scope,
                        const Round* base, Round& round) {
  FaultCode faults(code, scope, base);
  RETURN_IF_ERROR(faults.CodeCrash(round));
  if (scope.timed_kills) RETURN_IF_ERROR(faults.CodeTimedKill(round));
  if (scope.disk_faults) RETURN_IF_ERROR(faults.CodeError(round));
  return absl::OkStatus();
}

}  // namespace lastcommit
