// Stores of all dialects by the header for C++: dialects DIALECT [BUG]. The
// bugs are half_of_a_batch (queue) and numbers_come_back (log).

#include <sqlite3.h>

#include <cstring>

#include "lastcommit_driver.h"

namespace {

using lastcommit_driver::Json;
using lastcommit_driver::Refused;

std::string g_bug;

class Database {
 public:
  ~Database() { sqlite3_close(connection_); }

  void Open(const std::string& path, const char* schema) {
    Check(sqlite3_open(path.c_str(), &connection_));
    Run("PRAGMA journal_mode=WAL");
    Run("PRAGMA synchronous=FULL");
    Check(sqlite3_exec(connection_, schema, nullptr, nullptr, nullptr));
  }
  void Close() {
    Check(sqlite3_close(connection_));
    connection_ = nullptr;
  }
  Json::List Run(const char* sql, const Json::List& values = {}) {
    sqlite3_stmt* statement = nullptr;
    Check(sqlite3_prepare_v2(connection_, sql, -1, &statement, nullptr));
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(
        statement, sqlite3_finalize);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Bind(statement, static_cast<int>(i) + 1, values[i]);
    }
    Json::List rows;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
      Json::List row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        row.push_back(ValueOf(statement, i));
      }
      rows.emplace_back(std::move(row));
    }
    Check(result == SQLITE_DONE ? SQLITE_OK : result);
    return rows;
  }
  // All or none, also in a transaction.
  template <typename Change>
  void Atomically(Change change) {
    Run("SAVEPOINT all_or_none");
    change();
    Run("RELEASE all_or_none");
  }
  int changes() const { return sqlite3_changes(connection_); }

 private:
  static void Bind(sqlite3_stmt* statement, int at, const Json& value) {
    if (value.is_text()) {
      const std::string& text = value.text();
      sqlite3_bind_text(statement, at, text.data(),
                        static_cast<int>(text.size()), SQLITE_STATIC);
    } else if (!value.is_null()) {
      sqlite3_bind_int64(statement, at, value.number());
    }
  }
  static Json ValueOf(sqlite3_stmt* statement, int column) {
    const int type = sqlite3_column_type(statement, column);
    if (type == SQLITE_NULL) return nullptr;
    if (type == SQLITE_INTEGER) {
      return std::int64_t{sqlite3_column_int64(statement, column)};
    }
    const auto* const text =
        reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return std::string(text, static_cast<std::size_t>(
                                 sqlite3_column_bytes(statement, column)));
  }
  void Check(int result) const {
    if (result == SQLITE_OK) return;
    throw Refused(sqlite3_errmsg(connection_),
                  result == SQLITE_ERROR ? "refused" : "io");
  }

  sqlite3* connection_ = nullptr;
};

class Store : public lastcommit_driver::Store {
 public:
  Store(const char* dialect, const char* schema, const char* state)
      : lastcommit_driver::Store(dialect), schema_(schema), state_(state) {}
  void Open(const std::string& path) override { db_.Open(path, schema_); }
  void Close() override { db_.Close(); }
  Json::List State() override { return db_.Run(state_); }

 protected:
  Database db_;

 private:
  const char* const schema_;
  const char* const state_;
};

Json TextOr(const Json& value) { return value.is_null() ? "" : value; }

class Checkpoints : public Store {
 public:
  Checkpoints()
      : Store("checkpoints",
              "CREATE TABLE IF NOT EXISTS c (thread, ns, id, parent, value,"
              " PRIMARY KEY (thread, ns, id));"
              "CREATE TABLE IF NOT EXISTS w (thread, ns, id, task, n, value,"
              " PRIMARY KEY (thread, ns, id, task, n))",
              "") {
    Has("put", [this](const Json& asked) {
      db_.Run("INSERT OR REPLACE INTO c VALUES (?, ?, ?, ?, ?)",
              {asked["thread"], TextOr(asked["ns"]), asked["checkpoint"],
               asked["parent"], asked["value"]});
      return Json();
    });
    Has("put_writes", [this](const Json& asked) {
      db_.Atomically([&] {
        const Json& writes = asked["writes"];
        for (std::size_t i = 0; i < writes.size(); ++i) {
          db_.Run("INSERT OR IGNORE INTO w VALUES (?, ?, ?, ?, ?, ?)",
                  {asked["thread"], TextOr(asked["ns"]), asked["checkpoint"],
                   asked["task"], static_cast<int>(i), writes[i]});
        }
      });
      return Json();
    });
    Has("get", [this](const Json& asked) -> Json {
      const Json::List key = {asked["thread"], TextOr(asked["ns"]),
                              asked["checkpoint"]};
      const Json::List found = db_.Run(
          "SELECT parent, value FROM c"
          " WHERE thread = ? AND ns = ? AND id = ?",
          key);
      if (found.empty()) throw Refused("no checkpoint", "not_found");
      return Json::Object{
          {"parent", found[0][0]},
          {"value", found[0][1]},
          {"writes", db_.Run("SELECT task, n, value FROM w"
                             " WHERE thread = ? AND ns = ? AND id = ?"
                             " ORDER BY task, n",
                             key)}};
    });
    Has("delete_thread", [this](const Json& asked) {
      db_.Atomically([&] {
        db_.Run("DELETE FROM c WHERE thread = ?", {asked["thread"]});
        db_.Run("DELETE FROM w WHERE thread = ?", {asked["thread"]});
      });
      return Json();
    });
  }
  Json::List State() override {
    Json::List rows = db_.Run("SELECT 'checkpoint', * FROM c");
    for (Json& row : db_.Run("SELECT 'write', * FROM w")) {
      rows.push_back(std::move(row));
    }
    return rows;
  }
};

class Queue : public Store {
 public:
  Queue()
      : Store("queue",
              "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, job,"
              " value, status, worker, until)",
              "SELECT status, job, value FROM jobs"
              " WHERE status IN ('waiting', 'claimed')") {
    Has("enqueue", [this](const Json& asked) {
      Add(asked["job"], asked["value"]);
      return Json();
    });
    Has("enqueue_batch", [this](const Json& asked) {
      const auto add_all = [&] {
        const Json& jobs = asked["jobs"];
        for (std::size_t i = 0; i < jobs.size(); ++i) {
          Add(jobs[i][0], jobs[i][1]);
        }
      };
      if (g_bug == "half_of_a_batch") {
        add_all();
      } else {
        db_.Atomically(add_all);
      }
      return Json();
    });
    Has("claim", [this](const Json& asked) {
      Json claimed = nullptr;
      db_.Atomically([&] {
        const Json::List found = db_.Run(
            "SELECT id, job, value FROM jobs WHERE status = 'waiting'"
            " OR (status = 'claimed' AND until < ?) ORDER BY id LIMIT 1",
            {asked["now"]});
        if (found.empty()) return;
        db_.Run(
            "UPDATE jobs SET status = 'claimed', worker = ?,"
            " until = ? + ? WHERE id = ?",
            {asked["worker"], asked["now"], asked["lease"], found[0][0]});
        claimed = Json::List{found[0][1], found[0][2]};
      });
      return claimed;
    });
    const auto has_end = [this](const char* name, const char* status) {
      Has(name, [this, status](const Json& asked) -> Json {
        db_.Run(
            "UPDATE jobs SET status = ? WHERE job = ? AND worker = ?"
            " AND status = 'claimed'",
            {status, asked["job"], asked["worker"]});
        return db_.changes() > 0;
      });
    };
    has_end("complete", "done");
    has_end("complete_late", "done");
    has_end("fail", "failed");
    has_end("release", "waiting");
  }

 private:
  void Add(const Json& job, const Json& value) {
    db_.Run("INSERT INTO jobs (job, value, status) VALUES (?, ?, 'waiting')",
            {job, value});
  }
};

class Log : public Store {
 public:
  Log()
      : Store("log",
              g_bug == "numbers_come_back"
                  ? "CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY, e);"
                    "CREATE VIEW IF NOT EXISTS seq AS"
                    " SELECT 'log' AS name, max(n) AS seq FROM log"
                  : "CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY"
                    " AUTOINCREMENT, e);"
                    "CREATE VIEW IF NOT EXISTS seq AS"
                    " SELECT * FROM sqlite_sequence",
              "SELECT n, e FROM log UNION ALL SELECT 'next', 1 + ifnull("
              "(SELECT seq FROM seq WHERE name = 'log'), 0)") {
    Has("append", [this](const Json& asked) { return Add(asked["entry"]); });
    Has("append_batch", [this](const Json& asked) {
      Json number;
      db_.Atomically([&] {
        const Json& entries = asked["entries"];
        for (std::size_t i = 0; i < entries.size(); ++i) {
          number = Add(entries[i]);
        }
      });
      return number;
    });
    Has("read", [this](const Json& asked) -> Json {
      return db_.Run("SELECT n, e FROM log WHERE n > ? ORDER BY n LIMIT ?",
                     {asked["after"], asked["limit"]});
    });
    Has("trim", [this](const Json& asked) {
      db_.Run("DELETE FROM log WHERE n <= ?", {asked["to"]});
      return Json();
    });
    for (const char* const control : {"begin", "commit", "rollback"}) {
      HasControl(control, [this, control](const Json&) {
        db_.Run(control);
        return Json();
      });
    }
  }

 private:
  Json Add(const Json& entry) {
    return db_.Run("INSERT INTO log (e) VALUES (?) RETURNING n", {entry})[0][0];
  }
};

class Accounts : public Store {
 public:
  Accounts()
      : Store("own",
              "CREATE TABLE IF NOT EXISTS accounts (name PRIMARY KEY, balance);"
              "CREATE TABLE IF NOT EXISTS notes (note)",
              "SELECT name, balance FROM accounts"
              " UNION ALL SELECT 'note', note FROM notes") {
    const Json account =
        Json::Object{{"name", "account"}, {"kind", "name"}, {"count", 5}};
    const Json amount = Json::Object{
        {"name", "amount"}, {"kind", "integer"}, {"min", 1}, {"max", 9}};
    const Json note = Json::Object{{"name", "note"}, {"kind", "text"}};
    Has("deposit", {account, amount, note}, [this](const Json& asked) {
      db_.Atomically([&] {
        db_.Run(
            "INSERT INTO accounts VALUES (?, ?) ON CONFLICT DO UPDATE"
            " SET balance = balance + excluded.balance",
            {asked["account"], asked["amount"]});
        db_.Run("INSERT INTO notes VALUES (?)", {asked["note"]});
      });
      return Json();
    });
    Has(
        "balance", {account},
        [this](const Json& asked) -> Json {
          const Json::List rows =
              db_.Run("SELECT balance FROM accounts WHERE name = ?",
                      {asked["account"]});
          return rows.empty() ? Json(0) : rows[0][0];
        },
        /*changes=*/false);
  }
};

std::unique_ptr<lastcommit_driver::Store> Make(const std::string& dialect) {
  if (dialect == "checkpoints") return std::make_unique<Checkpoints>();
  if (dialect == "queue") return std::make_unique<Queue>();
  if (dialect == "log") return std::make_unique<Log>();
  return std::make_unique<Accounts>();
}

}  // namespace

int main(int count, char** words) {
  const std::string dialect = count > 1 ? words[1] : "";
  g_bug = count > 2 ? words[2] : "";
  return lastcommit_driver::Main([&] { return Make(dialect); },
                                 "cpp-" + dialect, "power");
}
