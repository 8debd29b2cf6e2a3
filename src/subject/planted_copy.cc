// The bug: a copy in two transactions. The first makes the thread, so that
// nobody else does meanwhile, and the second fills it. A kill between the two
// leaves a thread without what it is a copy of.

#include <cstdint>
#include <string>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"
#include "threads/arguments.h"
#include "threads/content.h"

namespace lastcommit {
namespace {

class SaverThatCopiesInTwoTransactions : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Do(const Operation& operation) override {
    if (threads::KindOf(operation) != threads::Kind::kCopyThread ||
        in_transaction()) {
      return SqliteSubject::Do(operation);
    }
    const threads::Arguments step = threads::ArgumentsOf(operation);
    const std::string from = threads::ThreadName(step.thread);
    const std::string into = threads::ThreadName(step.into);
    bool is_made = false;
    const absl::Status begun = Uncounted([&]() -> absl::Status {
      ASSIGN_OR_RETURN(
          const auto made,
          RunSql(saver().connection(),
                 "INSERT INTO threads"
                 " (thread_id, last_log, last_checkpoint, is_deleted)"
                 " SELECT ?2, 0, 0, 0 FROM threads"
                 " WHERE thread_id = ?1 AND is_deleted = 0"
                 " ON CONFLICT DO NOTHING RETURNING 1",
                 {from, into}));
      is_made = made.has_value();
      return absl::OkStatus();
    });
    RETURN_IF_ERROR(begun);
    if (!is_made) return SqliteSubject::Do(operation);
    return InTransaction([&]() -> absl::StatusOr<std::int64_t> {
      RETURN_IF_ERROR(Run("DELETE FROM threads WHERE thread_id = ?1", {into}));
      return SqliteSubject::Do(operation);
    });
  }
};

}  // namespace

SaverEntry PlantedCopyInTwoTransactions() {
  return {"planted-copy-in-two-transactions",
          "makes a thread in one transaction and the copy in it in the next",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatCopiesInTwoTransactions>, ReadStateBySql};
}

}  // namespace lastcommit
