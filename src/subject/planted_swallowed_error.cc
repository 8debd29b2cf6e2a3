// The bug: a statement whose result nobody looks at. A batch goes on after an
// entry that SQLite refused and says OK in the end, though a part of it is not
// there.

#include <cstdint>
#include <string>
#include <vector>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatSwallowsAFailedStatement : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level) override {
    auto whole = SqliteSubject::AppendLogs(thread_id, payloads, level);
    if (!absl::IsInvalidArgument(whole.status())) return whole;
    return InTransaction([&]() -> absl::StatusOr<std::int64_t> {
      std::int64_t last = 0;
      for (const std::string& payload : payloads) {
        auto number = SqliteSubject::AppendLog(thread_id, payload, level);
        if (number.ok()) last = *number;
      }
      return last;
    });
  }
};

}  // namespace

SaverEntry PlantedSwallowedError() {
  return {"planted-swallowed-error",
          "leaves out the entry of a batch that SQLite refuses, and says OK",
          ViolationClass::kWrongAnswer,
          OpenPlanted<SaverThatSwallowsAFailedStatement>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
