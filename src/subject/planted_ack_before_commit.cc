// The bug: an answer that leaves before the data is safe, for instance because
// the reply is sent before the transaction's scope ends. A kill inside COMMIT
// then loses a commit that somebody already relies on.

#include <cstdint>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatAcksBeforeCommit : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (in_transaction()) {
      ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
      acknowledge(cut);
    }
    return SqliteSubject::Commit([](std::int64_t) {});
  }
};

}  // namespace

SaverEntry PlantedAckBeforeCommit() {
  return {"planted-ack-before-commit",
          "acknowledges a transaction before its COMMIT",
          ViolationClass::kLostCommit, OpenPlanted<SaverThatAcksBeforeCommit>,
          ReadStateBySql};
}

}  // namespace lastcommit
