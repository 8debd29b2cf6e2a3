#include "sql/tables.h"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "sql/runner.h"
#include "status/status.h"
#include "store/attached.h"

namespace lastcommit::sql {
namespace {

constexpr std::size_t kMaxShownBytes = 24;  // of a value
constexpr std::size_t kMaxShownRow = 200;

// By database.
constexpr std::array<TableSpec, kMostAttached + 1> kSchema = {{
    {0, "schema", 1, false, 0},
    {2, "schema of an attached database", 1, false, 1},
    {3, "schema of an attached database", 1, false, 2},
    {4, "schema of an attached database", 1, false, 3},
}};
constexpr TableSpec kInvariant = {1, "broken invariant", 1};

template <typename EachRow>
absl::Status Query(sqlite3* connection, const std::string& sql,
                   EachRow each_row) {
  sqlite3_stmt* statement = nullptr;
  int result =
      sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr);
  const absl::Cleanup finalize = [&statement] { sqlite3_finalize(statement); };
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  if (sqlite3_stmt_readonly(statement) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(sql, ": is no query"));
  }
  for (result = sqlite3_step(statement); result == SQLITE_ROW;
       result = sqlite3_step(statement)) {
    each_row(statement);
  }
  return saver::SqliteStatus(result, connection, sql);
}

std::string Text(sqlite3_stmt* row, int column) {
  const auto* const text =
      reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text == nullptr
             ? ""
             : std::string(text, static_cast<std::size_t>(
                                     sqlite3_column_bytes(row, column)));
}

std::string ShortHash(const Fingerprint& fingerprint) {
  return absl::StrCat(absl::Hex(fingerprint.low & 0xffffffff, absl::kZeroPad8));
}

// A long value by its size and what tells it from another one of that size.
std::string ShownValue(sqlite3_stmt* row, int column) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return "NULL";
  if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) return Text(row, column);
  const auto bytes =
      static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  if (type == SQLITE_TEXT && bytes <= kMaxShownBytes) {
    return absl::StrCat("[", Text(row, column), "]");
  }
  RowHasher hasher;
  HashColumn(row, column, hasher);
  return absl::StrCat("<", bytes, " bytes ", ShortHash(hasher.Finish()), ">");
}

// (3, [x], NULL): texts stand in brackets, since quotes would be escaped. Rows
// that differ never look alike.
std::string ShownRow(sqlite3_stmt* row) {
  std::string shown = "(";
  const int columns = sqlite3_column_count(row);
  for (int i = 0; i < columns; ++i) {
    if (shown.size() > kMaxShownRow) {
      absl::StrAppend(&shown, ", ... ", ShortHash(FingerprintOf(row)));
      break;
    }
    absl::StrAppend(&shown, i == 0 ? "" : ", ", ShownValue(row, i));
  }
  return shown + ")";
}

// The n-th of rows that are equal has " again, n" behind its name.
void AddRow(const TableSpec& spec, const std::string& shown, sqlite3_stmt* row,
            State& state) {
  const Fingerprint fingerprint = FingerprintOf(row);
  RowKey key;
  key.table = spec;
  key.names[0] = shown;
  for (int n = 2; !state.rows.try_emplace(key, fingerprint).second; ++n) {
    key.names[0] = absl::StrCat(shown, " again, ", n);
  }
}

}  // namespace

absl::StatusOr<Tables> Tables::Of(sqlite3* connection,
                                  const std::vector<std::string>& attached) {
  Tables tables;
  tables.databases_ = {"main"};
  tables.databases_.insert(tables.databases_.end(), attached.begin(),
                           attached.end());
  int number = kSchema.back().number;
  for (std::size_t i = 0; i < tables.databases_.size(); ++i) {
    const std::string& database = tables.databases_[i];
    // Nobody has to say which database the main one is.
    const std::string prefix = i == 0 ? "" : absl::StrCat(database, ".");
    RETURN_IF_ERROR(Query(
        connection,
        absl::StrCat("SELECT name FROM pragma_table_list WHERE schema = '",
                     database,
                     "' AND type IN ('table', 'virtual')"
                     " AND name NOT IN ('sqlite_schema', 'sqlite_temp_schema')"
                     " ORDER BY name"),
        [&](sqlite3_stmt* row) {
          Table& table = tables.tables_.emplace_back();
          table.name = absl::StrCat(prefix, Text(row, 0));
          table.select = absl::StrCat("SELECT * FROM ", QuotedName(database),
                                      ".", QuotedName(Text(row, 0)));
          table.spec = {++number, table.name, 1, false, static_cast<int>(i)};
        }));
  }
  return tables;
}

absl::Status Tables::AddRows(sqlite3* connection, State& state) const {
  for (std::size_t i = 0; i < databases_.size(); ++i) {
    RETURN_IF_ERROR(Query(
        connection,
        absl::StrCat("SELECT type, name, tbl_name, sql FROM ",
                     QuotedName(databases_[i]), ".sqlite_schema ORDER BY name"),
        [&](sqlite3_stmt* row) {
          AddRow(kSchema[i], absl::StrCat(Text(row, 0), " ", Text(row, 1)), row,
                 state);
        }));
  }
  for (const Table& table : tables_) {
    RETURN_IF_ERROR(Query(connection, table.select, [&](sqlite3_stmt* row) {
      AddRow(table.spec, ShownRow(row), row, state);
    }));
  }
  return absl::OkStatus();
}

absl::Status Tables::AddBroken(sqlite3* connection,
                               const std::vector<Invariant>& invariants,
                               State& state) const {
  for (const Invariant& invariant : invariants) {
    RETURN_IF_ERROR(
        Query(connection, invariant.query.text, [&](sqlite3_stmt* row) {
          AddRow(kInvariant, absl::StrCat(invariant.name, ": ", ShownRow(row)),
                 row, state);
        }));
  }
  return absl::OkStatus();
}

std::string QuotedName(const std::string& name) {
  std::string quoted = "\"";
  for (const char c : name) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

const RowKey* BrokenIn(const State& state) {
  RowKey first;
  first.table = kInvariant;
  // Its table is the second of a script's, and of others another one.
  const auto row = state.rows.lower_bound(first);
  if (row == state.rows.end() || &row->first.table.spec() != &kInvariant) {
    return nullptr;
  }
  return &row->first;
}

State WithoutBroken(State state) {
  while (const RowKey* const broken = BrokenIn(state)) {
    state.rows.erase(RowKey(*broken));
  }
  return state;
}

}  // namespace lastcommit::sql
