#include "tape.h"

#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <new>
#include <unordered_map>

#include "replay.h"

namespace lastcommit {
namespace {

constexpr std::size_t kTapeBytes = std::size_t{1}
                                   << 30;  // as far as it is used

Tape* g_tape = nullptr;
std::unordered_map<const void*, int> g_numbers;  // of this process's objects

int NumberOf(const void* object) {
  return object == nullptr ? 0 : g_numbers[object];
}

template <typename Size>
std::string_view Keep(const void* bytes, Size size) {
  return g_tape->Keep(
      {static_cast<const char*>(bytes), static_cast<std::size_t>(size)});
}
std::string_view Keep(const char* text) {
  return text == nullptr ? std::string_view() : g_tape->Keep(text);
}

Call Of(const void* object, int detail = 0, std::int64_t number = 0,
        std::string_view text = {}, std::string_view column = {}) {
  return {.object = NumberOf(object),
          .detail = detail,
          .number = number,
          .text = text,
          .column = column};
}

// `make_call` makes the Call, `real` calls SQLite, `made` says what that made.
// Other calls may come before it is over. One of nothing asks for nothing.
template <typename MakeCall, typename Real, typename Made>
int Record(const void* object, MakeCall make_call, Real real, Made made) {
  if (g_tape == nullptr || object == nullptr) return real();
  const std::size_t at = g_tape->calls.size();
  g_tape->calls.push_back(make_call());
  g_tape->calls[at].process = getpid();
  const int result = real();
  Call& call = g_tape->calls[at];
  call.result = result;
  if (result == SQLITE_ROW) {  // only of a step
    call.row = DigestOfRow(
        static_cast<sqlite3_stmt*>(const_cast<void*>(object)));  // NOLINT
  }
  if (const void* one = made(); one != nullptr) {
    g_numbers[one] = call.made = ++g_tape->objects;
  }
  return result;
}

}  // namespace

std::uint64_t DigestOfRow(sqlite3_stmt* statement) {
  std::uint64_t digest = 0;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const int type = sqlite3_column_type(statement, i);
    std::uint64_t value = 0;
    if (type == SQLITE_INTEGER) {
      value = static_cast<std::uint64_t>(sqlite3_column_int64(statement, i));
    } else if (type != SQLITE_NULL) {
      const void* bytes = sqlite3_column_blob(statement, i);
      value = XXH3_64bits(
          bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, i)));
    }
    digest = digest * 0x9E3779B97F4A7C15 + value + static_cast<unsigned>(type);
  }
  return digest;
}

Tape::Tape(void* memory, std::size_t size)
    : memory_(memory, size, std::pmr::null_memory_resource()),
      calls(&memory_),
      texts_(&memory_) {}

absl::StatusOr<std::unique_ptr<Tape, Tape::Unmap>> Tape::Create() {
  void* memory = mmap(nullptr, kTapeBytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  return std::unique_ptr<Tape, Unmap>(new (memory) Tape(
      static_cast<char*>(memory) + sizeof(Tape), kTapeBytes - sizeof(Tape)));
}

void Tape::Unmap::operator()(Tape* tape) const { munmap(tape, kTapeBytes); }

std::string_view Tape::Keep(std::string_view text) {
  const auto found = texts_.find(text);
  return found != texts_.end() ? *found : *texts_.emplace(text).first;
}

void RecordOn(Tape* tape) { g_tape = tape; }

}  // namespace lastcommit

// NOLINTBEGIN: the linker's names, and macros that write functions.

// The program's sqlite3_NAME, of `object`, which may make `made_object`: how it
// is written down as `what`, and how a Replay does it again.
#define WRAP_MAKING(name, parameters, arguments, object, made_object, what, \
                    again_)                                                 \
  int __real_sqlite3_##name parameters;                                     \
  int __wrap_sqlite3_##name parameters {                                    \
    const auto make_call = [&] {                                            \
      Call made_call = what;                                                \
      made_call.again = [](Replay& replay, const Call& call) {              \
        return again_;                                                      \
      };                                                                    \
      return made_call;                                                     \
    };                                                                      \
    return Record(                                                          \
        object, make_call, [&] { return __real_sqlite3_##name arguments; }, \
        [&]() -> const void* { return made_object; });                      \
  }
#define WRAP(name, parameters, arguments, object, what, again) \
  WRAP_MAKING(name, parameters, arguments, object, nullptr, what, again)

extern "C" {
using namespace lastcommit;

WRAP_MAKING(open_v2,
            (const char* path, sqlite3** db, int flags, const char* vfs),
            (path, db, flags, vfs), path, *db,
            Of(nullptr, flags, 0, Keep(path)), replay.Open(call))
WRAP(close, (sqlite3 * db), (db), db, Of(db), replay.Close(call))
WRAP(close_v2, (sqlite3 * db), (db), db, Of(db), replay.Close(call))
WRAP(busy_timeout, (sqlite3 * db, int ms), (db, ms), db, Of(db, ms),
     sqlite3_busy_timeout(replay.It<sqlite3>(call), call.detail))
WRAP(exec,
     (sqlite3 * db, const char* sql, int (*row)(void*, int, char**, char**),
      void* argument, char** error),
     (db, sql, row, argument, error), db, Of(db, 0, 0, Keep(sql)),
     sqlite3_exec(replay.It<sqlite3>(call), call.text.data(), nullptr, nullptr,
                  nullptr))
WRAP(wal_checkpoint_v2,
     (sqlite3 * db, const char* schema, int mode, int* log, int* checkpointed),
     (db, schema, mode, log, checkpointed), db, Of(db, mode, 0, Keep(schema)),
     sqlite3_wal_checkpoint_v2(replay.It<sqlite3>(call), call.text.data(),
                               call.detail, nullptr, nullptr))
WRAP(db_cacheflush, (sqlite3 * db), (db), db, Of(db),
     sqlite3_db_cacheflush(replay.It<sqlite3>(call)))
WRAP(db_release_memory, (sqlite3 * db), (db), db, Of(db),
     sqlite3_db_release_memory(replay.It<sqlite3>(call)))

WRAP_MAKING(prepare_v3,
            (sqlite3 * db, const char* sql, int size, unsigned flags,
             sqlite3_stmt** stmt, const char** tail),
            (db, sql, size, flags, stmt, tail), db, *stmt,
            Of(db, 0, 0, size < 0 ? Keep(sql) : Keep(sql, size)),
            replay.Prepare(call))
int __wrap_sqlite3_prepare_v2(sqlite3* db, const char* sql, int size,
                              sqlite3_stmt** stmt, const char** tail) {
  return __wrap_sqlite3_prepare_v3(db, sql, size, 0, stmt, tail);
}
WRAP(bind_text64,
     (sqlite3_stmt * stmt, int at, const char* text, sqlite3_uint64 size,
      void (*destroy)(void*), unsigned char encoding),
     (stmt, at, text, size, destroy, encoding), stmt,
     Of(stmt, at, 0, Keep(text, size)),
     sqlite3_bind_text64(replay.It<sqlite3_stmt>(call), call.detail,
                         call.text.data(), call.text.size(), SQLITE_STATIC,
                         SQLITE_UTF8))
WRAP(bind_blob64,
     (sqlite3_stmt * stmt, int at, const void* bytes, sqlite3_uint64 size,
      void (*destroy)(void*)),
     (stmt, at, bytes, size, destroy), stmt, Of(stmt, at, 0, Keep(bytes, size)),
     sqlite3_bind_blob64(replay.It<sqlite3_stmt>(call), call.detail,
                         call.text.data(), call.text.size(), SQLITE_STATIC))
WRAP(bind_int64, (sqlite3_stmt * stmt, int at, sqlite3_int64 value),
     (stmt, at, value), stmt, Of(stmt, at, value),
     sqlite3_bind_int64(replay.It<sqlite3_stmt>(call), call.detail,
                        call.number))
WRAP(bind_null, (sqlite3_stmt * stmt, int at), (stmt, at), stmt, Of(stmt, at),
     sqlite3_bind_null(replay.It<sqlite3_stmt>(call), call.detail))
WRAP(bind_zeroblob64, (sqlite3_stmt * stmt, int at, sqlite3_uint64 size),
     (stmt, at, size), stmt, Of(stmt, at, static_cast<std::int64_t>(size)),
     sqlite3_bind_zeroblob64(replay.It<sqlite3_stmt>(call), call.detail,
                             static_cast<sqlite3_uint64>(call.number)))
WRAP(reset, (sqlite3_stmt * stmt), (stmt), stmt, Of(stmt),
     sqlite3_reset(replay.It<sqlite3_stmt>(call)))
WRAP(finalize, (sqlite3_stmt * stmt), (stmt), stmt, Of(stmt),
     replay.Finalize(call))

// Of "main".
WRAP_MAKING(blob_open,
            (sqlite3 * db, const char* schema, const char* table,
             const char* column, sqlite3_int64 row, int flags,
             sqlite3_blob** blob),
            (db, schema, table, column, row, flags, blob), db, *blob,
            Of(db, flags, row, Keep(table), Keep(column)),
            replay.OpenBlob(call))
WRAP(blob_read, (sqlite3_blob * blob, void* bytes, int size, int offset),
     (blob, bytes, size, offset), blob, Of(blob, offset, size),
     replay.ReadBlob(call))
WRAP(blob_write, (sqlite3_blob * blob, const void* bytes, int size, int offset),
     (blob, bytes, size, offset), blob, Of(blob, offset, 0, Keep(bytes, size)),
     sqlite3_blob_write(replay.It<sqlite3_blob>(call), call.text.data(),
                        static_cast<int>(call.text.size()), call.detail))
WRAP(blob_close, (sqlite3_blob * blob), (blob), blob, Of(blob),
     sqlite3_blob_close(replay.It<sqlite3_blob>(call)))

WRAP(step, (sqlite3_stmt * stmt), (stmt), stmt, Of(stmt),
     sqlite3_step(replay.It<sqlite3_stmt>(call)))

// With the options that take these arguments.
int __real_sqlite3_db_config(sqlite3* db, int option, ...);
int __wrap_sqlite3_db_config(sqlite3* db, int option, ...) {
  if (option < SQLITE_DBCONFIG_ENABLE_FKEY) std::abort();
  va_list arguments;
  va_start(arguments, option);
  const int value = va_arg(arguments, int);
  int* const is_set = va_arg(arguments, int*);
  va_end(arguments);
  const auto make_call = [&] {
    Call call = Of(db, option, value);
    call.again = [](Replay& replay, const Call& made) {
      return sqlite3_db_config(replay.It<sqlite3>(made), made.detail,
                               static_cast<int>(made.number), nullptr);
    };
    return call;
  };
  return Record(
      db, make_call,
      [&] { return __real_sqlite3_db_config(db, option, value, is_set); },
      [] { return nullptr; });
}
}
// NOLINTEND
