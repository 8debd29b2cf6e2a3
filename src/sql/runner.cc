#include "sql/runner.h"

#include <sqlite3.h>

#include <algorithm>
#include <bit>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

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

// nullptr: there is none.
const Parameter* FindParameter(const std::string& name,
                               const Transaction& transaction) {
  const auto& parameters = transaction.parameters;
  const auto found = std::find_if(
      parameters.begin(), parameters.end(),
      [&](const Parameter& parameter) { return name == parameter.name; });
  return found == parameters.end() ? nullptr : &*found;
}

// The result code of SQLite; an error if there is no such name.
absl::StatusOr<int> BindName(sqlite3_stmt* statement, int index,
                             std::string_view wanted,
                             const Execution& execution) {
  const Transaction& transaction = execution.transaction;
  const std::string name(wanted.substr(1));
  const Parameter* const parameter = FindParameter(name, transaction);
  if (wanted.front() == ':' && parameter != nullptr) {
    const auto at = parameter - transaction.parameters.data();
    return BindValue(statement, index, *parameter,
                     execution.values[static_cast<std::size_t>(at)]);
  }
  const auto variable = execution.variables.find(name);
  if (wanted.front() == ':' && variable != execution.variables.end()) {
    return variable->second == nullptr
               ? sqlite3_bind_null(statement, index)
               : sqlite3_bind_value(statement, index, variable->second.get());
  }
  return absl::InternalError(
      absl::StrCat(absl::CHexEscape(std::string(wanted)), " is not \\set in ",
                   transaction.name, ", and no \\gset before has given it"));
}

absl::Status BindAll(sqlite3_stmt* statement, const Execution& execution) {
  const int count = sqlite3_bind_parameter_count(statement);
  for (int i = 1; i <= count; ++i) {
    const char* const name = sqlite3_bind_parameter_name(statement, i);
    ASSIGN_OR_RETURN(
        const int result,
        BindName(statement, i, name == nullptr ? "?" : name, execution));
    RETURN_IF_ERROR(
        saver::SqliteStatus(result, sqlite3_db_handle(statement), "binding"));
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

void FreeValue::operator()(sqlite3_value* value) const {
  sqlite3_value_free(value);
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

// The names of columns are the script's.
absl::StatusOr<std::uint64_t> Runner::SetVariables(sqlite3_stmt* statement,
                                                   const SqlStatement& sql,
                                                   Execution& execution) {
  const int columns = sqlite3_column_count(statement);
  if (columns == 0) {
    return absl::InternalError("\\gset behind a statement that gives no rows");
  }
  std::vector<std::string> names;
  for (int i = 0; i < columns; ++i) {
    const char* const name = sqlite3_column_name(statement, i);
    names.push_back(sql.prefix + (name == nullptr ? "" : name));
    if (FindParameter(names.back(), execution.transaction) != nullptr) {
      return absl::InternalError(
          absl::StrCat(names.back(), " is \\set already"));
    }
    execution.variables[names.back()] = nullptr;
  }
  int result = sqlite3_step(statement);
  if (result == SQLITE_DONE) {
    return absl::FailedPreconditionError("there is no row for \\gset");
  }
  std::uint64_t row = 0;
  if (result == SQLITE_ROW) {
    row = FingerprintOf(statement).low;
    for (int i = 0; i < columns; ++i) {
      auto& variable = execution.variables[names[static_cast<std::size_t>(i)]];
      variable.reset(sqlite3_value_dup(sqlite3_column_value(statement, i)));
      if (variable == nullptr) {
        return saver::SqliteStatus(SQLITE_NOMEM, nullptr, "\\gset");
      }
    }
    result = sqlite3_step(statement);
  }
  if (result == SQLITE_ROW) {
    for (const std::string& name : names) execution.variables[name].reset();
    return absl::FailedPreconditionError("there are several rows for \\gset");
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection_, sql.text));
  return row;
}

absl::Status Runner::ReadBefore(Execution& execution) {
  const SqlStatement& statement =
      execution.transaction.statements[execution.next];
  line_ = statement.line;
  ASSIGN_OR_RETURN(sqlite3_stmt* const compiled, Compiled(statement.text));
  if (sqlite3_stmt_readonly(compiled) == 0) {
    return absl::InternalError("before BEGIN there are only reads");
  }
  sqlite3_set_last_insert_rowid(connection_, 0);
  const absl::StatusOr<std::uint64_t> rows = RunOne(statement, execution);
  if (rows.ok()) {
    execution.answer.Integer(static_cast<std::int64_t>(*rows));
  } else if (execution.transaction.goes_on && IsRefused(rows.status())) {
    execution.answer.Null();
  } else {
    return rows.status();
  }
  ++execution.next;
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> Runner::Run(
    Execution& execution, absl::FunctionRef<absl::Status()> commit) {
  const auto& statements = execution.transaction.statements;
  const auto last_commit =
      std::find_if(statements.rbegin(), statements.rend(),
                   [](const SqlStatement& s) { return s.IsCommit(); });
  // That of an earlier transaction is the connection's, and not the state's.
  sqlite3_set_last_insert_rowid(connection_, 0);
  RowHasher& answer = execution.answer;
  const std::set<std::size_t> left_out =
      execution.transaction.LeftOut(execution.values);
  for (; execution.next < statements.size(); ++execution.next) {
    const SqlStatement& statement = statements[execution.next];
    if (left_out.contains(execution.next)) continue;
    line_ = statement.line;
    if (last_commit != statements.rend() && &statement == &*last_commit) {
      // Nothing follows it, and nothing can fail once it has committed.
      const auto digest = static_cast<std::int64_t>(answer.Finish().low);
      RETURN_IF_ERROR(commit());
      return digest;
    }
    const bool is_open = sqlite3_get_autocommit(connection_) == 0;
    const absl::StatusOr<std::uint64_t> rows = RunOne(statement, execution);
    if (rows.ok()) {
      answer.Integer(static_cast<std::int64_t>(*rows));
      continue;
    }
    const bool is_over = is_open && sqlite3_get_autocommit(connection_) != 0;
    if (!execution.transaction.goes_on || is_over ||
        !IsRefused(rows.status())) {
      return rows.status();
    }
    answer.Null();
  }
  return static_cast<std::int64_t>(answer.Finish().low);
}

absl::StatusOr<std::uint64_t> Runner::RunOne(const SqlStatement& statement,
                                             Execution& execution) {
  ASSIGN_OR_RETURN(sqlite3_stmt* const compiled, Compiled(statement.text));
  const absl::Cleanup reset = [compiled] {
    sqlite3_reset(compiled);
    sqlite3_clear_bindings(compiled);
  };
  RETURN_IF_ERROR(BindAll(compiled, execution));
  return statement.is_gset ? SetVariables(compiled, statement, execution)
                           : RowsOf(compiled, statement.text);
}

// What SqliteStatus() makes of SQLITE_CONSTRAINT and SQLITE_TOOBIG.
bool IsRefused(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status);
}

}  // namespace lastcommit::sql
