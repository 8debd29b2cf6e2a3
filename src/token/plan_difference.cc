#include "token/plan_difference.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <type_traits>
#include <vector>

#include "plan/codec.h"
#include "plan/step_fields.h"
#include "status/status.h"
#include "token/bit_coder.h"
#include "token/plan_alignment.h"

namespace lastcommit {
namespace {

// What a bit is about. Each, with two numbers more, has a model of its own.
enum class About {
  kIsUnchanged,
  kProfile,
  kRounds,
  kIsNewRound,
  kSkippedRounds,
  kHasAllSteps,
  kSteps,
  kSkippedSteps,
  kKind,
  kField,
  kHasCrash,
  kCrashStep,
  kIsSameCrash,
  kCrashIo,
  kCrashMoment,
  kHasTimedKill,
  kTimedKillStep,
  kTimedKillDelay,
};

// What is believed of a bit before the first one.
constexpr BitModel kEven = {1, 1};
constexpr BitModel kRarely = {15, 1};
constexpr BitModel kMostly = {1, 3};

absl::Status Malformed() {
  return absl::InvalidArgumentError("it describes no plan");
}

// Describes the format once, for both directions: what it is given it encodes,
// or else fills.
class DifferenceCode {
 public:
  DifferenceCode(BitCoder& coder, const Plan& generated)
      : coder_(coder), generated_(generated) {}

  absl::Status CodePlan(std::vector<RoundAlignment>& alignment, Plan& plan) {
    // A 1, so that no bytes at all, which read as zeros, say so too.
    if (Bit(About::kIsUnchanged, 0, 0, kEven, IsUnchanged(plan))) {
      plan.profile = generated_.profile;
      plan.rounds = generated_.rounds;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeProfile(plan.profile));
    const std::uint64_t rounds =
        Number(About::kRounds, 0, kEven, plan.rounds.size());
    if (rounds > PlanLimits::kMaxRounds) return Malformed();
    plan.rounds.resize(rounds);
    alignment.resize(rounds);
    std::size_t first = 0;  // generated round that may be the next one
    for (std::size_t r = 0; r < rounds; ++r) {
      RETURN_IF_ERROR(CodeRound(first, alignment[r], plan.rounds[r]));
    }
    return absl::OkStatus();
  }

 private:
  bool IsUnchanged(const Plan& plan) const {
    return plan.profile == generated_.profile &&
           plan.rounds == generated_.rounds;
  }

  absl::Status CodeProfile(Profile& profile) {
    // Does not compile with another number of fields.
    auto& [journal_mode, synchronous, page_size, cache_size, autocheckpoint] =
        profile;
    const Profile& before = generated_.profile;
    const Profile simplest;
    const auto code = [&](int number, auto& value, auto member,
                          std::uint64_t most) {
      const std::uint64_t bits =
          Value(About::kProfile, number, static_cast<std::uint64_t>(value),
                static_cast<std::uint64_t>(before.*member),
                static_cast<std::uint64_t>(simplest.*member));
      value = static_cast<std::remove_reference_t<decltype(value)>>(bits);
      return bits <= most ? absl::OkStatus() : Malformed();
    };
    RETURN_IF_ERROR(code(0, journal_mode, &Profile::journal_mode,
                         static_cast<std::uint64_t>(JournalMode::kOff)));
    RETURN_IF_ERROR(code(1, synchronous, &Profile::synchronous,
                         static_cast<std::uint64_t>(Synchronous::kExtra)));
    RETURN_IF_ERROR(
        code(2, page_size, &Profile::page_size, PlanLimits::kMaxPageSize));
    RETURN_IF_ERROR(
        code(3, cache_size, &Profile::cache_size, PlanLimits::kMaxCacheSize));
    return code(4, autocheckpoint, &Profile::wal_autocheckpoint,
                PlanLimits::kMaxWalAutocheckpoint);
  }

  absl::Status CodeRound(std::size_t& first, RoundAlignment& alignment,
                         Round& round) {
    const Round* base = nullptr;
    if (!Bit(About::kIsNewRound, 0, 0, kRarely, !alignment.round.has_value())) {
      const std::size_t skipped = Number(About::kSkippedRounds, 0, kEven,
                                         alignment.round.value_or(0) - first);
      if (skipped >= generated_.rounds.size() - first) return Malformed();
      alignment.round = first + skipped;
      base = &generated_.rounds[*alignment.round];
      first = *alignment.round + 1;
    }
    RETURN_IF_ERROR(CodeStepCount(base, alignment.steps, round.steps));
    for (std::size_t i = 0; i < round.steps.size(); ++i) {
      const Step* step =
          base == nullptr ? nullptr : &base->steps[alignment.steps[i]];
      RETURN_IF_ERROR(CodeStep(step, round.steps[i]));
    }
    RETURN_IF_ERROR(CodeCrash(base, round));
    return HasTimedKill(generated_) ? CodeTimedKill(round) : absl::OkStatus();
  }

  // How many steps the round has, and which of the generated round they were.
  absl::Status CodeStepCount(const Round* base,
                             std::vector<std::size_t>& alignment,
                             std::vector<Step>& steps) {
    const std::size_t most =
        base == nullptr ? PlanLimits::kMaxStepsPerRound : base->steps.size();
    const bool has_all = base != nullptr && Bit(About::kHasAllSteps, 0, 0,
                                                kEven, steps.size() == most);
    const std::uint64_t count =
        has_all ? most : Number(About::kSteps, 0, kMostly, steps.size());
    if (count == 0 || count > most) return Malformed();
    steps.resize(count);
    if (base == nullptr) return absl::OkStatus();
    alignment.resize(count);
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t left = most - next;
      // The last one is counted from the end, where it mostly is.
      const bool is_last = i + 1 == count;
      const std::size_t given =
          is_last ? most - 1 - alignment[i] : alignment[i] - next;
      const std::size_t skipped =
          has_all ? 0
                  : Number(About::kSkippedSteps, is_last ? 1 : 0, kEven, given);
      if (skipped >= left) return Malformed();
      alignment[i] = is_last ? most - 1 - skipped : next + skipped;
      next = alignment[i] + 1;
    }
    return absl::OkStatus();
  }

  absl::Status CodeStep(const Step* base, Step& step) {
    const std::uint64_t kind =
        base != nullptr ? static_cast<std::uint64_t>(base->kind)
                        : Number(About::kKind, 0, kMostly,
                                 static_cast<std::uint64_t>(step.kind));
    if (kind >= kStepKinds) return Malformed();
    step.kind = static_cast<StepKind>(kind);
    const Step simplest;
    for (int field = 0; field < StepFields(); ++field) {
      if (!UsesStepField(step.kind, field)) continue;
      const std::uint64_t bits =
          Value(About::kField, field, StepFieldBits(step, field),
                StepFieldBits(base == nullptr ? simplest : *base, field),
                StepFieldBits(simplest, field));
      RETURN_IF_ERROR(SetStepFieldBits(step, field, bits));
    }
    return absl::OkStatus();
  }

  absl::Status CodeCrash(const Round* base, Round& round) {
    std::optional<std::size_t> at = CrashStep(round);
    if (!Bit(About::kHasCrash, 0, 0, kMostly, at.has_value())) {
      return absl::OkStatus();
    }
    // Counted from the end, where a shrunk plan has it.
    const std::size_t last = round.steps.size() - 1;
    const std::size_t left =
        Number(About::kCrashStep, 0, kEven, last - at.value_or(0));
    if (left > last) return Malformed();
    std::optional<CrashPoint>& crash = round.steps[last - left].crash;
    if (!crash.has_value()) crash.emplace();
    return CodeCrashPoint(base, *crash);
  }

  absl::Status CodeTimedKill(Round& round) {
    const std::optional<std::size_t> at = TimedKillStep(round);
    if (!Bit(About::kHasTimedKill, 0, 0, kMostly, at.has_value())) {
      for (Step& step : round.steps) step.kill_after_us.reset();
      return absl::OkStatus();
    }
    const std::size_t last = round.steps.size() - 1;
    const std::size_t left =
        Number(About::kTimedKillStep, 0, kEven, last - at.value_or(0));
    if (left > last) return Malformed();
    const std::uint64_t delay = Number(
        About::kTimedKillDelay, 0, kMostly,
        static_cast<std::uint64_t>(
            at.has_value() ? round.steps[*at].kill_after_us.value_or(0) : 0));
    if (delay > PlanLimits::kMaxKillAfterUs) return Malformed();
    for (Step& step : round.steps) step.kill_after_us.reset();
    round.steps[last - left].kill_after_us = static_cast<std::int64_t>(delay);
    return absl::OkStatus();
  }

  absl::Status CodeCrashPoint(const Round* base, CrashPoint& point) {
    // Does not compile with another number of fields.
    auto& [io, moment] = point;
    const auto at = base == nullptr ? std::nullopt : CrashStep(*base);
    if (at.has_value()) {
      const CrashPoint& before = *base->steps[*at].crash;
      if (Bit(About::kIsSameCrash, 0, 0, kEven, point == before)) {
        point = before;
        return absl::OkStatus();
      }
    }
    const std::uint64_t call =
        Number(About::kCrashIo, 0, kMostly, static_cast<std::uint64_t>(io));
    if (call > PlanLimits::kMaxIo) return Malformed();
    io = static_cast<std::int64_t>(call);
    const std::uint64_t when =
        Number(About::kCrashMoment, io == 0 ? 1 : 0, io == 0 ? kRarely : kEven,
               static_cast<std::uint64_t>(moment));
    if (when > static_cast<std::uint64_t>(Moment::kAfter)) return Malformed();
    moment = static_cast<Moment>(when);
    return absl::OkStatus();
  }

  // A field: its simplest value, or what it was, or else how far it is from
  // the simplest value. Each as 64 bits, modulo 2^64.
  std::uint64_t Value(About about, int number, std::uint64_t value,
                      std::uint64_t before, std::uint64_t simplest) {
    const bool was_simplest = before == simplest;
    if (Bit(about, number, was_simplest ? 0 : 1,
            was_simplest ? BitModel{1, 15} : kMostly, value == simplest)) {
      return simplest;
    }
    if (!was_simplest && Bit(about, number, 2, kEven, value == before)) {
      return before;
    }
    const auto distance = static_cast<std::int64_t>(value - simplest);
    const bool is_below = Bit(about, number, 3, kRarely, distance < 0);
    const std::uint64_t size = is_below ? simplest - value : value - simplest;
    const std::uint64_t coded = Number(about, number, kMostly, size);
    return is_below ? simplest - coded : simplest + coded;
  }

  // How many bits it has, in unary, and then all of them but the first.
  std::uint64_t Number(About about, int number, BitModel longer,
                       std::uint64_t value) {
    constexpr int kMaxBits = 64;
    constexpr int kFirstBit = 1000;  // beyond the numbers of other models
    int bits = 0;
    while (bits < kMaxBits &&
           Bit(about, number, kFirstBit + bits, longer,
               bits < static_cast<int>(std::bit_width(value)))) {
      ++bits;
    }
    std::uint64_t coded = bits == 0 ? 0 : 1;
    for (int i = bits - 2; i >= 0; --i) {
      BitModel even = kEven;
      const bool bit = coder_.Code(even, ((value >> i) & 1) != 0);
      coded = (coded << 1) | (bit ? 1 : 0);
    }
    return coded;
  }

  bool Bit(About about, int number, int which, BitModel belief, bool bit) {
    const auto [model, is_new] = models_.try_emplace(
        std::tuple(static_cast<int>(about), number, which), belief);
    return coder_.Code(model->second, bit);
  }

  BitCoder& coder_;
  const Plan& generated_;
  std::map<std::tuple<int, int, int>, BitModel> models_;
};

}  // namespace

std::string EncodeDifference(const Plan& generated, const Plan& plan) {
  BitEncoder encoder;
  std::vector<RoundAlignment> alignment = Align(generated, plan);
  Plan same = plan;
  const absl::Status coded =
      DifferenceCode(encoder, generated).CodePlan(alignment, same);
  return coded.ok() ? encoder.Finish() : "";
}

absl::StatusOr<Plan> DecodeDifference(const Plan& generated,
                                      std::string_view bytes) {
  BitDecoder decoder(bytes);
  std::vector<RoundAlignment> alignment;
  Plan plan;
  plan.saver = generated.saver;
  plan.engine = generated.engine;
  RETURN_IF_ERROR(DifferenceCode(decoder, generated).CodePlan(alignment, plan));
  // Limits that are not a field's own: the parser knows them all.
  return ParsePlan(PrintPlan(plan), "token");
}

}  // namespace lastcommit
