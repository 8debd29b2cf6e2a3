// What each operation of the vocabulary `threads` answers and does to the rows.

#ifndef LASTCOMMIT_THREADS_RULES_H_
#define LASTCOMMIT_THREADS_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "store/operation.h"
#include "store/rows.h"

namespace lastcommit::threads {

// append_log(s) answer the last number; update_task the new version; prune how
// many checkpoints went; list_checkpoints DigestOfList; the others 0.
Outcome PutCheckpoint(const Operation& operation, Rows& rows);
Outcome PutWrites(const Operation& operation, Rows& rows);
Outcome CommitStep(const Operation& operation, Rows& rows);
Outcome Prune(const Operation& operation, Rows& rows);
Outcome AppendLogs(const Operation& operation, Rows& rows);
Outcome CreateTask(const Operation& operation, Rows& rows);
Outcome UpdateTask(const Operation& operation, Rows& rows);
Outcome PutBlob(const Operation& operation, Rows& rows);
Outcome DeleteThread(const Operation& operation, Rows& rows);
Outcome ListCheckpoints(const Operation& operation, Rows& rows);

// What a list of checkpoints says, in its order.
struct ListedCheckpoint {
  std::string id;
  std::int64_t sequence = 0;
};
std::int64_t DigestOfList(const std::vector<ListedCheckpoint>& list);

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_RULES_H_
