// The vocabulary `log`: entries are appended at the end, each with the next
// number, read in their order, and removed from the beginning. A number is
// never given again. Stores that are driven from outside (src/driven) are asked
// in it.

#ifndef LASTCOMMIT_LOGS_SPECS_H_
#define LASTCOMMIT_LOGS_SPECS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "store/content.h"
#include "store/operation.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::logs {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of specs.cc.
extern const Vocabulary kVocabulary;

enum class Kind {
  kAppend,
  kAppendBatch,  // all of them or none
  kRead,         // the first `limit` entries after the number `after`
  kTrim,         // the entries up to the number `to` are gone
};

inline constexpr int kMaxEntries = 100;  // of a batch, and of a read

struct Arguments {
  int count = 1;
  int limit = 1;
  int after = 0;
  int to = 0;
  Content value = {};
};

// Of an operation of this vocabulary.
const OperationSpec& SpecOf(Kind kind);
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);
Operation Make(Kind kind, const Arguments& arguments = {});

// Of entry number `idx` of those that are appended; no other one of a plan is
// the same.
std::string EntryOf(const Arguments& arguments, int idx);

// Rows: an entry (text) by its number, which is 1 of the first one; and one row
// that has the number of the next entry.
inline constexpr TableSpec kEntries = {0, "entry", 0, true};
inline constexpr TableSpec kNext = {1, "the number of the next entry", 0};
Fingerprint EntryRow(std::string_view entry);
Fingerprint NextRow(std::int64_t number);

// What a read answers: put together by the numbers and rows of its entries, in
// their order.
class ReadAnswer {
 public:
  void Add(std::int64_t number, const Fingerprint& entry);
  std::int64_t value() const;

 private:
  RowHasher hasher_;
};

}  // namespace lastcommit::logs

#endif  // LASTCOMMIT_LOGS_SPECS_H_
