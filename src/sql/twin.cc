#include "sql/twin.h"

#include <sqlite3.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::sql {
namespace {

// Of the operating system: whatever VFS a simulated disk has made the default.
constexpr char kSystemVfs[] = "unix";
constexpr char kVfsName[] = "lastcommit-twin";

constexpr sqlite3_int64 kMostBytes = 256 << 20;  // of the database

bool g_has_been_asked_for_the_time = false;

int TellTime(sqlite3_vfs* /*vfs*/, sqlite3_int64* milliseconds) {
  g_has_been_asked_for_the_time = true;
  *milliseconds = 0;
  return SQLITE_OK;
}

// That of the system, with a clock that stands still and is watched.
absl::Status RegisterVfs() {
  if (sqlite3_vfs_find(kVfsName) != nullptr) return absl::OkStatus();
  const sqlite3_vfs* const system = sqlite3_vfs_find(kSystemVfs);
  if (system == nullptr) {
    return absl::FailedPreconditionError("SQLite has no VFS named unix");
  }
  static sqlite3_vfs watched;
  watched = *system;
  watched.pNext = nullptr;
  watched.zName = kVfsName;
  watched.xCurrentTimeInt64 = TellTime;
  return saver::SqliteStatus(sqlite3_vfs_register(&watched, /*makeDflt=*/0),
                             nullptr, "the VFS of the model");
}

bool IsOneOf(const char* name, std::initializer_list<std::string_view> names) {
  return name != nullptr &&
         std::find(names.begin(), names.end(), name) != names.end();
}

// What a state does not say, what reaches beyond the database, and what belongs
// to one connection. SQLite's own functions for virtual tables ask for two
// PRAGMAs.
int Authorize(void* watched, int action, const char* first, const char* second,
              const char* database, const char* /*trigger*/) {
  const auto part = *static_cast<const Twin::Watched*>(watched);
  if (part == Twin::Watched::kNothing) return SQLITE_OK;
  switch (action) {
    case SQLITE_FUNCTION:
      return IsOneOf(second,
                     {"random", "randomblob", "changes", "total_changes",
                      "load_extension", "fts3_tokenizer"})
                 ? SQLITE_DENY
                 : SQLITE_OK;
    case SQLITE_READ:
      // The rowid of a table that has no name for it, which the set-up alone
      // gives the same rows each time.
      return part == Twin::Watched::kTransaction && IsOneOf(second, {"ROWID"})
                 ? SQLITE_DENY
                 : SQLITE_OK;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_INDEX:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      return SQLITE_DENY;
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_INDEX:
    case SQLITE_CREATE_TRIGGER:
    case SQLITE_CREATE_VIEW:
    case SQLITE_CREATE_VTABLE:
    case SQLITE_DROP_TABLE:
    case SQLITE_DROP_INDEX:
    case SQLITE_DROP_TRIGGER:
    case SQLITE_DROP_VIEW:
    case SQLITE_DROP_VTABLE:
    case SQLITE_ALTER_TABLE:
      // CREATE TABLE temp.t is no SQLITE_CREATE_TEMP_TABLE.
      return part == Twin::Watched::kSetUp && !IsOneOf(database, {"temp"})
                 ? SQLITE_OK
                 : SQLITE_DENY;
    case SQLITE_PRAGMA:
      return IsOneOf(first, {"data_version", "page_size"}) ? SQLITE_OK
                                                           : SQLITE_DENY;
    default:
      return SQLITE_OK;
  }
}

// A statement that goes on for ever ends: so many calls of a thousand steps of
// SQLite's machine each.
constexpr int kStepsACall = 1000;
constexpr int kMostCalls = 100'000;

int CountCall(void* calls) {
  return ++*static_cast<int*>(calls) > kMostCalls ? 1 : 0;
}

int CountCommit(void* commits) {
  ++*static_cast<int*>(commits);
  return 0;
}

absl::Status Execute(sqlite3* connection, const std::string& sql) {
  return saver::SqliteStatus(
      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
      connection, sql);
}

}  // namespace

std::uint64_t DigestsOf(const State& state) {
  std::uint64_t sum = 0;
  for (const auto& [key, row] : state.rows) sum += RowDigest(key, row);
  return sum;
}

void Twin::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}
void Twin::Free::operator()(unsigned char* bytes) const { sqlite3_free(bytes); }

Twin::~Twin() { runner_.reset(); }

absl::StatusOr<std::unique_ptr<Twin>> Twin::Create(const Script& script) {
  std::unique_ptr<Twin> twin(new Twin(script));
  RETURN_IF_ERROR(twin->SetUp());
  return twin;
}

absl::Status Twin::SetUp() {
  RETURN_IF_ERROR(RegisterVfs());
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      ":memory:", &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      kVfsName);
  connection_.reset(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, raw, "the model"));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_set_authorizer(raw, Authorize, &watched_);
  sqlite3_commit_hook(raw, CountCommit, &habits_.commits);
  sqlite3_progress_handler(raw, kStepsACall, CountCall, &calls_);
  databases_ = {"main"};
  for (const AttachedDatabase& attached : script_.attached) {
    const absl::Status status = Execute(
        raw, absl::StrCat("ATTACH ':memory:' AS ", QuotedName(attached.name)));
    if (!status.ok()) {
      return script_.Wrong(attached.line, std::string(status.message()));
    }
    databases_.push_back(attached.name);
  }
  at_.resize(databases_.size());
  for (const std::string& database : databases_) {
    RETURN_IF_ERROR(
        Execute(raw, absl::StrCat("PRAGMA ", QuotedName(database),
                                  ".max_page_count = ", kMostBytes / 4096)));
  }
  for (const SqlStatement& statement : script_.pragmas) {
    const absl::Status status = Execute(raw, statement.text);
    if (!status.ok()) {
      return script_.Wrong(statement.line, std::string(status.message()));
    }
  }
  RETURN_IF_ERROR(Execute(raw, "BEGIN"));
  for (const SqlStatement& statement : script_.setup) {
    watched_ = Watched::kSetUp;
    calls_ = 0;
    g_has_been_asked_for_the_time = false;
    const absl::Status status = Execute(raw, statement.text);
    watched_ = Watched::kNothing;
    if (!status.ok()) {
      return script_.Wrong(statement.line, std::string(status.message()));
    }
    if (g_has_been_asked_for_the_time) {
      return script_.Wrong(statement.line,
                           "the set-up depends on the time of day");
    }
  }
  if (const absl::Status status = Execute(raw, "COMMIT"); !status.ok()) {
    return script_.Wrong(1, std::string(status.message()));
  }
  runner_.emplace(raw);
  ASSIGN_OR_RETURN(tables_,
                   Tables::Of(raw, {databases_.begin() + 1, databases_.end()}));
  RETURN_IF_ERROR(tables_.AddRows(raw, first_));
  RETURN_IF_ERROR(CheckTables());
  return Keep(first_);
}

// Whoever opens one of several databases sees by its schema whether it has been
// made.
absl::Status Twin::CheckTables() const {
  if (script_.attached.empty()) return absl::OkStatus();
  std::vector<bool> has_table(databases_.size(), false);
  for (const auto& [key, row] : first_.rows) {
    has_table[static_cast<std::size_t>(key.table.spec().database)] = true;
  }
  for (std::size_t i = 0; i < databases_.size(); ++i) {
    if (has_table[i]) continue;
    const AttachedDatabase& attached = script_.attached[i == 0 ? 0 : i - 1];
    return script_.Wrong(
        attached.line,
        absl::StrCat("with databases attached each has a table, and ",
                     databases_[i], " has none"));
  }
  return absl::OkStatus();
}

Twin::Parts Twin::PartsOf(const State& state) const {
  Parts parts(databases_.size(), 0);
  for (const auto& [key, row] : state.rows) {
    parts[static_cast<std::size_t>(key.table.spec().database)] +=
        RowDigest(key, row);
  }
  return parts;
}

void Twin::Know(const State& state) {
  // Of one database there is no other whole.
  if (databases_.size() > 1) {
    states_.try_emplace(DigestsOf(state), PartsOf(state));
  }
}

absl::Status Twin::Keep(const State& state) {
  const Parts parts = PartsOf(state);
  states_.try_emplace(DigestsOf(state), parts);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    at_[i] = parts[i];
    if (images_.contains({i, parts[i]})) continue;
    sqlite3_int64 size = 0;
    unsigned char* const bytes =
        sqlite3_serialize(connection_.get(), databases_[i].c_str(), &size, 0);
    if (bytes == nullptr && size > 0) {
      return absl::ResourceExhaustedError("no memory for the model's database");
    }
    Image& image = images_[{i, parts[i]}];
    image.bytes.reset(bytes);
    image.size = size;
  }
  return absl::OkStatus();
}

absl::Status Twin::GoTo(std::uint64_t digests) {
  const auto state = states_.find(digests);
  if (state == states_.end()) {
    return absl::InternalError("the model has never been in that state");
  }
  for (std::size_t i = 0; i < databases_.size(); ++i) {
    if (at_[i] != state->second[i]) {
      RETURN_IF_ERROR(GoTo(i, state->second[i]));
    }
  }
  return absl::OkStatus();
}

absl::Status Twin::GoTo(std::size_t database, std::uint64_t digests) {
  const auto image = images_.find({database, digests});
  if (image == images_.end()) {
    return absl::InternalError("the model has never been in that state");
  }
  const char* const name = databases_[database].c_str();
  const sqlite3_int64 size = image->second.size;
  auto* const bytes = static_cast<unsigned char*>(
      sqlite3_malloc64(static_cast<sqlite3_uint64>(size)));
  if (bytes == nullptr) {
    return absl::ResourceExhaustedError("no memory for the model's database");
  }
  std::copy_n(image->second.bytes.get(), size, bytes);
  at_[database].reset();
  // A statement that was compiled before would read tables that are freed
  // (docs/findings.md).
  runner_.emplace(connection_.get());
  const int result = sqlite3_deserialize(
      connection_.get(), name, bytes, size, size,
      SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection_.get(), "the model"));
  sqlite3_int64 most = kMostBytes;
  sqlite3_file_control(connection_.get(), name, SQLITE_FCNTL_SIZE_LIMIT, &most);
  at_[database] = digests;
  return absl::OkStatus();
}

absl::Status Twin::ReadBefore(std::span<const std::uint64_t> seen,
                              Execution& execution) {
  for (const std::uint64_t digests : seen) {
    RETURN_IF_ERROR(GoTo(digests));
    watched_ = Watched::kTransaction;
    const absl::Status status = runner_->ReadBefore(execution);
    watched_ = Watched::kNothing;
    habits_.line = runner_->line();
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> Twin::Answer(Execution& execution) {
  sqlite3* const connection = connection_.get();
  const bool has_begin = execution.transaction.HasItsOwnBegin();
  if (!has_begin) RETURN_IF_ERROR(Execute(connection, "BEGIN"));
  watched_ = Watched::kTransaction;
  absl::StatusOr<std::int64_t> answer =
      runner_->Run(execution, [&] { return Execute(connection, "COMMIT"); });
  watched_ = Watched::kNothing;
  habits_.line = runner_->line();
  if (answer.ok() && !has_begin && sqlite3_get_autocommit(connection) == 0) {
    const absl::Status committed = Execute(connection, "COMMIT");
    if (!committed.ok()) answer = committed;
  }
  if (sqlite3_get_autocommit(connection) == 0) {
    RETURN_IF_ERROR(Execute(connection, "ROLLBACK"));
  }
  return answer;
}

absl::StatusOr<Twin::Ran> Twin::Run(std::uint64_t digests,
                                    const Transaction& transaction,
                                    std::span<const std::int64_t> values,
                                    std::span<const std::uint64_t> seen) {
  habits_ = {};
  g_has_been_asked_for_the_time = false;
  calls_ = 0;
  Execution execution = {transaction, values};
  const absl::Status read = ReadBefore(seen, execution);
  RETURN_IF_ERROR(GoTo(digests));
  const absl::StatusOr<std::int64_t> answer =
      read.ok() ? Answer(execution) : read;
  habits_.asked_for_the_time = g_has_been_asked_for_the_time;
  if (!answer.ok()) {
    // What it had committed by then is not kept.
    if (habits_.commits > 0) at_.assign(at_.size(), std::nullopt);
    return answer.status();
  }
  Ran ran;
  ran.answer = *answer;
  at_.assign(at_.size(), std::nullopt);
  RETURN_IF_ERROR(tables_.AddRows(connection_.get(), ran.state));
  RETURN_IF_ERROR(Keep(ran.state));
  return ran;
}

bool Twin::enforces_foreign_keys() const {
  int is_on = 0;
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_ENABLE_FKEY, -1, &is_on);
  return is_on != 0;
}

absl::StatusOr<bool> Twin::Holds(const Invariant& invariant) {
  State broken;
  calls_ = 0;
  g_has_been_asked_for_the_time = false;
  watched_ = Watched::kTransaction;
  const absl::Status status =
      tables_.AddBroken(connection_.get(), {invariant}, broken);
  watched_ = Watched::kNothing;
  RETURN_IF_ERROR(status);
  if (g_has_been_asked_for_the_time) {
    return absl::InvalidArgumentError("it depends on the time of day");
  }
  return broken.rows.empty();
}

void Twin::ForgetAllBut(std::uint64_t digests) {
  const std::uint64_t first = DigestsOf(first_);
  std::erase_if(states_, [digests, first](const auto& state) {
    return state.first != digests && state.first != first;
  });
  std::erase_if(images_, [this](const auto& image) {
    const std::size_t database = image.first.first;
    const std::uint64_t part = image.first.second;
    return std::none_of(states_.begin(), states_.end(),
                        [database, part](const auto& state) {
                          return state.second[database] == part;
                        });
  });
  const auto kept = states_.find(digests);
  for (std::size_t i = 0; i < at_.size(); ++i) {
    if (kept == states_.end() || at_[i] != kept->second[i]) at_[i].reset();
  }
}

absl::Status Twin::ReverseUnordered(bool is_reversed) {
  return Execute(connection_.get(),
                 absl::StrCat("PRAGMA reverse_unordered_selects = ",
                              is_reversed ? "ON" : "OFF"));
}

}  // namespace lastcommit::sql
