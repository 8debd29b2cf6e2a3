// The bug: a compare-and-set whose comparison is not in the transaction of the
// set. Here it is made with a copy of the version in memory, which a rollback
// does not take back, so that one client alone is refused what it may do. A
// version that is read from the database before BEGIN is the same mistake, but
// needs a second client to show (planted_task_check.cc).

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatComparesVersionsInMemory : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> UpdateTask(
      const saver::TaskKey& key, const saver::TaskUpdate& update) override {
    const std::pair<std::string, std::string> name = {key.thread_id,
                                                      key.task_id};
    const auto known = versions_.find(name);
    if (known != versions_.end() && known->second != update.version) {
      return absl::FailedPreconditionError("the task has another version");
    }
    auto version = SqliteSubject::UpdateTask(key, update);
    if (version.ok()) versions_[name] = *version;
    return version;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::int64_t> versions_;
};

}  // namespace

SaverEntry PlantedTaskVersionOutside() {
  return {"planted-task-version-outside",
          "compares a task's version with a copy in memory, outside the "
          "transaction, which a rollback leaves as it is",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatComparesVersionsInMemory>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
