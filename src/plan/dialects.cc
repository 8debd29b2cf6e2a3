#include "plan/dialects.h"

#include "keys/specs.h"
#include "threads/specs.h"

namespace lastcommit {

std::span<const Vocabulary* const> Dialects() {
  static constexpr const Vocabulary* kDialects[] = {&threads::kVocabulary,
                                                    &keys::kVocabulary};
  return kDialects;
}

const Vocabulary& DefaultDialect() { return threads::kVocabulary; }

const Vocabulary* FindDialect(std::string_view name) {
  for (const Vocabulary* const dialect : Dialects()) {
    if (dialect->name == name) return dialect;
  }
  return nullptr;
}

}  // namespace lastcommit
