#include "props/independent_reading.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "tests/directory.h"

namespace lastcommit {
namespace {

constexpr unsigned kMostSeconds = 60;
constexpr rlim_t kMostBytes = rlim_t{1} << 28;

class Reader {
 public:
  explicit Reader(const std::string& path) {
    sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE, "unix");
  }
  ~Reader() { sqlite3_close(connection_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  IndependentReading Read() {
    IndependentReading reading = {Found::kIntact, "", {}};
    Run("PRAGMA integrity_check(1000)", [&](const std::string& row) {
      if (row != Value("ok")) Complain(row);
    });
    std::vector<std::string> names;
    std::vector<std::string> checks;
    Run("SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0",
        names);
    Run("SELECT CASE WHEN sql LIKE '%USING rtree%' THEN 'SELECT rtreecheck('''"
        " || name || ''')' WHEN sql LIKE '%USING fts%' THEN 'INSERT INTO ' ||"
        " name || '(' || name || ') VALUES (''integrity-check'')' END "
        "FROM sqlite_schema WHERE type = 'table' AND rootpage = 0",
        checks);
    for (const std::string& sql : checks) {
      Run(sql, [&](const std::string& row) {
        if (row != Value("ok")) Complain(row);
      });
    }
    Run("SELECT type, name, tbl_name, sql FROM sqlite_schema",
        reading.tables[""]);
    for (const std::string& name : names) {
      Run(absl::StrCat("SELECT * FROM \"", name, "\" NOT INDEXED"),
          reading.tables[name]);
    }
    reading.found = found_;
    reading.why = why_;
    return reading;
  }

 private:
  static std::string Value(const std::string& text) {
    return absl::StrCat("3:", text, "|");
  }

  void Complain(const std::string& why) {
    if (found_ == Found::kIntact) found_ = Found::kDamaged;
    absl::StrAppend(&why_, why, "\n");
  }

  void TakeError(int result, const std::string& sql) {
    Found found = Found::kRefused;
    if ((result & 0xff) == SQLITE_CORRUPT) found = Found::kDamaged;
    if ((result & 0xff) == SQLITE_NOTADB) found = Found::kNoDatabase;
    const bool is_surer =
        found_ == Found::kIntact ||
        (found_ == Found::kRefused && found == Found::kDamaged);
    if (is_surer) found_ = found;
    absl::StrAppend(&why_, sqlite3_errmsg(connection_), ": ", sql, "\n");
  }

  template <typename Take>
  void RunEach(const std::string& sql, Take take) {
    sqlite3_stmt* statement = nullptr;
    int result =
        sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
      result = sqlite3_step(statement);
      if (result == SQLITE_ROW) take(statement);
    }
    if (result != SQLITE_DONE) TakeError(result, sql);
    sqlite3_finalize(statement);
  }
  // Each row with the types of its values.
  template <typename Take>
  void Run(const std::string& sql,
           Take take) requires std::invocable<Take, const std::string&> {
    RunEach(sql, [&](sqlite3_stmt* row) {
      std::string text;
      for (int i = 0; i < sqlite3_column_count(row); ++i) {
        absl::StrAppend(&text, sqlite3_column_type(row, i), ":", Text(row, i),
                        "|");
      }
      take(text);
    });
  }
  void Run(const std::string& sql, std::string& rows) {
    Run(sql, [&](const std::string& row) { rows += row + "\n"; });
  }
  // The first value of each.
  void Run(const std::string& sql, std::vector<std::string>& values) {
    RunEach(sql, [&](sqlite3_stmt* row) { values.push_back(Text(row, 0)); });
  }
  // As UTF-8, whatever the file has.
  static std::string Text(sqlite3_stmt* row, int column) {
    const bool is_blob = sqlite3_column_type(row, column) == SQLITE_BLOB;
    const void* bytes = is_blob ? sqlite3_column_blob(row, column)
                                : sqlite3_column_text(row, column);
    const auto size =
        static_cast<std::size_t>(sqlite3_column_bytes(row, column));
    return bytes == nullptr
               ? ""
               : std::string(static_cast<const char*>(bytes), size);
  }

  sqlite3* connection_ = nullptr;
  Found found_ = Found::kIntact;
  std::string why_;
};

[[noreturn]] void ReadInChild(const std::string& path, int out) {
  alarm(kMostSeconds);
  const rlimit none = {0, 0};
  const rlimit bytes = {kMostBytes, kMostBytes};
  setrlimit(RLIMIT_CORE, &none);
  setrlimit(RLIMIT_FSIZE, &bytes);
  const IndependentReading reading = Reader(path).Read();
  nlohmann::json tables = nlohmann::json::object();
  for (const auto& [name, rows] : reading.tables) {
    tables[absl::BytesToHexString(name)] = absl::BytesToHexString(rows);
  }
  const std::string text =
      nlohmann::json({{"found", static_cast<int>(reading.found)},
                      {"why", absl::CHexEscape(reading.why)},
                      {"tables", tables}})
          .dump();
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t size = write(out, text.data() + done, text.size() - done);
    if (size <= 0) _exit(1);
    done += static_cast<std::size_t>(size);
  }
  _exit(0);
}

IndependentReading Unpacked(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  IndependentReading reading;
  reading.found = static_cast<Found>(json.at("found").get<int>());
  reading.why = json.at("why").get<std::string>();
  for (const auto& [name, rows] : json.at("tables").items()) {
    reading.tables[absl::HexStringToBytes(name)] =
        absl::HexStringToBytes(rows.get<std::string>());
  }
  return reading;
}

}  // namespace

IndependentReading ReadIndependently(const DatabaseFiles& files) {
  const Directory directory;
  for (const auto& [suffix, bytes] : files) {
    directory.Put("a.db" + suffix, bytes);
  }
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    ReadInChild(directory.Path("a.db"), ends[1]);
  }
  close(ends[1]);
  std::string text;
  std::string buffer(65536, '\0');
  ssize_t size = 0;
  while ((size = read(ends[0], buffer.data(), buffer.size())) != 0) {
    if (size < 0 && errno != EINTR) break;
    if (size > 0) text.append(buffer, 0, static_cast<std::size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return Unpacked(text);
  return {Found::kCrashed,
          WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit",
          {}};
}

}  // namespace lastcommit
