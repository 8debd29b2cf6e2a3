// The bug: check, then act. What a task is like is read, kept, and compared
// outside the transaction that relies on it; who updates the task in between is
// overwritten. A condition has to be looked at where it is relied on: under the
// write lock, of which there is one (https://sqlite.org/isolation.html). The
// saver knows that a transaction may be rolled back, and forgets with each one
// what it has read: alone it is never wrong.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatChecksBeforeItsTransaction : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    read_.clear();
    return SqliteSubject::Begin();
  }
  absl::Status DeleteThread(const std::string& thread_id) override {
    read_.clear();
    return SqliteSubject::DeleteThread(thread_id);
  }

  absl::StatusOr<saver::Task> GetTask(const saver::TaskKey& key) override {
    if (in_transaction()) return SqliteSubject::GetTask(key);
    const auto known = read_.find(NameOf(key));
    if (known != read_.end()) return known->second;
    absl::StatusOr<saver::Task> task = SqliteSubject::GetTask(key);
    if (task.ok()) read_.emplace(NameOf(key), *task);
    return task;
  }

  absl::StatusOr<std::int64_t> UpdateTask(
      const saver::TaskKey& key, const saver::TaskUpdate& update) override {
    if (in_transaction()) return SqliteSubject::UpdateTask(key, update);
    const absl::StatusOr<saver::Task> checked = GetTask(key);
    if (!checked.ok() || checked->version != update.version) {
      return SqliteSubject::UpdateTask(key, update);  // refuses
    }
    saver::Task changed;
    auto version = InTransaction([&]() -> absl::StatusOr<std::int64_t> {
      RETURN_IF_ERROR(PutBack(*checked));
      ASSIGN_OR_RETURN(const std::int64_t now,
                       SqliteSubject::UpdateTask(key, update));
      ASSIGN_OR_RETURN(changed, SqliteSubject::GetTask(key));
      return now;
    });
    if (version.ok()) read_.insert_or_assign(NameOf(key), changed);
    return version;
  }

 private:
  using Name = std::pair<std::string, std::string>;
  static Name NameOf(const saver::TaskKey& key) {
    return {key.thread_id, key.task_id};
  }

  // As an UPDATE does that sets everything to what was worked out before.
  absl::Status PutBack(const saver::Task& task) {
    return Run(absl::StrCat("UPDATE tasks SET version = ", task.version,
                            ", attempts = ", task.attempts,
                            ", state = ?3 WHERE thread_id = ?1 AND"
                            " task_id = ?2"),
               {task.key.thread_id, task.key.task_id, saver::Name(task.state)});
  }

  std::map<Name, saver::Task> read_;
};

}  // namespace

SaverEntry PlantedTaskCheckBeforeLock() {
  SaverEntry entry = {
      "planted-task-check-before-lock",
      "compares a task's version with what it read before the transaction",
      ViolationClass::kWrongAnswer,
      OpenPlanted<SaverThatChecksBeforeItsTransaction>, ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
