#include "plan/schedule.h"

#include <charconv>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "names/names.h"

namespace lastcommit {
namespace {

constexpr Names<ScheduleKind, ScheduleKind::kFree> kKinds("plan", "random",
                                                          "few", "round_robin",
                                                          "directed", "free");

// Takes a number without leading zeros from the front of `text`.
std::optional<std::int64_t> TakeNumber(std::string_view& text,
                                       std::int64_t most) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, number);
  const auto digits = static_cast<std::size_t>(next - text.data());
  if (error != std::errc() || text[0] == '-' || number > most ||
      (digits > 1 && text[0] == '0')) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  return number;
}

bool TakeLetter(std::string_view& text, char letter) {
  if (text.empty() || text[0] != letter) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Switch> TakeSwitch(std::string_view& text) {
  const auto at = TakeNumber(text, kMaxSwitchAt);
  if (!at.has_value() || !TakeLetter(text, '>')) return std::nullopt;
  const auto to = TakeNumber(text, kMaxClients - 1);
  if (!to.has_value()) return std::nullopt;
  return Switch{*at, static_cast<int>(*to)};
}

}  // namespace

std::string_view Name(ScheduleKind kind) { return kKinds.Of(kind); }

std::optional<ScheduleKind> ParseScheduleKind(std::string_view name) {
  return kKinds.Parse(name);
}

std::string PrintSwitches(const std::vector<Switch>& switches) {
  std::string text;
  for (const Switch& one : switches) {
    absl::StrAppend(&text, text.empty() ? "" : ",", one.at, ">", one.to);
  }
  return text;
}

std::optional<std::vector<Switch>> ParseSwitches(std::string_view text) {
  std::vector<Switch> switches;
  if (text.empty()) return switches;
  std::int64_t last = -1;
  while (true) {
    const std::optional<Switch> one = TakeSwitch(text);
    if (!one.has_value() || one->at <= last ||
        switches.size() == kMaxSwitches) {
      return std::nullopt;
    }
    last = one->at;
    switches.push_back(*one);
    if (text.empty()) return switches;
    if (!TakeLetter(text, ',')) return std::nullopt;
  }
}

}  // namespace lastcommit
