// Script: a file of SQL that says what is tested: how the database is set up,
// named transactions and queries with parameters, and invariants.
// docs/sql-dialect.md has the grammar.

#ifndef LASTCOMMIT_SQL_SCRIPT_H_
#define LASTCOMMIT_SQL_SCRIPT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/settings.h"

namespace lastcommit::sql {

// The limits of a script; a larger one is refused.
struct ScriptLimits {
  static constexpr std::size_t kMaxBytes = 1 << 20;
  static constexpr std::size_t kMaxStatementBytes = 1 << 14;
  static constexpr std::size_t kMaxTransactions = 64;
  static constexpr std::size_t kMaxNameBytes = 40;
  static constexpr std::int64_t kMaxContentBytes = 1 << 20;
  static constexpr int kMaxWeight = 100;
};

struct SqlStatement {
  std::string text;
  int line = 0;      // of the file; its first
  std::string verb;  // its first word, in upper case: "BEGIN"
  // Its one row becomes variables: the prefix and the name of each column.
  bool is_gset = false;
  std::string prefix = {};

  bool IsCommit() const { return verb == "COMMIT" || verb == "END"; }
  // ROLLBACK TO a savepoint.
  bool IsRollbackTo() const;
  // Whether the transaction stays one without it.
  bool MayBeLeftOut() const;
  bool IsOfSavepoint() const {
    return verb == "SAVEPOINT" || verb == "RELEASE" || IsRollbackTo();
  }
};

// What a plan gives a number to, and a statement names as :name.
struct Parameter {
  enum class Type { kInteger, kText, kBlob };
  // So many of one size are different.
  static constexpr int kContents = 1000;

  std::string name;
  Type type = Type::kInteger;
  // The integer itself, or the size in bytes.
  std::int64_t low = 0;
  std::int64_t high = 0;
  int null_percent = 0;  // how often it is NULL

  // The numbers that a plan may give it. NULL is the one below the others.
  std::int64_t min() const;
  std::int64_t max() const;
  std::int64_t null() const { return simplest() - 1; }
  // Of kInteger the smallest value, of the others the shortest.
  std::int64_t simplest() const { return type == Type::kInteger ? low : 0; }

  bool operator==(const Parameter&) const = default;
};

struct Transaction {
  std::string name;
  int line = 0;
  int weight = 1;
  bool is_query = false;
  // Counts as one, whatever it commits before its end.
  bool is_atomic = false;
  // After a statement that fails, too.
  bool goes_on = false;
  std::vector<Parameter> parameters;
  std::vector<SqlStatement> statements;
  // Which value of a plan has a bit for each statement that may be left out, in
  // their order: it is not run. 0: none is left out.
  std::optional<std::size_t> left_out = {};

  // The statements that those values leave out: their places.
  std::set<std::size_t> LeftOut(std::span<const std::int64_t> values) const;
  // Whether it says BEGIN itself.
  bool HasItsOwnBegin() const;
  // How many of its statements come before its BEGIN: they read, each in a
  // transaction of its own.
  std::size_t ReadsBefore() const;
};

struct Invariant {
  std::string name;
  SqlStatement query;
};

// A database of its own file beside the main one.
struct AttachedDatabase {
  std::string name;
  int line = 0;
  // What its PRAGMA sets, instead of what the others have, and where.
  std::optional<saver::Synchronous> synchronous = {};
  int level_line = 0;
};

struct Script {
  std::string path;
  std::string text;
  // Of the set-up: those of each connection, and those of the schema.
  std::vector<SqlStatement> pragmas;
  std::vector<AttachedDatabase> attached;
  std::vector<SqlStatement> setup;
  std::vector<Transaction> transactions;
  std::vector<Invariant> invariants;
  // What its PRAGMAs fix of the profile.
  std::optional<saver::JournalMode> journal_mode;
  std::optional<saver::Synchronous> synchronous;
  // A commit is worth what it is at synchronous=FULL, whatever the script sets.
  bool promises_power = false;

  // "bank.sql:12: " before what is wrong there.
  absl::Status Wrong(int line, const std::string& what) const;
};

// InvalidArgument with file and line. `path` is for messages.
absl::StatusOr<Script> ParseScript(const std::string& path, std::string text);

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_SCRIPT_H_
