// A key-value store over SQLite, as a driver of lastcommit.
//
//   c++ -std=c++17 driver.cc -lsqlite3 -o driver
//   lastcommit fuzz --driver=./driver

#include <sqlite3.h>

#include "lastcommit_driver.h"

namespace {

using lastcommit_driver::NotFound;
using lastcommit_driver::Refused;
using lastcommit_driver::Rows;

class Store : public lastcommit_driver::Pairs {
 public:
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

  void Put(const std::string& key, const std::string& value) override {
    Run("INSERT INTO pairs VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        {key, value});
  }
  std::optional<bool> Delete(const std::string& key) override {
    Run("DELETE FROM pairs WHERE key = ?", {key});
    return sqlite3_changes(connection_) > 0;
  }
  std::string Get(const std::string& key) override {
    const Rows rows = Run("SELECT key, value FROM pairs WHERE key = ?", {key});
    if (rows.empty()) throw NotFound(key);
    return rows.front().second;
  }
  Rows State() override { return Run("SELECT key, value FROM pairs"); }

  bool has_transactions() const override { return true; }
  void Begin() override {
    if (sqlite3_get_autocommit(connection_) == 0) {
      throw Refused("a transaction is open");
    }
    Run("BEGIN IMMEDIATE");
  }
  void Commit() override { End("COMMIT"); }
  void Rollback() override { End("ROLLBACK"); }

 private:
  void End(const char* sql) {
    if (sqlite3_get_autocommit(connection_) != 0) {
      throw Refused("no transaction is open");
    }
    Run(sql);
  }

  void Check(int result) const {
    if (result == SQLITE_OK) return;
    throw Refused(sqlite3_errmsg(connection_), result == SQLITE_BUSY   ? "busy"
                                               : result == SQLITE_FULL ? "full"
                                                                       : "io");
  }

  Rows Run(const char* sql, const std::vector<std::string>& values = {}) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(
        statement, sqlite3_finalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Check(sqlite3_bind_text(
          statement, static_cast<int>(i) + 1, values[i].data(),
          static_cast<int>(values[i].size()), SQLITE_STATIC));
    }
    Rows rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      if (sqlite3_column_count(statement) < 2) continue;
      rows.emplace_back(TextOf(statement, 0), TextOf(statement, 1));
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
