#include "explain/step_words.h"

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

template <typename Enum>
std::string Word(Enum value) {
  return std::string(Name(value));
}

}  // namespace

std::string ArgumentsInWords(const Step& step) {
  switch (step.kind) {
    case StepKind::kChange:
    case StepKind::kQuery:
      return step.operation.spec->words(step.operation);
    case StepKind::kRollbackTo:
      return step.up == 0 ? "the innermost savepoint"
                          : absl::StrCat("the savepoint ", step.up,
                                         " further out than the innermost");
    case StepKind::kWalCheckpoint:
      return Word(step.mode);
    case StepKind::kJournalMode:
      return Word(step.journal_mode);
    case StepKind::kUnlink:
      return absl::StrCat("the ", Word(step.file), " file, by another program");
    default:
      return "";
  }
}

}  // namespace lastcommit
