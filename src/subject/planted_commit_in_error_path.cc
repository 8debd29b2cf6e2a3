// The bug: an error path that commits. The entries of a batch with a bad one
// are appended one by one up to it, and deleted again, so that the caller sees
// a batch that was refused as a whole; a kill in between leaves the beginning
// of an operation that was never done.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatCommitsInTheErrorPath : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level) override {
    const auto good = GoodBeginning(payloads);
    if (in_transaction() || !good.ok() || good->empty() ||
        good->size() == payloads.size()) {
      return SqliteSubject::AppendLogs(thread_id, payloads, level);
    }
    // The batch is refused for its payload also where this cannot be read.
    const auto last = RunSql(saver().connection(),
                             "SELECT iif(is_deleted, 'deleted', last_log)"
                             " FROM threads WHERE thread_id = ?1",
                             {thread_id});
    if (!last.ok() || *last == "deleted") {
      return SqliteSubject::AppendLogs(thread_id, payloads, level);
    }
    for (const std::string& payload : *good) {
      RETURN_IF_ERROR(Uncounted([&] {
        return saver().AppendLog(thread_id, payload, level).status();
      }));
    }
    auto refused = SqliteSubject::AppendLogs(thread_id, payloads, level);
    RETURN_IF_ERROR(Uncounted([&] { return TakeBack(thread_id, *last); }));
    return refused;
  }

 private:
  absl::StatusOr<std::vector<std::string>> GoodBeginning(
      const std::vector<std::string>& payloads) {
    std::vector<std::string> good;
    for (const std::string& payload : payloads) {
      ASSIGN_OR_RETURN(
          const auto is_valid,
          RunSql(saver().connection(), "SELECT json_valid(?1)", {payload}));
      if (is_valid != "1") break;
      good.push_back(payload);
    }
    return good;
  }

  // `last` was the thread's last number; without one it was not there.
  absl::Status TakeBack(const std::string& thread_id,
                        const std::optional<std::string>& last) {
    const std::string number = last.value_or("0");
    const std::string row = last.has_value()
                                ? "UPDATE threads SET last_log = " + number
                                : "DELETE FROM threads";
    for (const std::string& sql :
         {absl::StrCat("DELETE FROM logs WHERE thread_id = ?1 AND number > ",
                       number),
          absl::StrCat(row, " WHERE thread_id = ?1")}) {
      RETURN_IF_ERROR(Run(sql, {thread_id}));
    }
    return absl::OkStatus();
  }
};

}  // namespace

SaverEntry PlantedCommitInErrorPath() {
  return {"planted-commit-in-error-path",
          "commits the good entries of a refused batch and deletes them again",
          ViolationClass::kNotACut, OpenPlanted<SaverThatCommitsInTheErrorPath>,
          ReadStateBySql};
}

}  // namespace lastcommit
