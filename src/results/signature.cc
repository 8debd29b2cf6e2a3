#include "results/signature.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "disk/shim_vfs.h"
#include "names/names.h"

namespace lastcommit {
namespace {

// "commit.write.wal"; of a kill by the clock before the first call of a step,
// and between two steps, there is no call.
std::string PlaceInWords(const CrashPlace& place) {
  if (place.point.io == 0) return absl::StrCat(Word(place.phase), ".none.none");
  return absl::StrCat(Word(place.phase), ".", Word(place.call.kind), ".",
                      Word(place.call.role));
}

CrashKind KindOf(const RoundFacts& facts) {
  if (!facts.crashed) {
    return facts.has_death ? CrashKind::kKill : CrashKind::kNone;
  }
  if (facts.lost_power) return CrashKind::kPowerLoss;
  return facts.timed ? CrashKind::kTimedKill : CrashKind::kKill;
}

const char* RecoveryInWords(const RoundFacts& facts) {
  if (facts.hot_journal) return "rolled_back";
  return facts.wal_frames_recovered > 0 ? "replayed" : "nothing";
}

}  // namespace

std::optional<Cell> SignatureOf(Engine engine, const Round& round,
                                const RoundFacts& facts) {
  const auto error = ErrorStep(round);
  const bool has_error = error.has_value() && facts.counts.errors > 0;
  const bool has_crash = facts.crashed || facts.has_death;
  if (!facts.judged || (!has_crash && !has_error)) return std::nullopt;
  const std::string place =
      has_crash ? PlaceInWords(facts.crashed ? facts.crash : facts.death)
                : "none.none.none";
  return Cell{
      .group = CellGroup::kSignature,
      .engine = engine,
      .what = absl::StrCat(
          Word(KindOf(facts)), ".", place, ".", RecoveryInWords(facts), ".",
          has_error ? Word(round.steps[*error].error->kind) : "none")};
}

}  // namespace lastcommit
