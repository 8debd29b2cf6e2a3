#include "results/results_schema.h"

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explain/finding_fields.h"
#include "names/names.h"
#include "results/results_database.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// The table of findings has the fields of a finding; see below.
constexpr char kSchema[] = R"(
CREATE TABLE campaign (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE runs (
  run INTEGER PRIMARY KEY,
  started REAL NOT NULL,
  jobs INTEGER NOT NULL,
  tester TEXT NOT NULL,
  trials INTEGER NOT NULL,
  seconds REAL NOT NULL,
  ended REAL,
  interrupted INTEGER,
  error TEXT,
  exit_code INTEGER
) STRICT;
CREATE TABLE ledger (cell TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE throughput (
  run INTEGER NOT NULL REFERENCES runs(run),
  at REAL NOT NULL,
  seconds REAL NOT NULL,
  trials INTEGER NOT NULL
) STRICT;
)";

// A value of SQLite; monostate is NULL.
using SqlValue =
    std::variant<std::monostate, std::int64_t, double, std::string>;

SqlValue ToValue(const std::string& text) { return text; }
SqlValue ToValue(double number) { return number; }
template <std::integral Integer>
SqlValue ToValue(Integer number) {
  return static_cast<std::int64_t>(number);
}
template <typename T>
SqlValue ToValue(const std::optional<T>& value) {
  return value ? ToValue(*value) : SqlValue();
}

SqlValue ToValue(FindingState state) { return Word(state); }
// For json_each().
SqlValue ToValue(const nlohmann::json& value) {
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    nlohmann::json::error_handler_t::replace);
}
SqlValue ToValue(const std::vector<std::string>& list) {
  return ToValue(nlohmann::json(list));
}
SqlValue ToValue(const std::map<std::string, int>& counts) {
  return ToValue(nlohmann::json(counts));
}

// As it is in the table of findings: a seed may exceed SQLite's integers.
template <typename Field>
SqlValue ColumnOf(std::string_view name, const Field& field) {
  if constexpr (std::is_same_v<Field, std::uint64_t>) {
    if (name == "seed") return absl::StrCat(field);
  }
  return ToValue(field);
}

std::string FindingsTable() {
  std::string columns;
  const Finding any;
  VisitFields(any, [&](const char* name, const auto& field) {
    const SqlValue column = ColumnOf(name, field);
    absl::StrAppend(
        &columns, "\"", name, "\" ",
        std::holds_alternative<std::int64_t>(column) ? "INTEGER" : "TEXT",
        " NOT NULL, ");
  });
  return absl::StrCat("CREATE TABLE findings (", columns,
                      "PRIMARY KEY (\"index\", class)) STRICT;");
}

struct Closer {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};

class Connection {
 public:
  static absl::StatusOr<Connection> Open(const std::string& path, int flags) {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
    Connection connection(opened);
    if (result != SQLITE_OK) return connection.Error();
    return connection;
  }

  absl::Status Run(const std::string& sql) {
    return sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr,
                        nullptr) == SQLITE_OK
               ? absl::OkStatus()
               : Error();
  }

  // Inserts a row; the table has as many columns as there are values.
  template <typename... Values>
  absl::Status Insert(const char* table, const Values&... values) {
    return InsertRow(table, {ToValue(values)...});
  }

  absl::Status InsertRow(const char* table, const std::vector<SqlValue>& row) {
    const std::string marks =
        absl::StrJoin(std::vector<std::string>(row.size(), "?"), ",");
    sqlite3_stmt* compiled = nullptr;
    const std::string sql =
        absl::StrCat("INSERT INTO ", table, " VALUES (", marks, ")");
    if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &compiled,
                           nullptr) != SQLITE_OK) {
      return Error();
    }
    const std::unique_ptr<sqlite3_stmt, Closer> statement(compiled);
    for (std::size_t i = 0; i < row.size(); ++i) {
      Bind(compiled, static_cast<int>(i) + 1, row[i]);
    }
    return sqlite3_step(compiled) == SQLITE_DONE ? absl::OkStatus() : Error();
  }

  // The first column of the first row.
  absl::StatusOr<std::string> Text(const char* sql) {
    sqlite3_stmt* compiled = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql, -1, &compiled, nullptr) !=
        SQLITE_OK) {
      return Error();
    }
    const std::unique_ptr<sqlite3_stmt, Closer> statement(compiled);
    if (sqlite3_step(compiled) != SQLITE_ROW) return Error();
    const auto* text =
        reinterpret_cast<const char*>(sqlite3_column_text(compiled, 0));
    return std::string(text == nullptr ? "" : text);
  }

 private:
  explicit Connection(sqlite3* connection) : connection_(connection) {}

  static void Bind(sqlite3_stmt* statement, int parameter,
                   const SqlValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      sqlite3_bind_text64(statement, parameter, text->data(), text->size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      sqlite3_bind_int64(statement, parameter, *integer);
    } else if (const auto* number = std::get_if<double>(&value)) {
      sqlite3_bind_double(statement, parameter, *number);
    }  // else it stays NULL
  }

  absl::Status Error() const {
    return absl::InternalError(
        absl::StrCat("SQLite: ", connection_ == nullptr
                                     ? "out of memory"
                                     : sqlite3_errmsg(connection_.get())));
  }

  std::unique_ptr<sqlite3, Closer> connection_;
};

absl::Status InsertCampaign(const Identity& identity, const Tally& tally,
                            Connection& connection) {
  const nlohmann::json values = IdentityToJson(identity);
  for (const auto& [name, value] : values.items()) {
    RETURN_IF_ERROR(connection.Insert(
        "campaign", name,
        value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return connection.Insert("campaign", std::string("digest"), tally.digest());
}

absl::Status InsertRuns(const Tally& tally, Connection& connection) {
  for (std::size_t i = 0; i < tally.sessions.size(); ++i) {
    const Session& session = tally.sessions[i];
    const auto of_end = [&](auto member) {
      using Value = std::decay_t<decltype(*session.end.*member)>;
      return session.end ? std::optional<Value>(*session.end.*member)
                         : std::nullopt;
    };
    RETURN_IF_ERROR(connection.Insert(
        "runs", i + 1, session.start.at, session.start.jobs,
        session.start.tester, session.trials, session.seconds,
        of_end(&EndRecord::at), of_end(&EndRecord::was_interrupted),
        of_end(&EndRecord::error), of_end(&EndRecord::exit_code)));
  }
  for (const Slice& slice : tally.slices) {
    RETURN_IF_ERROR(connection.Insert("throughput", slice.session + 1, slice.at,
                                      slice.seconds, slice.trials));
  }
  return absl::OkStatus();
}

absl::Status InsertFindings(const Tally& tally, Connection& connection) {
  for (const auto& [key, finding] : tally.findings) {
    std::vector<SqlValue> row;
    VisitFields(finding, [&](const char* name, const auto& field) {
      row.push_back(ColumnOf(name, field));
    });
    RETURN_IF_ERROR(connection.InsertRow("findings", row));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteDatabase(const std::string& path, const Identity& identity,
                           const Tally& tally) {
  ASSIGN_OR_RETURN(
      Connection connection,
      Connection::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  RETURN_IF_ERROR(connection.Run(
      absl::StrCat("PRAGMA application_id = ", kResultsApplicationId,
                   "; PRAGMA user_version = ", kResultsVersion, "; BEGIN;",
                   kSchema, FindingsTable())));
  RETURN_IF_ERROR(InsertCampaign(identity, tally, connection));
  RETURN_IF_ERROR(InsertRuns(tally, connection));
  RETURN_IF_ERROR(InsertFindings(tally, connection));
  for (const auto& [name, count] : WithNames(tally.ledger.cells())) {
    RETURN_IF_ERROR(connection.Insert("ledger", name, count));
  }
  return connection.Run("COMMIT");
}

absl::Status CheckDatabase(const std::string& path) {
  ASSIGN_OR_RETURN(Connection connection,
                   Connection::Open(path, SQLITE_OPEN_READONLY));
  ASSIGN_OR_RETURN(const std::string found,
                   connection.Text("PRAGMA integrity_check"));
  return found == "ok" ? absl::OkStatus() : absl::DataLossError(found);
}

}  // namespace lastcommit
