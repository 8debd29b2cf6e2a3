#include "judge/judgement_page.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "judge/finding_view.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

// A page is short, whatever the recording was: the rest is counted.
constexpr std::size_t kMostFindings = 50;
constexpr std::size_t kMostDatabases = 20;
constexpr std::size_t kMostLanes = 4;
constexpr int kMostFiles = 4;  // of one name
constexpr std::size_t kMostPromises = 50;
constexpr std::size_t kLongestPath = 25;  // of a lane

using Rows = std::vector<std::vector<std::string>>;

class PageMaker {
 public:
  explicit PageMaker(const Judgement& judgement)
      : judgement_(judgement), timeline_(judgement.timeline) {}

  Document Make() {
    const ExitCode code = judgement_.exit_code();
    page_.title = absl::StrCat("lastcommit: ",
                               absl::StrJoin(judgement_.header.command, " "));
    page_.verdict = Word(code);
    page_.tone = ToneOf(code);
    AddText();
    AddFindings();
    AddCalls();
    AddWhatWasJudged();
    AddDatabases();
    AddPromises();
    return std::move(page_);
  }

 private:
  void Add(Block block) { page_.blocks.push_back(std::move(block)); }
  void Say(std::string text) { Add(Paragraph{{{std::move(text)}}}); }
  void SayLeftOut(std::size_t count, std::size_t most) {
    if (count > most) Say(absl::StrCat("and ", count - most, " more"));
  }

  // The last line is the verdict. Its word stands above, and the rest of it
  // comes first: "HELD (promise: survives a kill)".
  void AddText() {
    std::vector<std::string> lines =
        absl::StrSplit(TextOf(judgement_), '\n', absl::SkipEmpty());
    absl::string_view verdict = lines.back();
    absl::ConsumePrefix(&verdict, absl::StrCat(page_.verdict, " ("));
    absl::ConsumeSuffix(&verdict, ")");
    Say(std::string(verdict));
    lines.pop_back();
    for (std::string& line : lines) Say(std::move(line));
  }

  void AddFindings() {
    const std::vector<FindingView> findings = FindingsOf(judgement_);
    Add(Heading{2, "Findings"});
    if (findings.empty()) Say("None.");
    for (std::size_t i = 0; i < std::min(findings.size(), kMostFindings); ++i) {
      Add(Heading{3, findings[i].name});
      Say(findings[i].text);
      Rows rows = {{"", ""}};
      for (const auto& [name, value] : findings[i].json.items()) {
        if (name == "site") continue;
        rows.push_back(
            {name, value.is_string()
                       ? value.get<std::string>()
                       : value.dump(-1, ' ', false,
                                    nlohmann::json::error_handler_t::replace)});
      }
      Add(PageTable{std::move(rows), PageTable::Kind::kWords});
      if (findings[i].site.has_value()) AddSite(*findings[i].site);
    }
    SayLeftOut(findings.size(), kMostFindings);
  }

  void AddSite(const CallSite& site) {
    Say(absl::StrCat("the call: ", InWords(site)));
    std::string stack = StackInWords(site);
    if (!stack.empty()) Add(Code{std::move(stack)});
  }

  double PlaceOf(std::uint64_t call) const {
    return call <= timeline_.first_call
               ? 0
               : static_cast<double>(call - timeline_.first_call);
  }

  // A lane for each file that had the name: one that the program puts in its
  // place is another one.
  void AddLanes(const DatabaseTimeline& line, Strip& strip) {
    const std::string name = NameOfLane(line.path, strip);
    const auto is_there = [&](std::size_t commit) {
      return !judgement_.states[line.commits[commit].state].is_empty();
    };
    Strip::Lane lane = {.name = name, .tone = Strip::Tone::kGood};
    int files = 1;
    for (std::size_t c = 1; c < line.commits.size(); ++c) {
      const double place = PlaceOf(line.commits[c].call);
      const bool ends_file = line.commits[c].by == CommitBy::kOwnFiles &&
                             is_there(c - 1) && files < kMostFiles;
      if (!ends_file || !is_there(c)) lane.marks.push_back(place);
      if (!ends_file) continue;
      strip.lanes.push_back(lane);
      lane.marks.clear();
      ++files;
      lane.name = absl::StrCat(name, ", file ", files,
                               files == kMostFiles ? " and later" : "");
      if (is_there(c)) lane.marks.push_back(place);
    }
    if (files == 1 || !lane.marks.empty()) {
      strip.lanes.push_back(std::move(lane));
    }
  }

  // The end of a long path, and what else it takes to have a name of its own.
  static std::string NameOfLane(const std::string& path, const Strip& strip) {
    std::string name = absl::StrCat("commits of ", ShortPath(path));
    const bool is_taken = std::any_of(
        strip.lanes.begin(), strip.lanes.end(),
        [&name](const Strip::Lane& lane) { return lane.name == name; });
    if (is_taken) absl::StrAppend(&name, ", ", strip.lanes.size() + 1);
    return name;
  }

  static std::string ShortPath(const std::string& path) {
    return path.size() <= kLongestPath
               ? Shown(path)
               : absl::StrCat("...",
                              Shown(path.substr(path.size() - kLongestPath)));
  }

  void AddCalls() {
    Strip strip = {.title = "What happened at which call of the program",
                   .x = "recorded calls",
                   .end = PlaceOf(timeline_.calls)};
    for (std::size_t i = 0;
         i < std::min(timeline_.databases.size(), kMostLanes); ++i) {
      AddLanes(timeline_.databases[i], strip);
    }
    Strip::Lane promises = {.name = timeline_.has_acks ? "acknowledgements"
                                                       : "promises"};
    for (const ProgramPromise& promise : timeline_.promises) {
      promises.marks.push_back(PlaceOf(promise.call));
    }
    strip.lanes.push_back(std::move(promises));
    Strip::Lane found = {.name = "findings", .tone = Strip::Tone::kBad};
    for (const FindingView& view : FindingsOf(judgement_)) {
      found.marks.push_back(PlaceOf(view.call));
    }
    strip.lanes.push_back(std::move(found));
    Add(Heading{2, "Calls"});
    Add(std::move(strip));
  }

  void AddWhatWasJudged() {
    const PowerOutcome& power = judgement_.power;
    Rows rows = {
        {"", "images"},
        {"after a kill", absl::StrCat(timeline_.kill_images)},
        {"after a loss of power", absl::StrCat(power.images)},
        {"live views compared", absl::StrCat(timeline_.live_views)},
        {"questions of acknowledgements", absl::StrCat(timeline_.probes)},
        {"of databases of which nothing was demanded",
         absl::StrCat(timeline_.not_counted + power.not_counted)},
        {"that this SQLite cannot read",
         absl::StrCat(timeline_.unreadable + power.unreadable)},
        {"crash points with more unsynced changes than are lost one "
         "by one",
         absl::StrCat(power.thinned)},
        {"crash points with so many that none was tried",
         absl::StrCat(power.skipped)}};
    Add(Heading{2, "What was judged"});
    Add(PageTable{std::move(rows), PageTable::Kind::kCounts});
  }

  void AddDatabases() {
    if (timeline_.databases.empty()) return;
    Rows rows = {{"database", "commits", "the last at call"}};
    for (std::size_t i = 0;
         i < std::min(timeline_.databases.size(), kMostDatabases); ++i) {
      const DatabaseTimeline& line = timeline_.databases[i];
      rows.push_back({line.path, absl::StrCat(line.commits.size() - 1),
                      absl::StrCat(line.commits.back().call)});
    }
    Add(Heading{2, "Databases"});
    Add(PageTable{std::move(rows)});
    SayLeftOut(timeline_.databases.size(), kMostDatabases);
  }

  void AddPromises() {
    if (timeline_.promises.empty()) return;
    constexpr const char* kKinds[] = {"acknowledged", "printed", "exit"};
    Rows rows = {{"call", "how", "what"}};
    for (std::size_t i = 0;
         i < std::min(timeline_.promises.size(), kMostPromises); ++i) {
      const ProgramPromise& promise = timeline_.promises[i];
      rows.push_back({absl::StrCat(promise.call),
                      kKinds[static_cast<std::size_t>(promise.kind)],
                      promise.text.substr(0, 200)});
    }
    Add(Heading{2, "Promises"});
    Add(PageTable{std::move(rows), PageTable::Kind::kWords});
    SayLeftOut(timeline_.promises.size(), kMostPromises);
  }

  const Judgement& judgement_;
  const Timeline& timeline_;
  Document page_;
};

}  // namespace

Document PageOf(const Judgement& judgement) {
  return PageMaker(judgement).Make();
}

}  // namespace lastcommit
