// State: everything a store holds, as one comparable value. Rows are kept as
// fingerprints, so that a state with megabytes of blobs stays small.
//
// Two ways lead to a State: the ReferenceModel applies the steps of a plan, and
// a reader turns database content into rows. Both describe the columns of a
// row to a RowHasher in the order of the schema.

#ifndef LASTCOMMIT_STORE_STATE_H_
#define LASTCOMMIT_STORE_STATE_H_

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

// A table of a vocabulary: how its rows are told apart, and named to people.
struct TableSpec {
  int number = 0;  // in its vocabulary
  std::string_view word;
  std::size_t names = 1;  // how many of RowKey::names its rows have
  bool has_number = false;
  int database = 0;  // in which it is (store/attached.h)
};

// One of those constants, which live as long as the program.
class Table {
 public:
  Table() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a table is named by its spec.
  Table(const TableSpec& spec) : spec_(&spec) {}

  const TableSpec& spec() const { return *spec_; }
  std::strong_ordering operator<=>(const Table& other) const {
    return spec_->number <=> other.spec_->number;
  }
  bool operator==(const Table& other) const {
    return spec_->number == other.spec_->number;
  }

 private:
  static constexpr TableSpec kUnknown = {0, "row of an unknown table", 1};
  const TableSpec* spec_ = &kUnknown;
};

struct RowKey {
  Table table;
  std::array<std::string, 4> names;
  std::int64_t number = 0;

  std::strong_ordering operator<=>(const RowKey&) const = default;
};

// A row's columns, hashed with their SQL types (128 bits of XXH3).
struct Fingerprint {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::int64_t bytes = 0;  // sum of the column sizes, for people

  bool operator==(const Fingerprint&) const = default;
};

// While there is one, whatever a RowHasher makes a fingerprint of is remembered
// in words, and differences between states say the values of their rows. It is
// for the run that is told to people, and not for each trial: it takes time and
// memory. Of one thread; children that are forked have it, too.
class ShownValues {
 public:
  ShownValues();
  ~ShownValues();
  ShownValues(const ShownValues&) = delete;
  ShownValues& operator=(const ShownValues&) = delete;

 private:
  const bool is_first_;  // of those that live
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
  std::string words_;  // while there are ShownValues
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
// Of the rows of one database.
std::uint64_t RowDigestsOf(int database, const State& state);
std::uint64_t StateDigest(std::int64_t cut, std::uint64_t row_digests);

// The row as people read it: "log thread-1 #3". Escaped, one line.
std::string Describe(const RowKey& key);

// A row that differs, in words that are escaped.
struct RowDifference {
  std::string row;       // which one
  std::string expected;  // "nothing", or what it is
  std::string found;     // the same

  bool operator==(const RowDifference&) const = default;
};

struct DifferingRows {
  std::vector<RowDifference> rows;
  std::size_t more = 0;  // that are not in there
};

// What differs, at most `max_rows` of them.
DifferingRows DifferingRowsOf(const State& expected, const State& found,
                              std::size_t max_rows);

// The same, a line a row, and then how many more.
std::vector<std::string> InLines(const DifferingRows& differences);
std::vector<std::string> Difference(const State& expected, const State& found,
                                    std::size_t max_lines);

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_STATE_H_
