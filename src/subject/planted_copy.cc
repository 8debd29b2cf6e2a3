// The bug: a copy in two transactions, because a thread has so many log
// entries: everything else first, and then those. A kill between the two leaves
// a copy without them.

#include <cstdint>
#include <string>

#include "status/status.h"
#include "subject/planted.h"
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
    const absl::Status begun = Uncounted([&]() -> absl::Status {
      RETURN_IF_ERROR(SqliteSubject::Do(operation).status());
      return Run("DELETE FROM logs WHERE thread_id = ?1", {into});
    });
    RETURN_IF_ERROR(begun);
    const absl::Status copied = InTransaction([&] {
      return Run(
          "INSERT INTO logs (thread_id, number, level, payload)"
          " SELECT ?2, number, level, payload FROM logs WHERE thread_id = ?1",
          {from, into});
    });
    RETURN_IF_ERROR(copied);
    return 0;
  }
};

}  // namespace

SaverEntry PlantedCopyInTwoTransactions() {
  return {"planted-copy-in-two-transactions",
          "copies the log entries of a thread in a transaction of their own",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatCopiesInTwoTransactions>, ReadStateBySql};
}

}  // namespace lastcommit
