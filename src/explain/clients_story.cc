#include "explain/clients_story.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "explain/fault_story.h"
#include "explain/step_words.h"
#include "plan/step_fields.h"
#include "trial/call_words.h"

namespace lastcommit {
namespace {

// So that a line fits where it is read; the last column ends nowhere.
constexpr std::size_t kWidthOfAll = 112;
constexpr std::size_t kGap = 2;
// Of one step. A schedule may draw hundreds.
constexpr std::size_t kMostSwitches = 12;

// "put_blob thread=1 size=300": the fields as the plan has them.
std::string Cell(const Step& step) {
  std::string kind(NameOf(step));
  if (step.kind == StepKind::kWalCheckpoint ||
      step.kind == StepKind::kJournalMode) {
    return absl::StrCat(kind, " ", ArgumentsInWords(step));
  }
  return kind + absl::StrReplaceAll(PrintStepFields(step),
                                    {{",", " "}, {":", "="}, {"\"", ""}});
}

// Where the cell says it all.
bool IsInFull(const Step& step) {
  return step.kind == StepKind::kWalCheckpoint ||
         step.kind == StepKind::kJournalMode ||
         (step.kind == StepKind::kRollbackTo && step.up == 0) ||
         ArgumentsInWords(step).empty();
}

// Between two fields.
std::string Cut(const std::string& cell, std::size_t width) {
  const std::string dots = " ...";
  if (cell.size() <= width) return cell;
  const std::size_t space = cell.rfind(' ', width - dots.size());
  return cell.substr(0, std::min(space, width - dots.size())) + dots;
}

struct SwitchInStory {
  Switch what;
  const TakenSwitch* taken = nullptr;
  bool was_not_made = false;
};

// "before VFS call 9 (xUnfetch of the database)": a yield point in words.
std::string Place(const SwitchInStory& one, bool is_recorded) {
  const std::int64_t at = one.what.at;
  if (at == 0) return "before this begins";
  const bool has_call = one.taken != nullptr && one.taken->call.has_value();
  return absl::StrCat(
      at % 2 == 1 ? "before" : "after",
      is_recorded ? " recorded call " : " VFS call ", (at + 1) / 2,
      has_call ? absl::StrCat(" (", InWords(*one.taken->call), ")") : "");
}

std::string InWords(const SwitchInStory& one, bool is_recorded) {
  return absl::StrCat(
      "--> ", Place(one, is_recorded), ", client ", one.what.to, " goes on",
      one.taken == nullptr ? "" : absl::StrCat(" at step ", one.taken->to_step),
      one.was_not_made ? ": NOT MADE" : "");
}

class ClientsStory {
 public:
  ClientsStory(const Plan& plan, std::size_t round, const TrialResult* ran,
               const StoryFacts* facts)
      : round_(plan.rounds[round]),
        number_(round),
        is_recorded_(plan.engine == Engine::kRecord),
        ran_(ran),
        facts_(facts) {
    const std::size_t most =
        kWidthOfAll / static_cast<std::size_t>(Clients(round_)) - kGap;
    widths_.fill(std::string("client 0").size());
    for (const Step& step : round_.steps) {
      std::size_t& width = widths_[static_cast<std::size_t>(step.client)];
      width = std::max(width, std::min(Cell(step).size(), most));
    }
  }

  std::string Print() {
    AppendHeader();
    std::vector<Step> killers;
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const Step& step = round_.steps[i];
      const bool is_after = std::any_of(
          killers.begin(), killers.end(),
          [&step](const Step& killer) { return IsStopped(killer, step); });
      const std::vector<SwitchInStory> switches = SwitchesOf(i);
      AppendSwitches(step, switches, /*before_step=*/true);
      AppendStep(i, is_after);
      AppendSwitches(step, switches, /*before_step=*/false);
      const std::string acknowledged =
          facts_ == nullptr ? "" : facts_->AcknowledgedBy(number_, i);
      if (!acknowledged.empty()) AppendMark(step, "-- " + acknowledged);
      for (const std::string& mark : FaultMarks(step, Company::kOthers)) {
        AppendMark(step, absl::StrCat("<== ", mark));
      }
      if (step.crash.has_value()) killers.push_back(step);
    }
    AppendMeanings();
    return std::move(text_);
  }

 private:
  static bool IsStopped(const Step& killer, const Step& step) {
    return !killer.crash->is_of_one || step.client == killer.client;
  }

  std::string Indent(int client) const {
    constexpr std::size_t kNumber = 8;  // "     3  "
    std::size_t indent = kNumber;
    for (int i = 0; i < client; ++i) {
      indent += widths_[static_cast<std::size_t>(i)] + kGap;
    }
    return std::string(indent, ' ');
  }

  void AppendHeader() {
    std::string line;
    for (int i = 0; i < Clients(round_); ++i) {
      line.resize(Indent(i).size(), ' ');
      absl::StrAppend(&line, "client ", i);
    }
    absl::StrAppend(&text_, line, "\n");
  }

  void AppendStep(std::size_t i, bool is_after) {
    const Step& step = round_.steps[i];
    std::string line = absl::StrFormat("  %4d%s", i, is_after ? "?" : "");
    line.resize(Indent(step.client).size(), ' ');
    absl::StrAppend(
        &text_, line,
        Cut(Cell(step), widths_[static_cast<std::size_t>(step.client)]), "\n");
  }

  void AppendMark(const Step& step, const std::string& mark) {
    absl::StrAppend(&text_, Indent(step.client), mark, "\n");
  }

  // Of the plan, and of its schedule those that were made; ascending.
  std::vector<SwitchInStory> SwitchesOf(std::size_t step) const {
    std::vector<SwitchInStory> switches;
    for (const Switch& one : round_.steps[step].switches) {
      switches.push_back({one, nullptr, HasRun()});
    }
    if (!HasRun()) return switches;
    for (const TakenSwitch& taken : ran_->switches) {
      if (taken.round != number_ || taken.step != step) continue;
      const auto planned =
          std::find_if(switches.begin(), switches.end(),
                       [&](const auto& one) { return one.what == taken.what; });
      if (planned == switches.end()) {
        switches.push_back({taken.what, &taken});
      } else {
        *planned = {taken.what, &taken};
      }
    }
    std::sort(
        switches.begin(), switches.end(),
        [](const auto& a, const auto& b) { return a.what.at < b.what.at; });
    return switches;
  }

  // A trial that ended before this round says nothing about it.
  bool HasRun() const {
    return ran_ != nullptr && number_ < ran_->rounds.size();
  }

  void AppendSwitches(const Step& step,
                      const std::vector<SwitchInStory>& switches,
                      bool before_step) {
    const std::size_t shown = std::min(switches.size(), kMostSwitches);
    for (std::size_t i = 0; i < shown; ++i) {
      if ((switches[i].what.at == 0) == before_step) {
        AppendMark(step, InWords(switches[i], is_recorded_));
      }
    }
    if (before_step || shown == switches.size()) return;
    AppendMark(step,
               absl::StrCat("--> and ", switches.size() - shown, " more"));
  }

  void AppendMeanings() {
    if (HasCrash(round_)) {
      absl::StrAppend(&text_, "  ?: only if the kill comes later",
                      CrashStep(round_).has_value()
                          ? ", or the client got there before it"
                          : "",
                      "\n");
    }
    bool is_first = true;
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const Step& step = round_.steps[i];
      if (IsInFull(step)) continue;
      if (std::exchange(is_first, false)) text_ += "  in full:\n";
      absl::StrAppendFormat(&text_, "  %4d  %s\n", i, ArgumentsInWords(step));
    }
  }

  const Round& round_;
  const std::size_t number_;
  const bool is_recorded_;
  const TrialResult* const ran_;
  const StoryFacts* const facts_;
  std::array<std::size_t, kMaxClients> widths_ = {};
  std::string text_;
};

}  // namespace

std::string RoundOfClients(const Plan& plan, std::size_t round,
                           const TrialResult* ran, const StoryFacts* facts) {
  return ClientsStory(plan, round, ran, facts).Print();
}

std::string InWords(const Schedule& schedule) {
  std::string kind(Name(schedule.kind));
  const std::string seed = absl::StrCat(" (seed ", schedule.seed, ")");
  switch (schedule.kind) {
    case ScheduleKind::kPlan:
      return kind;
    case ScheduleKind::kRandom:
      return absl::StrCat(kind, ", another client at ", schedule.rate,
                          " % of the yield points", seed);
    case ScheduleKind::kFew:
      return absl::StrCat(kind, ", another client at ", schedule.rate,
                          " of 1000 yield points", seed);
    case ScheduleKind::kRoundRobin:
      return absl::StrCat(kind, ", the next client at every ",
                          Ordinal(schedule.rate), " yield point of a step");
    case ScheduleKind::kDirected:
      return absl::StrCat(kind, ", in ", schedule.rate,
                          " % of the checkpoints, commits, opens and closes "
                          "others go on once",
                          seed);
    case ScheduleKind::kFree:
      return "free, the kernel decides who goes on";
  }
  return kind;
}

}  // namespace lastcommit
