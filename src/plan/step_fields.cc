#include "plan/step_fields.h"

#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "plan/fault_fields.h"
#include "status/status.h"

namespace lastcommit {
namespace {

template <typename... Kinds>
constexpr std::uint32_t KindSet(Kinds... kinds) {
  return ((1U << static_cast<unsigned>(kinds)) | ... | 0U);
}
static_assert(kStepKinds <= 32);

// Where the value of a field lives, which is also its type.
using Member =
    std::variant<int Step::*, std::int64_t Content::*, std::uint64_t Content::*,
                 CheckpointMode Step::*, LogLevel Step::*, TaskState Step::*,
                 JournalMode Step::*, DatabaseFile Step::*>;

struct StepField {
  std::string_view name;
  std::uint32_t kinds;  // a bit for each StepKind that uses it
  Member member;
  IntegerLimits limits = {};  // of signed numbers and of enumerators

  bool IsUsedBy(StepKind kind) const { return (kinds & KindSet(kind)) != 0; }
};

using enum StepKind;
constexpr std::uint32_t kWithWrites =
    KindSet(kPutWrite, kPutWrites, kCommitStep);
constexpr std::uint32_t kWithCheckpoint = KindSet(kPutCheckpoint, kCommitStep);
constexpr std::uint32_t kWithTask = KindSet(kCreateTask, kUpdateTask);
constexpr std::uint32_t kWithLog = KindSet(kAppendLog, kAppendLogs);
constexpr std::uint32_t kWithBlob = KindSet(kPutBlob, kStreamBlob);
constexpr std::uint32_t kWithJson = kWithCheckpoint | kWithLog | kWithTask;
constexpr std::uint32_t kWithContent = kWithJson | kWithWrites | kWithBlob;
constexpr std::uint32_t kWithNamespace =
    kWithCheckpoint | kWithWrites | KindSet(kPrune, kListCheckpoints);
constexpr IntegerLimits kNames = {0, PlanLimits::kMaxName};
constexpr IntegerLimits kModes = {
    0, static_cast<std::int64_t>(CheckpointMode::kTruncate)};
constexpr IntegerLimits kJournalModes = {
    0, static_cast<std::int64_t>(JournalMode::kOff)};
constexpr IntegerLimits kLevels = {0, kLogLevels - 1};
constexpr IntegerLimits kStates = {0, kTaskStates - 1};
constexpr IntegerLimits kFiles = {0, kDatabaseFiles - 1};
constexpr IntegerLimits kNamesOrNone = {-1, PlanLimits::kMaxName};

// In the order of printing.
constexpr StepField kFields[] = {
    {"thread", kWithContent | kWithNamespace | KindSet(kDeleteThread),
     &Step::thread, kNames},
    {"ns", kWithNamespace, &Step::ns, kNames},
    {"id", kWithCheckpoint | kWithWrites | kWithBlob, &Step::id, kNames},
    {"parent", kWithCheckpoint, &Step::parent, kNamesOrNone},
    {"task", kWithWrites | kWithTask, &Step::task, kNames},
    {"idx", kWithWrites, &Step::idx, kNames},
    {"state", KindSet(kUpdateTask), &Step::state, kStates},
    {"stale", KindSet(kUpdateTask), &Step::stale, kNames},
    {"replace", kWithWrites | KindSet(kUpdateTask), &Step::replace, {0, 1}},
    {"size", kWithContent, &Content::size, {0, PlanLimits::kMaxContentBytes}},
    {"seed", kWithContent, &Content::seed},
    {"count",
     KindSet(kAppendLogs, kPutWrites, kCommitStep),
     &Step::count,
     {1, PlanLimits::kMaxBatch}},
    {"invalid_at",
     kWithJson,
     &Step::invalid_at,
     {-1, PlanLimits::kMaxBatch - 1}},
    {"level", kWithLog, &Step::level, kLevels},
    {"chunk",
     KindSet(kStreamBlob),
     &Step::chunk,
     {PlanLimits::kMinChunk, PlanLimits::kMaxContentBytes}},
    {"keep", KindSet(kPrune), &Step::keep, kNames},
    {"filter",
     KindSet(kListCheckpoints),
     &Step::filter,
     {-1, PlanLimits::kMaxFilter}},
    {"before", KindSet(kListCheckpoints), &Step::before, kNamesOrNone},
    {"limit", KindSet(kListCheckpoints), &Step::limit, kNames},
    {"up", KindSet(kRollbackTo), &Step::up, {0, PlanLimits::kMaxUp}},
    {"mode", KindSet(kWalCheckpoint), &Step::mode, kModes},
    {"to", KindSet(kJournalMode), &Step::journal_mode, kJournalModes},
    {"file", KindSet(kUnlink), &Step::file, kFiles},
};

template <typename T>
const T& Value(const Step& step, T Step::*member) {
  return step.*member;
}
template <typename T>
const T& Value(const Step& step, T Content::*member) {
  return step.content.*member;
}
template <typename T>
T& MutableValue(Step& step, T Step::*member) {
  return step.*member;
}
template <typename T>
T& MutableValue(Step& step, T Content::*member) {
  return step.content.*member;
}

template <typename T>
std::string Print(T value) {
  if constexpr (std::is_enum_v<T>) {
    return absl::StrCat("\"", std::string(Name(value)), "\"");
  } else {
    return absl::StrCat(value);
  }
}

// Without a journal on the disk nothing is demanded that a change could keep.
std::optional<JournalMode> ParseModeOnDisk(std::string_view name) {
  const auto mode = ParseJournalMode(name);
  return mode.has_value() && IsKeptOnDisk(*mode) ? mode : std::nullopt;
}

template <typename T>
absl::StatusOr<T> Read(const JsonField& json, const StepField& field) {
  if constexpr (std::is_same_v<T, CheckpointMode>) {
    return ReadWord(json, ParseCheckpointMode,
                    "passive, full, restart, truncate");
  } else if constexpr (std::is_same_v<T, JournalMode>) {
    return ReadWord(json, ParseModeOnDisk, "delete, truncate, persist, wal");
  } else if constexpr (std::is_same_v<T, DatabaseFile>) {
    return ReadWord(json, ParseDatabaseFile, "database, wal, shm");
  } else if constexpr (std::is_same_v<T, LogLevel>) {
    return ReadWord(json, ParseLogLevel, "debug, info, warning, error");
  } else if constexpr (std::is_same_v<T, TaskState>) {
    return ReadWord(json, ParseTaskState,
                    "pending, running, done, failed, cancelled");
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return ReadUnsigned(json);
  } else {
    ASSIGN_OR_RETURN(const std::int64_t value, ReadInteger(json, field.limits));
    return static_cast<T>(value);
  }
}

const StepField* FindStepField(std::string_view name) {
  for (const StepField& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string AllowedFields(StepKind kind) {
  std::string names;
  for (const StepField& field : kFields) {
    if (field.IsUsedBy(kind))
      absl::StrAppend(&names, std::string(field.name), ", ");
  }
  return names + "client, crash, kill_after_us, error, switches";
}

absl::Status ParseStepField(const JsonField& json, Step& step) {
  const StepField* field = FindStepField(json.name);
  if (field == nullptr) return FieldError(json.name, "unknown field");
  if (!field->IsUsedBy(step.kind)) {
    return FieldError(
        json.name,
        absl::StrCat("does not belong to step '", std::string(Name(step.kind)),
                     "' (allowed ", AllowedFields(step.kind), ")"));
  }
  return std::visit(
      [&](auto member) -> absl::Status {
        auto& value = MutableValue(step, member);
        ASSIGN_OR_RETURN(value,
                         (Read<std::decay_t<decltype(value)>>(json, *field)));
        return absl::OkStatus();
      },
      field->member);
}

absl::StatusOr<StepKind> ParseKind(const JsonFields& fields) {
  const JsonField* field = Find(fields, "step");
  if (field == nullptr) return FieldError("step", "is missing");
  std::string allowed;
  for (int i = 0; i < kStepKinds; ++i) {
    absl::StrAppend(&allowed, i == 0 ? "" : ", ",
                    std::string(Name(static_cast<StepKind>(i))));
  }
  return ReadWord(*field, ParseStepKind, allowed);
}

// The one limit that depends on another field.
absl::Status CheckInvalidAt(const Step& step) {
  const int entries = step.kind == kAppendLogs ? step.count : 1;
  if (step.invalid_at < entries) return absl::OkStatus();
  return FieldError(
      "invalid_at",
      absl::StrCat(step.invalid_at, " is outside the limits (allowed -1 to ",
                   entries - 1, ")"));
}

}  // namespace

std::string PrintStepFields(const Step& step) {
  const Step defaults;
  std::string text;
  for (const StepField& field : kFields) {
    if (!field.IsUsedBy(step.kind)) continue;
    std::visit(
        [&](auto member) {
          const auto& value = Value(step, member);
          if (value == Value(defaults, member)) return;
          absl::StrAppend(&text, ",\"", std::string(field.name),
                          "\":", Print(value));
        },
        field.member);
  }
  return text;
}

absl::StatusOr<Step> ParseStep(const JsonFields& fields) {
  Step step;
  ASSIGN_OR_RETURN(step.kind, ParseKind(fields));
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
    RETURN_IF_ERROR(ParseStepField(field, step));
  }
  RETURN_IF_ERROR(ParseFaults(fields, step));
  RETURN_IF_ERROR(CheckInvalidAt(step));
  return step;
}

Step OnlyUsedFields(Step step) {
  const Step defaults;
  for (const StepField& field : kFields) {
    if (field.IsUsedBy(step.kind)) continue;
    std::visit(
        [&](auto member) {
          MutableValue(step, member) = Value(defaults, member);
        },
        field.member);
  }
  return step;
}

}  // namespace lastcommit
