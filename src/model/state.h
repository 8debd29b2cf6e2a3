// State: everything a store holds, as one comparable value. Rows are kept as
// fingerprints, so that a state with megabytes of blobs stays small.
//
// Two ways lead to a State: the ReferenceModel applies the steps of a plan, and
// a reader turns database content into rows. Both describe the columns of a
// row to a RowHasher in the order of the schema.

#ifndef LASTCOMMIT_MODEL_STATE_H_
#define LASTCOMMIT_MODEL_STATE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

// The columns of a row, in the order in which they are hashed:
//   threads      last_log, last_checkpoint, is_deleted: integers
//   checkpoints  parent_id (text or NULL), type, state (blob), metadata,
//                sequence (integer)
//   writes       channel, type, bytes (blob)
//   logs         level (integer, LogLevel), payload
//   tasks        state (text), attempts, version (integers), payload
//   blobs        bytes (blob), digest (blob)
// Text where nothing else is said.
enum class Table { kThreads, kCheckpoints, kWrites, kLogs, kTasks, kBlobs };

struct RowKey {
  Table table = Table::kThreads;
  std::string thread;
  std::string first;        // checkpoints, writes: namespace; tasks: id;
                            // blobs: name
  std::string second;       // checkpoints, writes: checkpoint id
  std::string third;        // writes: task id
  std::int64_t number = 0;  // logs: number; writes: idx

  std::strong_ordering operator<=>(const RowKey&) const = default;
};

// A row's columns, hashed with their SQL types (128 bits of XXH3).
struct Fingerprint {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::int64_t bytes = 0;  // sum of the column sizes, for people

  bool operator==(const Fingerprint&) const = default;
};

class RowHasher {
 public:
  RowHasher& Text(std::string_view text);
  RowHasher& Blob(std::string_view bytes);
  RowHasher& Integer(std::int64_t value);
  RowHasher& Null();
  Fingerprint Finish() const;

 private:
  void Column(char type, std::string_view bytes);
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
  std::int64_t bytes_ = 0;
};

struct State {
  // The commit counter: how many commits of the commit order are in. Creating
  // the schema is the commit 0; -1 is a database without one.
  std::int64_t cut = -1;
  std::map<RowKey, Fingerprint> rows;

  bool operator==(const State&) const = default;
};

// 64 bits over cut and rows, the same on every machine.
std::uint64_t Digest(const State& state);
// Its two halves, for those that change a state row by row: the digests of the
// rows are added up (modulo 2^64).
std::uint64_t RowDigest(const RowKey& key, const Fingerprint& row);
std::uint64_t StateDigest(std::int64_t cut, std::uint64_t row_digests);

// The row as people read it: "log thread-1 #3". Escaped, one line.
std::string Describe(const RowKey& key);

// What differs, a line a row, at most `max_lines` and then how many more.
std::vector<std::string> Difference(const State& expected, const State& found,
                                    std::size_t max_lines);

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_STATE_H_
