#include "plan/fault_fields.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

template <typename Enum>
std::string Quoted(Enum value) {
  return absl::StrCat("\"", std::string(Name(value)), "\"");
}

std::string PrintSurvival(const Survival& survival) {
  if (survival.kind == SurvivalKind::kAll) return "";
  std::string text = absl::StrCat(",\"survive\":", Quoted(survival.kind));
  if (HasNumber(survival.kind) && survival.number != 0) {
    absl::StrAppend(&text, ",\"number\":", survival.number);
  }
  if (survival.kind != SurvivalKind::kChosen) return text;
  if (!survival.fates.empty()) {
    absl::StrAppend(&text, ",\"fates\":\"", PrintFates(survival.fates), "\"");
  }
  if (survival.directory != -1) {
    absl::StrAppend(&text, ",\"directory\":", survival.directory);
  }
  return text;
}

std::string PrintCrash(const CrashPoint& crash) {
  return absl::StrCat(",\"crash\":{\"io\":", crash.io,
                      ",\"moment\":", Quoted(crash.moment),
                      PrintSurvival(crash.survival),
                      crash.is_of_one ? ",\"who\":\"one\"" : "", "}");
}

std::string PrintError(const IoError& error) {
  return absl::StrCat(
      ",\"error\":{\"kind\":", Quoted(error.kind), ",\"at\":", error.at,
      error.count == 1 ? "" : absl::StrCat(",\"count\":", error.count), "}");
}

// A field inside "crash" that only some survivals have.
absl::Status CheckBelongs(const JsonField* field, bool belongs,
                          SurvivalKind kind, std::string_view allowed) {
  if (field == nullptr || belongs) return absl::OkStatus();
  return FieldError(
      field->name,
      absl::StrCat("does not belong to survive '", std::string(Name(kind)),
                   "' (allowed at ", std::string(allowed), ")"));
}

absl::StatusOr<std::vector<Fate>> ReadFates(const JsonField& field) {
  ASSIGN_OR_RETURN(const std::string_view text, ReadString(field));
  if (auto fates = ParseFates(text)) return *std::move(fates);
  return Refused(field, "says no fates",
                 absl::StrCat("up to ", kMaxFates,
                              " such as 3,5h100,7t200,9g0,11z, their changes "
                              "ascending from 0 to ",
                              kMaxFateNumber));
}

absl::StatusOr<std::vector<Switch>> ReadSwitches(const JsonField& field) {
  ASSIGN_OR_RETURN(const std::string_view text, ReadString(field));
  if (auto switches = ParseSwitches(text)) return *std::move(switches);
  return Refused(
      field, "says no switches",
      absl::StrCat("up to ", kMaxSwitches,
                   " such as 0>1,17>2, their yield points ascending from 0 to ",
                   kMaxSwitchAt, ", the clients 0 to ", kMaxClients - 1));
}

absl::StatusOr<Survival> ParseSurvival(const JsonFields& fields) {
  const JsonField* kind = Find(fields, "crash.survive");
  const JsonField* number = Find(fields, "crash.number");
  const JsonField* fates = Find(fields, "crash.fates");
  const JsonField* directory = Find(fields, "crash.directory");
  Survival survival;
  if (kind != nullptr) {
    ASSIGN_OR_RETURN(
        survival.kind,
        ReadWord(*kind, ParseSurvivalKind,
                 "all, none, prefix, file_prefixes, subset, lose_one, chosen"));
  }
  const bool is_chosen = survival.kind == SurvivalKind::kChosen;
  RETURN_IF_ERROR(
      CheckBelongs(number, HasNumber(survival.kind), survival.kind,
                   "prefix, file_prefixes, subset, lose_one, chosen"));
  RETURN_IF_ERROR(CheckBelongs(fates, is_chosen, survival.kind, "chosen"));
  RETURN_IF_ERROR(CheckBelongs(directory, is_chosen, survival.kind, "chosen"));
  if (number != nullptr) {
    ASSIGN_OR_RETURN(survival.number, ReadUnsigned(*number));
  }
  if (fates != nullptr) {
    ASSIGN_OR_RETURN(survival.fates, ReadFates(*fates));
  }
  if (directory != nullptr) {
    ASSIGN_OR_RETURN(survival.directory,
                     ReadInteger(*directory, {-1, kMaxFateNumber}));
  }
  return survival;
}

// Whether it is one only.
std::optional<bool> ParseWho(std::string_view who) {
  if (who == "all") return false;
  if (who == "one") return true;
  return std::nullopt;
}

absl::StatusOr<CrashPoint> ParseCrash(const JsonFields& fields) {
  const JsonField* io = Find(fields, "crash.io");
  const JsonField* moment = Find(fields, "crash.moment");
  if (io == nullptr) return FieldError("crash.io", "is missing");
  if (moment == nullptr) return FieldError("crash.moment", "is missing");
  CrashPoint crash;
  ASSIGN_OR_RETURN(crash.io, ReadInteger(*io, {0, PlanLimits::kMaxIo}));
  ASSIGN_OR_RETURN(crash.moment,
                   ReadWord(*moment, ParseMoment, "before, during, after"));
  ASSIGN_OR_RETURN(crash.survival, ParseSurvival(fields));
  if (const JsonField* who = Find(fields, "crash.who")) {
    ASSIGN_OR_RETURN(crash.is_of_one, ReadWord(*who, ParseWho, "all, one"));
    if (crash.is_of_one && crash.survival.kind != SurvivalKind::kAll) {
      return FieldError("crash.who",
                        "'one' loses no power (allowed at survive 'all')");
    }
  }
  return crash;
}

std::string ErrorNames() {
  std::string names;
  for (int i = 0; i < kErrorKinds; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ",
                    std::string(Name(static_cast<ErrorKind>(i))));
  }
  return names;
}

absl::StatusOr<IoError> ParseError(const JsonFields& fields) {
  const JsonField* kind = Find(fields, "error.kind");
  const JsonField* at = Find(fields, "error.at");
  const JsonField* count = Find(fields, "error.count");
  if (kind == nullptr) return FieldError("error.kind", "is missing");
  if (at == nullptr) return FieldError("error.at", "is missing");
  IoError error;
  ASSIGN_OR_RETURN(error.kind, ReadWord(*kind, ParseErrorKind, ErrorNames()));
  ASSIGN_OR_RETURN(error.at, ReadInteger(*at, {1, PlanLimits::kMaxIo}));
  if (count != nullptr) {
    ASSIGN_OR_RETURN(error.count,
                     ReadInteger(*count, {0, PlanLimits::kMaxErrors}));
  }
  return error;
}

}  // namespace

std::string PrintFaults(const Step& step) {
  std::string text;
  if (step.crash.has_value()) text += PrintCrash(*step.crash);
  if (step.kill_after_us.has_value()) {
    absl::StrAppend(&text, ",\"kill_after_us\":", *step.kill_after_us);
  }
  if (step.error.has_value()) text += PrintError(*step.error);
  if (!step.switches.empty()) {
    absl::StrAppend(&text, ",\"switches\":\"", PrintSwitches(step.switches),
                    "\"");
  }
  return text;
}

bool IsFaultField(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "crash",         "crash.io",    "crash.moment",    "crash.survive",
      "crash.number",  "crash.fates", "crash.directory", "crash.who",
      "kill_after_us", "error",       "error.kind",      "error.at",
      "error.count",   "switches"};
  for (const std::string_view known : kNames) {
    if (known == name) return true;
  }
  return false;
}

absl::Status ParseFaults(const JsonFields& fields, Step& step) {
  if (const JsonField* field = Find(fields, "crash")) {
    RETURN_IF_ERROR(ReadObject(*field));
    ASSIGN_OR_RETURN(step.crash, ParseCrash(fields));
  }
  if (const JsonField* field = Find(fields, "kill_after_us")) {
    ASSIGN_OR_RETURN(step.kill_after_us,
                     ReadInteger(*field, {0, PlanLimits::kMaxKillAfterUs}));
  }
  if (const JsonField* field = Find(fields, "error")) {
    RETURN_IF_ERROR(ReadObject(*field));
    ASSIGN_OR_RETURN(step.error, ParseError(fields));
  }
  if (const JsonField* field = Find(fields, "switches")) {
    ASSIGN_OR_RETURN(step.switches, ReadSwitches(*field));
  }
  return absl::OkStatus();
}

}  // namespace lastcommit
