// The contract: which cuts a crash may leave, by journal mode and fault, and
// whether the database may be damaged. One row a line of SQLite's
// documentation; nothing here is widened to make an alarm go away.

#ifndef LASTCOMMIT_MODEL_CONTRACT_H_
#define LASTCOMMIT_MODEL_CONTRACT_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "plan/plan.h"

namespace lastcommit {

// What goes wrong in a round.
enum class Fault { kNone, kKill };

std::string_view Name(Fault fault);

// What is known about the moment of the crash.
struct CrashFacts {
  Fault fault = Fault::kNone;
  // n: the highest acknowledged commit, -1 before the schema was.
  std::int64_t acknowledged = -1;
  // COMMIT of n+1 was called, and neither acknowledged nor refused.
  bool has_candidate = false;
  // Something was written to the database file since the last commit.
  bool database_written_since_commit = false;
};

// The legal cuts, both ends included.
struct LegalCuts {
  bool anything = false;  // no demand beyond "does not hang"
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
  std::string_view source;  // where SQLite says so
};

// One row of the table: a kill in this journal mode.
struct ContractRow {
  JournalMode journal_mode;
  // No demand once the database file was written in a transaction that did not
  // commit.
  bool needs_journal_on_disk;
  std::string_view source;
};
std::span<const ContractRow> KillContract();

// `promised` is the profile the saver was asked for, whatever it did with it.
LegalCuts ContractFor(const Profile& promised, const CrashFacts& facts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_CONTRACT_H_
