#include "threads/specs.h"

#include <array>
#include <cstddef>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "threads/content.h"
#include "threads/draw.h"
#include "threads/rules.h"

namespace lastcommit::threads {
namespace {

// Where each value is, in Operation::values.
enum Value : std::size_t {
  kThreadValue,
  kIntoValue,
  kNsValue,
  kIdValue,
  kParentValue,
  kTaskValue,
  kIdxValue,
  kStateValue,
  kStaleValue,
  kReplaceValue,
  kCountValue,
  kInvalidAtValue,
  kLevelValue,
  kChunkValue,
  kKeepValue,
  kFilterValue,
  kBeforeValue,
  kLimitValue,
  kValues,
};
static_assert(kValues <= Operation::kMaxValues);

std::string_view LevelWord(std::int64_t value) {
  return Name(static_cast<saver::LogLevel>(value));
}
std::string_view StateWord(std::int64_t value) {
  return Name(static_cast<saver::TaskState>(value));
}

constexpr Field Number(std::string_view name, Value value, std::int64_t min,
                       std::int64_t max, std::int64_t simplest,
                       Field::Role role = Field::Role::kPlain) {
  return {name, min, max, simplest, Field::Place::kValue, role, value, nullptr};
}

constexpr Field Enumerator(std::string_view name, Value value, int count,
                           int simplest,
                           std::string_view (*word)(std::int64_t)) {
  return {name,
          0,
          count - 1,
          simplest,
          Field::Place::kValue,
          Field::Role::kPlain,
          value,
          word};
}

constexpr Field kFields[] = {
    Number("thread", kThreadValue, 0, kMaxName, 0),
    Number("into", kIntoValue, 0, kMaxName, 1),
    Number("ns", kNsValue, 0, kMaxName, 0),
    Number("id", kIdValue, 0, kMaxName, 0),
    Number("parent", kParentValue, -1, kMaxName, -1),
    Number("task", kTaskValue, 0, kMaxName, 0),
    Number("idx", kIdxValue, 0, kMaxName, 0),
    Enumerator("state", kStateValue, saver::kTaskStates,
               static_cast<int>(saver::TaskState::kRunning), StateWord),
    Number("stale", kStaleValue, 0, kMaxName, 0),
    Number("replace", kReplaceValue, 0, 1, 0),
    {"size", 0, kMaxContentBytes, 0, Field::Place::kSize},
    {"seed", 0, 0, 0, Field::Place::kSeed},
    Number("count", kCountValue, 1, kMaxBatch, 1, Field::Role::kCount),
    Number("invalid_at", kInvalidAtValue, -1, kMaxBatch - 1, -1,
           Field::Role::kInvalidAt),
    Enumerator("level", kLevelValue, saver::kLogLevels,
               static_cast<int>(saver::LogLevel::kInfo), LevelWord),
    Number("chunk", kChunkValue, kMinChunk, kMaxContentBytes, 4096),
    Number("keep", kKeepValue, 0, kMaxName, 0),
    Number("filter", kFilterValue, -1, kMaxFilter, -1),
    Number("before", kBeforeValue, -1, kMaxName, -1),
    Number("limit", kLimitValue, 0, kMaxName, 0),
};

constexpr std::uint32_t Uses(std::initializer_list<std::string_view> names) {
  std::uint32_t bits = 0;
  for (const std::string_view name : names) {
    for (std::size_t i = 0; i < std::size(kFields); ++i) {
      if (kFields[i].name == name) bits |= 1U << i;
    }
  }
  return bits;
}
constexpr std::uint32_t kContent = Uses({"thread", "size", "seed"});
constexpr std::uint32_t kJson = kContent | Uses({"invalid_at"});
constexpr std::uint32_t kCheckpoint = kJson | Uses({"ns", "id", "parent"});
constexpr std::uint32_t kWrite =
    kContent | Uses({"ns", "id", "task", "idx", "replace"});
constexpr std::uint32_t kLog = kJson | Uses({"level"});
constexpr std::uint32_t kCount = Uses({"count"});

// ---- words ----

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::CHexEscape(name), "\"");
}

std::string Bytes(const Content& content) {
  return absl::StrCat(content.size, " bytes (seed ", content.seed, ")");
}

std::string Thread(const Arguments& step) {
  return Quoted(ThreadName(step.thread));
}

std::string CheckpointPath(const Arguments& step) {
  return absl::StrCat(Thread(step), " / ", Quoted(NamespaceName(step.ns)),
                      " / ", Quoted(CheckpointName(step.id)));
}

std::string InThread(const Arguments& step, const std::string& name) {
  return absl::StrCat(Thread(step), " / ", Quoted(name), ", ");
}

std::string CheckpointWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(
      CheckpointPath(step), ", ",
      step.parent < 0
          ? ""
          : absl::StrCat("parent ", Quoted(CheckpointName(step.parent)), ", "),
      Bytes(step.content), step.invalid_at < 0 ? "" : ", metadata is not JSON");
}

// "task-0" #1 to #3, those that are there replaced
std::string Writes(const Arguments& step) {
  return absl::StrCat(
      Quoted(TaskName(step.task)), " #", step.idx,
      step.count == 1 ? "" : absl::StrCat(" to #", step.idx + step.count - 1),
      step.replace == 0 ? "" : ", replacing");
}

std::string WriteWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(CheckpointPath(step), ", ", Writes(step), ", ",
                      Bytes(step.content));
}

std::string CommitStepWords(const Operation& operation) {
  return absl::StrCat(CheckpointWords(operation), ", with ",
                      Writes(ArgumentsOf(operation)));
}

std::string PruneWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(InThread(step, NamespaceName(step.ns)), "all but ",
                      step.keep);
}

std::string Level(const Arguments& step) {
  return step.level == saver::LogLevel::kInfo
             ? ""
             : absl::StrCat(", level ", std::string(Name(step.level)));
}

std::string LogWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(Thread(step), ", ", Bytes(step.content), Level(step),
                      step.invalid_at < 0 ? "" : ", not JSON");
}

std::string LogsWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(
      Thread(step), ", ", step.count, " entries of ", Bytes(step.content),
      Level(step),
      step.invalid_at < 0
          ? ""
          : absl::StrCat(", entry ", step.invalid_at + 1, " is not JSON"));
}

std::string CreateTaskWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(InThread(step, TaskName(step.task)), Bytes(step.content),
                      step.invalid_at < 0 ? "" : ", not JSON");
}

std::string UpdateTaskWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(
      InThread(step, TaskName(step.task)), std::string(Name(step.state)),
      step.stale == 0
          ? ""
          : absl::StrCat(", expecting a version ", step.stale, " too low"),
      step.replace == 0 ? "" : ", " + Bytes(step.content),
      step.replace == 0 || step.invalid_at < 0 ? "" : ", not JSON");
}

std::string BlobWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(InThread(step, BlobName(step.id)), Bytes(step.content));
}

std::string StreamWords(const Operation& operation) {
  return absl::StrCat(BlobWords(operation), " in pieces of ",
                      ArgumentsOf(operation).chunk);
}

std::string CopyWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(Thread(step), " into ", Quoted(ThreadName(step.into)));
}

std::string ThreadWords(const Operation& operation) {
  return Thread(ArgumentsOf(operation));
}

std::string ListWords(const Operation& operation) {
  const Arguments step = ArgumentsOf(operation);
  return absl::StrCat(
      Thread(step), " / ", Quoted(NamespaceName(step.ns)),
      step.filter < 0 ? "" : absl::StrCat(", those with ", step.filter),
      step.before < 0 ? ""
                      : ", older than " + Quoted(CheckpointName(step.before)),
      step.limit == 0 ? "" : absl::StrCat(", at most ", step.limit));
}

// ---- operations ----

// A task is read first and then updated; in between another client may have
// updated it, or deleted its thread.
bool IsUpdateSpoiledBy(const Operation& update, const Operation& other) {
  const Arguments mine = ArgumentsOf(update);
  const Arguments theirs = ArgumentsOf(other);
  const bool is_of_it =
      KindOf(other) == Kind::kDeleteThread ||
      (KindOf(other) == Kind::kUpdateTask && theirs.task == mine.task);
  return is_of_it && theirs.thread == mine.thread;
}

// NOLINTNEXTLINE(readability-identifier-naming): a constant, as it follows.
extern const OperationSpec kOperations[kKinds];

const OperationSpec* Spec(Kind kind) {
  return &kOperations[static_cast<std::size_t>(kind)];
}

// In the order of Kind.
const OperationSpec kOperations[kKinds] = {
    {.name = "put_checkpoint",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint,
     .is_change = true,
     .apply = Apply,
     .words = CheckpointWords,
     .alone = {1, 12, 15}},
    {.name = "put_write",
     .vocabulary = &kVocabulary,
     .fields = kWrite,
     .is_change = true,
     .apply = Apply,
     .words = WriteWords,
     .alone = {1, 4, 55}},
    {.name = "put_writes",
     .vocabulary = &kVocabulary,
     .fields = kWrite | kCount,
     .is_change = true,
     .apply = Apply,
     .words = WriteWords,
     .simpler = Spec(Kind::kPutWrite),
     .alone = {1, 6, 45}},
    {.name = "commit_step",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint | kWrite | kCount,
     .is_change = true,
     .apply = Apply,
     .words = CommitStepWords,
     .simpler = Spec(Kind::kPutCheckpoint),
     .contents_besides = 1,
     .alone = {1, 8, 45}},
    {.name = "prune",
     .vocabulary = &kVocabulary,
     .fields = Uses({"thread", "ns", "keep"}),
     .is_change = true,
     .apply = Apply,
     .words = PruneWords,
     .alone = {1, 2, 55},
     .crash_weight = 6,
     .crash_weight_if_refused_midway = 6},
    {.name = "append_log",
     .vocabulary = &kVocabulary,
     .fields = kLog,
     .is_change = true,
     .apply = Apply,
     .words = LogWords,
     .alone = {1, 8, 25},
     .duel = {4, 10}},
    {.name = "append_logs",
     .vocabulary = &kVocabulary,
     .fields = kLog | kCount,
     .is_change = true,
     .apply = Apply,
     .words = LogsWords,
     .simpler = Spec(Kind::kAppendLog),
     .may_fail_midway = true,
     .alone = {1, 8, 25},
     // Where somebody may have thought of more than one commit.
     .crash_weight_if_refused_midway = 16},
    {.name = "create_task",
     .vocabulary = &kVocabulary,
     .fields = kJson | Uses({"task"}),
     .is_change = true,
     .apply = Apply,
     .words = CreateTaskWords,
     .alone = {1, 4, 45}},
    {.name = "update_task",
     .vocabulary = &kVocabulary,
     .fields = kJson | Uses({"task", "state", "stale", "replace"}),
     .is_change = true,
     .apply = Apply,
     .words = UpdateTaskWords,
     .is_spoiled_by = IsUpdateSpoiledBy,
     .alone = {1, 6, 40},
     .shared = {1, 10, 40}},
    {.name = "put_blob",
     .vocabulary = &kVocabulary,
     .fields = kContent | Uses({"id"}),
     .is_change = true,
     .apply = Apply,
     .words = BlobWords,
     .alone = {1, 8, 25},
     .duel = {0, 4}},
    {.name = "stream_blob",
     .vocabulary = &kVocabulary,
     .fields = kContent | Uses({"id", "chunk"}),
     .is_change = true,
     .apply = Apply,
     .words = StreamWords,
     .simpler = Spec(Kind::kPutBlob),
     .alone = {1, 5, 45},
     .crash_weight = 10,
     .crash_weight_if_refused_midway = 10},
    {.name = "copy_thread",
     .vocabulary = &kVocabulary,
     .fields = Uses({"thread", "into"}),
     .is_change = true,
     .apply = Apply,
     .words = CopyWords,
     .copies_contents = true,
     .alone = {1, 3, 30},
     .crash_weight = 16,
     .crash_weight_if_refused_midway = 16,
     .pages = 20},  // of the copy of a thread with some rows
    {.name = "delete_thread",
     .vocabulary = &kVocabulary,
     .fields = Uses({"thread"}),
     .is_change = true,
     .apply = Apply,
     .words = ThreadWords,
     .alone = {1, 3, 30},
     .crash_weight = 16,
     .crash_weight_if_refused_midway = 16,
     .pages = 8},  // the tables that a thread's rows may be in, and indexes
    {.name = "list_checkpoints",
     .vocabulary = &kVocabulary,
     .fields = Uses({"thread", "ns", "filter", "before", "limit"}),
     .apply = Apply,
     .words = ListWords,
     .alone = {1, 2, 60}},
};

// A record of every kind, in a thread that no plan draws.
std::vector<Operation> Probe() {
  std::vector<Operation> changes;
  for (const Kind kind :
       {Kind::kPutCheckpoint, Kind::kPutWrite, Kind::kAppendLog,
        Kind::kCreateTask, Kind::kPutBlob, Kind::kStreamBlob}) {
    changes.push_back(Make(kind, {.thread = kMaxName,
                                  .id = kind == Kind::kStreamBlob ? 1 : 0,
                                  .content = {64, 1}}));
  }
  return changes;
}

}  // namespace

const Vocabulary kVocabulary = {"threads", kFields, kOperations, DrawOperations,
                                Probe};

const OperationSpec& SpecOf(Kind kind) { return *Spec(kind); }

Kind KindOf(const Operation& operation) {
  return static_cast<Kind>(operation.spec - kOperations);
}

Arguments ArgumentsOf(const Operation& operation) {
  const auto value = [&](Value which) {
    return static_cast<int>(operation.values[which]);
  };
  return {.thread = value(kThreadValue),
          .into = value(kIntoValue),
          .ns = value(kNsValue),
          .id = value(kIdValue),
          .parent = value(kParentValue),
          .task = value(kTaskValue),
          .idx = value(kIdxValue),
          .replace = value(kReplaceValue),
          .content = operation.content,
          .count = value(kCountValue),
          .invalid_at = value(kInvalidAtValue),
          .level = static_cast<saver::LogLevel>(value(kLevelValue)),
          .state = static_cast<saver::TaskState>(value(kStateValue)),
          .stale = value(kStaleValue),
          .chunk = value(kChunkValue),
          .keep = value(kKeepValue),
          .filter = value(kFilterValue),
          .before = value(kBeforeValue),
          .limit = value(kLimitValue)};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation all(SpecOf(kind));
  const auto set = [&all](Value which, auto value) {
    all.values[which] = static_cast<std::int64_t>(value);
  };
  set(kThreadValue, arguments.thread);
  set(kIntoValue, arguments.into);
  set(kNsValue, arguments.ns);
  set(kIdValue, arguments.id);
  set(kParentValue, arguments.parent);
  set(kTaskValue, arguments.task);
  set(kIdxValue, arguments.idx);
  set(kReplaceValue, arguments.replace);
  set(kCountValue, arguments.count);
  set(kInvalidAtValue, arguments.invalid_at);
  set(kLevelValue, arguments.level);
  set(kStateValue, arguments.state);
  set(kStaleValue, arguments.stale);
  set(kChunkValue, arguments.chunk);
  set(kKeepValue, arguments.keep);
  set(kFilterValue, arguments.filter);
  set(kBeforeValue, arguments.before);
  set(kLimitValue, arguments.limit);
  all.content = arguments.content;
  return As(SpecOf(kind), all);
}

}  // namespace lastcommit::threads
