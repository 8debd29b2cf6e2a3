#include "plan/step_fields.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <variant>

#include "absl/strings/str_cat.h"
#include "plan/dialects.h"
#include "plan/fault_fields.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Where the value of a control's field lives, which is also its type.
using Member = std::variant<int Step::*, saver::CheckpointMode Step::*,
                            saver::JournalMode Step::*, DatabaseFile Step::*>;

struct ControlField {
  std::string_view name;
  StepKind kind;  // which uses it
  Member member;
  IntegerLimits limits = {};
};

constexpr ControlField kControlFields[] = {
    {"up", StepKind::kRollbackTo, &Step::up, {0, PlanLimits::kMaxUp}},
    {"mode", StepKind::kWalCheckpoint, &Step::mode},
    {"to", StepKind::kJournalMode, &Step::journal_mode},
    {"file", StepKind::kUnlink, &Step::file},
};

template <typename T>
std::string Print(T value) {
  if constexpr (std::is_enum_v<T>) {
    return absl::StrCat("\"", std::string(Name(value)), "\"");
  } else {
    return absl::StrCat(value);
  }
}

std::string PrintValue(const Field& field, const Operation& operation) {
  if (field.place == Field::Place::kSeed) {
    return absl::StrCat(operation.content.seed);
  }
  const std::int64_t value = operation.Get(field);
  if (field.word == nullptr) return absl::StrCat(value);
  return absl::StrCat("\"", std::string(field.word(value)), "\"");
}

// Without a journal on the disk nothing is demanded that a change could keep.
std::optional<saver::JournalMode> ParseModeOnDisk(std::string_view name) {
  const auto mode = saver::ParseJournalMode(name);
  return mode.has_value() && IsKeptOnDisk(*mode) ? mode : std::nullopt;
}

template <typename T>
absl::StatusOr<T> Read(const JsonField& json, const ControlField& field) {
  if constexpr (std::is_same_v<T, saver::CheckpointMode>) {
    return ReadWord(json, saver::ParseCheckpointMode,
                    "passive, full, restart, truncate");
  } else if constexpr (std::is_same_v<T, saver::JournalMode>) {
    return ReadWord(json, ParseModeOnDisk, "delete, truncate, persist, wal");
  } else if constexpr (std::is_same_v<T, DatabaseFile>) {
    return ReadWord(json, ParseDatabaseFile, "database, wal, shm");
  } else {
    ASSIGN_OR_RETURN(const std::int64_t value, ReadInteger(json, field.limits));
    return static_cast<T>(value);
  }
}

absl::StatusOr<std::int64_t> ReadWordOf(const JsonField& json,
                                        const Field& field) {
  ASSIGN_OR_RETURN(const std::string_view word, ReadString(json));
  std::string allowed;
  for (std::int64_t value = field.min; value <= field.max; ++value) {
    if (field.word(value) == word) return value;
    absl::StrAppend(&allowed, value == field.min ? "" : ", ",
                    std::string(field.word(value)));
  }
  return Refused(json, "is not known", allowed);
}

absl::StatusOr<std::int64_t> ReadValue(const JsonField& json,
                                       const Field& field) {
  if (field.word != nullptr) return ReadWordOf(json, field);
  if (field.place != Field::Place::kSeed) {
    return ReadInteger(json, {field.min, field.max});
  }
  ASSIGN_OR_RETURN(const std::uint64_t seed, ReadUnsigned(json));
  return static_cast<std::int64_t>(seed);
}

std::string AllowedFields(const Step& step) {
  std::string names;
  const OperationSpec* const spec = step.operation.spec;
  if (spec != nullptr) {
    for (const Field& field : spec->vocabulary->fields) {
      if (!spec->Uses(field)) continue;
      absl::StrAppend(&names, std::string(field.name), ", ");
    }
  }
  for (const ControlField& field : kControlFields) {
    if (field.kind == step.kind)
      absl::StrAppend(&names, std::string(field.name), ", ");
  }
  return names + "client, crash, kill_after_us, error, switches";
}

// Whether some step of the dialect has a field of that name.
bool IsStepField(std::string_view name, const Vocabulary& dialect) {
  for (const ControlField& field : kControlFields) {
    if (field.name == name) return true;
  }
  return dialect.FindField(name) != nullptr;
}

absl::Status ParseStepField(const JsonField& json, const Vocabulary& dialect,
                            Step& step) {
  const OperationSpec* const spec = step.operation.spec;
  const Field* const field = dialect.FindField(json.name);
  if (spec != nullptr && field != nullptr && spec->Uses(*field)) {
    ASSIGN_OR_RETURN(const std::int64_t value, ReadValue(json, *field));
    step.operation.Set(*field, value);
    return absl::OkStatus();
  }
  for (const ControlField& control : kControlFields) {
    if (control.name != json.name || control.kind != step.kind) continue;
    return std::visit(
        [&](auto member) -> absl::Status {
          auto& value = step.*member;
          ASSIGN_OR_RETURN(
              value, (Read<std::decay_t<decltype(value)>>(json, control)));
          return absl::OkStatus();
        },
        control.member);
  }
  if (!IsStepField(json.name, dialect)) {
    return FieldError(json.name, "unknown field");
  }
  return FieldError(
      json.name,
      absl::StrCat("does not belong to step '", std::string(NameOf(step)),
                   "' (allowed ", AllowedFields(step), ")"));
}

std::string AllowedSteps(const Vocabulary& dialect) {
  std::string allowed;
  for (int i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    if (IsOperation(kind)) continue;
    absl::StrAppend(&allowed, i == 0 ? "" : ", ", std::string(Name(kind)));
  }
  for (const OperationSpec& spec : dialect.operations) {
    absl::StrAppend(&allowed, ", ", std::string(spec.name));
  }
  return allowed;
}

absl::StatusOr<Step> ParseKind(const JsonFields& fields,
                               const Vocabulary& dialect) {
  const JsonField* field = Find(fields, "step");
  if (field == nullptr) return FieldError("step", "is missing");
  ASSIGN_OR_RETURN(const std::string_view name, ReadString(*field));
  if (const OperationSpec* const spec = dialect.FindOperation(name)) {
    return StepOf(Operation(*spec));
  }
  const std::optional<StepKind> kind = ParseStepKind(name);
  if (!kind.has_value()) {
    return Refused(*field, "is not known", AllowedSteps(dialect));
  }
  return Step{.kind = *kind};
}

// The one limit that depends on another field.
absl::Status CheckInvalidAt(const Operation& operation) {
  if (operation.invalid_at() < operation.refusable()) return absl::OkStatus();
  return FieldError("invalid_at",
                    absl::StrCat(operation.invalid_at(),
                                 " is outside the limits (allowed -1 to ",
                                 operation.refusable() - 1, ")"));
}

}  // namespace

std::string PrintStepFields(const Step& step) {
  std::string text;
  if (const OperationSpec* const spec = step.operation.spec) {
    for (const Field& field : spec->vocabulary->fields) {
      if (!spec->Uses(field) || step.operation.Get(field) == field.simplest) {
        continue;
      }
      absl::StrAppend(&text, ",\"", std::string(field.name),
                      "\":", PrintValue(field, step.operation));
    }
  }
  const Step defaults;
  for (const ControlField& field : kControlFields) {
    if (field.kind != step.kind) continue;
    std::visit(
        [&](auto member) {
          if (step.*member == defaults.*member) return;
          absl::StrAppend(&text, ",\"", std::string(field.name),
                          "\":", Print(step.*member));
        },
        field.member);
  }
  return text;
}

absl::StatusOr<Step> ParseStep(const JsonFields& fields,
                               const Vocabulary& dialect) {
  ASSIGN_OR_RETURN(Step step, ParseKind(fields, dialect));
  if (const JsonField* client = Find(fields, "client")) {
    ASSIGN_OR_RETURN(const std::int64_t number,
                     ReadInteger(*client, {0, kMaxClients - 1}));
    step.client = static_cast<int>(number);
  }
  for (const JsonField& field : fields) {
    if (field.name == "step" || field.name == "client" ||
        IsFaultField(field.name)) {
      continue;
    }
    RETURN_IF_ERROR(ParseStepField(field, dialect, step));
  }
  RETURN_IF_ERROR(ParseFaults(fields, step));
  RETURN_IF_ERROR(CheckInvalidAt(step.operation));
  return step;
}

}  // namespace lastcommit
