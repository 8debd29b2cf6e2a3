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

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "saver/digest.h"
#include "saver/sqlite_saver.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "verify/file_words.h"
#include "verify/shown.h"

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
    DigestBuilder digest;
    std::string part(std::size_t{1} << 16, '\0');
    for (int at = 0; result_ == SQLITE_OK && at < size();) {
      const int now = std::min(static_cast<int>(part.size()), size() - at);
      result_ = sqlite3_blob_read(blob_, part.data(), now, at);
      digest.Add(std::string_view(part.data(), static_cast<std::size_t>(now)));
      at += now;
    }
    const int code = result_ & 0xff;
    if (code == SQLITE_CORRUPT || code == SQLITE_ERROR) return std::nullopt;
    RETURN_IF_ERROR(SqliteStatus(result_, connection_, "reading a blob"));
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

absl::StatusOr<std::int64_t> CommitsBySaver(const std::string& path) {
  ASSIGN_OR_RETURN(const auto saver, SqliteSaver::Open(path, Options()));
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

}  // namespace

absl::Status CompareSchema(CheckedDatabase& database,
                           const std::string& directory, Report& report) {
  ASSIGN_OR_RETURN(const Parts found, PartsOf(database));
  const std::string path = absl::StrCat(directory, "/new.db");
  ASSIGN_OR_RETURN(auto saver, SqliteSaver::Open(path, Options()));
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
  ASSIGN_OR_RETURN(const bool has_digests,
                   HasColumn(database, "blobs", "digest"));
  if (!has_digests) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Answer blobs,
                   database.Ask("SELECT content_id, thread_id, name, size, "
                                "hex(digest) FROM blobs"));
  std::int64_t damaged = 0;
  for (const Row& row : blobs.rows) {
    ASSIGN_OR_RETURN(const std::string why,
                     WhyBlobIsDamaged(database.connection(), row));
    if (why.empty()) continue;
    report.DamagedRow("digests",
                      absl::StrCat("blob ", Shown(row[2]), " of thread ",
                                   Shown(row[1]), ": ", why));
    ++damaged;
  }
  const auto count = static_cast<std::int64_t>(blobs.rows.size());
  const std::string what =
      absl::StrCat(damaged, " of ", Plural(count, "blob"),
                   damaged == 1 ? " does" : " do", " not match the digest");
  if (damaged > 0) {
    report.Damage("digests", what, what);
  } else if (blobs.ok()) {
    report.Fact("digests",
                absl::StrCat("those of ", Plural(count, "blob"), " match"));
  } else {
    report.Damage("digests", blobs.message, "the blobs cannot be read");
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
