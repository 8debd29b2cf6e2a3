// Databases to be verified: made by SQL, taken as a killed process would leave
// them, and damaged byte by byte.

#ifndef LASTCOMMIT_TESTS_VERIFY_DATABASES_H_
#define LASTCOMMIT_TESTS_VERIFY_DATABASES_H_

#include <sqlite3.h>

#include <string>

#include "directory.h"
#include "gtest/gtest.h"

namespace lastcommit {

// A connection that runs SQL which must succeed.
class Sql {
 public:
  explicit Sql(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &connection_), SQLITE_OK);
  }
  ~Sql() { sqlite3_close(connection_); }
  Sql(const Sql&) = delete;
  Sql& operator=(const Sql&) = delete;

  void Run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(connection_);
  }
  sqlite3* connection() const { return connection_; }

 private:
  sqlite3* connection_ = nullptr;
};

inline constexpr char kRows[] =
    "CREATE TABLE t (a, b); CREATE INDEX i ON t (a);"
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n "
    "LIMIT 1000) INSERT INTO t SELECT x, zeroblob(100) FROM n";

// What a killed process leaves: the files as they are while it is at work.
inline void CopyAsKilled(const Directory& from, const Directory& to) {
  for (const std::string& name : from.Names()) {
    if (name != "a.db-shm") to.Put(name, from.Get(name));
  }
}

inline void Overwrite(const Directory& directory, const std::string& name,
                      std::size_t at, const std::string& bytes) {
  std::string content = directory.Get(name);
  ASSERT_LE(at + bytes.size(), content.size());
  directory.Put(name, content.replace(at, bytes.size(), bytes));
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_VERIFY_DATABASES_H_
