// Defences: what a client of a store does against the bugs of SQLite that
// docs/findings.md describes. The registry says it of each store; explain tells
// known bugs apart by it, and nothing is judged by it.

#ifndef LASTCOMMIT_SUBJECT_DEFENCES_H_
#define LASTCOMMIT_SUBJECT_DEFENCES_H_

namespace lastcommit {

enum class Defences {
  kNone,     // a store that is not SqliteSaver
  kBuiltIn,  // SqliteSaver without Options::avoid_sqlite_bugs
  kAll,
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_DEFENCES_H_
