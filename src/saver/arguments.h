// What the saver itself refuses with InvalidArgument, before any SQL; the
// message names the argument as the interface calls it. What only SQLite can
// tell, as whether a text is JSON, the tables refuse (Statement::BindJson).

#ifndef LASTCOMMIT_SAVER_ARGUMENTS_H_
#define LASTCOMMIT_SAVER_ARGUMENTS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "saver/options.h"
#include "saver/records.h"
#include "saver/shown.h"

namespace lastcommit::saver {

// `max_bytes`: the most that a row may have, Database::MaxRowBytes().

// Entries of a log that are appended together.
struct LogBatch {
  const std::string& thread_id;
  const std::vector<std::string>& payloads;
  LogLevel level = LogLevel::kInfo;
  bool is_one = false;  // the caller has given one `payload`, not `payloads`
};

// What is looked for, by its names: more than a row can have is refused.
struct NamedValue {
  std::string_view name;
  std::string_view value;
};
absl::Status CheckNames(std::initializer_list<NamedValue> names,
                        std::int64_t max_bytes);
absl::Status CheckNames(const CheckpointKey& key, std::int64_t max_bytes);
absl::Status CheckNames(const TaskKey& key, std::int64_t max_bytes);

// `name`: what the interface calls it, if it is not "thread_id".
absl::Status CheckThreadId(const std::string& thread_id, std::int64_t max_bytes,
                           std::string_view name = "thread_id");
absl::Status CheckCheckpoint(const Checkpoint& checkpoint,
                             std::int64_t max_bytes);
absl::Status CheckQuery(const CheckpointQuery& query, std::int64_t max_bytes);
absl::Status CheckPrune(const std::string& thread_id,
                        const std::string& checkpoint_ns, std::int64_t keep,
                        std::int64_t max_bytes);
absl::Status CheckWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes,
                         std::int64_t max_bytes);
absl::Status CheckLogs(const LogBatch& batch, std::int64_t max_bytes);
ArgumentName NameOfPayload(const LogBatch& batch, std::size_t index);
absl::Status CheckRange(const std::string& thread_id, const LogRange& range,
                        std::int64_t max_bytes);
absl::Status CheckNewTask(const TaskKey& key, const std::string& payload,
                          std::int64_t max_bytes);
absl::Status CheckUpdate(const TaskKey& key, const TaskUpdate& update,
                         std::int64_t max_bytes);
// `size` of the value that `what` is the name of.
absl::Status CheckBlob(const std::string& thread_id, const std::string& name,
                       std::string_view what, std::int64_t size,
                       std::int64_t max_bytes);
absl::Status CheckPage(const ThreadPage& page, std::int64_t max_bytes);

// Of the database file or of a copy: SQLite would take some names as something
// else than a file.
absl::Status CheckPath(const std::string& path);
absl::Status CheckOptions(const Options& options);
absl::Status CheckMode(JournalMode mode);
absl::Status CheckMode(CheckpointMode mode);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_ARGUMENTS_H_
