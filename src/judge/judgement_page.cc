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
#include "judge/finding_view.h"

namespace lastcommit {
namespace {

// A page is short, whatever the recording was: the rest is counted.
constexpr std::size_t kMostFindings = 50;
constexpr std::size_t kMostDatabases = 20;
constexpr std::size_t kMostLanes = 4;
constexpr std::size_t kMostPromises = 50;

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
    page_.tone = code == ExitCode::kHeld       ? VerdictTone::kGood
                 : code == ExitCode::kViolated ? VerdictTone::kBad
                                               : VerdictTone::kOpen;
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

  // The last line is the verdict, and stands above.
  void AddText() {
    std::vector<std::string> lines =
        absl::StrSplit(TextOf(judgement_), '\n', absl::SkipEmpty());
    if (!lines.empty())
      std::rotate(lines.begin(), lines.end() - 1, lines.end());
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

  void AddCalls() {
    Strip strip = {.title = "What happened at which call of the program",
                   .x = "recorded calls",
                   .end = PlaceOf(timeline_.calls)};
    for (std::size_t i = 0;
         i < std::min(timeline_.databases.size(), kMostLanes); ++i) {
      const DatabaseTimeline& line = timeline_.databases[i];
      Strip::Lane lane = {.name = "commits", .tone = Strip::Tone::kGood};
      for (std::size_t c = 1; c < line.commits.size(); ++c) {
        lane.marks.push_back(PlaceOf(line.commits[c].call));
      }
      strip.lanes.push_back(std::move(lane));
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
