// LockTrace: follows which client holds which lock, from what became of the
// lock calls of all of them, and records of each call that was refused who was
// in its way and at what. For clients that run one at a time, be they fibers or
// processes: what is known is plain data, which can be in memory that processes
// share.

#ifndef LASTCOMMIT_TRIAL_LOCK_TRACE_H_
#define LASTCOMMIT_TRIAL_LOCK_TRACE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "disk/lock_watch.h"
#include "oracle/lock_refusal.h"
#include "trial/client_turns.h"
#include "trial/shared_page.h"

namespace lastcommit {

// The locks of an open file that has any, or has the wal-index mapped.
struct FileLocks {
  const void* file = nullptr;  // nullptr: the place is free
  int client = 0;
  int database = 0;  // LockCall::database
  bool has_index = false;
  int level = 0;              // SQLITE_LOCK_*
  bool has_reserved = false;  // it came to `level` by way of RESERVED
  std::uint32_t shared_slots = 0;
  std::uint32_t exclusive_slots = 0;
  // What these were taken for, if it has them.
  LockKind exclusive = LockKind::kExclusiveOfWriter;
  LockKind write_lock = LockKind::kWrite;
};

struct LockTable {
  static constexpr std::size_t kMost = 64;
  std::array<FileLocks, kMost> files;
};

class LockTrace : public LockWatch {
 public:
  // All must outlive it. The table is empty when a round begins.
  LockTrace(const ClientTurns& turns, LockTable& table, SharedPage& page)
      : turns_(turns), table_(table), page_(page) {
    page_.lock_refusals.are_recorded = true;
  }

  // The client whose calls come from now on.
  void set_client(int client) { client_ = client; }

  void OnLockCall(const LockCall& call, int result) override;

 private:
  FileLocks* Find(const void* file);
  FileLocks* FindOrAdd(const LockCall& call);
  void Refuse(const LockCall& call, const FileLocks& asking);
  void Record(LockRefusal refusal);
  LockRefusal HeldBy(int holder) const;

  const ClientTurns& turns_;
  LockTable& table_;
  SharedPage& page_;
  int client_ = 0;
};

// The client's process is gone, and its locks with it.
void ForgetLocks(int client, LockTable& table);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_LOCK_TRACE_H_
