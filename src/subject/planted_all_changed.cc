// The bug: optimism that goes too far. A saver that finds under the write lock
// that somebody else has committed since its own last transaction takes every
// task for changed, and refuses to update any. But what it has read under that
// lock is what there is (https://sqlite.org/isolation.html: nobody else can
// write then), and the change is right. Alone nobody else commits.

#include <cstdint>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatTakesAllForChanged : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status Begin() override {
    const std::int64_t own = AttemptedCommit();
    RETURN_IF_ERROR(SqliteSubject::Begin());
    has_changed_ = own > 0 && AttemptedCommit() > own + 1;
    return absl::OkStatus();
  }

  absl::StatusOr<std::int64_t> UpdateTask(
      const saver::TaskKey& key, const saver::TaskUpdate& update) override {
    if (in_transaction() && !IsAborted() && has_changed_) {
      return absl::FailedPreconditionError("the task may have been changed");
    }
    return SqliteSubject::UpdateTask(key, update);
  }

 private:
  bool has_changed_ = false;
};

}  // namespace

SaverEntry PlantedAllTakenForChanged() {
  SaverEntry entry = {
      "planted-all-taken-for-changed",
      "updates no task in a transaction if anybody has committed since its "
      "last one",
      ViolationClass::kWrongAnswer, OpenPlanted<SaverThatTakesAllForChanged>,
      ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
