// What SqliteSaver stores, as plain values: checkpoints with their pending
// writes, log entries, tasks, and what is known of a thread. Text is UTF-8
// except where any bytes are allowed; "JSON" is text that json_valid() accepts.

#ifndef LASTCOMMIT_SAVER_RECORDS_H_
#define LASTCOMMIT_SAVER_RECORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit::saver {

struct CheckpointKey {
  std::string thread_id;
  std::string checkpoint_ns;
  std::string checkpoint_id;

  bool operator==(const CheckpointKey&) const = default;
};

struct Checkpoint {
  CheckpointKey key;
  std::optional<std::string> parent_id = {};
  std::string type;             // how `state` is encoded, for the caller
  std::string state;            // any bytes
  std::string metadata = "{}";  // JSON
  // Set by the saver when the key is first put: 1, 2, 3, ... in each thread,
  // never used twice. A later put of the same key keeps it. The newest
  // checkpoint is the one with the highest.
  std::int64_t sequence = 0;
};

// A top-level key of a checkpoint's metadata object and the value it must have.
struct MetadataEquals {
  std::string key;
  std::string json_value;  // a JSON null, boolean, number or string
};

// Which checkpoints to list. All conditions must hold.
struct CheckpointQuery {
  std::string thread_id;
  std::string checkpoint_ns;
  std::vector<MetadataEquals> filter;
  // Only those older than this checkpoint_id; NotFound if that is not there.
  std::optional<std::string> before = {};
  std::int64_t limit = 0;  // 0 = no limit
};

// What a task has produced for a checkpoint that is not taken yet.
struct PendingWrite {
  std::string task_id;
  std::int64_t idx = 0;  // which write of the task
  std::string channel;
  std::string type;
  std::string bytes;
  // A write with a key (task_id, idx) that is there already changes nothing,
  // so that a task can be run again; true: it takes the old one's place.
  bool is_replaceable = false;
};

enum class LogLevel { kDebug, kInfo, kWarning, kError };
inline constexpr int kLogLevels = static_cast<int>(LogLevel::kError) + 1;
std::string_view Name(LogLevel level);  // "debug", "info", ...

struct LogEntry {
  std::int64_t number = 0;  // 1, 2, 3, ... in each thread, without gaps
  std::string payload;      // JSON
  LogLevel level = LogLevel::kInfo;
};

// Which entries of a thread to read, in the order of their numbers.
struct LogRange {
  std::int64_t first = 1;
  std::optional<std::int64_t> last = {};
  LogLevel least = LogLevel::kDebug;
  std::int64_t limit = 0;  // 0 = no limit
};

// pending -> running, cancelled
// running -> running (progress), pending (given back), done, failed, cancelled
// failed  -> pending (tried again), cancelled
// done and cancelled are final.
enum class TaskState { kPending, kRunning, kDone, kFailed, kCancelled };
inline constexpr int kTaskStates = static_cast<int>(TaskState::kCancelled) + 1;
std::string_view Name(TaskState state);  // "pending", "running", ...
bool IsLegal(TaskState from, TaskState to);

struct TaskKey {
  std::string thread_id;
  std::string task_id;

  bool operator==(const TaskKey&) const = default;
};

struct Task {
  TaskKey key;
  TaskState state = TaskState::kPending;
  std::int64_t attempts = 0;  // how often it went from pending to running
  std::int64_t version = 0;   // 1 when created, +1 with each update
  std::string payload;        // JSON
};

struct TaskUpdate {
  std::int64_t version = 0;  // that the task must have
  TaskState state = TaskState::kPending;
  std::optional<std::string> payload = {};  // JSON; nullopt keeps the old one
};

// Which threads to list, in byte order of their ids. What is committed between
// two pages moves no thread from one page to another: a page has the first ids
// behind `after`, whether there is a thread of that id or not.
struct ThreadPage {
  // The last id of the page before; "": the first page.
  std::string after = {};
  std::int64_t limit = 100;  // at least 1; a page with fewer is the last one
  bool with_deleted = true;  // the tombstones too
};

struct ThreadInfo {
  std::string thread_id;
  std::int64_t last_log = 0;         // the highest log number used
  std::int64_t last_checkpoint = 0;  // the highest sequence used
  bool is_deleted = false;           // a tombstone: nothing else is left of it
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_RECORDS_H_
