// The contract: which cuts a crash may leave, by journal mode and fault, and
// whether the database may be damaged. One row a line of SQLite's
// documentation; nothing here is widened to make an alarm go away.

#ifndef LASTCOMMIT_MODEL_CONTRACT_H_
#define LASTCOMMIT_MODEL_CONTRACT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "store/attached.h"

namespace lastcommit {

// What goes wrong in a round.
enum class Fault { kNone, kKill, kPowerLoss };

std::string_view Name(Fault fault);

// What is known about the moment of the crash. Commits are values of the commit
// counter; -1 is before the schema.
struct CrashFacts {
  Fault fault = Fault::kNone;
  // n: the highest acknowledged commit. After a power loss what it left counts
  // as acknowledged: it is durable.
  std::int64_t acknowledged = -1;
  // How many commits were called and neither acknowledged nor refused: 0 or 1,
  // more if several clients have one that is there and not acknowledged.
  int candidates = 0;
  // Something was written to the database file since the last commit.
  bool database_written_since_commit = false;

  // Of power losses only:
  // Commits that are there without having been acknowledged: what was in doubt
  // when a process was killed, and was recovered. 0 or 1.
  std::int64_t unacknowledged = 0;
  // The highest acknowledged commit all of whose writes to the WAL came before
  // a successful sync of the WAL began, or that a checkpoint or the last close
  // has promised.
  std::int64_t wal_synced = -1;
  // The highest commit acknowledged before a successful sync of the directory
  // began.
  std::int64_t directory_synced = -1;
  // What survived is in order within each file (disk/survival.h).
  bool is_in_order_per_file = true;

  // Of rounds in which another program has removed the database or its WAL
  // while it was open; never with a loss of power:
  // The highest commit that must be there all the same: one that was
  // acknowledged since, or that SQLite has promised to be in the database file,
  // if that is not the one removed.
  std::optional<std::int64_t> kept = {};
  // The process died while it wrote to a database whose WAL is gone.
  bool is_half_copied = false;

  // How many databases are attached, and `wal_synced` of each: that of the
  // commits which wrote to its WAL.
  int attached = 0;
  OfEachAttached attached_wal_synced = {-1, -1, -1};
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
  saver::JournalMode journal_mode;
  // No demand once the database file was written in a transaction that did not
  // commit.
  bool needs_journal_on_disk;
  std::string_view source;
};
std::span<const ContractRow> KillContract();

// From where on commits must be there after a power loss.
enum class LowerBound {
  kNone,             // no demand at all
  kAcknowledged,     // n
  kOneMayBeMissing,  // n - 1
  // n - 1, and n if the directory was synced since: the deletion of a journal.
  kUnlessDirectorySynced,
  kWalSynced,       // what a sync of the WAL has covered
  kNothingPending,  // n, no demand once the database file was written
};
std::string_view Name(LowerBound bound);

// One row: a power loss in this journal mode at this level.
struct PowerLossRow {
  saver::JournalMode journal_mode;
  saver::Synchronous synchronous;
  LowerBound lower;
  // No demand if writes within one file survive out of order.
  bool needs_order;
  // No demand without powersafe overwrite.
  bool needs_powersafe_overwrite;
  std::string_view source;
};
std::span<const PowerLossRow> PowerLossContract();
const PowerLossRow& PowerLossRowFor(const Profile& promised);

// `promised` is the profile the saver was asked for, whatever it did with it.
LegalCuts ContractFor(const Profile& promised, const CrashFacts& facts);

// Those of each attached database, where a transaction over several databases
// may be in one of them and not in another one
// (https://sqlite.org/lang_attach.html). Empty: all are at the same cut,
// because there are none, or because the transaction is atomic over them
// (IsAtomicOverAttached).
std::vector<LegalCuts> AttachedContractFor(const Profile& promised,
                                           const CrashFacts& facts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_MODEL_CONTRACT_H_
