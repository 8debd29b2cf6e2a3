#include "judge/recovered.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "disk/page_digest.h"
#include "disk/sim_vfs.h"
#include "output/plural.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

constexpr int kStepsBetween = 100'000;

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
struct Finalize {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Connection = std::unique_ptr<sqlite3, Close>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// A row as bytes that no other one has. What is hashed in many small parts
// takes twice as long as what is put together first.
class RowBytes {
 public:
  void Clear() { bytes_.clear(); }
  template <typename Number>
  void AddNumber(Number number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  void AddText(std::string_view text) {
    AddNumber(std::uint64_t{text.size()});
    bytes_.append(text);
  }
  std::uint64_t Hash() const {
    return XXH3_64bits(bytes_.data(), bytes_.size());
  }

 private:
  std::string bytes_;
};

// With the types of its values.
std::uint64_t HashOfRow(sqlite3_stmt* statement, RowBytes& row) {
  row.Clear();
  const int columns = sqlite3_column_count(statement);
  for (int i = 0; i < columns; ++i) {
    const int type = sqlite3_column_type(statement, i);
    row.AddNumber(type);
    if (type == SQLITE_INTEGER) {
      row.AddNumber(sqlite3_column_int64(statement, i));
    } else if (type == SQLITE_FLOAT) {
      row.AddNumber(sqlite3_column_double(statement, i));
    } else if (type != SQLITE_NULL) {
      const void* const bytes = sqlite3_column_blob(statement, i);
      const auto size =
          static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
      row.AddText({static_cast<const char*>(bytes), size});
    }
  }
  return row.Hash();
}

struct FreeText {
  void operator()(char* text) const { sqlite3_free(text); }
};

// Reads one database. The first thing that SQLite has against it ends it.
class Reader {
 public:
  explicit Reader(sqlite3* connection) : connection_(connection) {
    sqlite3_progress_handler(connection, kStepsBetween, IsTooLong, this);
  }

  Recovered Read() {
    CheckIntegrity();
    ReadSchema();
    for (const std::string& table : names_) ReadTable(table);
    if (found_.kind == Recovered::Kind::kDamaged) {
      found_.tables.clear();
      found_.schema = 0;
    }
    return std::move(found_);
  }

 private:
  static int IsTooLong(void* self) {
    auto& reader = *static_cast<Reader*>(self);
    reader.steps_ += kStepsBetween / 1000;
    return reader.steps_ > RecoveryLimits::kSteps ? 1 : 0;
  }

  bool is_over() const { return found_.kind != Recovered::Kind::kWhole; }

  void End(Recovered::Kind kind, std::string message) {
    if (is_over()) return;
    found_.kind = kind;
    found_.message = std::move(message);
  }

  void EndWith(int result) {
    const int code = result & 0xFF;
    const std::string message = sqlite3_errmsg(connection_);
    // A header or a size that SQLite has not written so: what had another
    // format from the beginning never counts, and nobody can store what is too
    // big.
    const bool is_damage = code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
                           code == SQLITE_TOOBIG || code == SQLITE_FULL ||
                           message == "unsupported file format";
    End(is_damage ? Recovered::Kind::kDamaged : Recovered::Kind::kUnreadable,
        message);
  }

  template <typename OnRow>
  void ForEach(const std::string& sql, OnRow on_row) {
    if (is_over()) return;
    sqlite3_stmt* prepared = nullptr;
    int result =
        sqlite3_prepare_v2(connection_, sql.c_str(), -1, &prepared, nullptr);
    const Statement statement(prepared);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
      result = sqlite3_step(prepared);
      if (result == SQLITE_DONE) return;
      if (result == SQLITE_ROW) on_row(prepared);
      if (is_over()) return;
    }
    EndWith(result);
  }

  static std::string TextAt(sqlite3_stmt* statement, int column) {
    const auto* const text =
        reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    return text == nullptr ? "" : text;
  }

  void CheckIntegrity() {
    ForEach("PRAGMA integrity_check(1)", [this](sqlite3_stmt* row) {
      const std::string text = TextAt(row, 0);
      if (text != "ok") End(Recovered::Kind::kDamaged, text);
    });
  }

  void ReadSchema() {
    std::uint64_t sum = 0;
    std::int64_t version = 0;
    ForEach("PRAGMA user_version",
            [&](sqlite3_stmt* row) { version = sqlite3_column_int64(row, 0); });
    ForEach(
        "SELECT type, name, tbl_name, sql, "
        "type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %' "
        "FROM sqlite_schema",
        [&](sqlite3_stmt* row) {
          row_.Clear();
          for (int i = 0; i < 4; ++i) row_.AddText(TextAt(row, i));
          sum += row_.Hash();
          if (sqlite3_column_int(row, 4) == 1) {
            names_.push_back(TextAt(row, 1));
          }
        });
    const std::uint64_t both[] = {sum, static_cast<std::uint64_t>(version)};
    const bool is_nothing = sum == 0 && version == 0;
    found_.schema = is_nothing ? 0 : XXH3_64bits(both, sizeof(both));
  }

  // The sum over its rows: their order is not part of the content.
  void ReadTable(const std::string& name) {
    Recovered::Table table;
    const std::unique_ptr<char, FreeText> sql(
        sqlite3_mprintf("SELECT * FROM \"%w\"", name.c_str()));
    ForEach(sql.get(), [&](sqlite3_stmt* row) {
      ++table.rows;
      table.digest += HashOfRow(row, row_);
    });
    found_.tables[name] = table;
  }

  sqlite3* connection_;
  RowBytes row_;
  std::vector<std::string> names_;
  std::int64_t steps_ = 0;
  Recovered found_;
};

// Opens the database on the disk, and closes it behind `use`.
template <typename Use>
void WithConnection(SimDisk& disk, const std::string& database, Use use) {
  UseSimDisk(&disk);
  {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open_v2(
        database.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
        "lastcommit-sim");
    const Connection connection(opened);
    // What is closed is thrown away: a checkpoint would help nobody.
    if (opened != nullptr) {
      sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }
    use(result, opened);
  }
  UseSimDisk(nullptr);
}

// Which has no more than a recording has commits, and some.
constexpr std::size_t kMostKnownPages = 10'000;

Recovered ReadNew(sqlite3* connection, SimDisk& disk,
                  const std::string& database, RecoveredPages& known) {
  std::int64_t wal_frames = 0;
  const std::optional<std::uint64_t> pages =
      DigestOfPages(connection, disk, database, wal_frames);
  if (!pages.has_value()) return Reader(connection).Read();
  const auto found = known.find(*pages);
  if (found != known.end()) return found->second;
  Recovered recovered = Reader(connection).Read();
  if (known.size() < kMostKnownPages) known.emplace(*pages, recovered);
  return recovered;
}

// `read` gets the connection.
template <typename Read>
Recovered ReadFrom(SimDisk& disk, const std::string& database, Read read) {
  Recovered found;
  WithConnection(disk, database, [&](int result, sqlite3* connection) {
    if (result == SQLITE_OK) {
      found = read(connection);
      return;
    }
    found.kind = Recovered::Kind::kUnreadable;
    found.message =
        connection == nullptr ? "no memory" : sqlite3_errmsg(connection);
  });
  return found;
}

std::string ContentOf(const Storage& storage, const std::string& path) {
  const InodeId inode = storage.Find(path);
  if (inode == kNoInode) return "";
  std::string bytes(static_cast<std::size_t>(storage.Size(inode)), '\0');
  storage.Read(inode, 0, bytes.data(), storage.Size(inode));
  return bytes;
}

}  // namespace

Recovered Recover(const Storage& image, const DatabaseNames& names,
                  RecoveredPages& known) {
  if (image.Find(names.database) == kNoInode) return {};
  SimDisk disk(FilesOf(image, names));
  return ReadFrom(disk, names.database, [&](sqlite3* connection) {
    return ReadNew(connection, disk, names.database, known);
  });
}

std::optional<Recovered> LiveView(const Storage& image,
                                  const DatabaseNames& names) {
  // The header of the wal-index, twice: whoever writes it makes the two differ.
  // https://sqlite.org/walformat.html#the_wal_index_header
  constexpr std::size_t kHeader = 48;
  const std::string index = ContentOf(image, names.index);
  if (image.Find(names.database) == kNoInode ||
      image.Find(names.wal) == kNoInode || index.size() < 2 * kHeader ||
      index[0] == '\0' ||
      index.compare(0, kHeader, index, kHeader, kHeader) != 0) {
    return std::nullopt;
  }
  SimDisk disk(FilesOf(image, names));
  disk.SetIndex(names.database, index);
  return ReadFrom(disk, names.database, [](sqlite3* connection) {
    return Reader(connection).Read();
  });
}

std::optional<bool> Ask(const Storage& image, const DatabaseNames& names,
                        const std::string& query) {
  if (image.Find(names.database) == kNoInode) return std::nullopt;
  SimDisk disk(FilesOf(image, names));
  std::optional<bool> answer;
  WithConnection(disk, names.database, [&](int result, sqlite3* connection) {
    if (result != SQLITE_OK) return;
    sqlite3_stmt* prepared = nullptr;
    sqlite3_prepare_v2(connection, query.c_str(), -1, &prepared, nullptr);
    const Statement statement(prepared);
    // What a question changes is not asked.
    if (prepared == nullptr || sqlite3_stmt_readonly(prepared) == 0) return;
    if (sqlite3_step(prepared) == SQLITE_ROW) {
      answer = sqlite3_column_double(prepared, 0) != 0;
    }
  });
  return answer;
}

std::string Difference(const Recovered& expected, const Recovered& found) {
  if (found.kind != Recovered::Kind::kWhole) return found.message;
  for (const auto& [name, table] : expected.tables) {
    const auto other = found.tables.find(name);
    if (other == found.tables.end()) {
      return absl::StrCat("table ", name, " is not there");
    }
    if (other->second.rows != table.rows) {
      return absl::StrCat("table ", name, " has ",
                          Plural(other->second.rows, "row"), " and not ",
                          table.rows);
    }
    if (!(other->second == table)) {
      return absl::StrCat("table ", name, " has other rows");
    }
  }
  for (const auto& [name, table] : found.tables) {
    if (!expected.tables.contains(name)) {
      return absl::StrCat("table ", name, " is there");
    }
  }
  return expected.schema == found.schema ? "nothing"
                                         : "the schema or user_version differs";
}

}  // namespace lastcommit
