// The vocabulary `threads`: what is asked of SqliteSaver and of stores like it,
// which keep checkpoints, their pending writes, logs, tasks and blobs by
// thread. Its documentation is docs/plan-format.md and docs/saver.md.

#ifndef LASTCOMMIT_THREADS_SPECS_H_
#define LASTCOMMIT_THREADS_SPECS_H_

#include "store/state.h"
#include "store/vocabulary.h"
#include "threads/arguments.h"

namespace lastcommit::threads {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of specs.cc.
extern const Vocabulary kVocabulary;

const OperationSpec& SpecOf(Kind kind);

// The columns of a row, in the order in which they are hashed, and what tells
// rows apart:
//   threads      thread; last_log, last_checkpoint, is_deleted: integers
//   checkpoints  thread, namespace, id; parent_id (text or NULL), type, state
//                (blob), metadata, sequence (integer), digest (blob)
//   writes       thread, namespace, checkpoint, task, idx; channel, type, bytes
//                (blob)
//   logs         thread, number; level (integer, LogLevel), payload
//   tasks        thread, id; state (text), attempts, version (integers),
//                payload
//   blobs        thread, name; bytes (blob), digest (blob)
// Text where nothing else is said.
inline constexpr TableSpec kThreads = {0, "thread", 1};
inline constexpr TableSpec kCheckpoints = {1, "checkpoint", 3};
inline constexpr TableSpec kWrites = {2, "write", 4, true};
inline constexpr TableSpec kLogs = {3, "log", 1, true};
inline constexpr TableSpec kTasks = {4, "task", 2};
inline constexpr TableSpec kBlobs = {5, "blob", 2};

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_SPECS_H_
