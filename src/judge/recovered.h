// What SQLite finds in a crash image: it recovers the database from its journal
// or WAL, checks it, and reads every table. Two images hold the same if their
// Recovered are equal: all tables with their rows as values with their types,
// the schema and user_version; a rowid only where it is an INTEGER PRIMARY KEY,
// since VACUUM may change the others.
//
// SQLite is that of this program, on a disk in memory: nothing outside of it is
// read or written.

#ifndef LASTCOMMIT_JUDGE_RECOVERED_H_
#define LASTCOMMIT_JUDGE_RECOVERED_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "disk/storage.h"
#include "judge/database_files.h"

namespace lastcommit {

struct Recovered {
  enum class Kind {
    kWhole,       // also one that is not there, or empty: it has no tables
    kDamaged,     // what SQLite says of it is in `message`
    kUnreadable,  // not by this SQLite: a function or a module is missing
  };
  struct Table {
    std::int64_t rows = 0;
    std::uint64_t digest = 0;
    bool operator==(const Table&) const = default;
  };

  Kind kind = Kind::kWhole;
  std::uint64_t schema = 0;  // a digest of it, and of user_version
  std::map<std::string, Table> tables = {};
  std::string message = {};

  // Damage is not what was there before, whatever SQLite calls it.
  bool operator==(const Recovered& other) const {
    return kind == other.kind && kind != Kind::kDamaged &&
           schema == other.schema && tables == other.tables;
  }
  bool is_empty() const { return kind == Kind::kWhole && tables.empty(); }
};

struct RecoveryLimits {
  // Steps of SQLite's virtual machine, in thousands, over all that is asked of
  // one image: what does not end by itself is unreadable.
  static constexpr std::int64_t kSteps = 2'000'000;
};

// By the digests of their pages (disk/page_digest.h).
using RecoveredPages = std::map<std::uint64_t, Recovered>;
// Works on a copy of the files. RegisterSimVfs() was called. Pages that are
// `known` are not read again.
Recovered Recover(const Storage& image, const DatabaseNames& names,
                  RecoveredPages& known);

// What a connection finds that is opened beside those of the living program:
// nobody recovers, and the wal-index (the content of "-shm") says which frames
// of the WAL count. nullopt: there is none, or somebody is writing it.
std::optional<Recovered> LiveView(const Storage& image,
                                  const DatabaseNames& names);

// The first value that the query gives of the recovered database, as SQLite's
// true or false; nullopt: it gives none (no such table, a syntax error).
std::optional<bool> Ask(const Storage& image, const DatabaseNames& names,
                        const std::string& query);

// For people, what `found` has and `expected` has not, or the other way round:
// "table t has 3 rows and not 4".
std::string Difference(const Recovered& expected, const Recovered& found);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_RECOVERED_H_
