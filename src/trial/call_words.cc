#include "trial/call_words.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

// In the order of the enum.
constexpr std::array<const char*, 22> kMethods = {
    "xOpen",     "xClose",      "xDelete",   "xAccess",
    "xRead",     "xWrite",      "xTruncate", "xSync",
    "xFileSize", "xLock",       "xUnlock",   "xCheckReservedLock",
    "xShmMap",   "xShmLock",    "xShmLock",  "xShmBarrier",
    "xShmUnmap", "xFetch",      "xUnfetch",  "xFileControl",
    "xSleep",    "xCurrentTime"};
static_assert(kMethods.size() ==
              static_cast<std::size_t>(VfsCallKind::kTime) + 1);

const char* FileOf(FileRole role) {
  switch (role) {
    case FileRole::kDatabase:
      return "database";
    case FileRole::kJournal:
      return "journal";
    case FileRole::kWal:
      return "WAL";
    case FileRole::kShm:
      return "wal-index";
    case FileRole::kTemporary:
      return "temporary file";
    case FileRole::kSuperJournal:
      return "super-journal";
  }
  return "";
}

// https://sqlite.org/lockingv3.html#locking
std::string Level(std::int64_t level) {
  constexpr std::array<const char*, 5> kLevels = {
      "UNLOCKED", "SHARED", "RESERVED", "PENDING", "EXCLUSIVE"};
  const auto index = static_cast<std::size_t>(level);
  return index < kLevels.size() ? kLevels[index] : absl::StrCat(level);
}

// https://sqlite.org/walformat.html#locks
std::string Slots(std::int64_t first, std::int64_t count) {
  constexpr std::array<const char*, 8> kSlots = {
      "WRITE", "CKPT", "RECOVER", "READ0", "READ1", "READ2", "READ3", "READ4"};
  const auto name = [&](std::int64_t slot) -> std::string {
    const auto index = static_cast<std::size_t>(slot);
    return index < kSlots.size() ? kSlots[index] : absl::StrCat(slot);
  };
  if (count <= 1) return name(first);
  return absl::StrCat(name(first), " to ", name(first + count - 1));
}

// What tells the call from others of its kind.
std::string Which(const VfsCall& call) {
  switch (call.kind) {
    case VfsCallKind::kLock:
    case VfsCallKind::kUnlock:
      return absl::StrCat(" to ", Level(call.offset));
    case VfsCallKind::kShmLock:
      return absl::StrCat(", taking ", Slots(call.offset, call.amount));
    case VfsCallKind::kShmUnlock:
      return absl::StrCat(", giving back ", Slots(call.offset, call.amount));
    case VfsCallKind::kRead:
    case VfsCallKind::kWrite:
      return absl::StrCat(", ", call.amount, " bytes at ", call.offset);
    case VfsCallKind::kTruncate:
      return absl::StrCat(" to ", call.offset, " bytes");
    default:
      return "";
  }
}

}  // namespace

std::string InWords(const VfsCall& call) {
  const char* method = kMethods[static_cast<std::size_t>(call.kind)];
  // These calls are about no file.
  if (call.kind == VfsCallKind::kSleep || call.kind == VfsCallKind::kTime) {
    return method;
  }
  return absl::StrCat(method, " of the ", FileOf(call.role), Which(call));
}

}  // namespace lastcommit
