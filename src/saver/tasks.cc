#include <optional>

#include "absl/strings/str_cat.h"
#include "saver/shown.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

absl::Status NoSuchTask(const TaskKey& key) {
  return absl::NotFoundError(absl::StrCat("no such task: ", Shown(key)));
}

std::optional<TaskState> ParseTaskState(std::string_view name) {
  for (int i = 0; i < kTaskStates; ++i) {
    const auto state = static_cast<TaskState>(i);
    if (Name(state) == name) return state;
  }
  return std::nullopt;
}

// Columns from `column` on: state, attempts, version, payload.
absl::StatusOr<Task> TaskOf(const Statement& row, int column,
                            const TaskKey& key) {
  Task task;
  task.key = key;
  const auto state = ParseTaskState(row.Bytes(column));
  if (!state.has_value()) {
    return absl::DataLossError(
        absl::StrCat("a task of no state: ", Shown(key)));
  }
  task.state = *state;
  task.attempts = row.Int(column + 1);
  task.version = row.Int(column + 2);
  task.payload = row.Bytes(column + 3);
  return task;
}

// The task of a thread that may be changed.
absl::StatusOr<Task> TaskToChange(Database& database, const TaskKey& key) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT is_deleted, state, attempts, version, ''"
                       " FROM threads LEFT JOIN tasks"
                       " ON tasks.thread_id = ?1 AND task_id = ?2"
                       " WHERE threads.thread_id = ?1"));
  select.BindText(1, key.thread_id).BindText(2, key.task_id);
  ASSIGN_OR_RETURN(const bool has_thread, select.Step());
  if (has_thread && select.Int(0) != 0) {
    return ThreadIsDeleted(key.thread_id);
  }
  if (!has_thread || select.IsNull(1)) return NoSuchTask(key);
  return TaskOf(select, 1, key);
}

absl::Status CheckTransition(const Task& task, const TaskUpdate& update) {
  if (task.version != update.version) {
    return absl::FailedPreconditionError(
        absl::StrCat("version is ", update.version, ", the task has ",
                     task.version, ": ", Shown(task.key)));
  }
  if (IsLegal(task.state, update.state)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "state is ", std::string(Name(update.state)), ", which a task that is ",
      std::string(Name(task.state)), " cannot become: ", Shown(task.key)));
}

}  // namespace

absl::Status CreateTaskRow(Database& database, const TaskKey& key,
                           const std::string& payload) {
  const absl::StatusOr<Task> found = TaskToChange(database, key);
  if (found.ok()) {
    return absl::AlreadyExistsError(
        absl::StrCat("the task is there already: ", Shown(key)));
  }
  if (!absl::IsNotFound(found.status())) return found.status();
  {
    ASSIGN_OR_RETURN(
        Statement insert,
        database.Prepare("INSERT INTO tasks"
                         " (thread_id, task_id, state, attempts, version,"
                         " payload) VALUES (?1, ?2, 'pending', 0, 1, ?3)"));
    insert.BindText(1, key.thread_id).BindText(2, key.task_id);
    RETURN_IF_ERROR(insert.BindJson(3, {"payload"}, payload).Run());
  }
  return TouchThreadRow(database, key.thread_id);
}

absl::StatusOr<std::int64_t> UpdateTaskRow(Database& database,
                                           const TaskKey& key,
                                           const TaskUpdate& update) {
  ASSIGN_OR_RETURN(const Task task, TaskToChange(database, key));
  RETURN_IF_ERROR(CheckTransition(task, update));
  const bool is_attempt =
      task.state == TaskState::kPending && update.state == TaskState::kRunning;
  ASSIGN_OR_RETURN(
      Statement statement,
      database.Prepare("UPDATE tasks SET state = ?3, attempts = ?4,"
                       " version = ?5, payload = coalesce(?6, payload)"
                       " WHERE thread_id = ?1 AND task_id = ?2"));
  statement.BindText(1, key.thread_id)
      .BindText(2, key.task_id)
      .BindText(3, Name(update.state))
      .BindInt(4, task.attempts + (is_attempt ? 1 : 0))
      .BindInt(5, task.version + 1);
  if (update.payload.has_value()) {
    statement.BindJson(6, {"payload"}, *update.payload);
  } else {
    statement.BindNull(6);
  }
  RETURN_IF_ERROR(statement.Run());
  return task.version + 1;
}

absl::StatusOr<Task> GetTaskRow(Database& database, const TaskKey& key) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT state, attempts, version, payload FROM tasks"
                       " WHERE thread_id = ?1 AND task_id = ?2"));
  select.BindText(1, key.thread_id).BindText(2, key.task_id);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  if (!has_row) return NoSuchTask(key);
  return TaskOf(select, 0, key);
}

absl::StatusOr<std::vector<Task>> ListTaskRows(Database& database,
                                               const std::string& thread_id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT task_id, state, attempts, version, payload"
                       " FROM tasks WHERE thread_id = ?1 ORDER BY task_id"));
  select.BindText(1, thread_id);
  std::vector<Task> tasks;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return tasks;
    ASSIGN_OR_RETURN(Task task,
                     TaskOf(select, 1, {thread_id, select.Bytes(0)}));
    tasks.push_back(std::move(task));
  }
}

}  // namespace lastcommit::saver
