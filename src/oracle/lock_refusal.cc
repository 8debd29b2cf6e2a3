#include "oracle/lock_refusal.h"

#include "names/names.h"

namespace lastcommit {

std::string_view Name(LockKind kind) {
  constexpr Names<LockKind, LockKind::kReadMarkChange> kNames(
      "SHARED", "SHARED in WAL mode", "RESERVED", "EXCLUSIVE to write",
      "EXCLUSIVE to roll back a hot journal", "EXCLUSIVE to end the WAL",
      "WRITE", "WRITE of a checkpoint", "WRITE to read the header", "CKPT",
      "RECOVER", "RECOVER shared", "READ", "READ exclusive");
  return kNames.Of(kind);
}

}  // namespace lastcommit
