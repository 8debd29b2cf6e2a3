#include "output/version.h"

#include <sqlite3.h>

#include "absl/strings/str_cat.h"
#include "output/commit.h"

namespace lastcommit {

std::string TesterVersion() { return "lastcommit " LASTCOMMIT_VERSION; }

std::string TesterCommit() { return "commit " LASTCOMMIT_COMMIT; }

std::string SqliteUnderTest() {
  return absl::StrCat("SQLite ", sqlite3_libversion(), " (", sqlite3_sourceid(),
                      ")");
}

}  // namespace lastcommit
