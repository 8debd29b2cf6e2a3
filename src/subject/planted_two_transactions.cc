// The bug: one change in two transactions, here the rows of a commit and its
// number. A kill between them leaves the rows of commit n + 1 at number n.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatCommitsInTwoTransactions : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override {
    const auto ignore = [](std::int64_t) {};
    if (!in_transaction()) return SqliteSubject::Commit(ignore);
    ASSIGN_OR_RETURN(const std::int64_t cut, saver().CommitCounter());
    RETURN_IF_ERROR(HideFromCommitCounter(saver().connection()));
    if (auto rows = SqliteSubject::Commit(ignore); !rows.ok()) {
      // After BUSY the transaction goes on, and counts again.
      Count().IgnoreError();
      return rows;
    }
    RETURN_IF_ERROR(Count());
    acknowledge(cut);
    return cut;
  }

  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return InTransaction(
        [&] { return SqliteSubject::PutCheckpoint(checkpoint); });
  }

  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return InTransaction(
        [&] { return SqliteSubject::CommitStep(checkpoint, writes); });
  }

  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         saver::LogLevel level) override {
    return InTransaction(
        [&] { return SqliteSubject::AppendLog(thread_id, payload, level); });
  }

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return InTransaction(
        [&] { return SqliteSubject::PutBlob(thread_id, name, bytes); });
  }

 private:
  absl::Status Count() {
    return Run(
        "UPDATE meta SET value = value + 1 WHERE key = 'commit_counter'");
  }
};

}  // namespace

SaverEntry PlantedTwoTransactions() {
  return {"planted-two-transactions",
          "commits rows and commit counter in two transactions",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatCommitsInTwoTransactions>, ReadStateBySql};
}

}  // namespace lastcommit
