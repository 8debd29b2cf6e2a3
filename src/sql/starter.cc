#include "sql/starter.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "saver/sqlite_status.h"
#include "sql/dialect.h"
#include "sql/script.h"
#include "sql/tables.h"
#include "status/status.h"
#include "store/operation.h"

namespace lastcommit::sql {
namespace {

using Texts = std::vector<std::string>;

// All rows, as text; NULL is "".
absl::StatusOr<std::vector<Texts>> Ask(sqlite3* connection,
                                       const std::string& sql,
                                       const std::string& argument = "") {
  sqlite3_stmt* statement = nullptr;
  int result =
      sqlite3_prepare_v2(connection, sql.c_str(), -1, &statement, nullptr);
  const absl::Cleanup finalize = [&statement] { sqlite3_finalize(statement); };
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  sqlite3_bind_text64(statement, 1, argument.data(), argument.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  std::vector<Texts> rows;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    Texts& row = rows.emplace_back();
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      const auto* const text =
          reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      row.emplace_back(text == nullptr ? "" : text);
    }
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  return rows;
}

std::string Listed(const Texts& names) {
  return absl::StrJoin(names, ", ", [](std::string* out, const auto& name) {
    out->append(QuotedName(name));
  });
}

// Letters, digits and _, no digit in front.
std::string AsName(const std::string& text, std::size_t most) {
  std::string name = text.substr(0, most);
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  const bool is_good =
      !name.empty() &&
      !absl::ascii_isdigit(static_cast<unsigned char>(name[0]));
  return is_good ? name : absl::StrCat("_", name.substr(0, most - 1));
}

std::string Unused(std::string name, std::set<std::string>& used) {
  const std::string wanted = name;
  for (int n = 2; !used.insert(name).second; ++n) {
    name = absl::StrCat(wanted, "_", n);
  }
  return name;
}

enum class Affinity { kNumber, kTruth, kText, kBlob };

// https://sqlite.org/datatype3.html, 3.1
Affinity AffinityOf(const std::string& declared) {
  const std::string type = absl::AsciiStrToUpper(declared);
  const auto has = [&type](const char* part) {
    return absl::StrContains(type, part);
  };
  if (has("INT")) return Affinity::kNumber;
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Affinity::kText;
  if (has("BLOB") || type.empty()) return Affinity::kBlob;
  return has("BOOL") ? Affinity::kTruth : Affinity::kNumber;
}

struct Column {
  std::string name;
  std::string type;
  bool is_not_null = false;
  int key = 0;  // its place in the primary key, from 1 on
};

struct ForeignKey {
  std::string parent;
  Texts from;
  Texts to;
};

struct Table {
  std::string name;
  std::vector<Column> columns;  // that can be written
  std::vector<ForeignKey> foreign_keys;

  Texts Key() const {
    std::map<int, std::string> key;
    for (const Column& column : columns) {
      if (column.key > 0) key[column.key] = column.name;
    }
    Texts names;
    for (const auto& [place, column] : key) names.push_back(column);
    return names;
  }
  const ForeignKey* ForeignKeyOf(const std::string& column) const {
    for (const ForeignKey& key : foreign_keys) {
      if (std::find(key.from.begin(), key.from.end(), column) !=
          key.from.end()) {
        return &key;
      }
    }
    return nullptr;
  }
};

absl::StatusOr<Table> ReadTable(sqlite3* connection, const std::string& name) {
  Table table;
  table.name = name;
  ASSIGN_OR_RETURN(
      const auto columns,
      Ask(connection,
          "SELECT name, type, \"notnull\", pk FROM pragma_table_xinfo(?1)"
          " WHERE hidden = 0 ORDER BY cid",
          name));
  for (const Texts& row : columns) {
    Column& column = table.columns.emplace_back();
    column.name = row[0];
    column.type = row[1];
    column.is_not_null = row[2] != "0";
    static_cast<void>(absl::SimpleAtoi(row[3], &column.key));
  }
  ASSIGN_OR_RETURN(const auto keys,
                   Ask(connection,
                       "SELECT id, \"table\", \"from\", \"to\""
                       " FROM pragma_foreign_key_list(?1) ORDER BY id, seq",
                       name));
  std::string newest;
  for (const Texts& row : keys) {
    if (table.foreign_keys.empty() || row[0] != newest) {
      table.foreign_keys.push_back({row[1], {}, {}});
    }
    newest = row[0];
    table.foreign_keys.back().from.push_back(row[2]);
    table.foreign_keys.back().to.push_back(row[3]);
  }
  return table;
}

class Starter {
 public:
  Starter(sqlite3* connection, std::string name)
      : connection_(connection), name_(std::move(name)) {}

  absl::StatusOr<std::string> Make() {
    RETURN_IF_ERROR(ReadTables());
    RETURN_IF_ERROR(WriteHead());
    for (const Table& table : tables_) WriteInsert(table);
    for (const Table& table : tables_) WriteUpdate(table);
    for (const Table& table : tables_) WriteDelete(table);
    LeaveOutTooManyFields();
    return LeaveOutWhatIsUnfit();
  }

 private:
  // A transaction, whose parameters are made as they are needed.
  struct Block {
    std::string name;
    std::vector<std::string> sets;
    std::string statement;
    std::string left_out;  // why
    std::set<std::string> names;

    bool IsFull() const { return sets.size() == Operation::kMaxValues; }
    // ":name"
    std::string Set(const std::string& wanted, const std::string& range) {
      const std::string parameter =
          Unused(AsName(wanted, ScriptLimits::kMaxNameBytes - 4), names);
      sets.push_back(absl::StrCat("\\set ", parameter, " ", range));
      return absl::StrCat(":", parameter);
    }
    std::string Text() const {
      std::string text =
          absl::StrCat("\\transaction ", name, "\n", absl::StrJoin(sets, "\n"),
                       sets.empty() ? "" : "\n", statement, "\n");
      if (left_out.empty()) return text;
      std::string comment = absl::StrCat("-- Left out: ", left_out, "\n");
      for (const auto line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
        absl::StrAppend(&comment, "--   ", line, "\n");
      }
      return comment;
    }
  };

  // Those that a foreign key points to come first.
  absl::Status ReadTables() {
    ASSIGN_OR_RETURN(
        const auto names,
        Ask(connection_,
            "SELECT l.name FROM pragma_table_list AS l"
            " JOIN sqlite_schema AS s ON s.name = l.name"
            " WHERE l.schema = 'main' AND l.type = 'table'"
            " AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid"));
    for (const Texts& row : names) {
      ASSIGN_OR_RETURN(Table table, ReadTable(connection_, row[0]));
      by_name_.emplace(absl::AsciiStrToLower(row[0]), std::move(table));
    }
    for (const Texts& row : names) Place(row[0]);
    if (tables_.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(absl::CHexEscape(name_), ": there is no table"));
    }
    // An insert, an update and a delete of each.
    if (tables_.size() > ScriptLimits::kMaxTransactions / 3) {
      tables_.resize(ScriptLimits::kMaxTransactions / 3);
    }
    return absl::OkStatus();
  }

  // Names are the same in capitals.
  void Place(const std::string& any_case) {
    const std::string name = absl::AsciiStrToLower(any_case);
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || !placed_.insert(name).second) return;
    for (ForeignKey& key : found->second.foreign_keys) {
      Place(key.parent);
      const auto parent = by_name_.find(absl::AsciiStrToLower(key.parent));
      // Without columns of its own it is the parent's primary key.
      if (parent != by_name_.end() && key.to.front().empty()) {
        key.to = parent->second.Key();
      }
    }
    tables_.push_back(found->second);
  }

  absl::Status WriteHead() {
    absl::StrAppend(
        &head_, "-- Made by `lastcommit init` of ", absl::CHexEscape(name_),
        ": its schema, and changes of each\n-- table to start from. What the "
        "program really does is better: see docs/sql-dialect.md.\n");
    if (tables_.size() < by_name_.size()) {
      absl::StrAppend(&head_, "-- Of its ", by_name_.size(),
                      " tables there are changes of ", tables_.size(), ".\n");
    }
    ASSIGN_OR_RETURN(const auto mode, Ask(connection_, "PRAGMA journal_mode"));
    if (mode.front().front() == "wal") {
      head_ += "PRAGMA journal_mode = wal;\n";
    }
    ASSIGN_OR_RETURN(const auto encoding, Ask(connection_, "PRAGMA encoding"));
    if (encoding.front().front() != "UTF-8") {
      absl::StrAppend(&head_, "-- The database has the encoding ",
                      encoding.front().front(),
                      ", which a script cannot have: it is UTF-8 here.\n");
    }
    WriteForeignKeys();
    // Tables that belong to a virtual one come with it.
    ASSIGN_OR_RETURN(
        const auto schema,
        Ask(connection_,
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
            " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            " AND name NOT IN (SELECT name FROM pragma_table_list"
            " WHERE schema = 'main' AND type = 'shadow') ORDER BY rowid"));
    for (const Texts& row : schema) {
      const std::size_t last_line = row[0].rfind('\n') + 1;
      const bool ends_in_comment =
          row[0].find("--", last_line) != std::string::npos;
      absl::StrAppend(&head_, row[0], ends_in_comment ? "\n;\n" : ";\n");
    }
    return absl::OkStatus();
  }

  void WriteForeignKeys() {
    bool has_some = false;
    for (const auto& [name, table] : by_name_) {
      for (const ForeignKey& key : table.foreign_keys) {
        has_some = true;
        if (by_name_.contains(absl::AsciiStrToLower(key.parent))) continue;
        absl::StrAppend(&head_, "-- Without PRAGMA foreign_keys: there is no ",
                        absl::CHexEscape(key.parent), ", which ",
                        absl::CHexEscape(table.name), " refers to.\n");
        return;
      }
    }
    if (!has_some) return;
    head_ +=
        "-- SQLite's own default is off: without this line it is.\n"
        "PRAGMA foreign_keys = on;\n";
  }

  Block& AddBlock(const std::string& verb, const Table& table) {
    Block& block = blocks_.emplace_back();
    block.name = Unused(AsName(absl::StrCat(verb, "_", table.name),
                               ScriptLimits::kMaxNameBytes - 4),
                        names_);
    return block;
  }

  // A parameter for the column.
  static std::string ValueFor(const Table& table, const Column& column,
                              Block& block) {
    const bool is_key = column.key > 0;
    const Affinity affinity = AffinityOf(column.type);
    if (block.IsFull()) return "0";
    const bool is_rowid = is_key && table.Key().size() == 1 &&
                          absl::EqualsIgnoreCase(column.type, "INTEGER");
    if (is_rowid) return block.Set(column.name, "random(1, 40) null 50");
    const std::string null = column.is_not_null || is_key ? "" : " null 10";
    switch (affinity) {
      case Affinity::kTruth:
        return block.Set(column.name, "random(0, 1)" + null);
      case Affinity::kNumber:
        return block.Set(column.name, "random(0, 100)" + null);
      case Affinity::kText:
        return block.Set(column.name,
                         (is_key ? "text(1, 8)" : "text(0, 40)") + null);
      case Affinity::kBlob:
        return block.Set(column.name, "blob(0, 200)" + null);
    }
    return "NULL";
  }

  // The n-th row of the table, in the order of those columns, and from the
  // first on again.
  static std::string Row(const std::string& table, const Texts& columns,
                         const std::string& what, const std::string& n) {
    return absl::StrCat("(SELECT ", what, " FROM ", QuotedName(table),
                        " ORDER BY ", Listed(columns), " LIMIT 1\n    OFFSET ",
                        n, " % max(1, (SELECT count(*) FROM ",
                        QuotedName(table), ")))");
  }

  void WriteInsert(const Table& table) {
    Block& block = AddBlock("insert", table);
    Texts names;
    Texts values;
    std::map<const ForeignKey*, std::string> rows;
    for (const Column& column : table.columns) {
      names.push_back(column.name);
      const ForeignKey* const key = table.ForeignKeyOf(column.name);
      if (key == nullptr || key->to.size() != key->from.size() ||
          !by_name_.contains(absl::AsciiStrToLower(key->parent))) {
        values.push_back(ValueFor(table, column, block));
        continue;
      }
      if (!rows.contains(key)) {
        rows[key] =
            block.IsFull() ? "0" : block.Set(column.name, "random(0, 19)");
      }
      const auto place =
          std::find(key->from.begin(), key->from.end(), column.name) -
          key->from.begin();
      values.push_back(Row(key->parent, key->to,
                           QuotedName(key->to[static_cast<std::size_t>(place)]),
                           rows[key]));
    }
    block.statement = absl::StrCat("INSERT INTO ", QuotedName(table.name), " (",
                                   Listed(names), ")\n  VALUES (",
                                   absl::StrJoin(values, ", "), ");");
  }

  static std::string Where(const Table& table, Block& block) {
    Texts key = table.Key();
    if (key.empty()) key.push_back(table.columns.front().name);
    const std::string n = block.Set("row", "random(0, 39)");
    return absl::StrCat("\n  WHERE (", Listed(key), ") IS ",
                        Row(table.name, key, Listed(key), n), ";");
  }

  void WriteUpdate(const Table& table) {
    Block block;
    const std::string where = Where(table, block);
    Texts changes;
    for (const Column& column : table.columns) {
      if (column.key > 0 || table.ForeignKeyOf(column.name) != nullptr ||
          block.IsFull()) {
        continue;
      }
      changes.push_back(absl::StrCat(QuotedName(column.name), " = ",
                                     ValueFor(table, column, block)));
    }
    if (changes.empty()) return;
    block.name = AddBlock("update", table).name;
    block.statement = absl::StrCat("UPDATE ", QuotedName(table.name), " SET ",
                                   absl::StrJoin(changes, ", "), where);
    blocks_.back() = std::move(block);
  }

  void WriteDelete(const Table& table) {
    Block& block = AddBlock("delete", table);
    const std::string where = Where(table, block);
    block.statement =
        absl::StrCat("DELETE FROM ", QuotedName(table.name), where);
  }

  std::string Text() const {
    std::string text = head_;
    for (const Block& block : blocks_) {
      absl::StrAppend(&text, "\n", block.Text());
    }
    return absl::StrCat(
        text,
        "\n-- What must always hold, as a query that gives no row:\n"
        "-- \\invariant NAME\n-- SELECT ...;\n");
  }

  // Parameters of one name, range and place are one field of plans.
  void LeaveOutTooManyFields() {
    std::set<std::pair<std::size_t, std::string>> fields;
    for (Block& block : blocks_) {
      std::set<std::pair<std::size_t, std::string>> with = fields;
      for (std::size_t i = 0; i < block.sets.size(); ++i) {
        with.emplace(i, block.sets[i]);
      }
      if (with.size() <= OperationSpec::kMostFields) {
        fields = std::move(with);
      } else {
        block.left_out =
            absl::StrCat("a script has no more than ",
                         OperationSpec::kMostFields, " different parameters");
      }
    }
  }

  // The block that has this line of the text; nullptr: it is in the head.
  Block* BlockOf(int line) {
    const auto lines = [](const std::string& text) {
      return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    };
    int end = lines(head_);
    if (line <= end) return nullptr;
    for (Block& block : blocks_) {
      end += 1 + lines(block.Text());
      if (line <= end) return &block;
    }
    return nullptr;
  }

  // What is left out may be what the rest needs: until nothing is.
  absl::StatusOr<std::string> LeaveOutWhatIsUnfit() {
    while (true) {
      std::string text = Text();
      const auto unfit = UnfitTransactions(text);
      if (!unfit.ok()) return NoScript(std::string(unfit.status().message()));
      if (unfit->empty()) return text;
      // Their lines are those of the text as it is.
      std::vector<std::pair<Block*, std::string>> left_out;
      for (const std::string& message : *unfit) {
        // ":12: why"
        const std::vector<std::string> parts =
            absl::StrSplit(message, absl::MaxSplits(": ", 1));
        int line = 0;
        Block* const block =
            parts.size() == 2 && absl::SimpleAtoi(parts[0].substr(1), &line)
                ? BlockOf(line)
                : nullptr;
        if (block == nullptr) return NoScript(message);
        left_out.emplace_back(block, absl::CHexEscape(parts[1]));
      }
      for (const auto& [block, why] : left_out) {
        block->left_out = why;
        reasons_.push_back(why);
      }
    }
  }

  absl::Status NoScript(const std::string& why) const {
    std::string message = absl::StrCat(
        absl::CHexEscape(name_),
        ": no script can be made of its schema: ", absl::CHexEscape(why));
    for (std::size_t i = 0; i < std::min<std::size_t>(reasons_.size(), 3);
         ++i) {
      absl::StrAppend(&message, "; ", reasons_[i]);
    }
    return absl::InvalidArgumentError(message);
  }

  sqlite3* const connection_;
  const std::string name_;
  std::map<std::string, Table> by_name_;
  std::set<std::string> placed_;
  std::vector<Table> tables_;
  std::string head_;
  std::vector<Block> blocks_;
  std::set<std::string> names_;       // of blocks
  std::vector<std::string> reasons_;  // why some are left out
};

}  // namespace

absl::StatusOr<std::string> StarterScript(sqlite3* connection,
                                          const std::string& name) {
  return Starter(connection, name).Make();
}

}  // namespace lastcommit::sql
