// The bug: one change in two transactions, here the rows of a commit and its
// number. A kill between them leaves the rows of commit n + 1 at number n.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

class SaverThatCommitsInTwoTransactions : public SqliteSubject {
 public:
  using SqliteSubject::SqliteSubject;

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

  absl::Status PutCheckpoint(const Checkpoint& checkpoint) override {
    return InTransaction(
        [&] { return SqliteSubject::PutCheckpoint(checkpoint); });
  }

  absl::Status CommitStep(const Checkpoint& checkpoint,
                          const std::vector<PendingWrite>& writes) override {
    return InTransaction(
        [&] { return SqliteSubject::CommitStep(checkpoint, writes); });
  }

  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         LogLevel level) override {
    return InTransaction(
        [&] { return SqliteSubject::AppendLog(thread_id, payload, level); });
  }

  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override {
    return InTransaction(
        [&] { return SqliteSubject::PutBlob(thread_id, name, bytes); });
  }

 private:
  // Runs `change` in the open transaction, or in one of its own.
  template <typename Change>
  std::invoke_result_t<Change> InTransaction(Change change) {
    if (in_transaction()) return change();
    RETURN_IF_ERROR(Begin());
    auto result = change();
    if (!result.ok()) {
      Rollback().IgnoreError();
      return result;
    }
    RETURN_IF_ERROR(Commit([](std::int64_t) {}).status());
    return result;
  }

  absl::Status Count() {
    return RunSql(saver().connection(),
                  "UPDATE meta SET value = value + 1 "
                  "WHERE key = 'commit_counter'")
        .status();
  }
};

absl::StatusOr<std::unique_ptr<Saver>> Open(const std::string& path,
                                            const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver, SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SaverThatCommitsInTwoTransactions>(std::move(saver));
}

}  // namespace

SaverEntry PlantedTwoTransactions() {
  return {"planted-two-transactions",
          "commits rows and commit counter in two transactions",
          ViolationClass::kNotACut, Open, ReadStateBySql};
}

}  // namespace lastcommit
