#include "model/contract.h"

#include <array>

namespace lastcommit {
namespace {

// A killed process leaves its writes with the operating system, so that
// `synchronous` does not matter:
// https://sqlite.org/pragma.html#pragma_synchronous
// ("commits are still durable across an application crash", said of OFF).
constexpr std::string_view kRollbackJournal =
    "https://sqlite.org/atomiccommit.html sections 3.11, 4.2: a transaction "
    "commits when its rollback journal stops being hot";
constexpr std::string_view kWriteAheadLog =
    "https://sqlite.org/walformat.html section 4.4: a transaction is in when "
    "its commit frame is valid";
constexpr std::string_view kNoJournal =
    "https://sqlite.org/pragma.html#pragma_journal_mode: MEMORY and OFF, \"the "
    "database file will very likely go corrupt\" when the program crashes in "
    "the middle of a transaction";
constexpr std::string_view kNoFault =
    "https://sqlite.org/transactional.html: without a crash every commit that "
    "was acknowledged is there, and nothing else";

constexpr std::array<ContractRow, 6> kKill = {{
    {JournalMode::kDelete, false, kRollbackJournal},
    {JournalMode::kTruncate, false, kRollbackJournal},
    {JournalMode::kPersist, false, kRollbackJournal},
    {JournalMode::kWal, false, kWriteAheadLog},
    {JournalMode::kMemory, true, kNoJournal},
    {JournalMode::kOff, true, kNoJournal},
}};

}  // namespace

std::string_view Name(Fault fault) {
  return fault == Fault::kNone ? "none" : "kill";
}

std::span<const ContractRow> KillContract() { return kKill; }

LegalCuts ContractFor(const Profile& promised, const CrashFacts& facts) {
  LegalCuts cuts;
  cuts.lowest = facts.acknowledged;
  cuts.highest = facts.acknowledged;
  if (facts.fault == Fault::kNone) {
    cuts.source = kNoFault;
    return cuts;
  }
  for (const ContractRow& row : kKill) {
    if (row.journal_mode != promised.journal_mode) continue;
    cuts.source = row.source;
    if (row.needs_journal_on_disk) {
      // Without a write to the file the transaction left no trace.
      cuts.anything = facts.database_written_since_commit;
    } else if (facts.has_candidate) {
      cuts.highest = facts.acknowledged + 1;
    }
  }
  return cuts;
}

}  // namespace lastcommit
