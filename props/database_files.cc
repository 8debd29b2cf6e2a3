#include "props/database_files.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"
#include "tests/directory.h"

namespace lastcommit {
namespace {

constexpr const char* kSuffixes[] = {"", "-wal", "-journal"};

// t: 200 rows, an index, rows that overflow their page, and free pages.
constexpr char kTable[] =
    "CREATE TABLE t (a INTEGER, b TEXT, c BLOB);"
    "CREATE INDEX t_b ON t (b);"
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200)"
    " INSERT INTO t SELECT x, hex(x * 7919), printf('%.*c', x % 37 * 9 + "
    "(x % 50 = 0) * 3000, 'x') FROM n;"
    "DELETE FROM t WHERE a BETWEEN 20 AND 60;";

DatabaseFiles FilesIn(const Directory& directory) {
  DatabaseFiles files;
  for (const char* suffix : kSuffixes) {
    const std::string name = absl::StrCat("a.db", suffix);
    if (directory.Has(name)) files[suffix] = directory.Get(name);
  }
  return files;
}

// Makes a database commit by commit.
class Maker {
 public:
  Maker(std::string name, std::size_t page_size, const std::string& settings) {
    kind_.name = std::move(name);
    kind_.page_size = page_size;
    CHECK(sqlite3_open_v2(directory_.Path("a.db").c_str(), &connection_,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          "unix") == SQLITE_OK);
    Run(absl::StrCat("PRAGMA page_size = ", page_size, ";", settings));
  }
  ~Maker() { sqlite3_close(connection_); }
  Maker(const Maker&) = delete;
  Maker& operator=(const Maker&) = delete;

  Maker& Run(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) !=
        SQLITE_OK) {
      std::fprintf(stderr, "%s: %s: %s\n", kind_.name.c_str(), sql.c_str(),
                   sqlite3_errmsg(connection_));
      std::abort();
    }
    return *this;
  }
  Maker& Commit(const std::string& sql) {
    if (kind_.states.size() == 1) kind_.older = FilesIn(directory_);
    Run(absl::StrCat("BEGIN;", sql, ";COMMIT"));
    return TakeState();
  }
  // The pages of a transaction that does not end.
  Maker& CutShort(const std::string& sql) {
    Run(absl::StrCat("PRAGMA cache_size = 2; BEGIN;", sql));
    CHECK(sqlite3_db_cacheflush(connection_) == SQLITE_OK);
    return *this;
  }
  // With all that a killed process leaves.
  FilesOfKind Killed() {
    kind_.files = FilesIn(directory_);
    return std::move(kind_);
  }
  FilesOfKind Closed() {
    sqlite3_close(std::exchange(connection_, nullptr));
    return Killed();
  }

 private:
  Maker& TakeState() {
    IndependentReading reading = ReadIndependently(FilesIn(directory_));
    if (reading.found != Found::kIntact) {
      std::fprintf(stderr, "%s: %s\n", kind_.name.c_str(), reading.why.c_str());
      std::abort();
    }
    kind_.states.push_back(std::move(reading.tables));
    return *this;
  }

  const Directory directory_;
  sqlite3* connection_ = nullptr;
  FilesOfKind kind_;
};

FilesOfKind Wal(const std::string& name, int generations) {
  Maker maker(name, 1024,
              "PRAGMA journal_mode = WAL;"
              "PRAGMA wal_autocheckpoint = 0;");
  maker.Commit(kTable);
  for (int i = 0; i < 4; ++i) {
    maker.Commit(absl::StrCat("UPDATE t SET b = 'v", i, "' WHERE a % 7 = ", i));
  }
  if (generations > 1) {
    maker.Run("PRAGMA wal_checkpoint");
    maker.Commit("UPDATE t SET b = 'second' WHERE a < 20");
    maker.Commit("INSERT INTO t SELECT a, b, c FROM t WHERE a > 190");
    maker.Commit("DELETE FROM t WHERE a = 3");
  }
  return maker.Killed();
}

FilesOfKind EmptyBesideItsJournal(FilesOfKind hot) {
  hot.name = "empty_beside_its_journal";
  hot.files[""] = "";
  return hot;
}

// Closed, or as a killed process leaves it.
FilesOfKind Ours(const std::string& name, bool is_closed) {
  FilesOfKind kind;
  kind.name = name;
  kind.page_size = 4096;
  kind.is_ours = true;
  const Directory directory;
  auto saver =
      saver::SqliteSaver::Open(directory.Path("a.db"), saver::Options());
  CHECK(saver.ok());
  for (int i = 0; i < 4; ++i) {
    const std::string bytes(static_cast<std::size_t>(1000 + 2500 * i), 'b');
    CHECK((*saver)->PutBlob("thread", absl::StrCat("blob-", i), bytes).ok());
    CHECK((*saver)->AppendLog("thread", "{\"a\": 1}").ok());
    kind.states.push_back(ReadIndependently(FilesIn(directory)).tables);
    if (i == 1) kind.older = FilesIn(directory);
  }
  if (is_closed) saver->reset();
  kind.files = FilesIn(directory);
  // Its database alone, before its first checkpoint.
  kind.states.insert(kind.states.begin(),
                     ReadIndependently({{"", kind.older.at("")}}).tables);
  return kind;
}

using Random = std::mt19937_64;

// The distributions of the standard library differ between libraries.
std::size_t Below(std::size_t end, Random& random) {
  return end == 0 ? 0 : random() % end;
}
bool OneIn(std::size_t count, Random& random) {
  return Below(count, random) == 0;
}

// Where the parts of a file are: pages, frames or records.
struct Layout {
  std::size_t first = 0;
  std::size_t part = 0;
  std::size_t header = 0;
};

Layout LayoutOf(const std::string& suffix, std::size_t page_size) {
  if (suffix == "-wal") return {32, 24 + page_size, 32};
  if (suffix == "-journal") return {512, 8 + page_size, 28};
  return {0, page_size, 100};
}

class Damager {
 public:
  Damager(const FilesOfKind& kind, Random& random)
      : kind_(kind), random_(random) {
    damaged_.files = kind.files;
  }

  DamagedFiles Run() {
    std::vector<std::string> suffixes;
    for (const auto& [suffix, bytes] : kind_.files) {
      if (!bytes.empty()) suffixes.push_back(suffix);
    }
    std::size_t first = Below(suffixes.size(), random_);
    Change(suffixes[first]);
    if (OneIn(5, random_)) {
      Change(suffixes[Below(suffixes.size(), random_)]);
      damaged_.has_only_flips = false;
    }
    return std::move(damaged_);
  }

 private:
  std::string& bytes() { return damaged_.files[suffix_]; }
  std::size_t Parts() {
    return bytes().size() <= layout_.first
               ? 0
               : (bytes().size() - layout_.first) / layout_.part;
  }
  std::size_t OffsetOf(std::size_t part) const {
    return layout_.first + part * layout_.part;
  }

  void Change(const std::string& suffix) {
    const bool is_first = damaged_.what.empty();
    damaged_.changed = is_first || damaged_.changed == suffix ? suffix : "both";
    suffix_ = suffix;
    layout_ = LayoutOf(suffix, kind_.page_size);
    absl::StrAppend(&damaged_.what, is_first ? "" : ", ", "a.db", suffix, ": ",
                    ChangeBytes());
  }

  std::string ChangeBytes() {
    switch (Below(10, random_)) {
      case 0:
      case 1:
        return Flip();
      case 2:
        return Truncate();
      case 3:
        return Zero();
      case 4:
        return Swap();
      case 5:
        return Duplicate();
      case 6:
        return Append();
      case 7:
        return ChangeHeader();
      case 8:
        return Overwrite();
      default:
        return suffix_.empty() || OneIn(2, random_) ? MakeStale() : Remove();
    }
  }

  std::string Flip() {
    damaged_.has_only_flips = true;
    std::string what = "flipped";
    for (std::size_t i = Below(8, random_) + 1; i > 0 && !bytes().empty();
         --i) {
      const std::size_t at = SomeOffset();
      bytes()[at] = static_cast<char>(bytes()[at] ^ (1 << Below(8, random_)));
      absl::StrAppend(&what, " ", at);
    }
    return what;
  }
  // One in three where the numbers are that lead to others.
  std::size_t SomeOffset() {
    if (!OneIn(3, random_)) return Below(bytes().size(), random_);
    const std::size_t at = OffsetOf(Below(Parts(), random_));
    return std::min(at + Below(24, random_), bytes().size() - 1);
  }
  std::string Truncate() {
    std::size_t size = Below(bytes().size(), random_);
    if (OneIn(2, random_)) size = OffsetOf(Below(Parts(), random_));
    bytes().resize(std::min(size, bytes().size()));
    return absl::StrCat("truncated to ", bytes().size());
  }
  std::string Zero() {
    return PutAt(OffsetOf(Below(Parts(), random_)),
                 std::string(layout_.part, '\0'), "zeros at ");
  }
  std::string Swap() {
    const std::size_t a = OffsetOf(Below(Parts(), random_));
    const std::size_t b = OffsetOf(Below(Parts(), random_));
    if (std::max(a, b) + layout_.part > bytes().size()) return "nothing";
    const std::string part = bytes().substr(a, layout_.part);
    PutAt(a, bytes().substr(b, layout_.part), "");
    PutAt(b, part, "");
    return absl::StrCat("swapped ", a, " and ", b);
  }
  std::string Duplicate() {
    const std::size_t from = OffsetOf(Below(Parts(), random_));
    if (from > bytes().size()) return "nothing";
    return PutAt(OffsetOf(Below(Parts(), random_)),
                 bytes().substr(from, layout_.part),
                 absl::StrCat("copied ", from, " to "));
  }
  std::string Append() {
    const std::size_t from =
        std::min(OffsetOf(Below(Parts(), random_)), bytes().size());
    std::string tail = bytes().substr(from);
    if (OneIn(3, random_)) tail = Garbage(Below(3000, random_) + 1);
    bytes() += tail;
    return absl::StrCat(tail.size(), " bytes more, as from ", from);
  }
  std::string ChangeHeader() {
    const std::size_t end = std::min(layout_.header, bytes().size());
    if (end == 0) return "nothing";
    const std::size_t at = Below(end, random_);
    const std::size_t size = std::min(end - at, Below(4, random_) + 1);
    return PutAt(at, Garbage(size),
                 absl::StrCat(size, " bytes of garbage at "));
  }
  std::string Overwrite() {
    const std::size_t at = Below(bytes().size(), random_);
    const std::size_t size = Below(600, random_) + 1;
    return PutAt(at, Garbage(size),
                 absl::StrCat(size, " bytes of garbage at "));
  }
  std::string MakeStale() {
    const auto old = kind_.older.find(suffix_);
    if (old == kind_.older.end()) return Flip();
    bytes() = old->second;
    return "as it was before";
  }
  std::string Remove() {
    damaged_.files.erase(suffix_);
    return "removed";
  }

  std::string Garbage(std::size_t size) {
    std::string garbage;
    while (garbage.size() < size) {
      garbage += static_cast<char>(random_() & 0xff);
    }
    return garbage;
  }
  // No further than the file goes.
  std::string PutAt(std::size_t at, const std::string& what,
                    const std::string& words) {
    if (at >= bytes().size()) return "nothing";
    const std::size_t size = std::min(what.size(), bytes().size() - at);
    bytes().replace(at, size, what, 0, size);
    return absl::StrCat(words, at);
  }

  const FilesOfKind& kind_;
  Random& random_;
  DamagedFiles damaged_;
  std::string suffix_;
  Layout layout_;
};

}  // namespace

std::vector<FilesOfKind> AllKindsOfFiles() {
  std::vector<FilesOfKind> kinds;
  const std::string update = "UPDATE t SET b = 'new', c = c || 'y'";
  kinds.push_back(
      Maker("delete", 1024, "").Commit(kTable).Commit(update).Closed());
  kinds.push_back(Wal("wal", 1));
  kinds.push_back(Wal("wal_of_two_generations", 2));
  kinds.push_back(
      Maker("hot_journal", 1024, "").Commit(kTable).CutShort(update).Killed());
  kinds.push_back(EmptyBesideItsJournal(kinds.back()));
  kinds.push_back(Maker("persist", 1024, "PRAGMA journal_mode = PERSIST;")
                      .Commit(kTable)
                      .Commit(update)
                      .Closed());
  kinds.push_back(
      Maker("without_rowid", 1024, "")
          .Commit(
              "CREATE TABLE t (a TEXT, b INTEGER, c, d GENERATED ALWAYS AS "
              "(a || b), PRIMARY KEY (a, b)) WITHOUT ROWID;"
              "CREATE INDEX i ON t (c) WHERE b > 50;"
              "CREATE INDEX j ON t (length(a), d);"
              "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
              "n LIMIT 200) INSERT INTO t SELECT hex(x * 31), x, printf("
              "'%.*c', x % 90, 'c') FROM n")
          .Commit("DELETE FROM t WHERE b % 5 = 0")
          .Closed());
  for (const char* module : {"fts4", "fts5"}) {
    kinds.push_back(
        Maker(module, 1024, "")
            .Commit(absl::StrCat(
                "CREATE VIRTUAL TABLE f USING ", module,
                "(a, b); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + "
                "1 FROM n LIMIT 100) INSERT INTO f SELECT 'word' || x || ' of '"
                " || x % 7, hex(x * 7919) FROM n"))
            .Commit("UPDATE f SET a = 'another word' WHERE rowid % 9 = 0")
            .Closed());
  }
  kinds.push_back(
      Maker("rtree", 1024, "")
          .Commit(
              "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1);"
              "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
              "n LIMIT 200) INSERT INTO r SELECT x, x % 17, x % 17 + 2, "
              "x % 11, x % 11 + 3 FROM n")
          .Commit("DELETE FROM r WHERE id % 6 = 0")
          .Closed());
  kinds.push_back(Maker("auto_vacuum", 1024, "PRAGMA auto_vacuum = FULL;")
                      .Commit(kTable)
                      .Commit("DELETE FROM t WHERE a % 3 = 0")
                      .Closed());
  kinds.push_back(Maker("utf_16", 1024, "PRAGMA encoding = 'UTF-16';")
                      .Commit(kTable)
                      .Commit("UPDATE t SET b = b || char(8364, 128512)")
                      .Closed());
  kinds.push_back(
      Maker("pages_of_512", 512, "").Commit(kTable).Commit(update).Closed());
  kinds.push_back(Maker("pages_of_65536", 65536, "")
                      .Commit(kTable)
                      .Commit(update)
                      .Closed());
  kinds.push_back(
      Maker("foreign_keys", 1024, "")
          .Commit(
              "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
              "CREATE TABLE c (p REFERENCES p, n REFERENCES p (name));"
              "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
              "n LIMIT 100) INSERT INTO p SELECT x, hex(x) FROM n;"
              "INSERT INTO c SELECT id, name FROM p")
          .Commit("DELETE FROM p WHERE id % 10 = 0")
          .Closed());
  kinds.push_back(Ours("ours", /*is_closed=*/true));
  kinds.push_back(Ours("ours_with_its_wal", /*is_closed=*/false));
  return kinds;
}

DamagedFiles Damage(const FilesOfKind& kind, std::mt19937_64& random) {
  return Damager(kind, random).Run();
}

}  // namespace lastcommit
