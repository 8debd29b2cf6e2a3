#include "explain/known_bugs.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "explain/bug_signs.h"
#include "plan/sqlite_version.h"

namespace lastcommit {
namespace {

constexpr SqliteRange kPartialRollback[] = {{3'011'000, 3'050'002}};
// Branches of their own have the fix too.
constexpr SqliteRange kWalReset[] = {
    {3'007'000, 3'044'006}, {3'045'000, 3'050'007}, {3'051'000, 3'051'003}};
constexpr SqliteRange kMemoryJournal[] = {{0, 3'044'000}};
// 3.40.1 is the oldest version that was tried. What is older may have it too,
// but nothing is known of that.
constexpr SqliteRange kNotFixed[] = {{3'040'001, 0}};

constexpr std::array<KnownBug, 16> kBugs = {{
    {"partial-rollback",
     "WAL frames without checksums after a partial rollback: recovery stops at "
     "them",
     kPartialRollback, LooksLikePartialRollback,
     "https://sqlite.org/forum/forumpost/b490f726db",
     "An acknowledged commit is lost after a partial rollback (WAL)"},
    {"wal-reset-race",
     "a commit starts the WAL anew in the middle of a checkpoint, and frames "
     "are never copied",
     kWalReset, LooksLikeWalResetRace,
     "https://sqlite.org/wal.html#walresetbug",
     "The WAL is started anew in the middle of a checkpoint"},
    {"old-pages-after-wal",
     "who leaves WAL goes on with pages from before another one's commit",
     kNotFixed, LooksLikeOldPagesAfterWal, "", "Old pages after WAL was left"},
    {"wal-again-while-left",
     "a WAL is made anew while another connection leaves it, and not all use "
     "it",
     kNotFixed, LooksLikeWalAgainWhileLeft, "",
     "The WAL is opened again while it is left"},
    {"vacuum-undone",
     "the journal of a VACUUM comes back after the file was cut", kNotFixed,
     LooksLikeVacuumUndone, "https://sqlite.org/pragma.html#pragma_synchronous",
     "VACUUM, and the journal that comes back"},
    {"wal-switch-at-normal",
     "the change to WAL at NORMAL is a transaction that a loss of power "
     "damages",
     kNotFixed, LooksLikeWalSwitchAtNormal,
     "https://sqlite.org/pragma.html#pragma_synchronous",
     "The change to WAL at NORMAL"},
    {"header-rolled-back",
     "a new database is made with what a header said that was rolled back",
     kNotFixed, LooksLikeHeaderRolledBack, "",
     "What a header said that was rolled back"},
    {"memory-journal-forgotten",
     "a journal in memory is dropped after a failed write, and nothing undone",
     kMemoryJournal, LooksLikeMemoryJournalForgotten, "",
     "A journal in memory is forgotten after an error"},
    {"half-statement",
     "a statement that could not open its savepoint's journal is committed by "
     "half",
     kNotFixed, LooksLikeHalfStatement, "", "Half of a statement is committed"},
    {"statement-outlives-transaction",
     "a statement is compiled again and run outside of the transaction that it "
     "has ended",
     kNotFixed, LooksLikeStatementOutlivesTransaction, "",
     "A statement that outlives its transaction"},
    {"journal-end-not-synced",
     "a journal whose truncation was not synced is written over, and is hot "
     "again",
     kNotFixed, LooksLikeJournalEndNotSynced, "",
     "The end of a journal that was not synced"},
    {"journal-name-not-synced",
     "a journal without a durable name is relied on after it was rolled back",
     kNotFixed, LooksLikeJournalNameNotSynced, "",
     "The name of a journal that was not synced"},
    {"creation-rolled-back-by-half",
     "a journal beside an empty file is deleted before the file's end is "
     "durable",
     kNotFixed, LooksLikeCreationRolledBackByHalf, "",
     "A creation that was rolled back by half"},
    {"stale-super-journal",
     "a journal that still names a super-journal that is gone undoes nothing",
     kNotFixed, LooksLikeStaleSuperJournal, "",
     "A journal whose super-journal is gone"},
    {"page-not-journaled",
     "after a full disk a page without a journal is written over itself",
     kNotFixed, LooksLikePageNotJournaled, "",
     "A page that the journal had no room for"},
    {"sector-journaled-by-half",
     "after a full disk the rest of a sector larger than a page is never "
     "journaled",
     kNotFixed, LooksLikeSectorJournaledByHalf, "",
     "A sector that was journaled by half"},
}};

// The one before `version`, which is the first of its branch if it ends with 0.
std::string RangeInWords(const SqliteRange& range) {
  const std::string from = PrintSqliteVersion(range.from);
  if (range.before == 0) return absl::StrCat(from, " and later");
  if (range.from == 0 || range.before % 1000 == 0) {
    const std::string before =
        absl::StrCat("before ", PrintSqliteVersion(range.before));
    return range.from == 0 ? before : absl::StrCat(from, " to ", before);
  }
  return absl::StrCat(from, " to ", PrintSqliteVersion(range.before - 1));
}

}  // namespace

std::span<const KnownBug> KnownBugs() { return kBugs; }

const KnownBug* FindKnownBug(std::string_view name) {
  const auto* const found =
      std::find_if(kBugs.begin(), kBugs.end(),
                   [&](const KnownBug& bug) { return bug.name == name; });
  return found == kBugs.end() ? nullptr : &*found;
}

bool IsAffected(const KnownBug& bug, int sqlite_version) {
  return std::any_of(
      bug.versions.begin(), bug.versions.end(),
      [&](const SqliteRange& range) { return range.Contains(sqlite_version); });
}

std::string VersionsInWords(const KnownBug& bug) {
  return absl::StrJoin(bug.versions, ", ",
                       [](std::string* text, const SqliteRange& range) {
                         text->append(RangeInWords(range));
                       });
}

std::vector<std::string> LikelyBugs(const Plan& plan, const Failure& failure,
                                    int sqlite_version) {
  std::vector<std::string> names;
  for (const KnownBug& bug : kBugs) {
    if (IsAffected(bug, sqlite_version) && bug.looks_like(plan, failure)) {
      names.emplace_back(bug.name);
    }
  }
  return names;
}

std::string JoinedNames(const std::vector<std::string>& names) {
  return names.empty() ? "unknown" : absl::StrJoin(names, " or ");
}

std::string LikenessInWords(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text;
  for (const std::string& name : names) {
    absl::StrAppend(&text, "looks like: ", name);
    // A record of another program may have a name that is not known here.
    if (const KnownBug* const bug = FindKnownBug(name); bug != nullptr) {
      absl::StrAppend(&text, " (SQLite ", VersionsInWords(*bug),
                      "; docs/findings.md \"", std::string(bug->section),
                      "\")");
    }
    text += "\n";
  }
  return text +
         "this is a likeness, by what the plan did and what was seen, and no "
         "proof";
}

}  // namespace lastcommit
