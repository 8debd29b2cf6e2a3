#include "plan/header_fields.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <variant>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "plan/codec.h"
#include "plan/sqlite_version.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Quoted and escaped to ASCII, whatever the text is.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', true,
                                   nlohmann::json::error_handler_t::replace);
}

// What is not the default.
std::string PrintDisk(const Profile& profile) {
  const Profile defaults;
  std::string text;
  if (profile.sector_size != defaults.sector_size) {
    absl::StrAppend(&text, ",\"sector_size\":", profile.sector_size);
  }
  if (profile.powersafe_overwrite != defaults.powersafe_overwrite) {
    absl::StrAppend(&text, ",\"psow\":", profile.powersafe_overwrite ? 1 : 0);
  }
  return text;
}

std::string PrintProfile(const Profile& profile) {
  return absl::StrCat("{\"journal_mode\":", Quoted(Name(profile.journal_mode)),
                      ",\"synchronous\":", Quoted(Name(profile.synchronous)),
                      ",\"page_size\":", profile.page_size,
                      ",\"cache_size\":", profile.cache_size,
                      ",\"wal_autocheckpoint\":", profile.wal_autocheckpoint,
                      PrintDisk(profile), "}");
}

// Plans from before there was a choice have none of it.
std::string PrintImages(const Plan& plan) {
  if (plan.images == 0) return "";
  return absl::StrCat(",\"images\":", plan.images);
}

std::string PrintSchedule(const Schedule& schedule) {
  if (schedule == Schedule()) return "";
  return absl::StrCat(",\"schedule\":{\"kind\":", Quoted(Name(schedule.kind)),
                      ",\"seed\":", schedule.seed, ",\"rate\":", schedule.rate,
                      "}");
}

std::string PrintExpected(const Plan& plan) {
  if (!plan.expected.has_value()) return Quoted("held");
  std::string text = "violated(";
  text.append(Name(*plan.expected)).append(")");
  return Quoted(text);
}

std::string PrintRange(const SqliteRange& range) {
  std::string text;
  if (range.from != 0) {
    absl::StrAppend(&text, "\"from\":", Quoted(PrintSqliteVersion(range.from)));
  }
  if (range.before != 0) {
    absl::StrAppend(&text, text.empty() ? "" : ",",
                    "\"before\":", Quoted(PrintSqliteVersion(range.before)));
  }
  return text.empty() ? "" : absl::StrCat(",\"sqlite\":{", text, "}");
}

constexpr std::string_view kHeaderFields[] = {"lastcommit",
                                              "saver",
                                              "engine",
                                              "profile",
                                              "profile.journal_mode",
                                              "profile.synchronous",
                                              "profile.page_size",
                                              "profile.cache_size",
                                              "profile.wal_autocheckpoint",
                                              "expect"};
constexpr std::string_view kOptionalHeaderFields[] = {
    "dialect",       "profile.sector_size", "profile.psow", "sqlite",
    "sqlite.from",   "sqlite.before",       "images",       "schedule",
    "schedule.kind", "schedule.seed",       "schedule.rate"};

template <typename Names>
bool Contains(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

absl::Status CheckHeaderFields(const JsonFields& fields) {
  for (const JsonField& field : fields) {
    if (!Contains(kHeaderFields, field.name) &&
        !Contains(kOptionalHeaderFields, field.name)) {
      return FieldError(field.name, "unknown field");
    }
    if (field.name == "profile" || field.name == "sqlite" ||
        field.name == "schedule") {
      RETURN_IF_ERROR(ReadObject(field));
    }
  }
  for (const std::string_view name : kHeaderFields) {
    if (Find(fields, name) == nullptr) return FieldError(name, "is missing");
  }
  return absl::OkStatus();
}

// The version comes first: with another one no other rule is known to hold.
absl::Status CheckVersion(const JsonFields& fields) {
  const JsonField* field = Find(fields, "lastcommit");
  if (field == nullptr) {
    return FieldError("lastcommit", "is missing: this is no plan");
  }
  const auto* version = std::get_if<std::uint64_t>(&field->value);
  if (version != nullptr && *version == kPlanVersion) return absl::OkStatus();
  // Threads could be used again after delete_thread, and checkpoints had other
  // metadata.
  const bool is_former = version != nullptr && *version == 1;
  return Refused(*field,
                 is_former ? "is a former version, whose steps meant something "
                             "else"
                           : "is not a known version",
                 absl::StrCat(kPlanVersion));
}

absl::StatusOr<std::string> ParseSaver(const JsonField& field) {
  ASSIGN_OR_RETURN(const std::string_view name, ReadString(field));
  const bool is_name =
      !name.empty() && name.size() <= PlanLimits::kMaxSaverBytes &&
      std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      });
  if (is_name) return std::string(name);
  return Refused(
      field, "is not a saver's name",
      absl::StrCat("1 to ", PlanLimits::kMaxSaverBytes, " of a-z, 0-9 and -"));
}

std::string PrintDialect(const Vocabulary& dialect) {
  return &dialect == &DefaultDialect()
             ? ""
             : absl::StrCat(",\"dialect\":", Quoted(dialect.name));
}

// Why a name that begins so is that of no dialect here.
struct Absent {
  std::string_view prefix;
  const char* why;
};
constexpr Absent kAbsent[] = {
    {"sql-",
     "is a script of SQL, or another state of one: give the script with "
     "--sql=FILE"},
    {"own-",
     "is of a driver with operations of its own, or of another state of one: "
     "give the driver with --driver=COMMAND"},
};

// Without the field: the default.
absl::StatusOr<const Vocabulary*> ParseDialect(const JsonField* field) {
  if (field == nullptr) return &DefaultDialect();
  ASSIGN_OR_RETURN(const std::string_view name, ReadString(*field));
  if (const Vocabulary* const dialect = FindDialect(name)) return dialect;
  std::string allowed;
  for (const Vocabulary* const dialect : Dialects()) {
    absl::StrAppend(&allowed, allowed.empty() ? "" : ", ",
                    std::string(dialect->name));
  }
  const auto* const absent = std::find_if(
      std::begin(kAbsent), std::end(kAbsent),
      [name](const Absent& one) { return name.starts_with(one.prefix); });
  return Refused(*field,
                 absent == std::end(kAbsent) ? "is not known" : absent->why,
                 allowed);
}

absl::StatusOr<int> ReadInt(const JsonField& field,
                            const IntegerLimits& limits) {
  ASSIGN_OR_RETURN(const std::int64_t value, ReadInteger(field, limits));
  return static_cast<int>(value);
}

absl::StatusOr<int> ReadPowerOfTwo(const JsonField& field,
                                   const IntegerLimits& limits) {
  ASSIGN_OR_RETURN(const int size, ReadInt(field, limits));
  if ((size & (size - 1)) == 0) return size;
  return Refused(field, "is not a power of two",
                 absl::StrCat(limits.min, " to ", limits.max));
}

// Those two fields that may be left out.
absl::Status ParseDisk(const JsonFields& fields, Profile& profile) {
  if (const JsonField* field = Find(fields, "profile.sector_size")) {
    ASSIGN_OR_RETURN(profile.sector_size,
                     ReadPowerOfTwo(*field, {PlanLimits::kMinSectorSize,
                                             PlanLimits::kMaxSectorSize}));
  }
  if (const JsonField* field = Find(fields, "profile.psow")) {
    ASSIGN_OR_RETURN(const int psow, ReadInt(*field, {0, 1}));
    profile.powersafe_overwrite = psow == 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<Profile> ParseProfile(const JsonFields& fields) {
  Profile profile;
  ASSIGN_OR_RETURN(
      profile.journal_mode,
      ReadWord(*Find(fields, "profile.journal_mode"), saver::ParseJournalMode,
               "delete, truncate, persist, memory, wal, off"));
  ASSIGN_OR_RETURN(
      profile.synchronous,
      ReadWord(*Find(fields, "profile.synchronous"), saver::ParseSynchronous,
               "off, normal, full, extra"));
  ASSIGN_OR_RETURN(
      profile.page_size,
      ReadPowerOfTwo(*Find(fields, "profile.page_size"),
                     {PlanLimits::kMinPageSize, PlanLimits::kMaxPageSize}));
  ASSIGN_OR_RETURN(profile.cache_size,
                   ReadInt(*Find(fields, "profile.cache_size"),
                           {0, PlanLimits::kMaxCacheSize}));
  ASSIGN_OR_RETURN(profile.wal_autocheckpoint,
                   ReadInt(*Find(fields, "profile.wal_autocheckpoint"),
                           {0, PlanLimits::kMaxWalAutocheckpoint}));
  RETURN_IF_ERROR(ParseDisk(fields, profile));
  return profile;
}

absl::StatusOr<std::optional<ViolationClass>> ParseExpected(
    const JsonField& field) {
  ASSIGN_OR_RETURN(std::string_view text, ReadString(field));
  if (text == "held") return std::optional<ViolationClass>();
  constexpr std::string_view kBegin = "violated(";
  if (text.starts_with(kBegin) && text.ends_with(')')) {
    text.remove_prefix(kBegin.size());
    text.remove_suffix(1);
    const auto violation = ParseViolationClass(text);
    if (violation.has_value()) return violation;
  }
  std::string allowed = "held";
  for (int i = 0; i < kViolationClasses; ++i) {
    allowed.append(", violated(")
        .append(Name(static_cast<ViolationClass>(i)))
        .append(")");
  }
  return Refused(field, "is not known", allowed);
}

// 0 if the field is not there.
absl::StatusOr<int> ParseVersion(const JsonField* field) {
  if (field == nullptr) return 0;
  return ReadWord(*field, ParseSqliteVersion, "such as 3.40.1");
}

absl::StatusOr<SqliteRange> ParseRange(const JsonFields& fields) {
  SqliteRange range;
  ASSIGN_OR_RETURN(range.from, ParseVersion(Find(fields, "sqlite.from")));
  ASSIGN_OR_RETURN(range.before, ParseVersion(Find(fields, "sqlite.before")));
  if (range.before != 0 && range.before <= range.from) {
    return Refused(*Find(fields, "sqlite.before"), "leaves no version",
                   absl::StrCat("above ", PrintSqliteVersion(range.from)));
  }
  return range;
}

absl::StatusOr<Schedule> ParseSchedule(const JsonFields& fields) {
  Schedule schedule;
  if (Find(fields, "schedule") == nullptr) return schedule;
  for (const std::string_view name :
       {"schedule.kind", "schedule.seed", "schedule.rate"}) {
    if (Find(fields, name) == nullptr) return FieldError(name, "is missing");
  }
  ASSIGN_OR_RETURN(schedule.kind,
                   ReadWord(*Find(fields, "schedule.kind"), ParseScheduleKind,
                            "plan, random, few, round_robin, directed, free"));
  ASSIGN_OR_RETURN(schedule.seed, ReadUnsigned(*Find(fields, "schedule.seed")));
  ASSIGN_OR_RETURN(schedule.rate, ReadInt(*Find(fields, "schedule.rate"),
                                          {0, kMaxScheduleRate}));
  return schedule;
}

absl::StatusOr<int> ParseImages(const JsonField* field, Engine engine) {
  if (field == nullptr) return 0;
  if (engine != Engine::kSim) {
    return FieldError("images", absl::StrCat("does not belong to engine '",
                                             std::string(Name(engine)), "'"));
  }
  return ReadInt(*field, {0, PlanLimits::kMaxImages});
}

}  // namespace

std::string PrintHeader(const Plan& plan) {
  return absl::StrCat(
      "{\"lastcommit\":", kPlanVersion, ",\"saver\":", Quoted(plan.saver),
      PrintDialect(*plan.dialect), ",\"engine\":", Quoted(Name(plan.engine)),
      ",\"profile\":", PrintProfile(plan.profile),
      ",\"expect\":", PrintExpected(plan), PrintRange(plan.sqlite),
      PrintImages(plan), PrintSchedule(plan.schedule), "}");
}

absl::StatusOr<Plan> ParseHeader(const JsonFields& fields) {
  RETURN_IF_ERROR(CheckVersion(fields));
  RETURN_IF_ERROR(CheckHeaderFields(fields));
  Plan plan;
  ASSIGN_OR_RETURN(plan.saver, ParseSaver(*Find(fields, "saver")));
  ASSIGN_OR_RETURN(plan.dialect, ParseDialect(Find(fields, "dialect")));
  ASSIGN_OR_RETURN(plan.engine,
                   ReadWord(*Find(fields, "engine"), ParseEngine, "fork, sim"));
  ASSIGN_OR_RETURN(plan.profile, ParseProfile(fields));
  ASSIGN_OR_RETURN(plan.expected, ParseExpected(*Find(fields, "expect")));
  ASSIGN_OR_RETURN(plan.sqlite, ParseRange(fields));
  ASSIGN_OR_RETURN(plan.images,
                   ParseImages(Find(fields, "images"), plan.engine));
  ASSIGN_OR_RETURN(plan.schedule, ParseSchedule(fields));
  return plan;
}

}  // namespace lastcommit
