#include "verify/own_checks.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "output/plural.h"
#include "output/shown.h"
#include "saver/digest.h"
#include "saver/sqlite_saver.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {
namespace {

using Parts = std::set<std::string>;

// Tables, their columns and indexes. What cannot be read is not there.
absl::StatusOr<Parts> PartsOf(CheckedDatabase& database) {
  Parts parts;
  for (const char* sql :
       {"SELECT type || ' ' || name FROM sqlite_schema "
        "WHERE name NOT LIKE 'sqlite_%'",
        "SELECT 'column ' || c.name || ' of ' || m.name FROM sqlite_schema m,"
        " pragma_table_info(m.name) c WHERE m.type = 'table'"}) {
    ASSIGN_OR_RETURN(const Answer answer, database.Ask(sql));
    for (const Row& row : answer.rows) parts.insert(row.front());
  }
  return parts;
}

// Of the file, not of this machine.
bool IsUnreadable(int result) {
  const int code = result & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_ERROR;
}

// Bytes are read piece by piece: they may be more than there is memory.
class Content {
 public:
  Content(sqlite3* connection, std::int64_t id) : connection_(connection) {
    result_ = sqlite3_blob_open(connection, "main", "contents", "bytes", id,
                                /*flags=*/0, &blob_);
  }
  ~Content() { sqlite3_blob_close(blob_); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  // Nothing if they are not there, or damaged. Any other error is one of this
  // machine: a lack of memory, the end of the time.
  absl::StatusOr<std::optional<std::string>> Digest() {
    saver::DigestBuilder digest;
    std::string part(std::size_t{1} << 16, '\0');
    for (int at = 0; result_ == SQLITE_OK && at < size();) {
      const int now = std::min(static_cast<int>(part.size()), size() - at);
      result_ = sqlite3_blob_read(blob_, part.data(), now, at);
      digest.Add(std::string_view(part.data(), static_cast<std::size_t>(now)));
      at += now;
    }
    if (IsUnreadable(result_)) return std::nullopt;
    RETURN_IF_ERROR(
        saver::SqliteStatus(result_, connection_, "reading a blob"));
    return digest.Finish();
  }
  int size() const { return blob_ == nullptr ? 0 : sqlite3_blob_bytes(blob_); }

 private:
  sqlite3* const connection_;
  sqlite3_blob* blob_ = nullptr;
  int result_ = SQLITE_OK;
};

std::string Hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789ABCDEF";  // as hex() of SQLite
  std::string hex;
  for (const char byte : bytes) {
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 0xf];
  }
  return hex;
}

// Why a row of `blobs` does not match its bytes; empty if it does.
absl::StatusOr<std::string> WhyBlobIsDamaged(sqlite3* connection,
                                             const Row& row) {
  std::int64_t id = 0;
  static_cast<void>(absl::SimpleAtoi(row[0], &id));
  Content content(connection, id);
  ASSIGN_OR_RETURN(const std::optional<std::string> digest, content.Digest());
  if (!digest.has_value()) return std::string("its bytes cannot be read");
  if (absl::StrCat(content.size()) != row[3]) {
    return absl::StrCat("it has ", content.size(), " bytes, not ", row[3]);
  }
  return std::string(
      Hex(*digest) == row[4] ? "" : "its bytes are not those of its digest");
}

std::string_view BytesOf(sqlite3_stmt* row, int column) {
  const void* bytes = sqlite3_column_blob(row, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(bytes), size);
}

// Of what is in the columns; nothing if they cannot be read. Any other error
// is one of this machine.
absl::StatusOr<std::optional<std::string>> DigestOfCheckpoint(
    sqlite3* connection, const std::string& rowid) {
  const std::string sql = absl::StrCat(
      "SELECT parent_id, type, state, metadata FROM checkpoints WHERE rowid = ",
      rowid);
  sqlite3_stmt* statement = nullptr;
  int result = sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement,
                                  /*pzTail=*/nullptr);
  const absl::Cleanup finalize = [statement] { sqlite3_finalize(statement); };
  if (result == SQLITE_OK) result = sqlite3_step(statement);
  if (IsUnreadable(result) || result == SQLITE_DONE) return std::nullopt;
  if (result != SQLITE_ROW) {
    return saver::SqliteStatus(result, connection, "reading a checkpoint");
  }
  saver::CheckpointParts parts;
  if (sqlite3_column_type(statement, 0) != SQLITE_NULL) {
    parts.parent_id = BytesOf(statement, 0);
  }
  parts.type = BytesOf(statement, 1);
  parts.state = BytesOf(statement, 2);
  parts.metadata = BytesOf(statement, 3);
  return saver::DigestOf(parts);
}

// Why a row of `checkpoints` does not match its digest; empty if it does.
absl::StatusOr<std::string> WhyCheckpointIsDamaged(sqlite3* connection,
                                                   const Row& row) {
  ASSIGN_OR_RETURN(const std::optional<std::string> digest,
                   DigestOfCheckpoint(connection, row[0]));
  if (!digest.has_value()) return std::string("it cannot be read");
  return std::string(Hex(*digest) == row[4] ? ""
                                            : "it is not that of its digest");
}

// A table whose rows have digests.
struct WithDigests {
  const char* table;
  const char* noun;
  // Why it is damaged is told by the first column, the last one is the digest.
  const char* sql;
  absl::StatusOr<std::string> (*why)(sqlite3* connection, const Row& row);
  std::string (*name)(const Row& row);
};

constexpr WithDigests kWithDigests[] = {
    {"blobs", "blob",
     "SELECT content_id, thread_id, name, size, hex(digest) FROM blobs",
     WhyBlobIsDamaged,
     [](const Row& row) {
       return absl::StrCat(Shown(row[2]), " of thread ", Shown(row[1]));
     }},
    {"checkpoints", "checkpoint",
     "SELECT rowid, thread_id, checkpoint_ns, checkpoint_id, hex(digest)"
     " FROM checkpoints",
     WhyCheckpointIsDamaged,
     [](const Row& row) {
       const std::string in_namespace =
           row[2].empty() ? "" : absl::StrCat(" in ", Shown(row[2]));
       return absl::StrCat(Shown(row[3]), in_namespace, " of thread ",
                           Shown(row[1]));
     }},
};

absl::StatusOr<std::int64_t> CommitsBySaver(const std::string& path) {
  ASSIGN_OR_RETURN(const auto saver,
                   saver::SqliteSaver::Open(path, saver::Options()));
  return saver->CommitCounter();
}

absl::StatusOr<bool> HasColumn(CheckedDatabase& database,
                               const std::string& table,
                               const std::string& column) {
  ASSIGN_OR_RETURN(const Answer answer,
                   database.Ask(absl::StrCat(
                       "SELECT 1 FROM pragma_table_info(", QuotedText(table),
                       ") WHERE name = ", QuotedText(column))));
  return !answer.rows.empty();
}

absl::Status CheckDigestsOf(const WithDigests& what, CheckedDatabase& database,
                            Report& report) {
  ASSIGN_OR_RETURN(const bool has_digests,
                   HasColumn(database, what.table, "digest"));
  if (!has_digests) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Answer answer, database.Ask(what.sql));
  std::int64_t damaged = 0;
  for (const Row& row : answer.rows) {
    ASSIGN_OR_RETURN(const std::string why,
                     what.why(database.connection(), row));
    if (why.empty()) continue;
    report.DamagedRow("digests",
                      absl::StrCat(what.noun, " ", what.name(row), ": ", why));
    ++damaged;
  }
  const std::string count =
      Plural(static_cast<std::int64_t>(answer.rows.size()), what.noun);
  const std::string found =
      absl::StrCat(damaged, " of ", count, damaged == 1 ? " does" : " do",
                   " not match the digest");
  if (damaged > 0) {
    report.Damage("digests", found, found);
  } else if (answer.ok()) {
    report.Fact("digests", absl::StrCat("those of ", count, " match"));
  } else {
    report.Damage("digests", answer.message,
                  absl::StrCat("the ", what.table, " cannot be read"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompareSchema(CheckedDatabase& database,
                           const std::string& directory, Report& report) {
  ASSIGN_OR_RETURN(const Parts found, PartsOf(database));
  const std::string path = absl::StrCat(directory, "/new.db");
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, saver::Options()));
  saver.reset();
  ASSIGN_OR_RETURN(CheckedDatabase fresh, CheckedDatabase::Open(path));
  ASSIGN_OR_RETURN(const Parts expected, PartsOf(fresh));
  std::vector<std::string> missing;
  std::set_difference(expected.begin(), expected.end(), found.begin(),
                      found.end(), std::back_inserter(missing));
  for (const std::string& part : missing) {
    const std::string what = absl::StrCat("there is no ", part);
    report.Damage("schema", what, what);
  }
  return absl::OkStatus();
}

absl::Status CheckDigests(CheckedDatabase& database, Report& report) {
  for (const WithDigests& what : kWithDigests) {
    RETURN_IF_ERROR(CheckDigestsOf(what, database, report));
  }
  return absl::OkStatus();
}

absl::Status OpenBySaver(const std::string& path, Report& report) {
  const absl::StatusOr<std::int64_t> commits = CommitsBySaver(path);
  if (commits.ok()) {
    report.Fact("saver",
                absl::StrCat("opens it, ", Plural(*commits, "commit")));
    return absl::OkStatus();
  }
  if (!absl::IsDataLoss(commits.status()) &&
      !absl::IsFailedPrecondition(commits.status())) {
    return commits.status();
  }
  const std::string what = absl::StrCat(
      "refuses it: ", Shown(std::string(commits.status().message())));
  report.Damage("saver", what, absl::StrCat("the saver ", what));
  return absl::OkStatus();
}

}  // namespace lastcommit
