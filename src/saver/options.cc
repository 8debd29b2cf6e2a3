#include "saver/options.h"

#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "saver/out_of_memory.h"

namespace lastcommit::saver {
namespace {

constexpr std::array<std::string_view, 3> kDurabilityNames = {
    "nothing", "process_crash", "power_loss"};

// The least level at which a commit survives a power loss.
Synchronous ForPowerLoss(JournalMode mode) {
  return mode == JournalMode::kDelete ? Synchronous::kExtra
                                      : Synchronous::kFull;
}

}  // namespace

std::string_view Name(Durability level) {
  return kDurabilityNames[static_cast<std::size_t>(level)];
}

Durability DurabilityOf(JournalMode mode, Synchronous synchronous) {
  if (!IsKeptOnDisk(mode)) {
    return Durability::kNothing;
  }
  return synchronous >= ForPowerLoss(mode) ? Durability::kPowerLoss
                                           : Durability::kProcessCrash;
}

absl::StatusOr<Synchronous> SynchronousFor(JournalMode mode, Durability level) {
  if (level == Durability::kNothing) return Synchronous::kOff;
  if (DurabilityOf(mode, Synchronous::kExtra) < level) {
    const std::string_view mode_name = Name(mode);
    const std::string_view level_name = Name(level);
    return StatusOf(absl::StatusCode::kInvalidArgument, [&] {
      return absl::StrCat(
          "journal_mode ",
          absl::string_view(mode_name.data(), mode_name.size()),
          " cannot give durability ",
          absl::string_view(level_name.data(), level_name.size()));
    });
  }
  return level == Durability::kPowerLoss ? ForPowerLoss(mode)
                                         : Synchronous::kNormal;
}

}  // namespace lastcommit::saver
