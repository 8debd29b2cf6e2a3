// A key-value store over SQLite, as a driver of lastcommit.
//
//   c++ -std=c++17 driver.cc -lsqlite3 -o driver
//   lastcommit fuzz --driver=./driver

#include <sqlite3.h>

#include "lastcommit_driver.h"

namespace {

using lastcommit_driver::Json;
using lastcommit_driver::Refused;

class Store : public lastcommit_driver::Store {
 public:
  Store() : lastcommit_driver::Store("pairs") {
    Has("put", [this](const Json& asked) {
      Run("INSERT INTO pairs VALUES (?, ?)"
          " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
          {asked["key"].text(), asked["value"].text()});
      return Json();
    });
    Has("delete", [this](const Json& asked) -> Json {
      Run("DELETE FROM pairs WHERE key = ?", {asked["key"].text()});
      return sqlite3_changes(connection_) > 0;
    });
    Has("get", [this](const Json& asked) {
      const std::string& key = asked["key"].text();
      const Json::List rows =
          Run("SELECT value FROM pairs WHERE key = ?", {key});
      if (rows.empty()) throw Refused(key, "not_found");
      return rows[0][0];
    });
    HasControl("begin", [this](const Json&) {
      if (sqlite3_get_autocommit(connection_) == 0) {
        throw Refused("a transaction is open");
      }
      Run("BEGIN IMMEDIATE");
      return Json();
    });
    HasControl("commit", [this](const Json&) { return End("COMMIT"); });
    HasControl("rollback", [this](const Json&) { return End("ROLLBACK"); });
  }
  ~Store() override { sqlite3_close(connection_); }

  void Open(const std::string& path) override {
    Check(sqlite3_open(path.c_str(), &connection_));
    Run("PRAGMA journal_mode=WAL");
    Run("PRAGMA synchronous=FULL");
    Run("CREATE TABLE IF NOT EXISTS pairs"
        " (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
  }
  void Close() override {
    Check(sqlite3_close(connection_));
    connection_ = nullptr;
  }
  Json::List State() override { return Run("SELECT key, value FROM pairs"); }

 private:
  Json End(const char* sql) {
    if (sqlite3_get_autocommit(connection_) != 0) {
      throw Refused("no transaction is open");
    }
    Run(sql);
    return Json();
  }

  void Check(int result) const {
    if (result == SQLITE_OK) return;
    throw Refused(sqlite3_errmsg(connection_), result == SQLITE_BUSY   ? "busy"
                                               : result == SQLITE_FULL ? "full"
                                                                       : "io");
  }

  Json::List Run(const char* sql, const std::vector<std::string>& values = {}) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(
        statement, sqlite3_finalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Check(sqlite3_bind_text(
          statement, static_cast<int>(i) + 1, values[i].data(),
          static_cast<int>(values[i].size()), SQLITE_STATIC));
    }
    Json::List rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      Json::List row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        row.emplace_back(TextOf(statement, i));
      }
      rows.emplace_back(std::move(row));
    }
    Check(result == SQLITE_DONE ? SQLITE_OK : result);
    return rows;
  }

  static std::string TextOf(sqlite3_stmt* statement, int column) {
    const auto* const text =
        reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return {text,
            static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
  }

  sqlite3* connection_ = nullptr;
};

}  // namespace

int main() {
  return lastcommit_driver::Main([] { return std::make_unique<Store>(); },
                                 "cpp-pairs", "power");
}
