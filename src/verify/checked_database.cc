#include "verify/checked_database.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "output/shown.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct Collected {
  std::size_t limit = 0;
  std::vector<Row> rows = {};
};

// Ends the statement when there are enough.
int AddRow(void* collected, int count, char** values, char** /*names*/) {
  auto& [limit, rows] = *static_cast<Collected*>(collected);
  Row& row = rows.emplace_back();
  for (int i = 0; i < count; ++i) {
    row.emplace_back(values[i] == nullptr ? "NULL" : values[i]);
  }
  return rows.size() >= limit ? 1 : 0;
}

}  // namespace

std::string Shown(const Row& row) {
  std::string text;
  for (const std::string& value : row) {
    absl::StrAppend(&text, text.empty() ? "" : " | ", Shown(value));
  }
  return text;
}

std::string QuotedText(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

std::string QuotedName(const std::string& name) {
  return absl::StrCat("\"", absl::StrReplaceAll(name, {{"\"", "\"\""}}), "\"");
}

absl::StatusOr<CheckedDatabase> CheckedDatabase::Open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
  CheckedDatabase database(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, raw, "opening the copy"));
  // Not TRUSTED_SCHEMA off: it takes json_valid() in a CHECK for damage.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  return database;
}

absl::StatusOr<Answer> CheckedDatabase::Ask(const std::string& sql,
                                            std::size_t limit) {
  Collected found = {limit};
  Answer answer;
  int result = sqlite3_exec(connection(), sql.c_str(), AddRow, &found, nullptr);
  // What SQLite's legacy.c answers where a value has no memory for its text.
  if (result == SQLITE_ROW) result = SQLITE_NOMEM;
  answer.rows = std::move(found.rows);
  const bool is_enough =
      (result & 0xff) == SQLITE_ABORT && answer.rows.size() >= limit;
  if (result == SQLITE_OK || is_enough) return answer;
  answer.code = sqlite3_extended_errcode(connection());
  answer.message = Shown(sqlite3_errmsg(connection()));
  switch (result & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      answer.kind = AnswerKind::kDamaged;
      return answer;
    case SQLITE_ERROR:
    case SQLITE_TOOBIG:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      answer.kind = AnswerKind::kUnchecked;
      return answer;
    default:
      return saver::SqliteStatus(result, connection(), sql);
  }
}

absl::StatusOr<std::int64_t> CheckedDatabase::AskNumber(const std::string& sql,
                                                        Answer& refused) {
  ASSIGN_OR_RETURN(Answer answer, Ask(sql));
  std::int64_t number = 0;
  if (!answer.ok()) {
    refused = std::move(answer);
  } else if (!answer.rows.empty() && !answer.rows.front().empty()) {
    static_cast<void>(absl::SimpleAtoi(answer.rows.front().front(), &number));
  }
  return number;
}

}  // namespace lastcommit
