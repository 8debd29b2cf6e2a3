#include "saver/settings.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>

namespace lastcommit::saver {
namespace {

constexpr std::array<std::string_view, 6> kJournalModes = {
    "delete", "truncate", "persist", "memory", "wal", "off"};
constexpr std::array<std::string_view, 4> kSynchronous = {"off", "normal",
                                                          "full", "extra"};
constexpr std::array<std::string_view, 4> kCheckpointModes = {
    "passive", "full", "restart", "truncate"};

template <typename Enum, std::size_t kSize>
std::optional<Enum> Parse(const std::array<std::string_view, kSize>& names,
                          std::string_view name) {
  for (std::size_t i = 0; i < kSize; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

bool IsKeptOnDisk(JournalMode mode) {
  return mode != JournalMode::kMemory && mode != JournalMode::kOff;
}

int SqliteNumber(CheckpointMode mode) {
  switch (mode) {
    case CheckpointMode::kPassive:
      return SQLITE_CHECKPOINT_PASSIVE;
    case CheckpointMode::kFull:
      return SQLITE_CHECKPOINT_FULL;
    case CheckpointMode::kRestart:
      return SQLITE_CHECKPOINT_RESTART;
    case CheckpointMode::kTruncate:
      return SQLITE_CHECKPOINT_TRUNCATE;
  }
  return SQLITE_CHECKPOINT_PASSIVE;
}

std::string_view Name(JournalMode mode) {
  return kJournalModes[static_cast<std::size_t>(mode)];
}
std::string_view Name(Synchronous level) {
  return kSynchronous[static_cast<std::size_t>(level)];
}
std::string_view Name(CheckpointMode mode) {
  return kCheckpointModes[static_cast<std::size_t>(mode)];
}

std::optional<JournalMode> ParseJournalMode(std::string_view name) {
  return Parse<JournalMode>(kJournalModes, name);
}
std::optional<Synchronous> ParseSynchronous(std::string_view name) {
  return Parse<Synchronous>(kSynchronous, name);
}
std::optional<CheckpointMode> ParseCheckpointMode(std::string_view name) {
  return Parse<CheckpointMode>(kCheckpointModes, name);
}

}  // namespace lastcommit::saver
