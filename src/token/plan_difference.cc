#include "token/plan_difference.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "plan/codec.h"
#include "plan/step_fields.h"
#include "status/status.h"
#include "token/bit_coder.h"
#include "token/fault_difference.h"
#include "token/number_code.h"
#include "token/plan_alignment.h"

namespace lastcommit {
namespace {

absl::Status Malformed() {
  return absl::InvalidArgumentError("it describes no plan");
}

// Describes the format once, for both directions: what it is given it encodes,
// or else fills.
class DifferenceCode {
 public:
  DifferenceCode(BitCoder& coder, const Plan& generated)
      : code_(coder), generated_(generated), scope_(ScopeOf(generated)) {}

  absl::Status CodePlan(std::vector<RoundAlignment>& alignment, Plan& plan) {
    // A 1, so that no bytes at all, which read as zeros, say so too.
    if (code_.Bit(About::kIsUnchanged, 0, 0, kEven, IsUnchanged(plan))) {
      plan.profile = generated_.profile;
      plan.images = generated_.images;
      plan.rounds = generated_.rounds;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(CodeProfile(plan.profile));
    if (scope_.disk_faults) RETURN_IF_ERROR(CodeImages(plan.images));
    const std::uint64_t rounds =
        code_.Number(About::kRounds, 0, kEven, plan.rounds.size());
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
           plan.images == generated_.images && plan.rounds == generated_.rounds;
  }

  absl::Status CodeProfile(Profile& profile) {
    // Does not compile with another number of fields.
    auto& [journal_mode, synchronous, page_size, cache_size, autocheckpoint,
           sector_size, powersafe_overwrite] = profile;
    const Profile& before = generated_.profile;
    const Profile simplest;
    const auto code = [&](int number, auto& value, auto member,
                          std::uint64_t most) {
      const std::uint64_t bits = code_.Value(
          About::kProfile, number, static_cast<std::uint64_t>(value),
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
    RETURN_IF_ERROR(code(4, autocheckpoint, &Profile::wal_autocheckpoint,
                         PlanLimits::kMaxWalAutocheckpoint));
    if (!scope_.disk_faults) return absl::OkStatus();
    RETURN_IF_ERROR(code(5, sector_size, &Profile::sector_size,
                         PlanLimits::kMaxSectorSize));
    return code(6, powersafe_overwrite, &Profile::powersafe_overwrite, 1);
  }

  absl::Status CodeImages(int& images) {
    const std::uint64_t coded =
        code_.Value(About::kImages, 0, static_cast<std::uint64_t>(images),
                    static_cast<std::uint64_t>(generated_.images), 0);
    if (coded > PlanLimits::kMaxImages) return Malformed();
    images = static_cast<int>(coded);
    return absl::OkStatus();
  }

  absl::Status CodeRound(std::size_t& first, RoundAlignment& alignment,
                         Round& round) {
    const Round* base = nullptr;
    if (!code_.Bit(About::kIsNewRound, 0, 0, kRarely,
                   !alignment.round.has_value())) {
      const std::size_t skipped = code_.Number(
          About::kSkippedRounds, 0, kEven, alignment.round.value_or(0) - first);
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
    return CodeFaults(code_, scope_, base, round);
  }

  // How many steps the round has, and which of the generated round they were.
  absl::Status CodeStepCount(const Round* base,
                             std::vector<std::size_t>& alignment,
                             std::vector<Step>& steps) {
    const std::size_t most =
        base == nullptr ? PlanLimits::kMaxStepsPerRound : base->steps.size();
    const bool has_all =
        base != nullptr &&
        code_.Bit(About::kHasAllSteps, 0, 0, kEven, steps.size() == most);
    const std::uint64_t count =
        has_all ? most : code_.Number(About::kSteps, 0, kMostly, steps.size());
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
                  : code_.Number(About::kSkippedSteps, is_last ? 1 : 0, kEven,
                                 given);
      if (skipped >= left) return Malformed();
      alignment[i] = is_last ? most - 1 - skipped : next + skipped;
      next = alignment[i] + 1;
    }
    return absl::OkStatus();
  }

  absl::Status CodeStep(const Step* base, Step& step) {
    const std::uint64_t kind =
        base != nullptr ? static_cast<std::uint64_t>(base->kind)
                        : code_.Number(About::kKind, 0, kMostly,
                                       static_cast<std::uint64_t>(step.kind));
    if (kind >= kStepKinds) return Malformed();
    step.kind = static_cast<StepKind>(kind);
    const Step simplest;
    for (int field = 0; field < StepFields(); ++field) {
      if (!UsesStepField(step.kind, field)) continue;
      const std::uint64_t bits =
          code_.Value(About::kField, field, StepFieldBits(step, field),
                      StepFieldBits(base == nullptr ? simplest : *base, field),
                      StepFieldBits(simplest, field));
      RETURN_IF_ERROR(SetStepFieldBits(step, field, bits));
    }
    return absl::OkStatus();
  }

  NumberCode code_;
  const Plan& generated_;
  const FaultScope scope_;
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
