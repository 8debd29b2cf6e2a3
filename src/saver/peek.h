// A look at a file before it is opened, so that one that is not ours stays as
// it is: opening a database rolls back the hot journal beside it as soon as
// anything is read (https://sqlite.org/lockingv3.html#hot_journals).

#ifndef LASTCOMMIT_SAVER_PEEK_H_
#define LASTCOMMIT_SAVER_PEEK_H_

#include <string>

#include "absl/status/statusor.h"

namespace lastcommit::saver {

enum class Peeked {
  kFine,  // an empty database, or one of ours
  // It cannot be judged without what stands in its journal or WAL, or while
  // somebody writes it: whoever opens it has to look again.
  kUndecided,
};

// Writes nothing, neither to the file nor beside it. FailedPrecondition: a
// database of another program or of a newer schema. DataLoss: no database, or
// one that was cut short.
absl::StatusOr<Peeked> PeekAtFile(const std::string& path,
                                  const std::string& vfs);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_PEEK_H_
