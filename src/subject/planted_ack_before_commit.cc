// The bug: an answer that leaves before the data is safe, for instance because
// the reply is sent before the transaction's scope ends. A kill inside COMMIT
// then loses a commit that somebody already relies on.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

class SaverThatAcksBeforeCommit : public SqliteSubject {
 public:
  using SqliteSubject::SqliteSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    if (in_transaction()) {
      ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
      acknowledge(cut);
    }
    return SqliteSubject::Commit([](std::int64_t) {});
  }
};

absl::StatusOr<std::unique_ptr<Saver>> Open(const std::string& path,
                                            const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver, SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SaverThatAcksBeforeCommit>(std::move(saver));
}

}  // namespace

SaverEntry PlantedAckBeforeCommit() {
  return {"planted-ack-before-commit",
          "acknowledges a transaction before its COMMIT",
          ViolationClass::kLostCommit, Open, ReadStateBySql};
}

}  // namespace lastcommit
