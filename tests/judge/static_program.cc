// Puts ten rows into a database in WAL mode, and prints each. It is linked
// statically: there is no library that could be put in between.

#include <sqlite3.h>

#include <cstdio>
#include <string>

int main() {
  sqlite3* database = nullptr;
  if (sqlite3_open("app.db", &database) != SQLITE_OK) return 1;
  const auto run = [&](const std::string& sql) {
    return sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) ==
           SQLITE_OK;
  };
  if (!run("PRAGMA journal_mode=WAL; CREATE TABLE t(n)")) return 2;
  for (int n = 0; n < 10; ++n) {
    if (!run("INSERT INTO t VALUES(" + std::to_string(n) + ")")) return 3;
    std::printf("put %d\n", n);
    std::fflush(stdout);
  }
  return sqlite3_close(database) == SQLITE_OK ? 0 : 4;
}
