// The vocabulary `keys`: a table of keys with values, over SQLite: put, delete,
// get, scan, in transactions.

#ifndef LASTCOMMIT_KEYS_SPECS_H_
#define LASTCOMMIT_KEYS_SPECS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "store/operation.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::keys {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of specs.cc.
extern const Vocabulary kVocabulary;

enum class Kind { kPut, kDelete, kGet, kScan };

struct Arguments {
  int key = 0;  // of a scan the first
  int limit = 0;
  Content value = {};
};

// Of an operation of this vocabulary.
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);
Operation Make(Kind kind, const Arguments& arguments = {});

std::string KeyName(int key);

// A row: its key; version (integer), value (blob). The version of a key that is
// put is 1, and one more each time that it is put again; what was deleted
// begins anew.
inline constexpr TableSpec kKeys = {0, "key", 1};

// What a get or a scan answers, in the byte order of the keys.
struct Found {
  std::string key;
  std::int64_t version = 0;
};
std::int64_t DigestOf(const std::vector<Found>& list);

}  // namespace lastcommit::keys

#endif  // LASTCOMMIT_KEYS_SPECS_H_
