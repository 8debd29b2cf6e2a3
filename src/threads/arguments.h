// Arguments: an operation of the vocabulary `threads` with its values under
// their names.

#ifndef LASTCOMMIT_THREADS_ARGUMENTS_H_
#define LASTCOMMIT_THREADS_ARGUMENTS_H_

#include "saver/records.h"
#include "store/content.h"
#include "store/operation.h"

namespace lastcommit::threads {

enum class Kind {
  kPutCheckpoint,
  kPutWrite,
  kPutWrites,
  kCommitStep,  // put_checkpoint and put_writes to it in one
  kPrune,
  kAppendLog,
  kAppendLogs,
  kCreateTask,
  kUpdateTask,
  kPutBlob,
  kStreamBlob,  // put_blob in pieces
  kCopyThread,
  kDeleteThread,
  kListCheckpoints,
};
inline constexpr int kKinds = static_cast<int>(Kind::kListCheckpoints) + 1;

inline constexpr int kMaxName = 99999;  // of what is named by a number
inline constexpr int kMaxBatch = 1000;  // log entries or writes of an operation
inline constexpr int kMaxFilter = 2;
// Not smaller, or a plan within its limits could make so many calls that the
// process seems to hang.
inline constexpr int kMinChunk = 64;

// A kind uses the fields that threads/specs.cc says; the others keep their
// defaults.
struct Arguments {
  int thread = 0;
  int into = 1;  // copy_thread: the thread that becomes the copy
  int ns = 0;
  int id = 0;       // a checkpoint; put_blob, stream_blob: a name
  int parent = -1;  // a checkpoint, -1 = none
  int task = 0;
  int idx = 0;      // of the first write; those of a batch follow it
  int replace = 0;  // 1: writes take the place of those that are there;
                    // update_task: the content that of the old payload
  Content content = {};
  int count = 1;        // entries of append_logs, writes
  int invalid_at = -1;  // the entry, payload or metadata that is no JSON, -1 =
                        // none; checked by SQLite, so the statement fails when
                        // it gets there. Above 0 in append_logs only.
  saver::LogLevel level = saver::LogLevel::kInfo;
  // update_task: the new one.
  saver::TaskState state = saver::TaskState::kRunning;
  int stale = 0;     // update_task: how much older than the task's version the
                     // one is that the update expects
  int chunk = 4096;  // stream_blob: bytes a call
  int keep = 0;      // prune
  int filter = -1;   // list_checkpoints: what metadata has, -1 = anything
  int before = -1;   // list_checkpoints: a checkpoint, -1 = none
  int limit = 0;     // list_checkpoints: 0 = none

  bool operator==(const Arguments&) const = default;
};

// Of an operation of this vocabulary.
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);

// Arguments that the kind does not use stay behind.
Operation Make(Kind kind, const Arguments& arguments = {});

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_ARGUMENTS_H_
