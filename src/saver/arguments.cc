#include "saver/arguments.h"

#include <sqlite3.h>

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "saver/shown.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

std::string Text(std::string_view name) { return std::string(name); }

// "writes[3].task_id is empty" of "task_id is empty".
absl::Status Inside(std::string_view list, std::size_t index,
                    const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(Text(list), "[", index, "].",
                                   std::string(status.message())));
}

// json_valid() of some versions stops at the first NUL.
absl::Status CheckHasNoNul(std::string_view name, const std::string& json) {
  const std::size_t nul = json.find('\0');
  if (nul == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      Text(name), " is not JSON, byte ", nul, " of it is NUL: ", Shown(json)));
}

absl::Status CheckNotEmpty(std::string_view name, const std::string& value) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(Text(name), " is empty"));
}

absl::Status CheckAtLeast(std::string_view name, std::int64_t value,
                          std::int64_t least) {
  if (value >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Text(name), " is ", value, ", less than ", least));
}

absl::Status CheckCount(std::string_view name, std::size_t count,
                        std::size_t most) {
  if (count <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Text(name), ": ", count, " of them, at most ", most));
}

// Whoever gives a number that has no name would read behind a table of names.
template <typename Enum>
absl::Status CheckHasName(std::string_view name, Enum value, Enum last) {
  const int number = static_cast<int>(value);
  if (number >= 0 && number <= static_cast<int>(last)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(Text(name), " is ", number,
                                                 ", not one of 0 to ",
                                                 static_cast<int>(last)));
}

// The values of one row. What is too big only with the others in its row is
// said of the biggest.
absl::Status CheckRow(std::initializer_list<NamedValue> values,
                      std::int64_t max_bytes) {
  std::size_t all = 0;
  const NamedValue* biggest = values.begin();
  for (const NamedValue& value : values) {
    all += value.value.size();
    if (value.value.size() > biggest->value.size()) biggest = &value;
  }
  if (all <= static_cast<std::size_t>(max_bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(Text(biggest->name), " has ", biggest->value.size(),
                   " bytes, its row ", all, ", at most ", max_bytes));
}

absl::Status CheckWrite(const CheckpointKey& checkpoint,
                        const PendingWrite& write, std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNotEmpty("task_id", write.task_id));
  return CheckRow({{"bytes", write.bytes},
                   {"type", write.type},
                   {"channel", write.channel},
                   {"task_id", write.task_id},
                   {"thread_id", checkpoint.thread_id},
                   {"checkpoint_ns", checkpoint.checkpoint_ns},
                   {"checkpoint_id", checkpoint.checkpoint_id}},
                  max_bytes);
}

absl::Status CheckPayload(std::string_view name, const LogBatch& batch,
                          const std::string& payload, std::int64_t max_bytes) {
  RETURN_IF_ERROR(
      CheckRow({{name, payload}, {"thread_id", batch.thread_id}}, max_bytes));
  return CheckHasNoNul(name, payload);
}

absl::Status CheckFilter(const MetadataEquals& filter, std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckRow({{"json_value", filter.json_value}}, max_bytes));
  RETURN_IF_ERROR(CheckRow({{"key", filter.key}}, max_bytes));
  return CheckHasNoNul("json_value", filter.json_value);
}

}  // namespace

absl::Status CheckNames(std::initializer_list<NamedValue> names,
                        std::int64_t max_bytes) {
  return CheckRow(names, max_bytes);
}

absl::Status CheckNames(const CheckpointKey& key, std::int64_t max_bytes) {
  return CheckNames({{"thread_id", key.thread_id},
                     {"checkpoint_ns", key.checkpoint_ns},
                     {"checkpoint_id", key.checkpoint_id}},
                    max_bytes);
}

absl::Status CheckNames(const TaskKey& key, std::int64_t max_bytes) {
  return CheckNames({{"thread_id", key.thread_id}, {"task_id", key.task_id}},
                    max_bytes);
}

absl::Status CheckThreadId(const std::string& thread_id, std::int64_t max_bytes,
                           std::string_view name) {
  RETURN_IF_ERROR(CheckNotEmpty(name, thread_id));
  return CheckNames({{name, thread_id}}, max_bytes);
}

absl::Status CheckCheckpoint(const Checkpoint& checkpoint,
                             std::int64_t max_bytes) {
  const CheckpointKey& key = checkpoint.key;
  RETURN_IF_ERROR(CheckNotEmpty("thread_id", key.thread_id));
  RETURN_IF_ERROR(CheckNotEmpty("checkpoint_id", key.checkpoint_id));
  RETURN_IF_ERROR(
      CheckRow({{"state", checkpoint.state},
                {"metadata", checkpoint.metadata},
                {"type", checkpoint.type},
                {"parent_id", checkpoint.parent_id.has_value()
                                  ? std::string_view(*checkpoint.parent_id)
                                  : std::string_view()},
                {"thread_id", key.thread_id},
                {"checkpoint_ns", key.checkpoint_ns},
                {"checkpoint_id", key.checkpoint_id}},
               max_bytes));
  return CheckHasNoNul("metadata", checkpoint.metadata);
}

absl::Status CheckQuery(const CheckpointQuery& query, std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckAtLeast("limit", query.limit, 0));
  RETURN_IF_ERROR(
      CheckCount("filter", query.filter.size(), SqliteSaver::kMaxFilters));
  for (std::size_t i = 0; i < query.filter.size(); ++i) {
    RETURN_IF_ERROR(
        Inside("filter", i, CheckFilter(query.filter[i], max_bytes)));
  }
  return CheckNames(
      {{"thread_id", query.thread_id},
       {"checkpoint_ns", query.checkpoint_ns},
       {"before", query.before.has_value() ? std::string_view(*query.before)
                                           : std::string_view()}},
      max_bytes);
}

absl::Status CheckPrune(const std::string& thread_id,
                        const std::string& checkpoint_ns, std::int64_t keep,
                        std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckThreadId(thread_id, max_bytes));
  RETURN_IF_ERROR(CheckNames({{"checkpoint_ns", checkpoint_ns}}, max_bytes));
  return CheckAtLeast("keep", keep, 0);
}

absl::Status CheckWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes,
                         std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNotEmpty("thread_id", checkpoint.thread_id));
  RETURN_IF_ERROR(CheckNames(checkpoint, max_bytes));
  RETURN_IF_ERROR(CheckCount("writes", writes.size(), SqliteSaver::kMaxWrites));
  for (std::size_t i = 0; i < writes.size(); ++i) {
    RETURN_IF_ERROR(
        Inside("writes", i, CheckWrite(checkpoint, writes[i], max_bytes)));
  }
  return absl::OkStatus();
}

absl::Status CheckLogs(const LogBatch& batch, std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckThreadId(batch.thread_id, max_bytes));
  RETURN_IF_ERROR(CheckHasName("level", batch.level, LogLevel::kError));
  if (batch.payloads.empty()) {
    return absl::InvalidArgumentError("payloads: there are none");
  }
  RETURN_IF_ERROR(
      CheckCount("payloads", batch.payloads.size(), SqliteSaver::kMaxLogBatch));
  for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
    if (CheckPayload("", batch, batch.payloads[i], max_bytes).ok()) continue;
    return CheckPayload(Shown(NameOfPayload(batch, i)), batch,
                        batch.payloads[i], max_bytes);
  }
  return absl::OkStatus();
}

ArgumentName NameOfPayload(const LogBatch& batch, std::size_t index) {
  if (batch.is_one) return {"payload"};
  return {"payloads", static_cast<std::ptrdiff_t>(index)};
}

absl::Status CheckRange(const std::string& thread_id, const LogRange& range,
                        std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNames({{"thread_id", thread_id}}, max_bytes));
  RETURN_IF_ERROR(CheckHasName("least", range.least, LogLevel::kError));
  return CheckAtLeast("limit", range.limit, 0);
}

absl::Status CheckNewTask(const TaskKey& key, const std::string& payload,
                          std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNotEmpty("thread_id", key.thread_id));
  RETURN_IF_ERROR(CheckNotEmpty("task_id", key.task_id));
  RETURN_IF_ERROR(CheckRow({{"payload", payload},
                            {"thread_id", key.thread_id},
                            {"task_id", key.task_id}},
                           max_bytes));
  return CheckHasNoNul("payload", payload);
}

absl::Status CheckUpdate(const TaskKey& key, const TaskUpdate& update,
                         std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNotEmpty("thread_id", key.thread_id));
  RETURN_IF_ERROR(CheckNames(key, max_bytes));
  RETURN_IF_ERROR(CheckHasName("state", update.state, TaskState::kCancelled));
  if (!update.payload.has_value()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckRow({{"payload", *update.payload},
                            {"thread_id", key.thread_id},
                            {"task_id", key.task_id}},
                           max_bytes));
  return CheckHasNoNul("payload", *update.payload);
}

absl::Status CheckBlob(const std::string& thread_id, const std::string& name,
                       std::string_view what, std::int64_t size,
                       std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNotEmpty("thread_id", thread_id));
  RETURN_IF_ERROR(
      CheckNames({{"thread_id", thread_id}, {"name", name}}, max_bytes));
  RETURN_IF_ERROR(CheckAtLeast(what, size, 0));
  if (size <= max_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      Text(what), ": a blob of ", size, " bytes, at most ", max_bytes));
}

absl::Status CheckPage(const ThreadPage& page, std::int64_t max_bytes) {
  RETURN_IF_ERROR(CheckNames({{"after", page.after}}, max_bytes));
  return CheckAtLeast("limit", page.limit, 1);
}

absl::Status CheckPath(const std::string& path) {
  if (path.empty() || path.front() == ':' || absl::StartsWith(path, "file:") ||
      path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "path is not that of a file: ", Shown(path, kMaxShownPath)));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const Options& options) {
  RETURN_IF_ERROR(CheckMode(options.journal_mode));
  RETURN_IF_ERROR(
      CheckHasName("durability", options.durability, Durability::kPowerLoss));
  if (options.synchronous.has_value()) {
    RETURN_IF_ERROR(
        CheckHasName("synchronous", *options.synchronous, Synchronous::kExtra));
  }
  const int size = options.page_size;
  if (size < 512 || size > 65536 || (size & (size - 1)) != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size is ", size, ", no power of 2 in 512 to 65536"));
  }
  RETURN_IF_ERROR(
      CheckAtLeast("wal_autocheckpoint", options.wal_autocheckpoint, 0));
  if (options.busy_timeout < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "busy_timeout is ", absl::FormatDuration(options.busy_timeout),
        ", less than 0"));
  }
  if (options.vfs.empty() || sqlite3_vfs_find(options.vfs.c_str()) != nullptr) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("vfs: there is none of that name: ", Shown(options.vfs)));
}

absl::Status CheckMode(JournalMode mode) {
  return CheckHasName("journal_mode", mode, JournalMode::kOff);
}

absl::Status CheckMode(CheckpointMode mode) {
  return CheckHasName("mode", mode, CheckpointMode::kTruncate);
}

}  // namespace lastcommit::saver
