// What was found, one thing after the other, for who shows or keeps it.

#ifndef LASTCOMMIT_JUDGE_FINDING_VIEW_H_
#define LASTCOMMIT_JUDGE_FINDING_VIEW_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "disk/survival.h"
#include "judge/call_site.h"
#include "judge/judgement.h"

namespace lastcommit {

// What json throws when it is copied is a lack of memory.
// NOLINTNEXTLINE(bugprone-exception-escape)
struct FindingView {
  std::string name;  // of its kind: "kill-half"
  std::string text;  // a sentence, escaped
  nlohmann::json json;
  // The crash that shows it.
  std::uint64_t call = 0;
  std::optional<CallSite> site;      // of that call; also in `json`
  std::int64_t written = -1;         // in the middle of the call; -1: after it
  std::optional<Survival> survival;  // of a loss of power
  bool is_least = false;  // without any one of its losses it is not found
  // Which changes it counts: those of databases only (Timeline::files), or all.
  bool is_of_databases = false;
};

// Those of kills, of losses of power, and of commands.
std::vector<FindingView> FindingsOf(const Judgement& judgement);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_FINDING_VIEW_H_
