// The vocabulary `pairs`: keys with values and nothing else, as most key-value
// stores have them: put, delete, get, in transactions where the store has some.
// Stores that are driven from outside (src/driven) are asked in it.

#ifndef LASTCOMMIT_KEYS_PAIRS_H_
#define LASTCOMMIT_KEYS_PAIRS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "store/content.h"
#include "store/operation.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::pairs {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of pairs.cc.
extern const Vocabulary kVocabulary;

enum class Kind { kPut, kDelete, kGet };

struct Arguments {
  int key = 0;
  Content value = {};
};

// Of an operation of this vocabulary.
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);
Operation Make(Kind kind, const Arguments& arguments = {});

std::string KeyName(int key);
// Text that is in no other value of a plan, since its seed is: of about as many
// bytes as the content has, UTF-8 without a NUL.
std::string ValueText(const Content& content);

// A row: its key; value (text).
inline constexpr TableSpec kPairs = {0, "key", 1};
Fingerprint RowOf(std::string_view value);

// What a get answers.
std::int64_t AnswerOf(std::string_view value);

}  // namespace lastcommit::pairs

#endif  // LASTCOMMIT_KEYS_PAIRS_H_
