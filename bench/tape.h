// Tape: what a program asks of SQLite, call by call with all values, so that
// a Replay can ask the same (replay.h). The linker's --wrap leads the program's
// calls through tape.cc (CMakeLists.txt); SQLite's own are not seen. What asks
// SQLite for nothing (columns, messages, states) is not on it, nor are calls of
// methods of a VFS.

#ifndef LASTCOMMIT_BENCH_TAPE_H_
#define LASTCOMMIT_BENCH_TAPE_H_

#include <sqlite3.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace lastcommit {

class Replay;

struct Call {
  int object = 0;           // what it is a call of: numbers from 1, 0 = nothing
  int made = 0;             // the number of what it made
  int detail = 0;           // which parameter, or flags, mode, offset
  std::int64_t number = 0;  // a value, a size, a rowid
  std::string_view text = {};  // a value, SQL, a path, a table
  std::string_view column = {};
  int (*again)(Replay& replay, const Call& call) = nullptr;
  pid_t process = 0;
  int result = -1;        // stays so if the process died in it
  std::uint64_t row = 0;  // digest of the one to which it stepped
};

// Of the row on which the statement stands.
std::uint64_t DigestOfRow(sqlite3_stmt* statement);

// Lives, with all that it holds, in memory that is shared with the children of
// the process that made it: what they did is on it also when they were killed.
class Tape {
  std::pmr::monotonic_buffer_resource memory_;  // before what is in it

 public:
  struct Unmap {
    void operator()(Tape* tape) const;
  };
  static absl::StatusOr<std::unique_ptr<Tape, Unmap>> Create();

  std::pmr::vector<Call> calls;  // in the order in which they began
  int objects = 0;               // made so far

  // The same bytes are kept once, with a NUL behind them.
  std::string_view Keep(std::string_view text);

 private:
  Tape(void* memory, std::size_t size);

  std::pmr::set<std::pmr::string, std::less<>> texts_;
};

// Where this process and its later children record; nullptr: nowhere. Objects
// that were made while nothing was recorded must not be used while it is.
void RecordOn(Tape* tape);

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_TAPE_H_
