#include "disk/dropped_syncs.h"

namespace lastcommit {
namespace {

bool IsDropped(DroppedSyncs dropped, const SystemCall& call) {
  if (call.kind != SystemCallKind::kSync) return false;
  const bool is_journal = call.path.ends_with("-journal");
  const bool is_wal = call.path.ends_with("-wal");
  switch (dropped) {
    case DroppedSyncs::kNone:
      return false;
    case DroppedSyncs::kOfDatabase:
      return !call.is_directory && !is_journal && !is_wal;
    case DroppedSyncs::kOfJournal:
      return is_journal;
    case DroppedSyncs::kOfWal:
      return is_wal;
    case DroppedSyncs::kOfDirectory:
      return call.is_directory;
  }
  return false;
}

}  // namespace

SystemCallAnswer SyncDropper::BeforeCall(const SystemCall& call) {
  if (!IsDropped(dropped_, call)) return next_.BeforeCall(call);
  SystemCallAnswer answer;
  answer.is_swallowed = true;
  return answer;
}

void SyncDropper::AfterCall(const SystemCall& call, std::int64_t result) {
  next_.AfterCall(call, result);
}

}  // namespace lastcommit
