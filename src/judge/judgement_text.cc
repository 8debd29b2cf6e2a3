#include <sqlite3.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "judge/finding_view.h"
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

// As a part of a line, however long it is.
std::string Brief(std::string_view text) {
  constexpr std::size_t kMost = 300;
  return text.size() <= kMost
             ? Shown(text)
             : absl::StrCat(Shown(text.substr(0, kMost)), "...");
}

// Why something is lost: for people, for programs, and whether it is allowed.
struct Reason {
  std::string text;
  std::string name;
  bool is_setting = false;
};

Reason ReasonOf(Cause cause) {
  const bool is_setting = IsSetting(cause);
  return {absl::StrCat(is_setting ? "setting: " : "bug: ", InWords(cause)),
          std::string(Name(cause)), is_setting};
}

Reason ReasonOf(const KillFinding& kill) {
  const std::string by_itself =
      "the program writes the file by itself, and not through SQLite";
  if (kill.cause != Cause::kUnknown) return ReasonOf(kill.cause);
  if (kill.kind == KillFinding::Kind::kNotWhole) {
    return {
        "was it copied while somebody wrote? (VACUUM INTO and the backup "
        "API copy a whole one)",
        "not_sqlite", false};
  }
  if (!kill.is_unprotected) return {"", "unknown", false};
  if (kill.has_lock) return ReasonOf(Cause::kUnprotected);
  return {by_itself, "not_sqlite", false};
}

// Kills have shown that the program changes the file past SQLite.
bool IsWrittenByProgram(const Timeline& timeline, std::size_t database) {
  return std::any_of(timeline.kills.begin(), timeline.kills.end(),
                     [database](const KillFinding& kill) {
                       return kill.database == database &&
                              kill.is_unprotected && !kill.has_lock;
                     });
}

Reason ReasonOf(const Timeline& timeline, const PowerFinding& finding) {
  const bool is_of_writes = finding.cause == Cause::kUnprotected ||
                            finding.cause == Cause::kDatabaseNotSynced ||
                            finding.cause == Cause::kDirectoryNotSynced;
  if (is_of_writes && IsWrittenByProgram(timeline, finding.database)) {
    return {"the program writes the file by itself, and not through SQLite",
            "not_sqlite", false};
  }
  return ReasonOf(finding.cause);
}

class Text {
 public:
  explicit Text(const Judgement& judgement) : judgement_(judgement) {}

  std::string InWords(const KillFinding& kill) const;
  std::string InWords(const PowerFinding& finding) const;
  static std::string InWords(const CheckFinding& finding);

  std::string Print() {
    Head();
    Interrupted();
    Kills();
    Power();
    Checks();
    SideFiles();
    Outside();
    Verdict();
    return std::move(text_);
  }

  std::string PrintFindings() {
    if (!judgement_.timeline.kills.empty()) Kills();
    if (!judgement_.power.findings.empty()) Power();
    return std::move(text_);
  }

 private:
  // Of files, and of findings after each kind of crash, so that the whole stays
  // short.
  static constexpr std::size_t kMost = 2;
  std::size_t most_findings() const { return has_checks() ? 2 : 4; }
  bool has_checks() const { return judgement_.check.has_value(); }
  // Only commands look at what the program keeps.
  bool has_only_checks() const {
    return has_checks() && timeline().databases.empty();
  }

  // The last line says why.
  bool was_nothing_judged() const {
    return timeline().kill_images + judgement_.power.images == 0 &&
           judgement_.exit_code() == ExitCode::kNotExercised;
  }

  void LeftOut(std::size_t count) {
    if (count <= most_findings()) return;
    Line("                       and ", count - most_findings(),
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
    Line(Brief(absl::StrJoin(judgement_.header.command, " ")), ": ",
         HowItEnded(), "; ", Plural(judgement_.commits(), "commit"), " in ",
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
    if (judgement_.only_call.has_value()) {
      Line("only what crashes at call ", *judgement_.only_call, " leave:");
    }
  }

  void Interrupted() {
    if (timeline().ended_at > 0) {
      Line("interrupted: kills were judged up to call ", timeline().ended_at,
           ", losses of power not at all");
    } else if (judgement_.power.ended_at > 0) {
      Line(
          "interrupted: all kills were judged, and losses of power up to call ",
          judgement_.power.ended_at);
    } else if (judgement_.ended_at() > 0) {
      Line("interrupted: not all images were looked at by the commands");
    }
  }

  void Kills() {
    if (has_only_checks() || was_nothing_judged()) return;
    if (timeline().kills.empty() && timeline().kill_images == 0) {
      Line(
          "after a kill:          nothing is lost (nothing was written after "
          "the first promise)");
      return;
    }
    if (timeline().kills.empty()) {
      Line("after a kill:          nothing is lost (",
           Plural(timeline().kill_images, "image"), ")");
      return;
    }
    const std::size_t count = timeline().kills.size();
    for (std::size_t i = 0; i < std::min(count, most_findings()); ++i) {
      const KillFinding& kill = timeline().kills[i];
      Line("after a kill:          ", InWords(kill), " (",
           Plural(timeline().kill_counts[i], "image"), ", the first at call ",
           kill.call, ")");
    }
    LeftOut(count);
  }

  void Power() {
    const std::vector<PowerFinding>& findings = judgement_.power.findings;
    if (timeline().ended_at > 0 || has_only_checks() || was_nothing_judged()) {
      return;
    }
    if (findings.empty()) {
      Line("after a loss of power: nothing is lost (",
           Plural(judgement_.power.images, "image"), ")");
      return;
    }
    for (std::size_t i = 0; i < std::min(findings.size(), most_findings());
         ++i) {
      const PowerFinding& finding = findings[i];
      Line("after a loss of power: ", InWords(finding), " (",
           Plural(finding.images, "image"), ", the worst at call ",
           finding.call, ")");
    }
    LeftOut(findings.size());
  }

  void Checks() {
    if (!has_checks()) return;
    const CheckOutcome& check = *judgement_.check;
    const std::size_t count = check.findings.size();
    for (std::size_t i = 0; i < std::min(count, most_findings()); ++i) {
      const CheckFinding& finding = check.findings[i];
      Line(finding.is_power ? "after a loss of power: "
                            : "after a kill:          ",
           InWords(finding), " (", Plural(finding.images, "image"),
           ", the first at call ", finding.call, ")");
      if (!finding.output.empty()) {
        Line("                       its output: ", Shown(finding.output));
      }
    }
    LeftOut(count);
    Line("looked at by command:  ", Plural(check.kill_images, "image"),
         " after a kill, and ", check.power_images,
         " others after a loss of power",
         check.not_checked == 0
             ? ""
             : absl::StrCat("; not at ", check.not_checked, " more",
                            check.ended_at > 0 ? "" : " (--check-images)"));
  }

  void SideFiles() {
    // A check knows better what is wrong with a file; what it has found this
    // may explain.
    const bool is_explained =
        has_checks() && std::none_of(judgement_.check->findings.begin(),
                                     judgement_.check->findings.end(),
                                     [](const CheckFinding& finding) {
                                       return finding.is_power;
                                     });
    if (is_explained) return;
    const std::size_t most = has_checks() ? 1 : kMost;
    const auto& files = judgement_.power.side_files;
    for (std::size_t i = 0; i < files.size() && i < most; ++i) {
      Line("after a loss of power: ", Shown(files[i].path),
           files[i].is_renamed
               ? " can be empty: it was renamed and its content never synced"
               : " can be empty or old: its content was not synced when "
                 "something was promised");
    }
    if (files.size() > most) {
      Line("                       and ", files.size() - most,
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
           Brief(judgement_.states.WhyUnreadable()));
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

std::string Text::InWords(const KillFinding& kill) const {
  const std::string name = NameOf(kill.database);
  const std::string reason = ReasonOf(kill).text;
  const std::string cause = reason.empty() ? "" : absl::StrCat("; ", reason);
  const std::string difference = Brief(Difference(
      judgement_.states[kill.expected], judgement_.states[kill.found]));
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
                          NameOf(kill.other), " only the part in ", name,
                          " is there", cause);
    case KillFinding::Kind::kNotWhole:
      return absl::StrCat(
          name, " is no whole database at the end: ", difference, cause);
    case KillFinding::Kind::kUnseen:
      break;
  }
  return absl::StrCat("what is left of ", name,
                      " is not what the program saw: ", difference, cause);
}

std::string Text::InWords(const PowerFinding& finding) const {
  const std::string name = NameOf(finding.database);
  std::string what;
  if (finding.kind == PowerKind::kLost) {
    what = absl::StrCat("up to ", finding.lost, " of ", finding.promised,
                        timeline().has_acks ? " acknowledged" : " promised",
                        " commits of ", name, " are lost");
  } else if (finding.kind == PowerKind::kTorn) {
    what = absl::StrCat("of a transaction over ", name, " and ",
                        NameOf(finding.other), " only the part in ", name,
                        " is there");
  } else if (finding.kind == PowerKind::kDamaged) {
    what = absl::StrCat(
        name, " is damaged: ", Brief(judgement_.states[finding.found].message));
  } else {
    what = absl::StrCat(name, " holds what was never committed: ",
                        Brief(Difference(judgement_.states[finding.expected],
                                         judgement_.states[finding.found])));
  }
  return absl::StrCat(what, "; ", ReasonOf(timeline(), finding).text);
}

std::string Text::InWords(const CheckFinding& finding) {
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

}  // namespace

std::string_view Name(Cause cause) { return kCauseNames.Of(cause); }

std::string TextOf(const Judgement& judgement) {
  return Text(judgement).Print();
}

std::string TextOfFindings(const Judgement& judgement) {
  return Text(judgement).PrintFindings();
}

namespace {

FindingView ViewOf(const Judgement& judgement, std::size_t i) {
  constexpr std::string_view kKinds[] = {"half",   "damaged",  "elsewhere",
                                         "unseen", "not_yet",  "between",
                                         "torn",   "not_whole"};
  const KillFinding& kill = judgement.timeline.kills[i];
  const std::string kind(kKinds[static_cast<int>(kill.kind)]);
  const Reason reason = ReasonOf(kill);
  FindingView view;
  view.name = absl::StrCat("kill-", kind);
  view.text = Text(judgement).InWords(kill);
  view.call = kill.call;
  view.written = kill.written;
  view.json = {{"kind", kind},
               {"database", judgement.timeline.databases[kill.database].path},
               {"call", kill.call},
               {"images", judgement.timeline.kill_counts[i]},
               {"cause", reason.name},
               {"setting", reason.is_setting}};
  return view;
}

FindingView ViewOf(const Judgement& judgement, const PowerFinding& finding) {
  constexpr std::string_view kKinds[] = {"lost", "half", "damaged", "torn"};
  const std::string kind(kKinds[static_cast<int>(finding.kind)]);
  const Reason reason = ReasonOf(judgement.timeline, finding);
  FindingView view;
  view.name = absl::StrCat("power-", kind, "-", reason.name);
  view.text = Text(judgement).InWords(finding);
  view.call = finding.call;
  view.survival = finding.survival;
  view.is_of_databases = true;
  view.is_least = finding.is_reduced;
  view.json = {
      {"kind", kind},
      {"database", judgement.timeline.databases[finding.database].path},
      {"cause", reason.name},
      {"setting", reason.is_setting},
      {"promised", finding.promised},
      {"lost", finding.lost},
      {"images", finding.images},
      {"call", finding.call}};
  return view;
}

FindingView ViewOf(const CheckFinding& finding) {
  const std::string crash = finding.is_power ? "power" : "kill";
  FindingView view;
  view.name =
      absl::StrCat("check-", crash, "-", std::string(Name(finding.kind)));
  view.text = Text::InWords(finding);
  if (!finding.output.empty()) {
    absl::StrAppend(&view.text, "; its output: ", Shown(finding.output));
  }
  view.call = finding.call;
  view.written = finding.written;
  if (finding.is_power) view.survival = finding.survival;
  view.json = {{"kind", Name(finding.kind)},     {"crash", crash},
               {"call", finding.call},           {"written", finding.written},
               {"images", finding.images},       {"how", finding.how},
               {"output", Shown(finding.output)}};
  return view;
}

std::vector<FindingView> WithSites(const Judgement& judgement,
                                   std::vector<FindingView> views) {
  for (FindingView& view : views) {
    const auto found = judgement.sites.find(view.call);
    if (found == judgement.sites.end()) continue;
    view.site = found->second;
    view.json["site"] = JsonOf(found->second);
  }
  return views;
}

std::vector<FindingView> KillsOf(const Judgement& judgement) {
  std::vector<FindingView> views;
  for (std::size_t i = 0; i < judgement.timeline.kills.size(); ++i) {
    views.push_back(ViewOf(judgement, i));
  }
  return WithSites(judgement, std::move(views));
}

std::vector<FindingView> LossesOf(const Judgement& judgement) {
  std::vector<FindingView> views;
  for (const PowerFinding& finding : judgement.power.findings) {
    views.push_back(ViewOf(judgement, finding));
  }
  return WithSites(judgement, std::move(views));
}

std::vector<FindingView> ChecksOf(const Judgement& judgement) {
  std::vector<FindingView> views;
  if (!judgement.check.has_value()) return views;
  for (const CheckFinding& finding : judgement.check->findings) {
    views.push_back(ViewOf(finding));
  }
  return WithSites(judgement, std::move(views));
}

Json JsonOf(const std::vector<FindingView>& views) {
  Json json = Json::array();
  for (const FindingView& view : views) json.push_back(view.json);
  return json;
}

}  // namespace

std::vector<FindingView> FindingsOf(const Judgement& judgement) {
  std::vector<FindingView> all = KillsOf(judgement);
  for (const auto& more : {LossesOf(judgement), ChecksOf(judgement)}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

Json JsonOf(const Judgement& judgement) {
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
      {"not_counted", timeline.not_counted + judgement.power.not_counted},
      {"thinned", judgement.power.thinned},
      {"skipped", judgement.power.skipped},
      {"settled", judgement.power.settled},
      {"outside", judgement.end.outside}};
  if (judgement.exit_code() == ExitCode::kNotExercised) {
    json["not_exercised"] = judgement.NotExercised();
  }
  if (judgement.ended_at() > 0) {
    json["interrupted"] = {{"phase", timeline.ended_at > 0          ? "kill"
                                     : judgement.power.ended_at > 0 ? "power"
                                                                    : "check"},
                           {"call", judgement.ended_at()}};
  }
  json["kills"] = JsonOf(KillsOf(judgement));
  json["power"] = JsonOf(LossesOf(judgement));
  json["files"] = Json::array();
  for (const SideFile& file : judgement.power.side_files) {
    json["files"].push_back({{"path", file.path},
                             {"renamed", file.is_renamed},
                             {"call", file.call}});
  }
  if (judgement.check.has_value()) {
    json["check"] = {{"kill_images", judgement.check->kill_images},
                     {"power_images", judgement.check->power_images},
                     {"not_checked", judgement.check->not_checked},
                     {"findings", JsonOf(ChecksOf(judgement))}};
  }
  return json;
}

}  // namespace lastcommit
