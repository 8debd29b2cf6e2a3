// What the saver itself refuses with InvalidArgument, before any SQL. What only
// SQLite can tell, as whether a text is JSON, the tables refuse.

#ifndef LASTCOMMIT_SAVER_ARGUMENTS_H_
#define LASTCOMMIT_SAVER_ARGUMENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "saver/records.h"

namespace lastcommit::saver {

absl::Status CheckThreadId(const std::string& thread_id);
absl::Status CheckCheckpoint(const Checkpoint& checkpoint);
absl::Status CheckQuery(const CheckpointQuery& query);
absl::Status CheckPrune(const std::string& thread_id, std::int64_t keep);
absl::Status CheckWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes);
absl::Status CheckLogs(const std::string& thread_id,
                       const std::vector<std::string>& payloads);
absl::Status CheckRange(const LogRange& range);
absl::Status CheckNewTask(const TaskKey& key, const std::string& payload);
absl::Status CheckUpdate(const TaskKey& key, const TaskUpdate& update);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_ARGUMENTS_H_
