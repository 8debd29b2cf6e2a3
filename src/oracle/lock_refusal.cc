#include "oracle/lock_refusal.h"

#include <array>

namespace lastcommit {

std::string_view Name(LockKind kind) {
  constexpr std::array<std::string_view, kLockKinds> kNames = {
      "SHARED",
      "SHARED in WAL mode",
      "RESERVED",
      "EXCLUSIVE to write",
      "EXCLUSIVE to roll back a hot journal",
      "EXCLUSIVE to end the WAL",
      "WRITE",
      "WRITE of a checkpoint",
      "WRITE to read the header",
      "CKPT",
      "RECOVER",
      "RECOVER shared",
      "READ",
      "READ exclusive"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace lastcommit
