// Two bugs in where the next number comes from; with both, numbers that were
// given out before a crash are given out again after it.
//
// The log numbers are read when the saver opens, "with a connection that
// disturbs nobody": immutable=1 is blind to the WAL
// (https://sqlite.org/uri.html#uriimmutable), which after a crash holds the
// newest ones.
//
// The checkpoint sequences are noted when the saver closes, which a killed
// process never does. The notes are rows of table meta beside the commit
// counter.
//
// Both believe what they know from opening for the first number that a thread
// of that time is given, and the database for all others.

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

using Numbers = std::map<std::string, std::int64_t>;  // by thread

std::set<std::string> ThreadsOf(saver::SqliteSaver& saver) {
  std::set<std::string> ids;
  const auto threads = saver.ListThreads();
  if (!threads.ok()) return ids;
  for (const saver::ThreadInfo& thread : *threads) ids.insert(thread.thread_id);
  return ids;
}

std::string ImmutableUri(const std::string& path) {
  return absl::StrCat(
      "file:",
      absl::StrReplaceAll(path, {{"%", "%25"}, {"?", "%3f"}, {"#", "%23"}}),
      "?immutable=1");
}

// nullopt if the file alone, in the middle of what a crash interrupted, is none
// that SQLite can read.
std::optional<Numbers> ReadWithoutWal(const std::string& path) {
  sqlite3* connection = nullptr;
  sqlite3_stmt* row = nullptr;
  const absl::Cleanup close = [&] {
    sqlite3_finalize(row);
    sqlite3_close(connection);
  };
  int result = sqlite3_open_v2(ImmutableUri(path).c_str(), &connection,
                               SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  if (result != SQLITE_OK) return std::nullopt;
  result = sqlite3_prepare_v2(
      connection, "SELECT thread_id, last_log FROM threads", -1, &row, nullptr);
  if (result != SQLITE_OK) return std::nullopt;
  Numbers numbers;
  while ((result = sqlite3_step(row)) == SQLITE_ROW) {
    const auto* thread = static_cast<const char*>(sqlite3_column_blob(row, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, 0));
    numbers[std::string(thread, size)] = sqlite3_column_int64(row, 1);
  }
  if (result != SQLITE_DONE) return std::nullopt;
  return numbers;
}

class SaverThatReusesLogNumbers : public PlantedSubject {
 public:
  SaverThatReusesLogNumbers(std::unique_ptr<saver::SqliteSaver> saver,
                            std::optional<Numbers> numbers)
      : PlantedSubject(std::move(saver)),
        numbers_(std::move(numbers)),
        unnumbered_(ThreadsOf(this->saver())) {}

  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         saver::LogLevel level) override {
    return AppendLogs(thread_id, {payload}, level);
  }

  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level) override {
    if (!numbers_.has_value() || unnumbered_.erase(thread_id) == 0) {
      return SqliteSubject::AppendLogs(thread_id, payloads, level);
    }
    return InTransaction([&]() -> absl::StatusOr<std::int64_t> {
      RETURN_IF_ERROR(GoBack(thread_id, payloads.size()));
      return SqliteSubject::AppendLogs(thread_id, payloads, level);
    });
  }

 private:
  // To the number that was read on opening. Entries that are in the way are
  // overwritten, as INSERT OR REPLACE does.
  absl::Status GoBack(const std::string& thread_id, std::size_t entries) {
    const auto found = numbers_->find(thread_id);
    const std::int64_t last = found == numbers_->end() ? 0 : found->second;
    RETURN_IF_ERROR(
        Run(absl::StrCat("UPDATE threads SET last_log = ", last,
                         " WHERE thread_id = ?1 AND is_deleted = 0"),
            {thread_id}));
    return Run(absl::StrCat("DELETE FROM logs WHERE thread_id = ?1"
                            " AND number > ",
                            last, " AND number <= ", last, " + ", entries),
               {thread_id});
  }

  const std::optional<Numbers> numbers_;
  std::set<std::string> unnumbered_;  // that were there at opening
};

absl::StatusOr<std::unique_ptr<Store>> OpenAfterReading(
    const std::string& path, const Profile& profile) {
  std::optional<Numbers> numbers = ReadWithoutWal(path);
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SaverThatReusesLogNumbers>(std::move(saver),
                                                     std::move(numbers));
}

class SaverThatNotesItsCounterOnClosing : public PlantedSubject {
 public:
  explicit SaverThatNotesItsCounterOnClosing(
      std::unique_ptr<saver::SqliteSaver> saver)
      : PlantedSubject(std::move(saver)),
        unnumbered_(ThreadsOf(this->saver())) {}

  ~SaverThatNotesItsCounterOnClosing() override {
    if (in_transaction()) SqliteSubject::Rollback().IgnoreError();
    Run("INSERT OR REPLACE INTO meta (key, value)"
        " SELECT 'sequence of ' || thread_id, last_checkpoint FROM threads")
        .IgnoreError();
  }

  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return InTransaction([&]() -> absl::Status {
      RETURN_IF_ERROR(GoBack(checkpoint.key.thread_id));
      return SqliteSubject::PutCheckpoint(checkpoint);
    });
  }

  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return InTransaction([&]() -> absl::Status {
      RETURN_IF_ERROR(GoBack(checkpoint.key.thread_id));
      return SqliteSubject::CommitStep(checkpoint, writes);
    });
  }

 private:
  absl::Status GoBack(const std::string& thread_id) {
    if (unnumbered_.erase(thread_id) == 0) return absl::OkStatus();
    return Run(
        "UPDATE threads SET last_checkpoint = coalesce("
        "(SELECT value FROM meta WHERE key = 'sequence of ' || ?1), 0)"
        " WHERE thread_id = ?1 AND is_deleted = 0",
        {thread_id});
  }

  std::set<std::string> unnumbered_;  // that were there at opening
};

}  // namespace

SaverEntry PlantedLogNumbersReused() {
  return {"planted-log-numbers-reused",
          "reads the log numbers from the database file alone, without its WAL",
          ViolationClass::kWrongAnswer, OpenAfterReading, ReadStateBySql};
}

SaverEntry PlantedCounterWrittenAtClose() {
  return {"planted-counter-written-at-close",
          "keeps the sequence of checkpoints in memory and writes it at close",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatNotesItsCounterOnClosing>, ReadStateBySql};
}

}  // namespace lastcommit
