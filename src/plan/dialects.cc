#include "plan/dialects.h"

#include <vector>

#include "checkpoints/specs.h"
#include "keys/pairs.h"
#include "keys/specs.h"
#include "logs/specs.h"
#include "queue/specs.h"
#include "threads/specs.h"

namespace lastcommit {

namespace {

std::vector<const Vocabulary*>& Known() {
  static std::vector<const Vocabulary*> known = {
      &threads::kVocabulary,     &keys::kVocabulary,  &pairs::kVocabulary,
      &checkpoints::kVocabulary, &queue::kVocabulary, &logs::kVocabulary};
  return known;
}

}  // namespace

std::span<const Vocabulary* const> Dialects() { return Known(); }

void RegisterDialect(const Vocabulary& dialect) { Known().push_back(&dialect); }

const Vocabulary& DefaultDialect() { return threads::kVocabulary; }

const Vocabulary* FindDialect(std::string_view name) {
  for (const Vocabulary* const dialect : Dialects()) {
    if (dialect->name == name) return dialect;
  }
  return nullptr;
}

}  // namespace lastcommit
