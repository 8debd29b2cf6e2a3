// Replay: makes the calls of a Tape again, as somebody would write them by hand
// who needs just these: no Status, no state machine, no checks of arguments,
// each text of SQL prepared once a connection, values bound where they are. It
// notices if SQLite answers anything else.
//
// SQLite is all that it knows, but for what SqliteSaver does with files past
// it: it makes a missing one, locks the one that it peeks at, and syncs a
// journal that it finds.

#ifndef LASTCOMMIT_BENCH_REPLAY_H_
#define LASTCOMMIT_BENCH_REPLAY_H_

#include <sqlite3.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tape.h"

namespace lastcommit {

// The file of a name that may be a URI.
std::string_view FileOf(std::string_view name);

class Replay {
 public:
  // `from` in names of databases becomes `to`, on SQLite's own VFS. The tapes
  // must outlive it.
  Replay(std::string from, std::string to)
      : from_(std::move(from)), to_(std::move(to)) {}
  ~Replay() {
    while (!open_.empty()) Close(open_.back());
  }
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  // Internal if SQLite's answers are not those of the tape. One after the
  // other, from the first call on.
  absl::Status Run(std::span<const Call> calls);

  // The oldest one that is open.
  sqlite3* connection() const { return open_.front(); }

  // For the calls themselves (tape.cc): what a call is of, and those that take
  // more than SQLite. Each gives SQLite's answer.
  template <typename Type>
  Type* It(const Call& call) const {
    return static_cast<Type*>(Get(call).it);
  }
  int Open(const Call& call);
  int Close(const Call& call) { return Close(It<sqlite3>(call)); }
  int Prepare(const Call& call);
  int Finalize(const Call& call);
  int OpenBlob(const Call& call);
  int ReadBlob(const Call& call);

 private:
  struct Object {
    void* it = nullptr;
    const char* sql = nullptr;      // as the tape keeps it; of statements
    sqlite3* connection = nullptr;  // the same
  };

  const Object& Get(const Call& call) const {
    return objects_[static_cast<std::size_t>(call.object)];
  }
  void Note(const Call& call, const Object& made);
  int Close(sqlite3* connection);

  const std::string from_;
  const std::string to_;
  std::vector<Object> objects_ = {Object()};  // by their numbers
  std::vector<sqlite3*> open_;
  std::vector<Object> idle_;  // statements that nobody uses
  std::vector<char> read_;    // from a blob
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_REPLAY_H_
