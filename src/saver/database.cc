#include "saver/database.h"

#include <sqlite3.h>

#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/json.h"
#include "saver/shown.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// A null pointer would bind NULL instead of an empty value.
const char* DataOf(std::string_view bytes) {
  return bytes.data() == nullptr ? "" : bytes.data();
}

const void* JournalOf(sqlite3* connection) {
  sqlite3_file* journal = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                       &journal);
  return journal;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      is_owned_(other.is_owned_),
      bind_result_(other.bind_result_),
      json_(std::move(other.json_)) {}

Statement::~Statement() {
  if (is_owned_) {
    sqlite3_finalize(statement_);
  } else if (statement_ != nullptr) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
}

void Statement::Note(int result) {
  if (bind_result_ == SQLITE_OK) bind_result_ = result;
}

Statement& Statement::BindText(int parameter, std::string_view text) {
  Note(sqlite3_bind_text64(statement_, parameter, DataOf(text), text.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::BindJson(int parameter, ArgumentName name,
                               std::string_view json) {
  json_.push_back({name, json});
  return BindText(parameter, json);
}

Statement& Statement::BindBlob(int parameter, std::string_view bytes) {
  Note(sqlite3_bind_blob64(statement_, parameter, DataOf(bytes), bytes.size(),
                           SQLITE_STATIC));
  return *this;
}

Statement& Statement::BindInt(int parameter, std::int64_t value) {
  Note(sqlite3_bind_int64(statement_, parameter, value));
  return *this;
}

Statement& Statement::BindZeros(int parameter, std::int64_t size) {
  Note(sqlite3_bind_zeroblob64(statement_, parameter,
                               static_cast<sqlite3_uint64>(size)));
  return *this;
}

Statement& Statement::BindNull(int parameter) {
  Note(sqlite3_bind_null(statement_, parameter));
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  sqlite3* connection = sqlite3_db_handle(statement_);
  RETURN_IF_ERROR(SqliteStatus(bind_result_, connection, "bind"));
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_CONSTRAINT_CHECK) return RefusedByCheck();
  // Of rows that are copied, with a longer id: what a caller has given was
  // measured before (saver/arguments.h).
  if (result == SQLITE_TOOBIG && sqlite3_stmt_readonly(statement_) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a row would have more than ",
        sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, -1), " bytes"));
  }
  RETURN_IF_ERROR(SqliteStatus(result, connection, sqlite3_sql(statement_)));
  return result == SQLITE_ROW;
}

// The CHECKs of the tables accept all but text that is no JSON; json_valid() of
// some versions also refuses JSON for which it has no memory.
absl::Status Statement::RefusedByCheck() const {
  for (const Json& json : json_) {
    ASSIGN_OR_RETURN(const bool is_json,
                     IsJson(sqlite3_db_handle(statement_), json.text));
    if (is_json) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(Shown(json.name), " is not JSON: ", Shown(json.text)));
  }
  return SqliteStatus(SQLITE_NOMEM, nullptr, sqlite3_sql(statement_));
}

absl::Status Statement::Run() {
  bool has_row = true;
  while (has_row) {
    ASSIGN_OR_RETURN(has_row, Step());
  }
  return absl::OkStatus();
}

// A statement with RETURNING has done its changes at its first row
// (https://sqlite.org/lang_returning.html), but is not over.
absl::StatusOr<std::int64_t> Statement::OnlyInt() {
  ASSIGN_OR_RETURN(const bool has_row, Step());
  if (!has_row) return absl::InternalError("a statement without a row");
  const std::int64_t value = Int(0);
  RETURN_IF_ERROR(Run());
  return value;
}

absl::StatusOr<std::vector<std::string>> Statement::AllBytes() {
  std::vector<std::string> all;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, Step());
    if (!has_row) return all;
    all.push_back(Bytes(0));
  }
}

// sqlite3_column_blob also serves text: it neither converts nor appends a NUL,
// so it needs no memory and cannot fail. A number becomes text: without the
// memory for that, nothing is given here and the next step fails.
std::string Statement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return "";
  return std::string(static_cast<const char*>(data),
                     static_cast<std::size_t>(size));
}

std::int64_t Statement::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

absl::StatusOr<Database> Database::Open(const std::string& path,
                                        const std::string& vfs) {
  return OpenWith(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs);
}

absl::StatusOr<Database> Database::OpenWith(const std::string& name, int flags,
                                            const std::string& vfs) {
  sqlite3* connection = nullptr;
  const int result =
      sqlite3_open_v2(name.c_str(), &connection, flags | SQLITE_OPEN_EXRESCODE,
                      vfs.empty() ? nullptr : vfs.c_str());
  Database database(connection);
  RETURN_IF_ERROR(SqliteStatus(result, connection, "open " + name));
  return database;
}

// A WAL is opened by the first read.
Database::Database(sqlite3* connection)
    : connection_(connection),
      rollback_journal_(connection == nullptr ? nullptr
                                              : JournalOf(connection)) {}

Database::Database(Database&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)),
      rollback_journal_(other.rollback_journal_),
      statements_(std::move(other.statements_)) {
  other.statements_.clear();
}

Database::~Database() {
  ForgetStatements();
  // _v2: statements of the caller's own must not keep the rest from closing.
  sqlite3_close_v2(connection_);
}

// A table that is not in the schema as it is known is looked for in the file;
// if that is locked SQLite says that there is no such table, and not that it is
// busy (docs/findings.md). What can be read without a schema tells.
absl::StatusOr<sqlite3_stmt*> Database::Compile(std::string_view sql,
                                                unsigned flags) {
  constexpr int kAttempts = 5;  // others may lock it again each time
  constexpr char kVersion[] = "PRAGMA schema_version";
  sqlite3_stmt* statement = nullptr;
  for (int attempt = 1;; ++attempt) {
    const int result = sqlite3_prepare_v3(connection_, sql.data(),
                                          static_cast<int>(sql.size()), flags,
                                          &statement, nullptr);
    const absl::Status status = SqliteStatus(result, connection_, sql);
    if (status.ok()) return statement;
    if (result != SQLITE_ERROR || attempt == kAttempts) return status;
    const int readable =
        sqlite3_exec(connection_, kVersion, nullptr, nullptr, nullptr);
    RETURN_IF_ERROR(SqliteStatus(readable, connection_, kVersion));
  }
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    ASSIGN_OR_RETURN(sqlite3_stmt * statement,
                     Compile(sql, SQLITE_PREPARE_PERSISTENT));
    // One that nobody finalizes would keep the connection open for good.
    Compiled compiled(statement);
    found = statements_.emplace(sql, std::move(compiled)).first;
  }
  return Statement(found->second.get(), /*is_owned=*/false);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

void Database::ForgetStatements() { statements_.clear(); }

absl::StatusOr<Statement> Database::PrepareOnce(const std::string& sql) {
  ASSIGN_OR_RETURN(sqlite3_stmt * compiled, Compile(sql, 0));
  return Statement(compiled, /*is_owned=*/true);
}

absl::Status Database::Run(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  return statement.Run();
}

absl::Status Database::RunOnce(const std::string& sql) {
  ASSIGN_OR_RETURN(Statement statement, PrepareOnce(sql));
  return statement.Run();
}

absl::Status Database::InTransaction(absl::FunctionRef<absl::Status()> work) {
  // Compiled while nothing is begun: there may be no memory for it later.
  ASSIGN_OR_RETURN(Statement rollback, PrepareOnce("ROLLBACK"));
  RETURN_IF_ERROR(RunOnce("BEGIN IMMEDIATE"));
  absl::Status status = work();
  if (status.ok()) status = RunOnce("COMMIT");
  if (!IsAutocommit()) rollback.Run().IgnoreError();
  return status;
}

void Database::RollBack() noexcept {
  try {
    Run("ROLLBACK").IgnoreError();
  } catch (const std::bad_alloc&) {  // before it was tried
    sqlite3_exec(connection_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

absl::StatusOr<std::int64_t> Database::QueryInt(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return absl::DataLossError("no row: " + std::string(sql));
  return statement.Int(0);
}

absl::StatusOr<std::string> Database::QueryText(std::string_view sql) {
  ASSIGN_OR_RETURN(Statement statement, PrepareOnce(std::string(sql)));
  ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return absl::DataLossError("no row: " + std::string(sql));
  std::string text = statement.Bytes(0);
  RETURN_IF_ERROR(statement.Run());
  return text;
}

std::int64_t Database::MaxRowBytes() const {
  constexpr std::int64_t kMaxHeadBytes = 96;  // of checkpoints, with its digest
  return sqlite3_limit(connection_, SQLITE_LIMIT_LENGTH, -1) - kMaxHeadBytes;
}

std::int64_t Database::Changes() const {
  return sqlite3_changes64(connection_);
}

void Database::SetCheckpointOnClose(bool enabled) {
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
                    enabled ? 0 : 1, nullptr);
}

// It is the journal of the pager, always the same one, or the WAL
// (sqlite3PagerJrnlFile() in pager.c).
bool Database::UsesWal() const {
  return JournalOf(connection_) != rollback_journal_;
}

bool Database::IsAlone() const {
  int state = SQLITE_LOCK_NONE;
  const int result =
      sqlite3_file_control(connection_, "main", SQLITE_FCNTL_LOCKSTATE, &state);
  return result == SQLITE_OK && state == SQLITE_LOCK_EXCLUSIVE;
}

bool Database::IsAutocommit() const {
  return sqlite3_get_autocommit(connection_) != 0;
}

}  // namespace lastcommit::saver
