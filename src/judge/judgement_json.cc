#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "judge/call_site.h"
#include "judge/finding_view.h"
#include "judge/finding_words.h"
#include "judge/judgement.h"
#include "output/shown.h"

namespace lastcommit {
namespace {

using Json = nlohmann::json;

FindingView ViewOf(const Judgement& judgement, std::size_t i) {
  constexpr std::string_view kKinds[] = {"half",   "damaged",  "elsewhere",
                                         "unseen", "not_yet",  "between",
                                         "torn",   "not_whole"};
  const KillFinding& kill = judgement.timeline.kills[i];
  const std::string kind(kKinds[static_cast<int>(kill.kind)]);
  const Reason reason = ReasonOf(kill);
  FindingView view;
  view.name = absl::StrCat("kill-", kind);
  view.text = InWords(judgement, kill);
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
  view.text = InWords(judgement, finding);
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
  if (finding.acknowledged > 0) {
    view.json["acknowledged"] = finding.acknowledged;
    view.json["acknowledged_lost"] = finding.acknowledged_lost;
  }
  return view;
}

FindingView ViewOf(const CheckFinding& finding) {
  const std::string crash = finding.is_power ? "power" : "kill";
  FindingView view;
  view.name =
      absl::StrCat("check-", crash, "-", std::string(Name(finding.kind)));
  view.text = InWords(finding);
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