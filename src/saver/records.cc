#include "saver/records.h"

#include <array>
#include <cstddef>

namespace lastcommit::saver {
namespace {

constexpr std::array<std::string_view, kLogLevels> kLevelNames = {
    "debug", "info", "warning", "error"};
constexpr std::array<std::string_view, kTaskStates> kStateNames = {
    "pending", "running", "done", "failed", "cancelled"};

}  // namespace

std::string_view Name(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::string_view Name(TaskState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

bool IsLegal(TaskState from, TaskState to) {
  switch (from) {
    case TaskState::kPending:
      return to == TaskState::kRunning || to == TaskState::kCancelled;
    case TaskState::kRunning:
      return true;
    case TaskState::kFailed:
      return to == TaskState::kPending || to == TaskState::kCancelled;
    case TaskState::kDone:
    case TaskState::kCancelled:
      return false;
  }
  return false;
}

}  // namespace lastcommit::saver
