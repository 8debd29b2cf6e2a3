#include "verify/table_checks.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "output/plural.h"
#include "output/shown.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Of the rows that each check reports.
constexpr std::size_t kMaxRows = 100;

// The names of all tables, shadow tables too, but not of virtual ones.
absl::StatusOr<std::vector<std::string>> Tables(CheckedDatabase& database) {
  ASSIGN_OR_RETURN(const Answer answer,
                   database.Ask("SELECT name FROM sqlite_schema "
                                "WHERE type = 'table' AND rootpage > 0"));
  std::vector<std::string> names = {"sqlite_schema"};
  for (const Row& row : answer.rows) names.push_back(row.front());
  return names;
}

// integrity_check tells errors of this machine as rows, too: a page that there
// was no memory for (checkTreePage() and checkList() of SQLite's btree.c).
bool IsAboutReading(const Row& row) {
  return !row.empty() && (absl::StrContains(row[0], "unable to get the page") ||
                          absl::StrContains(row[0], "failed to get page"));
}

// integrity_check, of the whole or of one table after another.
class IntegrityCheck {
 public:
  IntegrityCheck(CheckedDatabase& database, Report& report)
      : database_(database), report_(report) {}

  absl::Status Run(bool as_a_whole) {
    bool is_whole = false;
    if (as_a_whole) {
      ASSIGN_OR_RETURN(is_whole, CheckWhole());
    }
    if (!is_whole) RETURN_IF_ERROR(CheckEach());
    if (rows_ > 0) {
      const std::string count =
          absl::StrCat("integrity_check reports ", Plural(rows_, "error"),
                       is_cut_off_ ? " or more" : "");
      report_.Damage("integrity", count, count);
    } else if (unchecked_ == 0 && !is_refused_) {
      report_.Fact("integrity", "ok");
    }
    return absl::OkStatus();
  }

 private:
  // What is no damage is not there a second time, or is an error.
  absl::StatusOr<Answer> Ask(const std::string& what) {
    const std::string sql = absl::StrCat("PRAGMA integrity_check(", what, ")");
    ASSIGN_OR_RETURN(Answer answer, database_.Ask(sql, kMaxRows));
    if (std::none_of(answer.rows.begin(), answer.rows.end(), IsAboutReading)) {
      return answer;
    }
    return database_.Ask(sql, kMaxRows);
  }

  // False if it ended early, for want of something that one table needs.
  absl::StatusOr<bool> CheckWhole() {
    ASSIGN_OR_RETURN(const Answer answer, Ask(absl::StrCat(kMaxRows)));
    if (answer.kind == AnswerKind::kUnchecked) return false;
    Take(answer, "");
    return true;
  }

  absl::Status CheckEach() {
    ASSIGN_OR_RETURN(const auto tables, Tables(database_));
    for (const std::string& table : tables) {
      if (rows_ >= static_cast<std::int64_t>(kMaxRows)) break;
      ASSIGN_OR_RETURN(const Answer answer, Ask(QuotedText(table)));
      Take(answer, absl::StrCat(Shown(table), ": "));
      if (answer.kind == AnswerKind::kUnchecked) {
        ++unchecked_;
        const std::string what = absl::StrCat(
            "table ", Shown(table), " cannot be checked: ", answer.message);
        report_.Unchecked("integrity", what, what);
      }
    }
    if (unchecked_ > 0 && rows_ == 0) {
      report_.Note(
          "integrity",
          absl::StrCat(static_cast<std::int64_t>(tables.size()) - unchecked_,
                       " other tables were checked one by one: ok. "
                       "The list of free pages was not"));
    }
    return absl::OkStatus();
  }

  // A row may be several lines, each of which is an error.
  void Take(const Answer& answer, const std::string& prefix) {
    for (const Row& row : answer.rows) {
      if (row == Row{"ok"} || row.empty()) continue;
      const std::vector<std::string> lines =
          absl::StrSplit(row.front(), '\n', absl::SkipEmpty());
      for (const std::string& line : lines) {
        if (absl::StartsWith(line, "*** in database ")) continue;
        report_.DamagedRow("integrity", absl::StrCat(prefix, Shown(line)));
        ++rows_;
      }
    }
    is_cut_off_ = is_cut_off_ || answer.rows.size() >= kMaxRows;
    if (answer.kind == AnswerKind::kDamaged) {
      is_refused_ = true;
      report_.Damage(
          "integrity", absl::StrCat(prefix, answer.message),
          absl::StrCat("integrity_check ends with: ", prefix, answer.message));
    }
  }

  CheckedDatabase& database_;
  Report& report_;
  std::int64_t rows_ = 0;
  std::int64_t unchecked_ = 0;
  bool is_cut_off_ = false;
  bool is_refused_ = false;
};

struct VirtualTable {
  std::string name;
  std::string module;  // in lower case
  std::string sql;
};

// The first word or quoted name of SQL; `sql` is what is behind it.
std::string TakeName(absl::string_view& sql) {
  sql = absl::StripLeadingAsciiWhitespace(sql);
  if (sql.empty()) return "";
  const char open = sql.front();
  const char close = open == '[' ? ']' : open;
  std::string name;
  if (open != '"' && open != '\'' && open != '`' && open != '[') {
    std::size_t size = 0;
    while (size < sql.size() &&
           !absl::ascii_isspace(static_cast<unsigned char>(sql[size])) &&
           sql[size] != '(' && sql[size] != ';') {
      ++size;
    }
    name = std::string(sql.substr(0, size));
    sql.remove_prefix(size);
    return name;
  }
  for (sql.remove_prefix(1); !sql.empty(); sql.remove_prefix(1)) {
    if (sql.front() == close) {
      sql.remove_prefix(1);
      const bool is_doubled =
          close != ']' && !sql.empty() && sql.front() == close;
      if (!is_doubled) break;
    }
    name += sql.front();
  }
  return name;
}

// SQLite stores "CREATE VIRTUAL TABLE " and what follows as it was written.
std::string ModuleOf(absl::string_view sql) {
  for (const char* word : {"CREATE", "VIRTUAL", "TABLE"}) {
    if (!absl::EqualsIgnoreCase(TakeName(sql), word)) return "";
  }
  TakeName(sql);  // the table's
  if (!absl::EqualsIgnoreCase(TakeName(sql), "USING")) return "";
  return absl::AsciiStrToLower(TakeName(sql));
}

absl::StatusOr<std::vector<VirtualTable>> VirtualTables(
    CheckedDatabase& database) {
  ASSIGN_OR_RETURN(const Answer answer,
                   database.Ask("SELECT name, sql FROM sqlite_schema WHERE "
                                "type = 'table' AND rootpage = 0"));
  std::vector<VirtualTable> tables;
  for (const Row& row : answer.rows) {
    tables.push_back({row[0], ModuleOf(row[1]), row[1]});
  }
  return tables;
}

// The SQL that checks a table of a module; empty if there is none.
std::string OwnCheck(const VirtualTable& table) {
  const std::string& module = table.module;
  if (module == "fts3" || module == "fts4" || module == "fts5") {
    const std::string name = QuotedName(table.name);
    return absl::StrCat("INSERT INTO ", name, "(", name,
                        ") VALUES ('integrity-check')");
  }
  if (module == "rtree" || module == "rtree_i32" || module == "geopoly") {
    return absl::StrCat("SELECT rtreecheck('main', ", QuotedText(table.name),
                        ")");
  }
  return "";
}

// FTS4 compares its index with the table of the program that it takes the
// content from (https://sqlite.org/fts3.html#_external_content_fts4_tables_):
// that they agree is the program's business.
bool IsIndexOfAnother(const VirtualTable& table) {
  return table.module == "fts4" &&
         absl::StrContains(absl::AsciiStrToLower(table.sql), "content=");
}

// What the program of the database has, and this one does not. Anything else
// that a module says is about the table: nobody can use it.
bool IsAboutProgram(const std::string& message) {
  for (const char* lack : {"no such module", "no such function",
                           "no such tokenizer", "unknown tokenizer"}) {
    if (absl::StrContains(message, lack)) return true;
  }
  return false;
}

class VirtualTableCheck {
 public:
  VirtualTableCheck(CheckedDatabase& database, Report& report)
      : database_(database), report_(report) {}

  absl::Status Run(const VirtualTable& table) {
    const std::string about =
        absl::StrCat(table.module, " table ", Shown(table.name));
    const std::string sql = OwnCheck(table);
    if (sql.empty()) {
      report_.Note("own checks",
                   absl::StrCat("virtual table ", Shown(table.name),
                                " is of module ", Shown(table.module),
                                ", of which no check is known; the tables "
                                "below it were checked as tables"));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const Answer answer, database_.Ask(sql, kMaxRows));
    if (answer.kind == AnswerKind::kUnchecked) {
      const std::string what = absl::StrCat(
          about, " cannot be checked by its module: ", answer.message);
      if (IsAboutProgram(answer.message)) {
        report_.Note("own checks", what);
      } else {
        report_.Unchecked("own checks", what, what);
      }
    } else if (!answer.ok()) {
      Complain(table,
               absl::StrCat(about, " fails its own check: ", answer.message));
    } else if (!answer.rows.empty() && answer.rows.front() != Row{"ok"}) {
      Complain(table, absl::StrCat(about, " fails its own check: ",
                                   Shown(answer.rows.front())));
    } else {
      report_.Fact("own checks", absl::StrCat(about, ": ok"));
    }
    return absl::OkStatus();
  }

 private:
  void Complain(const VirtualTable& table, const std::string& what) {
    if (IsIndexOfAnother(table)) {
      report_.Note("own checks", what);
    } else {
      report_.Damage("own checks", what, what);
    }
  }

  CheckedDatabase& database_;
  Report& report_;
};

// foreign_key_check, of the whole or of one table after another.
class ForeignKeyCheck {
 public:
  ForeignKeyCheck(CheckedDatabase& database, bool are_enforced, Report& report)
      : database_(database), are_enforced_(are_enforced), report_(report) {}

  absl::StatusOr<std::int64_t> Run() {
    ASSIGN_OR_RETURN(const Answer whole,
                     database_.Ask("PRAGMA foreign_key_check", kMaxRows));
    if (whole.kind == AnswerKind::kUnchecked) {
      RETURN_IF_ERROR(CheckEach());
    } else {
      Take(whole, "");
    }
    Conclude();
    return rows_;
  }

 private:
  absl::Status CheckEach() {
    ASSIGN_OR_RETURN(const auto tables, Tables(database_));
    for (const std::string& table : tables) {
      if (rows_ >= static_cast<std::int64_t>(kMaxRows)) break;
      ASSIGN_OR_RETURN(const Answer answer,
                       database_.Ask(absl::StrCat("PRAGMA foreign_key_check(",
                                                  QuotedText(table), ")"),
                                     kMaxRows));
      Take(answer, absl::StrCat(Shown(table), ": "));
    }
    return absl::OkStatus();
  }

  void Take(const Answer& answer, const std::string& prefix) {
    for (const Row& row : answer.rows) {
      if (row.size() < 3) continue;
      const std::string text = absl::StrCat(
          "row ", Shown(row[1]), " of ", Shown(row[0]), " refers to a row of ",
          Shown(row[2]), " that is not there");
      if (are_enforced_) {
        report_.DamagedRow("foreign keys", text);
      } else {
        report_.Note("foreign keys", text);
      }
      ++rows_;
    }
    is_cut_off_ = is_cut_off_ || answer.rows.size() >= kMaxRows;
    if (answer.kind == AnswerKind::kDamaged) {
      is_incomplete_ = true;
      report_.Damage("foreign keys", absl::StrCat(prefix, answer.message),
                     absl::StrCat("foreign_key_check ends with: ", prefix,
                                  answer.message));
    } else if (!answer.ok()) {
      is_incomplete_ = true;
      report_.Note("foreign keys", absl::StrCat(prefix, answer.message));
    }
  }

  void Conclude() {
    const std::string count =
        absl::StrCat("foreign_key_check reports ", Plural(rows_, "error"),
                     is_cut_off_ ? " or more" : "");
    if (rows_ == 0) {
      if (!is_incomplete_) report_.Fact("foreign keys", "ok");
    } else if (are_enforced_) {
      report_.Damage("foreign keys", count, count);
    } else {
      report_.Note("foreign keys",
                   absl::StrCat(count,
                                "; SQLite enforces them only where the "
                                "program asks for it"));
    }
  }

  CheckedDatabase& database_;
  const bool are_enforced_;
  Report& report_;
  std::int64_t rows_ = 0;
  bool is_cut_off_ = false;
  bool is_incomplete_ = false;
};

}  // namespace

absl::Status CheckIntegrity(CheckedDatabase& database, bool as_a_whole,
                            Report& report) {
  return IntegrityCheck(database, report).Run(as_a_whole);
}

absl::StatusOr<std::int64_t> CheckForeignKeys(CheckedDatabase& database,
                                              bool are_enforced,
                                              Report& report) {
  return ForeignKeyCheck(database, are_enforced, report).Run();
}

absl::Status CheckVirtualTables(CheckedDatabase& database, Report& report) {
  ASSIGN_OR_RETURN(const auto tables, VirtualTables(database));
  VirtualTableCheck check(database, report);
  for (const VirtualTable& table : tables) RETURN_IF_ERROR(check.Run(table));
  return absl::OkStatus();
}

}  // namespace lastcommit
