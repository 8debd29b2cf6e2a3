// What each operation of the vocabulary `threads` answers and does to the rows.

#ifndef LASTCOMMIT_THREADS_RULES_H_
#define LASTCOMMIT_THREADS_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "store/operation.h"
#include "store/rows.h"

namespace lastcommit::threads {

// As OperationSpec::apply, of each operation. append_log(s) answer the last
// number; update_task the new version; prune how many checkpoints went;
// list_checkpoints DigestOfList; the others 0.
Outcome Apply(const Operation& operation, Rows& rows);

// What a list of checkpoints says, in its order.
struct ListedCheckpoint {
  std::string id;
  std::int64_t sequence = 0;
};
std::int64_t DigestOfList(const std::vector<ListedCheckpoint>& list);

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_RULES_H_
