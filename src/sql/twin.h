// Twin: the database of a script in memory, which never crashes. Each state
// that it was in is kept, so that it can go on from any of them.

#ifndef LASTCOMMIT_SQL_TWIN_H_
#define LASTCOMMIT_SQL_TWIN_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/runner.h"
#include "sql/script.h"
#include "sql/tables.h"
#include "store/state.h"

struct sqlite3;

namespace lastcommit::sql {

std::uint64_t DigestsOf(const State& state);

// Not thread-safe.
class Twin {
 public:
  // With the set-up of the script, which must outlive it. InvalidArgument with
  // file and line.
  static absl::StatusOr<std::unique_ptr<Twin>> Create(const Script& script);
  ~Twin();
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  const Tables& tables() const { return tables_; }
  const State& first() const { return first_; }
  bool enforces_foreign_keys() const;

  // A state that it may never have been in as a whole: of a transaction over
  // several databases not all have what it did. Each of them must have been
  // what it is there.
  void Know(const State& state);

  // Runs the transaction in the state whose rows have that sum of digests
  // (Rows::digests), which it must have been in: its answer and the rows then.
  // What SQLite refuses has changed nothing. `seen`: the states, likewise, that
  // its reads before BEGIN are made in, one for each.
  struct Ran {
    std::int64_t answer = 0;
    State state;
  };
  absl::StatusOr<Ran> Run(std::uint64_t digests, const Transaction& transaction,
                          std::span<const std::int64_t> values,
                          std::span<const std::uint64_t> seen);

  // Whether the query gives no row, where the connection is. InvalidArgument:
  // it is none, or depends on more than the state.
  absl::StatusOr<bool> Holds(const Invariant& invariant);

  // A new trial begins there.
  void ForgetAllButTheFirst() { ForgetAllBut(DigestsOf(first_)); }
  // It goes on from the state with that sum, or from the first.
  void ForgetAllBut(std::uint64_t digests);

  // For the check of a script: what the newest Run() did.
  struct Habits {
    int commits = 0;  // of changes
    bool asked_for_the_time = false;
    int line = 0;  // of the statement that it came to
  };
  const Habits& habits() const { return habits_; }
  // Rows come in another order where none is asked for.
  absl::Status ReverseUnordered(bool is_reversed);

  // Which statements are to follow from parameters and state alone.
  enum class Watched { kNothing, kSetUp, kTransaction };

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };

  explicit Twin(const Script& script) : script_(script) {}
  absl::Status SetUp();
  absl::Status CheckTables() const;
  absl::Status GoTo(std::uint64_t digests);
  absl::Status GoTo(std::size_t database, std::uint64_t digests);
  // Those before BEGIN, each where it is said.
  absl::Status ReadBefore(std::span<const std::uint64_t> seen,
                          Execution& execution);
  // In the state where the connection is.
  absl::StatusOr<std::int64_t> Answer(Execution& execution);
  absl::Status Keep(const State& state);

  const Script& script_;
  std::unique_ptr<sqlite3, Close> connection_;
  std::optional<Runner> runner_;
  Tables tables_;
  State first_;
  struct Free {
    void operator()(unsigned char* bytes) const;
  };
  struct Image {
    std::unique_ptr<unsigned char, Free> bytes;
    std::int64_t size = 0;
  };
  // The digests of its rows, of each database, the main one first.
  using Parts = std::vector<std::uint64_t>;
  Parts PartsOf(const State& state) const;
  // Of each state, by the sum of the digests of its rows, and the file of each
  // database, by their sum.
  std::map<std::uint64_t, Parts> states_;
  std::map<std::pair<std::size_t, std::uint64_t>, Image> images_;
  std::vector<std::string> databases_;  // their names, the main one first
  // Which ones the connection has.
  std::vector<std::optional<std::uint64_t>> at_;
  Habits habits_;
  Watched watched_ = Watched::kNothing;
  int calls_ = 0;  // of the progress handler, by one transaction
};

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_TWIN_H_
