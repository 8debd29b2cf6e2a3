#include "verify/checks.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "saver/sqlite_saver.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "trial/trial_files.h"
#include "verify/wal_file.h"

namespace lastcommit {
namespace {

// Of the rows that each check reports.
constexpr std::size_t kMaxRows = 100;
constexpr std::size_t kMaxShownRows = 20;

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;
using Rows = std::vector<std::string>;

struct Collected {
  std::size_t limit = 0;
  Rows rows = {};
};

// Ends the statement when there are enough.
int AddRow(void* collected, int count, char** values, char** /*names*/) {
  auto& [limit, rows] = *static_cast<Collected*>(collected);
  std::string row;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(
        &row, i > 0 ? " | " : "",
        values[i] == nullptr ? "NULL" : absl::CHexEscape(values[i]));
  }
  rows.push_back(std::move(row));
  return rows.size() >= limit ? 1 : 0;
}

std::string Plural(std::int64_t count, std::string_view noun) {
  return absl::StrCat(count, " ", std::string(noun), count == 1 ? "" : "s");
}

class Checks {
 public:
  explicit Checks(const std::string& directory)
      : directory_(directory),
        path_(absl::StrCat(directory, "/", kDatabaseName)) {}

  absl::StatusOr<Verification> Run() {
    RETURN_IF_ERROR(LookAtFiles());
    if (bytes_ == 0) return EmptyFile();
    const absl::Status status = CheckBySqlite();
    connection_.reset();
    if (!status.ok() && !is_refused_) return status;
    if (!is_refused_ && problems_.empty() && is_ours_) {
      RETURN_IF_ERROR(OpenBySaver());
    }
    return Concluded();
  }

 private:
  void Line(std::string_view what, const std::string& text) {
    result_.lines.push_back(absl::StrFormat(
        "%-13s %s", absl::StrCat(std::string(what), ":"), text));
  }
  void Problem(std::string_view what, const std::string& text) {
    problems_.push_back(text);
    Line(what, text);
  }

  // Before SQLite opens the copy and changes it.
  absl::Status LookAtFiles() {
    struct stat info = {};
    if (stat(path_.c_str(), &info) != 0) {
      return absl::InternalError("the copy is not there");
    }
    bytes_ = info.st_size;
    std::ifstream file(path_, std::ios::binary);
    std::string magic(16, ' ');
    file.read(magic.data(), 16);
    has_magic_ = magic == std::string("SQLite format 3\0", 16);
    has_hot_journal_ = FindLeftovers(directory_).hot_journal;
    ASSIGN_OR_RETURN(wal_, ReadWal(path_));
    Line("wal", DescribeWal());
    Line("journal", DescribeJournal());
    return absl::OkStatus();
  }

  std::string DescribeWal() {
    if (wal_.bytes == 0) return "none";
    if (!wal_.has_valid_header) {
      return absl::StrCat(wal_.bytes,
                          " bytes without a valid header: SQLite ignores them");
    }
    std::string text = absl::StrCat(
        Plural(wal_.frames, "frame"), ", ", wal_.valid, " valid, ",
        wal_.committed, " committed in ",
        Plural(wal_.transactions, "transaction"), "; ", wal_.checkpointed_pages,
        " of ", Plural(wal_.pages, "page"), " stand in the database already");
    if (wal_.commits_behind_a_gap > 0) {
      ++warnings_;
      absl::StrAppend(
          &text, "\n  WARNING: ", Plural(wal_.commits_behind_a_gap, "commit"),
          " of this WAL behind frame ", wal_.valid + 1,
          ", which does not match its checksum: SQLite ignores all from there "
          "on.\n  A power loss with synchronous=NORMAL or OFF may do that; "
          "else what was acknowledged is lost");
    } else if (wal_.frames > wal_.valid) {
      absl::StrAppend(&text, "; the rest is older or unfinished");
    }
    return text;
  }

  std::string DescribeJournal() {
    struct stat info = {};
    if (stat((path_ + "-journal").c_str(), &info) != 0) return "none";
    return absl::StrCat(
        info.st_size, " bytes, ",
        has_hot_journal_
            ? "HOT: a transaction was cut short; SQLite rolls it back when "
              "the database is opened"
            : "not hot");
  }

  Verification EmptyFile() {
    if (wal_.committed > 0) {
      problems_.emplace_back(
          "the file is empty, and its WAL holds commits, which SQLite deletes");
      return Concluded();
    }
    result_.soundness = Soundness::kCannotCheck;
    result_.summary = "the file is empty; SQLite takes it for a new database";
    return result_;
  }

  // What SQLite says of the file is noted, and is_refused_; what it says of
  // this machine is an error and no more.
  absl::Status Judge(int result, std::string_view what) {
    absl::Status status = SqliteStatus(result, connection_.get(), what);
    if (status.ok()) return status;
    is_refused_ = true;
    const std::string text = absl::CHexEscape(status.message());
    switch (result & 0xff) {
      case SQLITE_NOTADB:
        if (!has_magic_ && !has_hot_journal_ && wal_.committed == 0) {
          return CannotCheck("not a database of SQLite, or an encrypted one");
        }
        [[fallthrough]];
      case SQLITE_CORRUPT:
        Problem("damage", text);
        return status;
      case SQLITE_TOOBIG:
      case SQLITE_ERROR:  // a function or collation of its program is missing
        return CannotCheck(text);
      default:
        is_refused_ = false;
        return status;
    }
  }

  absl::Status CannotCheck(const std::string& why) {
    result_.soundness = Soundness::kCannotCheck;
    result_.summary = why;
    return absl::InvalidArgumentError(why);
  }

  absl::StatusOr<Rows> Query(const std::string& sql,
                             std::size_t limit = SIZE_MAX) {
    Collected found = {limit};
    const int result =
        sqlite3_exec(connection_.get(), sql.c_str(), AddRow, &found, nullptr);
    if ((result & 0xff) != SQLITE_ABORT || found.rows.size() < limit) {
      RETURN_IF_ERROR(Judge(result, sql));
    }
    return std::move(found.rows);
  }

  absl::StatusOr<std::int64_t> QueryInt(const std::string& sql) {
    ASSIGN_OR_RETURN(const Rows rows, Query(sql));
    std::int64_t number = 0;
    if (!rows.empty() && absl::SimpleAtoi(rows.front(), &number)) return number;
    return absl::InternalError("no number: " + sql);
  }

  absl::Status Open() {
    sqlite3* raw = nullptr;
    const int result =
        sqlite3_open_v2(path_.c_str(), &raw,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr);
    connection_.reset(raw);
    RETURN_IF_ERROR(Judge(result, "opening the copy"));
    // Not TRUSTED_SCHEMA off: it takes json_valid() in a CHECK for damage.
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    return absl::OkStatus();
  }

  absl::Status CheckBySqlite() {
    RETURN_IF_ERROR(Open());
    ASSIGN_OR_RETURN(pages_, QueryInt("PRAGMA page_count"));
    ASSIGN_OR_RETURN(page_size_, QueryInt("PRAGMA page_size"));
    ASSIGN_OR_RETURN(const Rows mode, Query("PRAGMA journal_mode"));
    Line("file",
         absl::StrCat(Plural(pages_, "page"), " of ", page_size_,
                      " bytes, journal_mode ", absl::StrJoin(mode, "")));
    RETURN_IF_ERROR(CheckSchema());
    RETURN_IF_ERROR(
        CheckRows("integrity", "integrity_check",
                  absl::StrCat("PRAGMA integrity_check(", kMaxRows, ")")));
    return CheckRows("foreign keys", "foreign_key_check",
                     "PRAGMA foreign_key_check");
  }

  absl::Status CheckRows(std::string_view what, const std::string& name,
                         const std::string& sql) {
    ASSIGN_OR_RETURN(Rows rows, Query(sql, kMaxRows));
    if (rows == Rows{"ok"}) rows.clear();
    if (rows.empty()) {
      Line(what, "ok");
      return absl::OkStatus();
    }
    for (std::size_t i = 0; i < std::min(rows.size(), kMaxShownRows); ++i) {
      Line(what, rows[i]);
    }
    if (rows.size() > kMaxShownRows) {
      Line(what, absl::StrCat(rows.size() - kMaxShownRows, " more"));
    }
    problems_.push_back(
        absl::StrCat(name, " reports ",
                     Plural(static_cast<std::int64_t>(rows.size()), "error"),
                     rows.size() >= kMaxRows ? " or more" : ""));
    return absl::OkStatus();
  }

  absl::Status CheckSchema() {
    ASSIGN_OR_RETURN(const std::int64_t id, QueryInt("PRAGMA application_id"));
    ASSIGN_OR_RETURN(const std::int64_t version,
                     QueryInt("PRAGMA user_version"));
    ASSIGN_OR_RETURN(const std::int64_t objects,
                     QueryInt("SELECT count(*) FROM sqlite_schema"));
    if (id != kApplicationId) {
      Line("schema",
           objects == 0 && id == 0
               ? "empty"
               : absl::StrFormat("of another program (application_id 0x%08x, "
                                 "user_version %d), %s",
                                 static_cast<std::uint32_t>(id), version,
                                 Plural(objects, "object")));
      return absl::OkStatus();
    }
    is_ours_ = version == kSchemaVersion;
    Line("schema",
         absl::StrCat("lastcommit's, version ", version,
                      is_ours_ ? ""
                               : absl::StrCat("; that of this program is ",
                                              kSchemaVersion)));
    return is_ours_ ? CompareSchema() : absl::OkStatus();
  }

  // Tables, their columns and indexes, against those of a new database.
  absl::Status CompareSchema() {
    ASSIGN_OR_RETURN(const auto found, Parts());
    ASSIGN_OR_RETURN(
        auto saver,
        SqliteSaver::Open(absl::StrCat(directory_, "/new.db"), Options()));
    saver.reset();
    sqlite3* raw = nullptr;
    const int result =
        sqlite3_open_v2(absl::StrCat(directory_, "/new.db").c_str(), &raw,
                        SQLITE_OPEN_READWRITE, nullptr);
    Connection other(raw);
    RETURN_IF_ERROR(SqliteStatus(result, raw, "opening a new database"));
    std::swap(connection_, other);
    const auto expected = Parts();
    std::swap(connection_, other);
    RETURN_IF_ERROR(expected.status());
    std::vector<std::string> missing;
    std::set_difference(expected->begin(), expected->end(), found.begin(),
                        found.end(), std::back_inserter(missing));
    for (const std::string& part : missing) {
      Problem("schema", absl::StrCat("there is no ", part));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::set<std::string>> Parts() {
    std::set<std::string> parts;
    for (const char* sql :
         {"SELECT type || ' ' || name FROM sqlite_schema "
          "WHERE name NOT LIKE 'sqlite_%'",
          "SELECT 'column ' || c.name || ' of ' || m.name FROM sqlite_schema m,"
          " pragma_table_info(m.name) c WHERE m.type = 'table'"}) {
      ASSIGN_OR_RETURN(const Rows rows, Query(sql));
      parts.insert(rows.begin(), rows.end());
    }
    return parts;
  }

  absl::Status OpenBySaver() {
    const absl::StatusOr<std::int64_t> commits = CommitsBySaver();
    if (commits.ok()) {
      Line("saver", absl::StrCat("opens it, ", Plural(*commits, "commit")));
      return absl::OkStatus();
    }
    if (!absl::IsDataLoss(commits.status()) &&
        !absl::IsFailedPrecondition(commits.status())) {
      return commits.status();
    }
    Problem("saver",
            absl::StrCat("refuses it: ",
                         absl::CHexEscape(commits.status().message())));
    return absl::OkStatus();
  }

  absl::StatusOr<std::int64_t> CommitsBySaver() {
    ASSIGN_OR_RETURN(const auto saver, SqliteSaver::Open(path_, Options()));
    return saver->CommitCounter();
  }

  Verification Concluded() {
    if (!problems_.empty()) {
      result_.soundness = Soundness::kDamaged;
      result_.summary = absl::StrJoin(problems_, "; ");
    } else if (result_.soundness == Soundness::kOk) {
      result_.summary =
          absl::StrCat(Plural(pages_, "page"), " of ", page_size_,
                       " bytes, integrity and foreign keys hold",
                       warnings_ > 0 ? " (but see the WARNING)" : "");
    }
    return result_;
  }

  const std::string directory_;
  const std::string path_;
  Verification result_;
  std::vector<std::string> problems_;
  int warnings_ = 0;
  bool is_refused_ = false;  // by SQLite: what it says of the file is noted
  bool is_ours_ = false;     // with the schema of this program
  std::int64_t bytes_ = 0;
  std::int64_t pages_ = 0;
  std::int64_t page_size_ = 0;
  bool has_magic_ = false;
  bool has_hot_journal_ = false;
  WalState wal_;
  Connection connection_;
};

}  // namespace

absl::StatusOr<Verification> CheckCopy(const std::string& directory) {
  return Checks(directory).Run();
}

}  // namespace lastcommit
