#include "saver/arguments.h"

#include "absl/strings/str_cat.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// json_valid() of some versions stops at the first NUL.
absl::Status CheckHasNoNul(const std::string& json) {
  if (json.find('\0') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError("a NUL byte in JSON");
}

absl::Status CheckNotEmpty(const std::string& id, const char* what) {
  if (!id.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the ", what, " is empty"));
}

absl::Status CheckLimit(std::int64_t limit) {
  if (limit >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError("the limit is negative");
}

}  // namespace

absl::Status CheckThreadId(const std::string& thread_id) {
  return CheckNotEmpty(thread_id, "thread id");
}

absl::Status CheckCheckpoint(const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(CheckThreadId(checkpoint.key.thread_id));
  RETURN_IF_ERROR(CheckNotEmpty(checkpoint.key.checkpoint_id, "checkpoint id"));
  return CheckHasNoNul(checkpoint.metadata);
}

absl::Status CheckQuery(const CheckpointQuery& query) {
  RETURN_IF_ERROR(CheckLimit(query.limit));
  if (query.filter.size() > SqliteSaver::kMaxFilters) {
    return absl::InvalidArgumentError("too many filters");
  }
  for (const MetadataEquals& filter : query.filter) {
    RETURN_IF_ERROR(CheckHasNoNul(filter.json_value));
  }
  return absl::OkStatus();
}

absl::Status CheckPrune(const std::string& thread_id, std::int64_t keep) {
  RETURN_IF_ERROR(CheckThreadId(thread_id));
  if (keep >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError("a negative number of checkpoints to keep");
}

absl::Status CheckWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes) {
  RETURN_IF_ERROR(CheckThreadId(checkpoint.thread_id));
  if (writes.size() > SqliteSaver::kMaxWrites) {
    return absl::InvalidArgumentError("too many writes at once");
  }
  for (const PendingWrite& write : writes) {
    RETURN_IF_ERROR(CheckNotEmpty(write.task_id, "task id"));
  }
  return absl::OkStatus();
}

absl::Status CheckLogs(const std::string& thread_id,
                       const std::vector<std::string>& payloads) {
  RETURN_IF_ERROR(CheckThreadId(thread_id));
  if (payloads.empty() || payloads.size() > SqliteSaver::kMaxLogBatch) {
    return absl::InvalidArgumentError("no log entries, or too many at once");
  }
  for (const std::string& payload : payloads) {
    RETURN_IF_ERROR(CheckHasNoNul(payload));
  }
  return absl::OkStatus();
}

absl::Status CheckRange(const LogRange& range) {
  return CheckLimit(range.limit);
}

absl::Status CheckNewTask(const TaskKey& key, const std::string& payload) {
  RETURN_IF_ERROR(CheckThreadId(key.thread_id));
  RETURN_IF_ERROR(CheckNotEmpty(key.task_id, "task id"));
  return CheckHasNoNul(payload);
}

absl::Status CheckUpdate(const TaskKey& key, const TaskUpdate& update) {
  RETURN_IF_ERROR(CheckThreadId(key.thread_id));
  if (!update.payload.has_value()) return absl::OkStatus();
  return CheckHasNoNul(*update.payload);
}

}  // namespace lastcommit::saver
