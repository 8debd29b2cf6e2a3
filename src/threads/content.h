// What the arguments of the vocabulary `threads` stand for: names, and the
// contents of records.

#ifndef LASTCOMMIT_THREADS_CONTENT_H_
#define LASTCOMMIT_THREADS_CONTENT_H_

#include <optional>
#include <string>
#include <vector>

#include "saver/records.h"
#include "threads/arguments.h"

namespace lastcommit::threads {

std::string ThreadName(int thread);
std::string NamespaceName(int ns);
std::string CheckpointName(int id);
std::string TaskName(int task);
std::string BlobName(int id);

// The state, type and metadata of a put_checkpoint or commit_step.
struct CheckpointContent {
  std::string type;
  std::string state;
  std::string metadata;
  // The number that metadata has under kFilterKey, 0 to kMaxFilter; nullopt if
  // it is no object or too short for one.
  std::optional<int> filter;
};
inline constexpr char kFilterKey[] = "k";
CheckpointContent CheckpointOf(const Arguments& arguments);

// The writes of a put_write, put_writes or commit_step, in order.
std::vector<saver::PendingWrite> WritesOf(const Arguments& arguments);

// The payloads of an append_log or append_logs, in order.
std::vector<std::string> LogPayloadsOf(const Arguments& arguments);

// The payload of a create_task or update_task.
std::string TaskPayloadOf(const Arguments& arguments);

}  // namespace lastcommit::threads

#endif  // LASTCOMMIT_THREADS_CONTENT_H_
