#include "trial/lock_trace.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <iterator>
#include <optional>
#include <vector>

namespace lastcommit {
namespace {

constexpr int kPending = 3;  // SQLITE_LOCK_PENDING, which no caller asks for

// WAL_WRITE_LOCK, ... in wal.c (https://sqlite.org/walformat.html section 2.3).
constexpr int kWriteSlot = 0;
constexpr int kCheckpointSlot = 1;
constexpr int kRecoverSlot = 2;
constexpr int kFirstReadSlot = 3;

constexpr std::uint32_t SlotBit(int slot) { return 1U << slot; }
constexpr std::uint32_t kReadSlots =
    (SlotBit(SQLITE_SHM_NLOCK) - 1) & ~(SlotBit(kFirstReadSlot) - 1);

std::uint32_t SlotsOf(const LockCall& call) {
  return (SlotBit(call.slots) - 1) << call.first_slot;
}

// What the write lock is wanted for. sqlite3WalBeginWriteTransaction() wants it
// while there is a read transaction, sqlite3WalCheckpoint() with the lock for
// checkpoints, and walIndexReadHdr(), in which a transaction or a checkpoint
// begins, with neither of them, or for a checkpoint again.
LockKind WriteLockOf(const FileLocks& locks) {
  if ((locks.shared_slots & kReadSlots) != 0) return LockKind::kWrite;
  return (locks.exclusive_slots & SlotBit(kCheckpointSlot)) != 0
             ? LockKind::kWriteAndCopy
             : LockKind::kWriteToLook;
}

LockKind ExclusiveFor(const FileLocks& locks) {
  if (locks.has_reserved) return LockKind::kExclusiveOfWriter;
  return locks.has_index ? LockKind::kExclusiveOfWal
                         : LockKind::kExclusiveOfRecovery;
}

LockKind LevelOf(const FileLocks& locks) {
  if (locks.level >= kPending) return locks.exclusive;
  if (locks.level == SQLITE_LOCK_RESERVED) return LockKind::kReserved;
  return locks.has_index ? LockKind::kSharedWithIndex : LockKind::kShared;
}

// `locks` had another level.
void SetLevel(int level, FileLocks& locks) {
  if (level >= kPending && locks.level < kPending) {
    locks.exclusive = ExclusiveFor(locks);
  }
  locks.has_reserved = level == SQLITE_LOCK_RESERVED ||
                       (level >= kPending && locks.has_reserved);
  locks.level = level;
}

// The kind of the first of the slots.
LockKind SlotOf(int slot, bool is_exclusive, LockKind write_lock) {
  switch (slot) {
    case kWriteSlot:
      return write_lock;
    case kCheckpointSlot:
      return LockKind::kCheckpoint;
    case kRecoverSlot:
      return is_exclusive ? LockKind::kRecovery : LockKind::kRecoveryLook;
    default:
      return is_exclusive ? LockKind::kReadMarkChange : LockKind::kReadMark;
  }
}

LockKind AskedFor(const LockCall& call, const FileLocks& asking) {
  if (call.kind == LockCallKind::kLock) {
    switch (call.asked_level) {
      case SQLITE_LOCK_SHARED:
        return LockKind::kShared;
      case SQLITE_LOCK_RESERVED:
        return LockKind::kReserved;
      default:
        return asking.level >= kPending ? asking.exclusive
                                        : ExclusiveFor(asking);
    }
  }
  // walIndexRecover() asks for both, or for the latter alone.
  const bool recovers = (SlotsOf(call) & SlotBit(kRecoverSlot)) != 0;
  return SlotOf(recovers ? kRecoverSlot : call.first_slot, call.is_exclusive,
                WriteLockOf(asking));
}

// A slot that is held, of those.
LockKind HeldOf(std::uint32_t slots, const FileLocks& holder) {
  // A connection that recovers has both.
  int slot = kRecoverSlot;
  if ((slots & SlotBit(kRecoverSlot)) == 0) {
    for (slot = kWriteSlot; (slots & SlotBit(slot)) == 0;) ++slot;
    const bool recovers = (holder.exclusive_slots & SlotBit(kRecoverSlot)) != 0;
    if (recovers && slot == kCheckpointSlot) return LockKind::kRecovery;
  }
  return SlotOf(slot, (holder.exclusive_slots & SlotBit(slot)) != 0,
                holder.write_lock);
}

std::optional<LockKind> InTheWay(const LockCall& call,
                                 const FileLocks& holder) {
  if (call.kind == LockCallKind::kLock) {
    int least = SQLITE_LOCK_SHARED;
    if (call.asked_level == SQLITE_LOCK_SHARED) least = kPending;
    if (call.asked_level == SQLITE_LOCK_RESERVED) least = SQLITE_LOCK_RESERVED;
    if (holder.level < least) return std::nullopt;
    return LevelOf(holder);
  }
  const std::uint32_t in_the_way =
      call.is_exclusive ? holder.exclusive_slots | holder.shared_slots
                        : holder.exclusive_slots;
  const std::uint32_t slots = SlotsOf(call) & in_the_way;
  if (slots == 0) return std::nullopt;
  return HeldOf(slots, holder);
}

// A call that was obeyed.
void Give(const LockCall& call, FileLocks& locks) {
  const std::uint32_t slots = SlotsOf(call);
  switch (call.kind) {
    case LockCallKind::kLock:
    case LockCallKind::kUnlock:
      SetLevel(call.level, locks);
      break;
    case LockCallKind::kIndexMap:
      locks.has_index = true;
      break;
    case LockCallKind::kIndexLock:
      if ((slots & SlotBit(kWriteSlot)) != 0) {
        locks.write_lock = WriteLockOf(locks);
      }
      (call.is_exclusive ? locks.exclusive_slots : locks.shared_slots) |= slots;
      break;
    case LockCallKind::kIndexUnlock:
      locks.exclusive_slots &= ~slots;
      locks.shared_slots &= ~slots;
      break;
    case LockCallKind::kIndexUnmap:
      locks.has_index = false;
      locks.exclusive_slots = 0;
      locks.shared_slots = 0;
      break;
    case LockCallKind::kClose:
      break;
  }
}

}  // namespace

void LockTrace::OnLockCall(const LockCall& call, int result) {
  if (call.kind == LockCallKind::kClose) {
    if (FileLocks* const locks = Find(call.file)) *locks = FileLocks();
    return;
  }
  const bool is_refused = (result & 0xff) == SQLITE_BUSY;
  if (result != SQLITE_OK && !is_refused) return;
  FileLocks* const locks = FindOrAdd(call);
  if (locks == nullptr) return;
  if (!is_refused) {
    Give(call, *locks);
    page_.lock_refusals.uses_index |= locks->has_index;
  } else if (call.kind == LockCallKind::kIndexLock) {
    Refuse(call, *locks);
  } else if (call.kind == LockCallKind::kLock) {
    Refuse(call, *locks);
    SetLevel(call.level, *locks);  // PENDING, on the way to EXCLUSIVE
  }
}

FileLocks* LockTrace::Find(const void* file) {
  const auto found = std::find_if(
      table_.files.begin(), table_.files.end(), [&](const FileLocks& locks) {
        return locks.file == file && locks.client == client_;
      });
  return found == table_.files.end() ? nullptr : &*found;
}

FileLocks* LockTrace::FindOrAdd(const LockCall& call) {
  if (FileLocks* const locks = Find(call.file)) return locks;
  const auto place = std::find_if(
      table_.files.begin(), table_.files.end(),
      [](const FileLocks& locks) { return locks.file == nullptr; });
  if (place == table_.files.end()) {
    page_.lock_refusals.are_complete = false;
    return nullptr;
  }
  *place = FileLocks();
  place->file = call.file;
  place->database = call.database;
  place->client = client_;
  return &*place;
}

void LockTrace::Refuse(const LockCall& call, const FileLocks& asking) {
  const LockKind asked = AskedFor(call, asking);
  bool is_known = false;
  for (const FileLocks& holder : table_.files) {
    if (holder.file == nullptr || &holder == &asking ||
        holder.database != asking.database) {
      continue;
    }
    const std::optional<LockKind> held = InTheWay(call, holder);
    if (!held.has_value()) continue;
    is_known = true;
    LockRefusal refusal = HeldBy(holder.client);
    refusal.asked = asked;
    refusal.held = *held;
    Record(refusal);
  }
  if (is_known) return;
  LockRefusal refusal;
  refusal.asked = refusal.held = asked;
  Record(refusal);
}

LockRefusal LockTrace::HeldBy(int holder) const {
  LockRefusal refusal;
  refusal.holder = static_cast<std::int8_t>(holder);
  const std::vector<std::size_t>& program = turns_.program(holder);
  std::size_t step = turns_.step(holder);
  const Progress progress =
      step == ClientTurn::kNowhere
          ? Progress::kReturned
          : page_.records[step].progress.load(std::memory_order_relaxed);
  refusal.is_between =
      progress == Progress::kNone || progress == Progress::kReturned;
  if (step == ClientTurn::kNowhere) {
    step = program.back();
  } else if (progress == Progress::kNone) {
    const auto next = std::find(program.begin(), program.end(), step);
    if (next != program.begin()) step = *std::prev(next);
  }
  refusal.holder_step = static_cast<std::uint32_t>(step);
  return refusal;
}

// A connection that waits asks again and again: most of its refusals are
// recorded already.
void LockTrace::Record(LockRefusal refusal) {
  constexpr std::uint32_t kLookedBack = 64;
  LockRefusals& all = page_.lock_refusals;
  refusal.step = static_cast<std::uint32_t>(turns_.step(client_));
  for (std::uint32_t i = 0; i < std::min(all.count, kLookedBack); ++i) {
    LockRefusal& known = all.list[all.count - 1 - i];
    refusal.times = known.times;
    if (refusal == known) {
      ++known.times;
      return;
    }
  }
  if (all.count == LockRefusals::kMost) {
    all.are_complete = false;
    return;
  }
  refusal.times = 1;
  all.list[all.count++] = refusal;
}

void ForgetLocks(int client, LockTable& table) {
  for (FileLocks& locks : table.files) {
    if (locks.file != nullptr && locks.client == client) locks = FileLocks();
  }
}

}  // namespace lastcommit
