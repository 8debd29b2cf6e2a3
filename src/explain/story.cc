#include "explain/story.h"

#include <cstddef>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "explain/clients_story.h"
#include "explain/fault_story.h"
#include "explain/step_words.h"
#include "explain/story_facts.h"
#include "names/names.h"

namespace lastcommit {
namespace {

void AppendRound(const Plan& plan, std::size_t r, const StoryFacts* facts,
                 std::string& text) {
  const Round& round = plan.rounds[r];
  bool is_dead = false;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const Step& step = round.steps[i];
    std::string line =
        absl::StrFormat("  %4d  %-15s %s", i, std::string(NameOf(step)),
                        ArgumentsInWords(step));
    if (is_dead) absl::StrAppend(&line, "   (only if the kill comes later)");
    if (step.crash.has_value()) {
      is_dead = true;
    }
    for (const std::string& mark : FaultMarks(step, Company::kAlone)) {
      absl::StrAppend(&line, "   <== ", mark);
    }
    const std::string acknowledged =
        facts == nullptr ? "" : facts->AcknowledgedBy(r, i);
    if (!acknowledged.empty()) absl::StrAppend(&line, "   -- ", acknowledged);
    while (line.ends_with(' ')) line.pop_back();
    absl::StrAppend(&text, line, "\n");
  }
}

// What is not as it always is.
std::string Disk(const Plan& plan) {
  const Profile defaults;
  std::string text;
  if (plan.profile.sector_size != defaults.sector_size) {
    absl::StrAppend(&text, " sector_size=", plan.profile.sector_size);
  }
  if (!plan.profile.powersafe_overwrite) absl::StrAppend(&text, " psow=0");
  if (plan.images > 0) {
    absl::StrAppend(&text, "; ", plan.images,
                    " more crash images are judged along the way");
  }
  return text;
}

std::string Settings(const Plan& plan) {
  const Profile& profile = plan.profile;
  return absl::StrCat(
      "journal_mode=", Word(profile.journal_mode),
      " synchronous=", Word(profile.synchronous),
      " page_size=", profile.page_size, " cache_size=",
      profile.cache_size == 0 ? "default" : absl::StrCat(profile.cache_size),
      " wal_autocheckpoint=", profile.wal_autocheckpoint, Disk(plan), "\n");
}

std::string Program(const Plan& plan, const TrialResult* ran) {
  const int clients = Clients(plan);
  std::string text = absl::StrCat(
      "saver ", absl::CHexEscape(plan.saver), ", engine ", Word(plan.engine),
      clients == 1 ? "" : absl::StrCat(", ", clients, " clients"), "\n",
      plan.engine == Engine::kRecord ? "" : Settings(plan));
  if (plan.schedule != Schedule()) {
    absl::StrAppend(&text, "schedule: ", InWords(plan.schedule), "\n");
  }
  if (clients > 1 && !RunsFreely(plan)) {
    text +=
        "each step runs to its end before the next, but where --> is, and "
        "where it waits for another client\n";
  }
  const std::optional<StoryFacts> facts =
      ran == nullptr ? std::nullopt : std::optional(StoryFactsOf(*ran));
  for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
    absl::StrAppend(&text, "round ", r + 1, "\n");
    if (Clients(plan.rounds[r]) == 1) {
      AppendRound(plan, r, facts ? &*facts : nullptr, text);
    } else {
      text += RoundOfClients(plan, r, ran, facts ? &*facts : nullptr);
    }
    const std::string end = facts ? facts->EndOf(r) : "";
    if (!end.empty()) absl::StrAppend(&text, "        ", end, "\n");
  }
  return text + (plan.dialect->has_model
                     ? "then: recover, compare with the model\n"
                     : "then: recover, compare with copies of what it held "
                       "after its commits\n");
}

}  // namespace

std::string ReadableProgram(const Plan& plan) { return Program(plan, nullptr); }

std::string ReadableProgram(const Plan& plan, const TrialResult& result) {
  return Program(plan, &result);
}

}  // namespace lastcommit
