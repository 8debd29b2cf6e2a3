#include "saver/saver_fixture.h"

#include <sqlite3.h>

namespace lastcommit::saver {
namespace {

std::string FirstValue(sqlite3* connection, const std::string& sql) {
  std::string value;
  char* error = nullptr;
  sqlite3_exec(
      connection, sql.c_str(),
      [](void* to, int columns, char** texts, char**) {
        if (columns > 0 && texts[0] != nullptr) {
          *static_cast<std::string*>(to) = texts[0];
        }
        return 0;
      },
      &value, &error);
  if (error != nullptr) value = std::string("error: ") + error;
  sqlite3_free(error);
  return value;
}

}  // namespace

std::string SaverTest::Sql(const std::string& sql) {
  return FirstValue(saver_->connection(), sql);
}

std::string SaverTest::StrangersSql(const std::string& sql) {
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
  const std::string value = FirstValue(connection, sql);
  sqlite3_close(connection);
  return value;
}

}  // namespace lastcommit::saver
