#include "results/results_schema.h"

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "results/results_database.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Numbers that may exceed SQLite's integers (seeds) are text.
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
CREATE TABLE findings (
  "index" INTEGER NOT NULL,
  class TEXT NOT NULL,
  seed TEXT NOT NULL,
  state TEXT NOT NULL,
  verdict TEXT NOT NULL,
  shape TEXT NOT NULL,
  directory TEXT NOT NULL,
  plan TEXT NOT NULL,
  token TEXT NOT NULL,
  lines INTEGER NOT NULL,
  repeats TEXT NOT NULL,
  shrink_trials INTEGER NOT NULL,
  deaths INTEGER NOT NULL,
  story TEXT NOT NULL,
  PRIMARY KEY ("index", class)
) STRICT;
CREATE TABLE ledger (cell TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
CREATE TABLE throughput (
  run INTEGER NOT NULL REFERENCES runs(run),
  at REAL NOT NULL,
  seconds REAL NOT NULL,
  trials INTEGER NOT NULL
) STRICT;
)";

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
    std::string marks;
    for (std::size_t i = 0; i < sizeof...(values); ++i) {
      marks += i == 0 ? "?" : ",?";
    }
    sqlite3_stmt* compiled = nullptr;
    const std::string sql =
        absl::StrCat("INSERT INTO ", table, " VALUES (", marks, ")");
    if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &compiled,
                           nullptr) != SQLITE_OK) {
      return Error();
    }
    const std::unique_ptr<sqlite3_stmt, Closer> statement(compiled);
    int parameter = 0;
    (Bind(compiled, ++parameter, values), ...);
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
                   const std::string& text) {
    sqlite3_bind_text64(statement, parameter, text.data(), text.size(),
                        SQLITE_TRANSIENT, SQLITE_UTF8);
  }
  static void Bind(sqlite3_stmt* statement, int parameter, double value) {
    sqlite3_bind_double(statement, parameter, value);
  }
  template <std::integral Integer>
  static void Bind(sqlite3_stmt* statement, int parameter, Integer value) {
    sqlite3_bind_int64(statement, parameter, static_cast<std::int64_t>(value));
  }
  template <typename T>
  static void Bind(sqlite3_stmt* statement, int parameter,
                   const std::optional<T>& value) {
    if (value) Bind(statement, parameter, *value);  // else it stays NULL
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
    RETURN_IF_ERROR(connection.Insert(
        "findings", finding.key.index, finding.filed_under,
        absl::StrCat(finding.key.seed), std::string(Name(finding.state)),
        finding.verdict, finding.shape, finding.directory, finding.plan_path,
        finding.token, finding.lines, finding.repeats, finding.shrink_trials,
        finding.deaths, finding.story));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteDatabase(const std::string& path, const Identity& identity,
                           const Tally& tally) {
  ASSIGN_OR_RETURN(
      Connection connection,
      Connection::Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  RETURN_IF_ERROR(connection.Run(absl::StrCat(
      "PRAGMA application_id = ", kResultsApplicationId,
      "; PRAGMA user_version = ", kResultsVersion, "; BEGIN;", kSchema)));
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
