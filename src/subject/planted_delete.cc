// Two bugs in deleting a thread. The first: in two transactions, logs and tasks
// before the rest; a kill between them leaves half a thread. The second:
// nothing stays that says that the thread was deleted, so that a late write
// brings it back.

#include <string>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatDeletesInTwoTransactions : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status DeleteThread(const std::string& thread_id) override {
    if (!in_transaction()) {
      RETURN_IF_ERROR(Uncounted([&] {
        return Run("UPDATE threads SET is_deleted = 1 WHERE thread_id = ?1",
                   {thread_id});
      }));
    }
    return SqliteSubject::DeleteThread(thread_id);
  }
};

class SaverThatLeavesNoTombstone : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status DeleteThread(const std::string& thread_id) override {
    return InTransaction([&]() -> absl::Status {
      RETURN_IF_ERROR(SqliteSubject::DeleteThread(thread_id));
      return Run("DELETE FROM threads WHERE thread_id = ?1", {thread_id});
    });
  }
};

}  // namespace

SaverEntry PlantedDeleteInTwoTransactions() {
  return {"planted-delete-in-two-transactions",
          "marks a thread as deleted in one transaction and deletes it in the "
          "next",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatDeletesInTwoTransactions>, ReadStateBySql};
}

SaverEntry PlantedNoTombstone() {
  return {"planted-no-tombstone",
          "forgets that a thread was deleted, so that a late write brings it "
          "back",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatLeavesNoTombstone>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
