#include "plan/fault.h"

#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "names/names.h"

namespace lastcommit {
namespace {

constexpr Names<SurvivalKind, SurvivalKind::kChosen> kSurvivals(
    "all", "none", "prefix", "file_prefixes", "subset", "lose_one", "chosen");
// In the order of the enumerations.
constexpr ErrorSpec kErrors[] = {
    {"read", "read", "", 3},
    {"write", "write", "", 5},
    {"full", "write", " (the disk is full)", 4},
    {"sync", "sync", "", 5},
    {"truncate", "truncation", "", 2},
    {"open", "opening of a file", "", 2},
    {"delete", "deletion", "", 2},
    {"busy", "lock", " (it is busy)", 2},
    {"no_memory", "allocation", "", 3, ErrorSpec::Counts::kAllocations},
    {"interrupt", "call", " (it is interrupted)", 2},
    {"no_process_memory", "allocation of the saver itself", "", 3,
     ErrorSpec::Counts::kOwnAllocations},
};
static_assert(std::size(kErrors) == kErrorKinds);
constexpr char kLetters[kFateKinds] = {'\0', 'h', 't', 'g', 'z'};

bool HasBytes(FateKind kind) {
  return kind == FateKind::kHead || kind == FateKind::kTail ||
         kind == FateKind::kHeadGarbage;
}

// Takes a number without leading zeros from the front of `text`.
std::optional<std::int64_t> TakeNumber(std::string_view& text) {
  std::int64_t number = 0;
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    number = 10 * number + (text[digits++] - '0');
    if (number > kMaxFateNumber) return std::nullopt;
  }
  if (digits == 0 || (digits > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

FateKind TakeKind(std::string_view& text) {
  for (int kind = 1; kind < kFateKinds; ++kind) {
    if (text.empty() || text[0] != kLetters[kind]) continue;
    text.remove_prefix(1);
    return static_cast<FateKind>(kind);
  }
  return FateKind::kLost;
}

std::optional<Fate> TakeFate(std::string_view& text) {
  Fate fate;
  const auto change = TakeNumber(text);
  if (!change.has_value()) return std::nullopt;
  fate.change = *change;
  fate.kind = TakeKind(text);
  if (!HasBytes(fate.kind)) return fate;
  const auto bytes = TakeNumber(text);
  if (!bytes.has_value()) return std::nullopt;
  fate.bytes = *bytes;
  return fate;
}

}  // namespace

std::string_view Name(SurvivalKind kind) { return kSurvivals.Of(kind); }
std::string_view Name(ErrorKind kind) { return SpecOf(kind).name; }
const ErrorSpec& SpecOf(ErrorKind kind) {
  return kErrors[static_cast<std::size_t>(kind)];
}

std::optional<SurvivalKind> ParseSurvivalKind(std::string_view name) {
  return kSurvivals.Parse(name);
}
std::optional<ErrorKind> ParseErrorKind(std::string_view name) {
  return ParseNamed<ErrorKind>(kErrorKinds, name);
}

bool HasNumber(SurvivalKind kind) {
  return kind != SurvivalKind::kAll && kind != SurvivalKind::kNone;
}

std::string PrintFates(const std::vector<Fate>& fates) {
  std::string text;
  for (const Fate& fate : fates) {
    absl::StrAppend(&text, text.empty() ? "" : ",", fate.change);
    const char letter = kLetters[static_cast<std::size_t>(fate.kind)];
    if (letter != '\0') text += letter;
    if (HasBytes(fate.kind)) absl::StrAppend(&text, fate.bytes);
  }
  return text;
}

std::optional<std::vector<Fate>> ParseFates(std::string_view text) {
  std::vector<Fate> fates;
  if (text.empty()) return fates;
  std::int64_t last = -1;
  while (true) {
    const std::optional<Fate> fate = TakeFate(text);
    if (!fate.has_value() || fate->change <= last ||
        fates.size() == kMaxFates) {
      return std::nullopt;
    }
    last = fate->change;
    fates.push_back(*fate);
    if (text.empty()) return fates;
    if (text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace lastcommit
