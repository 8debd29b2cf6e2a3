// What is recorded of a lock call that was refused because another connection
// held a lock. Plain data, in memory that outlives a killed child. Written by
// trial/lock_trace.h, judged by lock_entitlement.h.

#ifndef LASTCOMMIT_ORACLE_LOCK_REFUSAL_H_
#define LASTCOMMIT_ORACLE_LOCK_REFUSAL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lastcommit {

// A lock, and what SQLite takes it for: what else the connection held when it
// asked for it tells that. Of database files
// (https://sqlite.org/lockingv3.html):
enum class LockKind : std::uint8_t {
  kShared,
  kSharedWithIndex,  // of a connection in WAL mode, which keeps it
  kReserved,
  // PENDING or EXCLUSIVE,
  kExclusiveOfWriter,    // by way of RESERVED: to write to the file
  kExclusiveOfRecovery,  // from SHARED: to roll a hot journal back
  kExclusiveOfWal,       // from SHARED in WAL mode: to end the WAL
  // and of the wal-index (https://sqlite.org/walformat.html section 2.3):
  kWrite,           // while reading: a write transaction
  kWriteAndCopy,    // with CKPT: a checkpoint that is not PASSIVE
  kWriteToLook,     // with neither: to read a header that is being changed
  kCheckpoint,      // CKPT
  kRecovery,        // RECOVER, perhaps with CKPT
  kRecoveryLook,    // RECOVER, shared: whether somebody recovers
  kReadMark,        // READ(n), shared: a read transaction
  kReadMarkChange,  // READ(n), exclusive: to move a mark, to copy, to restart
};
inline constexpr int kLockKinds =
    static_cast<int>(LockKind::kReadMarkChange) + 1;

std::string_view Name(LockKind kind);

struct LockRefusal {
  // Of the holder, if it is not known who holds a lock that is in the way.
  static constexpr std::int8_t kNobody = -1;

  std::uint32_t step = 0;  // whose call it was
  LockKind asked = LockKind::kShared;
  LockKind held = LockKind::kShared;
  std::int8_t holder = kNobody;  // a client; may be the one that asks
  // The holder is between two steps, of which holder_step is the former.
  bool is_between = false;
  std::uint32_t holder_step = 0;
  std::uint32_t times = 0;

  bool operator==(const LockRefusal&) const = default;
};

// Those of a round. Two that differ in `times` only are one.
struct LockRefusals {
  static constexpr std::size_t kMost = 4096;

  bool are_recorded = false;
  bool are_complete = true;  // there was room for all
  bool uses_index = false;   // somebody was in WAL mode
  std::uint32_t count = 0;
  LockRefusal list[kMost];
};

inline void Clear(LockRefusals& refusals) {
  refusals.are_recorded = false;
  refusals.are_complete = true;
  refusals.uses_index = false;
  refusals.count = 0;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_LOCK_REFUSAL_H_
