#include "sql/runner.h"

#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "store/content.h"
#include "store/state.h"

namespace lastcommit::sql {
namespace {

// Letters, digits, - and _, so that people can read and SQL can compare them.
std::string TextOf(const Content& content) {
  std::string text = absl::WebSafeBase64Escape(ContentBytes(content));
  text.resize(static_cast<std::size_t>(content.size));
  return text;
}

Content ContentOf(const Parameter& parameter, std::int64_t value) {
  const std::int64_t sizes = parameter.high - parameter.low + 1;
  return {parameter.low + value % sizes, static_cast<std::uint64_t>(value)};
}

// A result code of SQLite: a copy takes memory.
int BindValue(sqlite3_stmt* statement, int index, const Parameter& parameter,
              std::int64_t value) {
  if (value == parameter.null()) return sqlite3_bind_null(statement, index);
  if (parameter.type == Parameter::Type::kInteger) {
    return sqlite3_bind_int64(statement, index, value);
  }
  const Content content = ContentOf(parameter, value);
  if (parameter.type == Parameter::Type::kText) {
    const std::string text = TextOf(content);
    return sqlite3_bind_text64(statement, index, text.data(), text.size(),
                               SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  const std::string bytes = ContentBytes(content);
  return sqlite3_bind_blob64(statement, index,
                             bytes.empty() ? "" : bytes.data(), bytes.size(),
                             SQLITE_TRANSIENT);
}

absl::Status BindAll(sqlite3_stmt* statement, const Transaction& transaction,
                     std::span<const std::int64_t> values) {
  const int count = sqlite3_bind_parameter_count(statement);
  for (int i = 1; i <= count; ++i) {
    const char* const name = sqlite3_bind_parameter_name(statement, i);
    const std::string_view wanted = name == nullptr ? "?" : name;
    const auto& parameters = transaction.parameters;
    const auto found = std::find_if(
        parameters.begin(), parameters.end(), [&](const Parameter& parameter) {
          return wanted.substr(1) == parameter.name && wanted.front() == ':';
        });
    if (found == parameters.end()) {
      return absl::InternalError(
          absl::StrCat(absl::CHexEscape(std::string(wanted)),
                       " is not \\set in ", transaction.name));
    }
    const auto at = static_cast<std::size_t>(found - parameters.begin());
    RETURN_IF_ERROR(
        saver::SqliteStatus(BindValue(statement, i, *found, values[at]),
                            sqlite3_db_handle(statement), "binding"));
  }
  return absl::OkStatus();
}

}  // namespace

void HashColumn(sqlite3_stmt* row, int column, RowHasher& hasher) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_INTEGER) {
    hasher.Integer(sqlite3_column_int64(row, column));
    return;
  }
  if (type == SQLITE_NULL) {
    hasher.Null();
    return;
  }
  if (type == SQLITE_FLOAT) {
    // Its text would not have all digits.
    hasher.Text(absl::StrCat("real ", std::bit_cast<std::uint64_t>(
                                          sqlite3_column_double(row, column))));
    return;
  }
  const auto* const bytes =
      static_cast<const char*>(sqlite3_column_blob(row, column));
  const std::string_view value(
      bytes == nullptr ? "" : bytes,
      static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  if (type == SQLITE_BLOB) {
    hasher.Blob(value);
  } else {
    hasher.Text(value);
  }
}

Fingerprint FingerprintOf(sqlite3_stmt* row) {
  RowHasher hasher;
  const int columns = sqlite3_column_count(row);
  for (int i = 0; i < columns; ++i) HashColumn(row, i, hasher);
  return hasher.Finish();
}

void Runner::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<sqlite3_stmt*> Runner::Compiled(const std::string& sql) {
  const auto known = statements_.find(sql);
  if (known != statements_.end()) return known->second.get();
  sqlite3_stmt* raw = nullptr;
  const int result =
      sqlite3_prepare_v3(connection_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  Statement statement(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection_, sql));
  if (raw == nullptr) return absl::InternalError("an empty statement");
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

absl::StatusOr<std::uint64_t> Runner::RowsOf(sqlite3_stmt* statement,
                                             const std::string& sql) {
  std::uint64_t sum = 0;
  int result = sqlite3_step(statement);
  for (; result == SQLITE_ROW; result = sqlite3_step(statement)) {
    sum += FingerprintOf(statement).low;
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection_, sql));
  return sum;
}

absl::StatusOr<std::int64_t> Runner::Run(
    const Transaction& transaction, std::span<const std::int64_t> values,
    absl::FunctionRef<absl::Status()> commit) {
  const auto& statements = transaction.statements;
  const auto last_commit =
      std::find_if(statements.rbegin(), statements.rend(),
                   [](const SqlStatement& s) { return s.IsCommit(); });
  // That of an earlier transaction is the connection's, and not the state's.
  sqlite3_set_last_insert_rowid(connection_, 0);
  RowHasher answer;
  for (const SqlStatement& statement : statements) {
    line_ = statement.line;
    if (last_commit != statements.rend() && &statement == &*last_commit) {
      // Nothing follows it, and nothing can fail once it has committed.
      const auto digest = static_cast<std::int64_t>(answer.Finish().low);
      RETURN_IF_ERROR(commit());
      return digest;
    }
    const bool is_open = sqlite3_get_autocommit(connection_) == 0;
    const absl::StatusOr<std::uint64_t> rows =
        RunOne(transaction, statement, values);
    if (rows.ok()) {
      answer.Integer(static_cast<std::int64_t>(*rows));
      continue;
    }
    const bool is_over = is_open && sqlite3_get_autocommit(connection_) != 0;
    if (!transaction.goes_on || is_over || !IsRefused(rows.status())) {
      return rows.status();
    }
    answer.Null();
  }
  return static_cast<std::int64_t>(answer.Finish().low);
}

absl::StatusOr<std::uint64_t> Runner::RunOne(
    const Transaction& transaction, const SqlStatement& statement,
    std::span<const std::int64_t> values) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const compiled, Compiled(statement.text));
  const absl::Cleanup reset = [compiled] {
    sqlite3_reset(compiled);
    sqlite3_clear_bindings(compiled);
  };
  RETURN_IF_ERROR(BindAll(compiled, transaction, values));
  return RowsOf(compiled, statement.text);
}

// What SqliteStatus() makes of SQLITE_CONSTRAINT and SQLITE_TOOBIG.
bool IsRefused(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

}  // namespace lastcommit::sql
