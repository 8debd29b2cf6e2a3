// The checkpoints of SqliteSaver by hand: with its guard where SQLite has the
// bug that it is for (docs/findings.md, the WAL-reset race).

#ifndef LASTCOMMIT_BENCH_HAND_CHECKPOINT_H_
#define LASTCOMMIT_BENCH_HAND_CHECKPOINT_H_

#include <sqlite3.h>

namespace lastcommit {

bool GuardsByHand();
// `vfs` may be null. Does nothing but the checkpoint unless it is guarded.
void CheckpointByHand(sqlite3* connection, const char* vfs, int mode);
struct HandAutocheckpoint {
  int frames;       // 0 turns it off
  const char* vfs;  // may be null
};
// In place of PRAGMA wal_autocheckpoint. `what` must outlive the connection.
void CheckpointAfterCommitsByHand(sqlite3* connection,
                                  const HandAutocheckpoint& what);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HAND_CHECKPOINT_H_
