#include "judge/finding_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "names/names.h"
#include "output/plural.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

constexpr Names<Cause, Cause::kUnknown> kCauseNames(
    "wal_not_synced", "directory_not_synced", "journal_not_synced",
    "database_not_synced", "journal_synced_once", "unprotected",
    "own_files_not_synced", "attached_wal", "vacuum_undone", "partial_rollback",
    "missing_sync", "unknown");

// What happened, and which setting would mend it.
std::string InWords(Cause cause) {
  switch (cause) {
    case Cause::kWalNotSynced:
      return "the WAL was not synced (PRAGMA synchronous=FULL syncs it at each "
             "commit)";
    case Cause::kDirectoryNotSynced:
      return "the directory was not synced after its last change (PRAGMA "
             "synchronous=EXTRA syncs it at each commit)";
    case Cause::kJournalNotSynced:
      return "the end of the journal was not synced (PRAGMA synchronous=FULL "
             "syncs it)";
    case Cause::kDatabaseNotSynced:
      return "the database was written without syncs (PRAGMA "
             "synchronous=FULL syncs)";
    case Cause::kJournalSyncedOnce:
      return "the journal was synced once and not twice (PRAGMA "
             "synchronous=FULL)";
    case Cause::kUnprotected:
      return "the database was written without a journal on the disk (PRAGMA "
             "journal_mode=WAL or DELETE makes one)";
    case Cause::kOwnFilesNotSynced:
      return "the program made or moved the file, or a directory above it, and "
             "did not sync it (fsync the file, and its directory)";
    case Cause::kAttachedWal:
      return "in WAL mode each attached database is atomic only for itself "
             "(https://www.sqlite.org/lang_attach.html)";
    case Cause::kVacuumUndone:
      return "SQLite makes the file smaller before the end of the journal is "
             "synced (docs/findings.md, vacuum-undone)";
    case Cause::kPartialRollback:
      return "SQLite 3.11.0 to 3.50.1 leaves frames with wrong checksums where "
             "a part of a transaction is undone (docs/findings.md, "
             "partial-rollback; fixed in 3.50.2)";
    case Cause::kMissingSync:
      return "a sync is missing that PRAGMA synchronous leaves out at no level";
    case Cause::kUnknown:
      return "all that SQLite syncs was synced";
  }
  return "";
}

Reason ReasonOf(Cause cause) {
  const bool is_setting = IsSetting(cause);
  return {absl::StrCat(is_setting ? "setting: " : "bug: ", InWords(cause)),
          std::string(Name(cause)), is_setting};
}

Reason ByProgram() {
  return {"the program writes the file by itself, and not through SQLite",
          "not_sqlite", false};
}

// Kills have shown that the program changes the file past SQLite.
bool IsWrittenByProgram(const Timeline& timeline, std::size_t database) {
  return std::any_of(timeline.kills.begin(), timeline.kills.end(),
                     [database](const KillFinding& kill) {
                       return kill.database == database &&
                              kill.is_unprotected && !kill.has_lock;
                     });
}

std::string NameOf(const Judgement& judgement, std::size_t database) {
  return Shown(judgement.timeline.databases[database].path);
}

}  // namespace

std::string_view Name(Cause cause) { return kCauseNames.Of(cause); }

std::string Brief(std::string_view text) {
  constexpr std::size_t kMost = 300;
  return text.size() <= kMost
             ? Shown(text)
             : absl::StrCat(Shown(text.substr(0, kMost)), "...");
}

Reason ReasonOf(const KillFinding& kill) {
  if (kill.cause != Cause::kUnknown) return ReasonOf(kill.cause);
  if (kill.kind == KillFinding::Kind::kNotWhole) {
    return {
        "was it copied while somebody wrote? (VACUUM INTO and the backup "
        "API copy a whole one)",
        "not_sqlite", false};
  }
  if (!kill.is_unprotected) return {"", "unknown", false};
  if (kill.has_lock) return ReasonOf(Cause::kUnprotected);
  return ByProgram();
}

Reason ReasonOf(const Timeline& timeline, const PowerFinding& finding) {
  const bool is_of_writes = finding.cause == Cause::kUnprotected ||
                            finding.cause == Cause::kDatabaseNotSynced ||
                            finding.cause == Cause::kDirectoryNotSynced;
  if (is_of_writes && IsWrittenByProgram(timeline, finding.database)) {
    return ByProgram();
  }
  return ReasonOf(finding.cause);
}

std::string InWords(const Judgement& judgement, const KillFinding& kill) {
  const std::string name = NameOf(judgement, kill.database);
  const std::string reason = ReasonOf(kill).text;
  const std::string cause = reason.empty() ? "" : absl::StrCat("; ", reason);
  const std::string difference = Brief(Difference(
      judgement.states[kill.expected], judgement.states[kill.found]));
  switch (kill.kind) {
    case KillFinding::Kind::kHalf:
      return absl::StrCat("half a transaction of ", name,
                          " is there: ", difference, cause);
    case KillFinding::Kind::kDamaged:
      return absl::StrCat(name, " is damaged: ", difference, cause);
    case KillFinding::Kind::kElsewhere:
      return absl::StrCat("the content of ", name,
                          " is changed by something else than a "
                          "transaction: ",
                          difference, cause);
    case KillFinding::Kind::kNotYet:
      return absl::StrCat(name,
                          " does not hold what was acknowledged: it was "
                          "acknowledged before it was committed");
    case KillFinding::Kind::kBetween:
      return absl::StrCat("a part of what is acknowledged together is in ",
                          name, ": ", difference);
    case KillFinding::Kind::kTorn:
      return absl::StrCat("of a transaction over ", name, " and ",
                          NameOf(judgement, kill.other), " only the part in ",
                          name, " is there", cause);
    case KillFinding::Kind::kNotWhole:
      return absl::StrCat(
          name, " is no whole database at the end: ", difference, cause);
    case KillFinding::Kind::kUnseen:
      break;
  }
  return absl::StrCat("what is left of ", name,
                      " is not what the program saw: ", difference, cause);
}

std::string InWords(const Judgement& judgement, const PowerFinding& finding) {
  const std::string name = NameOf(judgement, finding.database);
  std::string what;
  if (finding.kind == PowerKind::kLost) {
    what = absl::StrCat(
        "up to ", finding.lost, " of ", finding.promised,
        judgement.timeline.has_acks ? " acknowledged" : " promised",
        " commits of ", name, " are lost");
    if (finding.acknowledged > 0) {
      absl::StrAppend(&what, ", and with them ", finding.acknowledged_lost,
                      " of ", Plural(finding.acknowledged, "acknowledgement"));
    }
  } else if (finding.kind == PowerKind::kTorn) {
    what = absl::StrCat("of a transaction over ", name, " and ",
                        NameOf(judgement, finding.other), " only the part in ",
                        name, " is there");
  } else if (finding.kind == PowerKind::kDamaged) {
    what = absl::StrCat(
        name, " is damaged: ", Brief(judgement.states[finding.found].message));
  } else {
    what = absl::StrCat(name, " holds what was never committed: ",
                        Brief(Difference(judgement.states[finding.expected],
                                         judgement.states[finding.found])));
  }
  return absl::StrCat(what, "; ", ReasonOf(judgement.timeline, finding).text);
}

std::string InWords(const CheckFinding& finding) {
  switch (finding.kind) {
    case CheckFinding::Kind::kRecoveryFails:
      return absl::StrCat("--recover fails: ", finding.how);
    case CheckFinding::Kind::kCheckFails:
      return absl::StrCat("--check fails: ", finding.how);
    case CheckFinding::Kind::kDumpFails:
      return absl::StrCat("--dump fails: ", finding.how);
    case CheckFinding::Kind::kOtherState:
      break;
  }
  return absl::StrCat(
      "--dump gives a state that was not there since the last promise: ",
      finding.how);
}

}  // namespace lastcommit
