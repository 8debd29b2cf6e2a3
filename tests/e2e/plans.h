// Plans whose verdict does not depend on the version of SQLite.

#ifndef LASTCOMMIT_TESTS_E2E_PLANS_H_
#define LASTCOMMIT_TESTS_E2E_PLANS_H_

#include <string>

namespace lastcommit {

inline constexpr char kHonest[] = "sqlite";
// Acknowledges before COMMIT: a kill before the COMMIT's first I/O call loses
// what was acknowledged.
inline constexpr char kDishonest[] = "planted-ack-before-commit";

inline std::string HeaderOf(const std::string& saver,
                            const std::string& expect) {
  return R"({"lastcommit":2,"saver":")" + saver +
         R"(","engine":"fork","profile":{"journal_mode":"wal",)"
         R"("synchronous":"full","page_size":4096,"cache_size":10,)"
         R"("wal_autocheckpoint":1000},"expect":")" +
         expect + "\"}\n";
}

// A transaction that is killed in its COMMIT.
inline std::string PlanKilledInCommit(const std::string& saver,
                                      const std::string& expect) {
  return HeaderOf(saver, expect) +
         R"({"step":"open"}
{"step":"put_blob","size":100,"seed":1}
{"step":"begin"}
{"step":"put_checkpoint","thread":3,"id":1,"parent":0,"size":300,"seed":12}
{"step":"commit","crash":{"io":1,"moment":"before"}}
{"step":"append_logs","count":3,"size":20}
{"step":"close"}
)";
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_E2E_PLANS_H_
