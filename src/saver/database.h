// Database and Statement: one SQLite connection with its prepared statements.
// Values are only ever bound, with explicit lengths, so that any byte may stand
// in a name or a blob. Used by the saver alone, from one thread at a time.

#ifndef LASTCOMMIT_SAVER_DATABASE_H_
#define LASTCOMMIT_SAVER_DATABASE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/shown.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lastcommit::saver {

// A prepared statement in use. Bound bytes must live until it is destroyed.
class Statement {
 public:
  // `is_owned`: finalized at the end, otherwise reset for the next user.
  Statement(sqlite3_stmt* statement, bool is_owned)
      : statement_(statement), is_owned_(is_owned) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters count from 1. An error shows in the next Step() or Run().
  Statement& BindText(int parameter, std::string_view text);
  // A text that a CHECK (json_valid()) of the table is to accept, if it is
  // JSON. `name`: for the message, if it is none.
  Statement& BindJson(int parameter, ArgumentName name, std::string_view json);
  Statement& BindBlob(int parameter, std::string_view bytes);
  Statement& BindInt(int parameter, std::int64_t value);
  Statement& BindZeros(int parameter, std::int64_t size);
  Statement& BindNull(int parameter);

  // True if there is a row, false at the end. InvalidArgument: a CHECK refused
  // what was bound as JSON, and it is none, or a row would be too big; no SQL
  // is in the message then.
  absl::StatusOr<bool> Step();
  // Steps to the end, ignoring rows.
  absl::Status Run();
  // Steps to the end; the first column of the only row.
  absl::StatusOr<std::int64_t> OnlyInt();
  // Steps to the end; the first column of every row.
  absl::StatusOr<std::vector<std::string>> AllBytes();

  // Columns of the row count from 0.
  std::string Bytes(int column) const;
  std::int64_t Int(int column) const;
  bool IsNull(int column) const;

 private:
  // What is bound as JSON.
  struct Json {
    ArgumentName name;
    std::string_view text;
  };
  void Note(int result);
  absl::Status RefusedByCheck() const;

  sqlite3_stmt* statement_;
  bool is_owned_;
  int bind_result_ = 0;
  std::vector<Json> json_;
};

class Database {
 public:
  // Opens or creates. `vfs` may be empty.
  static absl::StatusOr<Database> Open(const std::string& path,
                                       const std::string& vfs);
  // With flags of sqlite3_open_v2() instead of those for reading and writing.
  static absl::StatusOr<Database> OpenWith(const std::string& name, int flags,
                                           const std::string& vfs);
  Database(Database&& other) noexcept;
  Database& operator=(Database&&) = delete;
  ~Database();

  // `sql` is a literal: the compiled statement is kept and found by its text.
  // Only one user at a time per text.
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  absl::StatusOr<Statement> PrepareOnce(const std::string& sql);
  // Compiles all of them anew when they are next needed; none may be in use.
  void ForgetStatements();
  // Literals only, without parameters.
  absl::Status Run(std::string_view sql);
  // Any text, compiled for this once.
  absl::Status RunOnce(const std::string& sql);
  // BEGIN IMMEDIATE, `work`, COMMIT; ROLLBACK if anything fails.
  absl::Status InTransaction(absl::FunctionRef<absl::Status()> work);
  // ROLLBACK, also without C++ memory. IsAutocommit() says whether it did.
  void RollBack() noexcept;
  // The first column of the first row.
  absl::StatusOr<std::int64_t> QueryInt(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  // The most bytes that the values of a row may have together, its head left
  // out (https://sqlite.org/limits.html).
  std::int64_t MaxRowBytes() const;
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t Changes() const;
  // True outside a transaction (sqlite3_get_autocommit).
  bool IsAutocommit() const;
  // Whether the last connection of all that closes moves the WAL into the
  // database and deletes it, if this is the one.
  void SetCheckpointOnClose(bool enabled);
  // Whether it reads and writes through a WAL now. Unlike PRAGMA journal_mode
  // this asks nothing of the file.
  bool UsesWal() const;
  // Whether it has an EXCLUSIVE lock on the file, as under locking_mode
  // EXCLUSIVE: nobody else can use the database then. False also where the VFS
  // does not know.
  bool IsAlone() const;
  sqlite3* connection() const { return connection_; }

 private:
  explicit Database(sqlite3* connection);
  absl::StatusOr<sqlite3_stmt*> Compile(std::string_view sql, unsigned flags);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Compiled = std::unique_ptr<sqlite3_stmt, Finalize>;

  sqlite3* connection_;
  const void* rollback_journal_;  // its sqlite3_file
  std::map<std::string_view, Compiled> statements_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_DATABASE_H_
