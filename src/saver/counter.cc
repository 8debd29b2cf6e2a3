#include "saver/counter.h"

#include "status/status.h"

namespace lastcommit::saver {

absl::StatusOr<std::int64_t> ReadCounter(Database& database) {
  return database.QueryInt(
      "SELECT value FROM meta WHERE key = 'commit_counter'");
}

absl::Status WriteCounter(Database& database, std::int64_t value) {
  ASSIGN_OR_RETURN(Statement statement,
                   database.Prepare("UPDATE meta SET value = ?1"
                                    " WHERE key = 'commit_counter'"));
  return statement.BindInt(1, value).Run();
}

}  // namespace lastcommit::saver
