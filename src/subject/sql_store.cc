#include "subject/sql_store.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "disk/memory_faults.h"
#include "output/shell_word.h"
#include "plan/dialects.h"
#include "saver/sqlite_status.h"
#include "sql/dialect.h"
#include "sql/runner.h"
#include "status/status.h"
#include "subject/plain_store.h"
#include "subject/statement.h"

namespace lastcommit {
namespace {

using Answered = absl::StatusOr<std::int64_t>;

constexpr char kReadCounter[] = "PRAGMA user_version";

absl::Status AddScriptRows(sqlite3* connection, State& state) {
  const sql::Dialect& dialect = *sql::UsedScript();
  RETURN_IF_ERROR(dialect.tables().AddRows(connection, state));
  return dialect.tables().AddBroken(connection, dialect.script().invariants,
                                    state);
}

// The commits are counted in the header of the file (PRAGMA user_version), so
// that no table is there but the script's.
class SqlStore final : public PlainStore {
 public:
  SqlStore(Connection connection, Statement rollback)
      : PlainStore(std::move(connection), std::move(rollback)),
        runner_(this->connection()) {}

 protected:
  Answered CountCommit() override {
    ASSIGN_OR_RETURN(const std::int64_t counter, ReadCounter());
    RETURN_IF_ERROR(
        Run(absl::StrCat("PRAGMA user_version = ", counter + 1)).status());
    return counter + 1;
  }

  Answered ReadCounter() override { return Run(kReadCounter); }

  Answered ChangeRows(const Operation& operation) override {
    sql::Execution execution = {sql::UsedScript()->TransactionOf(operation),
                                operation.values};
    return runner_.Run(execution, [] { return absl::OkStatus(); });
  }

  Answered Query(const Operation& operation) override {
    RETURN_IF_ERROR(Run("BEGIN").status());
    Answered answer = ChangeRows(operation);
    Abandon();
    return answer;
  }

  Answered Do(const Operation& operation) override {
    seen_count_ = 0;
    return PlainStore::Do(operation);
  }

  std::span<const std::int64_t> Seen() const override {
    return {seen_.data(), seen_count_};
  }

  // A transaction with a BEGIN of its own is counted before its last COMMIT.
  Answered ChangeAlone(const Operation& operation) override {
    const sql::Dialect& dialect = *sql::UsedScript();
    if (!dialect.TransactionOf(operation).HasItsOwnBegin()) {
      return PlainStore::ChangeAlone(operation);
    }
    sql::Execution execution = {dialect.TransactionOf(operation),
                                operation.values};
    RETURN_IF_ERROR(ReadBefore(execution));
    Answered answer = runner_.Run(execution, [this]() -> absl::Status {
      ASSIGN_OR_RETURN(const std::int64_t counter, CountCommit());
      set_attempted(counter);
      return CommitSql();
    });
    Abandon();
    return answer;
  }

  absl::Status AddRowsTo(State& state) override {
    return AddScriptRows(connection(), state);
  }

  absl::StatusOr<State> ReadAlone() override;

 private:
  // Each in a transaction of its own, as it would be without a BEGIN, with the
  // commit that it sees.
  absl::Status ReadBefore(sql::Execution& execution) {
    const std::size_t reads = execution.transaction.ReadsBefore();
    for (std::size_t i = 0; i < reads; ++i) {
      RETURN_IF_ERROR(Run("BEGIN").status());
      const absl::Status status = ReadOne(execution);
      Abandon();
      RETURN_IF_ERROR(status);
    }
    return absl::OkStatus();
  }

  absl::Status ReadOne(sql::Execution& execution) {
    ASSIGN_OR_RETURN(const std::int64_t counter, ReadCounter());
    seen_[seen_count_++] = counter + 1;
    return runner_.ReadBefore(execution);
  }

  sql::Runner runner_;
  std::array<std::int64_t, OperationSpec::kMostSeen> seen_ = {};
  std::size_t seen_count_ = 0;
};

absl::StatusOr<std::int64_t> First(sqlite3* connection, const char* sql) {
  ASSIGN_OR_RETURN(const Statement statement, Prepare(connection, sql));
  const int result = sqlite3_step(statement.get());
  if (result == SQLITE_ROW) return sqlite3_column_int64(statement.get(), 0);
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  return -1;
}

absl::StatusOr<State> ReadInTransaction(sqlite3* connection) {
  State state;
  ASSIGN_OR_RETURN(const std::int64_t has_schema,
                   First(connection, "SELECT 1 FROM sqlite_schema LIMIT 1"));
  if (has_schema != 1) return state;
  ASSIGN_OR_RETURN(state.cut, First(connection, kReadCounter));
  RETURN_IF_ERROR(AddScriptRows(connection, state));
  return state;
}

absl::StatusOr<State> ReadScript(sqlite3* connection,
                                 const std::string& /*path*/) {
  RETURN_IF_ERROR(Execute(connection, "BEGIN"));
  absl::StatusOr<State> state = ReadInTransaction(connection);
  sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  return state;
}

// To a reader, who makes none. A main database without a schema has no others
// yet.
absl::Status AttachToReader(sqlite3* connection, const std::string& path) {
  ASSIGN_OR_RETURN(const std::int64_t has_schema,
                   First(connection, "SELECT 1 FROM sqlite_schema LIMIT 1"));
  if (has_schema != 1) return absl::OkStatus();
  int number = 0;
  for (const sql::AttachedDatabase& attached :
       sql::UsedScript()->script().attached) {
    RETURN_IF_ERROR(AttachPlain(connection, path, ++number, attached.name));
  }
  return absl::OkStatus();
}

absl::StatusOr<State> SqlStore::ReadAlone() {
  return ReadScript(connection(), "");
}

std::string Joined(const std::vector<sql::SqlStatement>& statements) {
  std::string joined;
  for (const sql::SqlStatement& statement : statements) {
    absl::StrAppend(&joined, statement.text, "\n");
  }
  return joined;
}

absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  const sql::Script& script = sql::UsedScript()->script();
  PlainSchema schema = {.pragmas = Joined(script.pragmas),
                        .create = Joined(script.setup)};
  if (script.promises_power) schema.synchronous = script.synchronous;
  for (const sql::AttachedDatabase& attached : script.attached) {
    schema.attached.push_back({attached.name, attached.synchronous});
  }
  ASSIGN_OR_RETURN(PlainStore::Connection connection,
                   OpenPlain(path, profile, schema));
  ASSIGN_OR_RETURN(Statement rollback, Prepare(connection.get(), "ROLLBACK"));
  return std::make_unique<SqlStore>(std::move(connection), std::move(rollback));
}

// A plan has them in the same place.
absl::Status CheckNames(const sql::Script& script) {
  for (const sql::Transaction& transaction : script.transactions) {
    if (ParseStepKind(transaction.name).has_value()) {
      return script.Wrong(transaction.line,
                          absl::StrCat(transaction.name,
                                       " is a step of every plan: it wants "
                                       "another name"));
    }
  }
  return absl::OkStatus();
}

// What the plans have of the profile where the script fixes it: with a promise
// the level that keeps it, so that what the script sets is measured by it.
std::optional<saver::Synchronous> PlannedLevel(const sql::Script& script) {
  if (script.promises_power) return saver::Synchronous::kFull;
  return script.synchronous;
}

}  // namespace

absl::StatusOr<std::string> UseSqlScript(const std::string& path) {
  // SQLite's memory is replaced before SQLite is used at all.
  RETURN_IF_ERROR(InstallMemoryFaults());
  ASSIGN_OR_RETURN(const sql::Dialect* const dialect, sql::UseScript(path));
  RETURN_IF_ERROR(CheckNames(dialect->script()));
  const std::string_view name = dialect->vocabulary().name;
  if (FindSaver(name) != nullptr) return std::string(name);
  SaverEntry entry = {name, "the script of --sql", std::nullopt, Open,
                      ReadScript};
  entry.dialect = &dialect->vocabulary();
  entry.defences = Defences::kNone;
  entry.lacks = {StepKind::kJournalMode, StepKind::kUnlink,
                 StepKind::kBegin,       StepKind::kCommit,
                 StepKind::kRollback,    StepKind::kSavepoint,
                 StepKind::kRelease,     StepKind::kRollbackTo};
  for (const sql::AttachedDatabase& attached : dialect->script().attached) {
    entry.attached.push_back(attached.name);
  }
  if (!entry.attached.empty()) {
    entry.attach = AttachToReader;
    // It is one of the main database.
    entry.lacks.push_back(StepKind::kBackup);
  }
  entry.enforces_foreign_keys = dialect->enforces_foreign_keys();
  entry.journal_mode = dialect->script().journal_mode;
  entry.synchronous = PlannedLevel(dialect->script());
  entry.option = absl::StrCat("--sql=", ShellWord(dialect->script().path));
  RegisterDialect(dialect->vocabulary());
  RegisterSaver(std::move(entry));
  return std::string(name);
}

}  // namespace lastcommit
