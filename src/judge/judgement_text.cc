#include <sqlite3.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "judge/judgement.h"
#include "names/names.h"
#include "output/plural.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

using Json = nlohmann::json;

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

std::string_view CauseOf(const KillFinding& kill) {
  if (kill.cause != Cause::kUnknown) return Name(kill.cause);
  if (kill.kind == KillFinding::Kind::kNotWhole) return "not_sqlite";
  if (!kill.is_unprotected) return "unknown";
  return kill.has_lock ? Name(Cause::kUnprotected) : "not_sqlite";
}

std::string WordOf(Cause cause) { return IsSetting(cause) ? "setting" : "bug"; }

class Text {
 public:
  explicit Text(const Judgement& judgement) : judgement_(judgement) {}

  std::string Print() {
    Head();
    Kills();
    Power();
    SideFiles();
    Outside();
    Verdict();
    return std::move(text_);
  }

 private:
  // Of files, and of findings after each kind of crash, so that the whole stays
  // short.
  static constexpr std::size_t kMost = 3;
  static constexpr std::size_t kMostFindings = 5;

  void LeftOut(std::size_t count) {
    if (count <= kMostFindings) return;
    Line("                       and ", count - kMostFindings,
         " more (--json has all)");
  }

  template <typename... Parts>
  void Line(const Parts&... parts) {
    absl::StrAppend(&text_, parts..., "\n");
  }

  const Timeline& timeline() const { return judgement_.timeline; }
  std::string NameOf(std::size_t database) const {
    return Shown(timeline().databases[database].path);
  }

  std::string HowItEnded() const {
    const RecordingEnd& end = judgement_.end;
    switch (end.how) {
      case RecordingEnd::How::kExited:
        return absl::StrCat("ended with ", end.status);
      case RecordingEnd::How::kKilled:
        return absl::StrCat("was killed by signal ", end.status);
      case RecordingEnd::How::kStopped:
        return "was stopped";
    }
    return "";
  }

  void Head() {
    std::vector<std::string> words;
    for (const std::string& word : judgement_.header.command) {
      words.push_back(Shown(word));
    }
    Line(absl::StrJoin(words, " "), ": ", HowItEnded(), "; ",
         Plural(judgement_.commits(), "commit"), " in ",
         Plural(static_cast<std::int64_t>(timeline().databases.size()),
                "database"),
         ", ",
         Plural(static_cast<std::int64_t>(timeline().promises.size()),
                timeline().has_acks ? "acknowledgement" : "promise"),
         ", ",
         Plural(static_cast<std::int64_t>(timeline().calls -
                                          timeline().first_call),
                "call"),
         "; judged by SQLite ", sqlite3_libversion());
  }

  void Kills() {
    if (timeline().kills.empty()) {
      Line("after a kill:          nothing is lost (",
           Plural(timeline().kill_images, "image"), ")");
      return;
    }
    const std::size_t count = timeline().kills.size();
    for (std::size_t i = 0; i < std::min(count, kMostFindings); ++i) {
      const KillFinding& kill = timeline().kills[i];
      Line("after a kill:          ", InWords(kill), " (",
           Plural(timeline().kill_counts[i], "image"), ", the first at call ",
           kill.call, ")");
    }
    LeftOut(count);
  }

  std::string InWords(const KillFinding& kill) const {
    const std::string name = NameOf(kill.database);
    const std::string cause =
        kill.cause != Cause::kUnknown
            ? absl::StrCat("; ", WordOf(kill.cause), ": ",
                           lastcommit::InWords(kill.cause))
        : !kill.is_unprotected ? ""
        : kill.has_lock
            ? absl::StrCat("; setting: ",
                           lastcommit::InWords(Cause::kUnprotected))
            : "; the program writes the file by itself, and not through SQLite";
    const std::string difference = Shown(Difference(
        judgement_.states[kill.expected], judgement_.states[kill.found]));
    switch (kill.kind) {
      case KillFinding::Kind::kHalf:
        return absl::StrCat("half a transaction of ", name,
                            " is there: ", difference, cause);
      case KillFinding::Kind::kDamaged:
        return absl::StrCat(name, " is damaged: ", difference, cause);
      case KillFinding::Kind::kElsewhere:
        return absl::StrCat("the content of ", name,
                            " changes where no transaction ends: ", difference,
                            cause);
      case KillFinding::Kind::kNotYet:
        return absl::StrCat(name,
                            " does not hold what was acknowledged: it was "
                            "acknowledged before it was committed");
      case KillFinding::Kind::kBetween:
        return absl::StrCat("a part of what is acknowledged together is in ",
                            name, ": ", difference);
      case KillFinding::Kind::kTorn:
        return absl::StrCat(
            "of a transaction over ", name, " and ", NameOf(kill.other),
            " only the part in ", name,
            " is there; setting: ", lastcommit::InWords(Cause::kAttachedWal));
      case KillFinding::Kind::kNotWhole:
        return absl::StrCat(name,
                            " is no whole database at the end: ", difference,
                            "; was it copied while somebody wrote? (VACUUM "
                            "INTO and the backup API copy a whole one)");
      case KillFinding::Kind::kUnseen:
        break;
    }
    return absl::StrCat("what is left of ", name,
                        " is not what the program saw: ", difference, cause);
  }

  void Power() {
    const std::vector<PowerFinding>& findings = judgement_.power.findings;
    if (findings.empty()) {
      Line("after a loss of power: nothing is lost (",
           Plural(judgement_.power.images, "image"), ")");
      return;
    }
    const std::string promised =
        timeline().has_acks ? "acknowledged" : "promised";
    for (std::size_t i = 0; i < std::min(findings.size(), kMostFindings); ++i) {
      const PowerFinding& finding = findings[i];
      const std::string name = NameOf(finding.database);
      std::string what;
      if (finding.kind == PowerKind::kLost) {
        what = absl::StrCat("up to ", finding.lost, " of ", finding.promised,
                            " ", promised, " commits of ", name, " are lost");
      } else if (finding.kind == PowerKind::kTorn) {
        what = absl::StrCat("of a transaction over ", name, " and ",
                            NameOf(finding.other), " only the part in ", name,
                            " is there");
      } else if (finding.kind == PowerKind::kDamaged) {
        what = absl::StrCat(name, " is damaged: ",
                            Shown(judgement_.states[finding.found].message));
      } else {
        what =
            absl::StrCat(name, " holds what was never committed: ",
                         Shown(Difference(judgement_.states[finding.expected],
                                          judgement_.states[finding.found])));
      }
      Line("after a loss of power: ", what, "; ", WordOf(finding.cause), ": ",
           lastcommit::InWords(finding.cause), " (",
           Plural(finding.images, "image"), ", the worst at call ",
           finding.call, ")");
    }
    LeftOut(findings.size());
  }

  void SideFiles() {
    const auto& files = judgement_.power.side_files;
    for (std::size_t i = 0; i < files.size() && i < kMost; ++i) {
      Line("after a loss of power: ", Shown(files[i].path),
           files[i].is_renamed
               ? " can be empty: it was renamed and its content never synced"
               : " can be empty or old: its content was not synced when "
                 "something was promised");
    }
    if (files.size() > kMost) {
      Line("                       and ", files.size() - kMost,
           " more files without a sync");
    }
  }

  void Outside() {
    const RecordingEnd& end = judgement_.end;
    if (end.outside == 0) return;
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < end.outside_paths.size() && i < kMost; ++i) {
      paths.push_back(Shown(end.outside_paths[i]));
    }
    Line("outside of the directory, and not recorded: ",
         Plural(end.outside, "change"), " (", absl::StrJoin(paths, ", "), ")");
  }

  void Verdict() {
    const std::string level = judgement_.promise == PromiseLevel::kPower
                                  ? "promise: survives a loss of power"
                                  : "promise: survives a kill";
    const std::string why = judgement_.NotExercised();
    const PowerOutcome& power = judgement_.power;
    if (power.unreadable + timeline().unreadable > 0) {
      Line("not judged: ",
           Plural(power.unreadable + timeline().unreadable, "image"),
           " that this SQLite cannot read: ",
           Shown(judgement_.states.WhyUnreadable()));
    }
    if (power.skipped > 0) {
      Line("not judged: ", Plural(power.skipped, "crash point"),
           " with too much that was not synced");
    }
    if (power.settled > 0) {
      Line("not judged: the loss of what was not synced ",
           Plural(power.settled, "time"), " when it was too much to keep");
    }
    const ExitCode code = judgement_.exit_code();
    Line(Word(code), " (", code == ExitCode::kNotExercised ? why : level, ")");
  }

  const Judgement& judgement_;
  std::string text_;
};

}  // namespace

std::string_view Name(Cause cause) { return kCauseNames.Of(cause); }

std::string TextOf(const Judgement& judgement) {
  return Text(judgement).Print();
}

Json JsonOf(const Judgement& judgement) {
  constexpr std::string_view kKillKinds[] = {"half",   "damaged",  "elsewhere",
                                             "unseen", "not_yet",  "between",
                                             "torn",   "not_whole"};
  constexpr std::string_view kPowerKinds[] = {"lost", "half", "damaged",
                                              "torn"};
  const Timeline& timeline = judgement.timeline;
  Json json = {
      {"schema", "lastcommit-judgement-1"},
      {"command", judgement.header.command},
      {"verdict", Word(judgement.exit_code())},
      {"promise",
       judgement.promise == PromiseLevel::kPower ? "power" : "process"},
      {"calls", timeline.calls - timeline.first_call},
      {"commits", judgement.commits()},
      {"promises", timeline.promises.size()},
      {"kill_images", timeline.kill_images},
      {"live_views", timeline.live_views},
      {"probes", timeline.probes},
      {"power_images", judgement.power.images},
      {"unreadable", timeline.unreadable + judgement.power.unreadable},
      {"outside", judgement.end.outside}};
  if (judgement.exit_code() == ExitCode::kNotExercised) {
    json["not_exercised"] = judgement.NotExercised();
  }
  json["kills"] = Json::array();
  for (std::size_t i = 0; i < timeline.kills.size(); ++i) {
    const KillFinding& kill = timeline.kills[i];
    json["kills"].push_back(
        {{"kind", kKillKinds[static_cast<int>(kill.kind)]},
         {"database", timeline.databases[kill.database].path},
         {"call", kill.call},
         {"images", timeline.kill_counts[i]},
         {"cause", CauseOf(kill)},
         {"setting",
          IsSetting(kill.cause) || (kill.is_unprotected && kill.has_lock)}});
  }
  json["power"] = Json::array();
  for (const PowerFinding& finding : judgement.power.findings) {
    json["power"].push_back(
        {{"kind", kPowerKinds[static_cast<int>(finding.kind)]},
         {"database", timeline.databases[finding.database].path},
         {"cause", Name(finding.cause)},
         {"setting", IsSetting(finding.cause)},
         {"promised", finding.promised},
         {"lost", finding.lost},
         {"images", finding.images},
         {"call", finding.call}});
  }
  json["files"] = Json::array();
  for (const SideFile& file : judgement.power.side_files) {
    json["files"].push_back({{"path", file.path},
                             {"renamed", file.is_renamed},
                             {"call", file.call}});
  }
  return json;
}

}  // namespace lastcommit
