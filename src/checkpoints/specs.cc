#include "checkpoints/specs.h"

#include <algorithm>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checkpoints/draw.h"
#include "store/rows.h"

namespace lastcommit::checkpoints {
namespace {

constexpr std::int64_t kMaxName = 99'999;

constexpr Field kFields[] = {
    {.name = "thread", .max = kMaxName, .value = 0},
    {.name = "ns", .max = kMaxName, .value = 1},
    {.name = "id", .max = kMaxName, .value = 2},
    {.name = "parent", .min = -1, .max = kMaxName, .simplest = -1, .value = 3},
    {.name = "task", .max = kMaxName, .value = 4},
    {.name = "count",
     .min = 1,
     .max = kMaxWrites,
     .simplest = 1,
     .role = Field::Role::kCount,
     .value = 5},
    {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
};
constexpr std::uint32_t kThread = 1;
constexpr std::uint32_t kCheckpoint = kThread + 2 + 4;
constexpr std::uint32_t kParent = 8;
constexpr std::uint32_t kTaskAndCount = 16 + 32;
constexpr std::uint32_t kValue = 64 + 128;

Outcome Ok(std::int64_t value) { return {absl::StatusCode::kOk, value}; }

RowKey CheckpointKey(const Arguments& arguments) {
  return {kCheckpoints,
          {ThreadName(arguments.thread), NamespaceName(arguments.ns),
           CheckpointName(arguments.id)},
          0};
}

RowKey WriteKey(const Arguments& arguments, int idx) {
  RowKey key = CheckpointKey(arguments);
  key.table = kWrites;
  key.names[3] = TaskName(arguments.task);
  key.number = idx;
  return key;
}

RowHasher& Hash(RowHasher& hasher, const Value& value) {
  return value.is_bytes ? hasher.Blob(value.content)
                        : hasher.Text(value.content);
}

// ---- rules ----

Outcome Put(const Operation& operation, Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  std::optional<std::string> parent;
  if (arguments.parent >= 0) parent = CheckpointName(arguments.parent);
  rows.Put(CheckpointKey(arguments), CheckpointRow(parent, ValueOf(arguments)));
  return Ok(0);
}

Outcome PutWrites(const Operation& operation, Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  for (int idx = 0; idx < arguments.count; ++idx) {
    const RowKey key = WriteKey(arguments, idx);
    if (rows.Has(key)) continue;
    rows.Put(key, WriteRow(WriteOf(KindOf(operation), arguments, idx)));
  }
  return Ok(0);
}

Outcome PutStep(const Operation& operation, Rows& rows) {
  Put(operation, rows);
  return PutWrites(operation, rows);
}

Outcome Get(const Operation& operation, Rows& rows) {
  const RowKey key = CheckpointKey(ArgumentsOf(operation));
  const auto& all = rows.state().rows;
  const auto row = all.find(key);
  if (row == all.end()) return {absl::StatusCode::kNotFound, 0};
  WriteRows writes;
  RowKey first = key;
  first.table = kWrites;
  for (auto write = all.lower_bound(first); write != all.end(); ++write) {
    const RowKey& found = write->first;
    if (found.table != first.table ||
        !std::equal(key.names.begin(), key.names.begin() + 3,
                    found.names.begin())) {
      break;
    }
    writes.emplace(std::pair(found.names[3], found.number), write->second);
  }
  return Ok(AnswerOf(row->second, writes));
}

Outcome DeleteThread(const Operation& operation, Rows& rows) {
  for (const TableSpec* const table : {&kCheckpoints, &kWrites}) {
    const RowKey first = {*table, {ThreadName(ArgumentsOf(operation).thread)}};
    rows.EraseWhile(first, [&](const RowKey& key) {
      return key.table == first.table && key.names[0] == first.names[0];
    });
  }
  return Ok(0);
}

// ---- words ----

std::string Quoted(const std::string& name) {
  return absl::StrCat("\"", absl::CHexEscape(name), "\"");
}

std::string ThreadWords(const Operation& operation) {
  return Quoted(ThreadName(ArgumentsOf(operation).thread));
}

std::string CheckpointWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(
      ThreadWords(operation), " ",
      arguments.ns == 0
          ? ""
          : absl::StrCat("in ", Quoted(NamespaceName(arguments.ns)), " "),
      Quoted(CheckpointName(arguments.id)));
}

std::string SizeWords(const Arguments& arguments) {
  return absl::StrCat(arguments.value.size, " bytes (seed ",
                      arguments.value.seed, ")");
}

std::string PutWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(
      CheckpointWords(operation),
      arguments.parent < 0
          ? ""
          : absl::StrCat(" after ", Quoted(CheckpointName(arguments.parent))),
      ", ", SizeWords(arguments));
}

std::string WritesWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(CheckpointWords(operation), " of ",
                      Quoted(TaskName(arguments.task)), ", ", arguments.count,
                      arguments.count == 1 ? " write of " : " writes of ",
                      SizeWords(arguments));
}

std::string StepWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(PutWords(operation), ", and ", arguments.count,
                      arguments.count == 1 ? " write of " : " writes of ",
                      Quoted(TaskName(arguments.task)));
}

// In the order of Kind.
constexpr OperationSpec kOperations[6] = {
    {.name = "put",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint | kParent | kValue,
     .is_change = true,
     .apply = Put,
     .words = PutWords,
     .alone = {4, 10},
     .duel = {4, 10}},
    {.name = "put_writes",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint | kTaskAndCount | kValue,
     .is_change = true,
     .apply = PutWrites,
     .words = WritesWords,
     .alone = {2, 8, 10},
     .duel = {2, 6}},
    {.name = "put_bytes",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint | kTaskAndCount | kValue,
     .is_change = true,
     .apply = PutWrites,
     .words = WritesWords,
     .simpler = &kOperations[1],
     .alone = {1, 4, 40},
     .duel = {0, 2}},
    {.name = "put_step",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint | kParent | kTaskAndCount | kValue,
     .is_change = true,
     .apply = PutStep,
     .words = StepWords,
     .simpler = &kOperations[0],
     .contents_besides = 1,
     .alone = {1, 6, 30},
     .duel = {0, 4}},
    {.name = "get",
     .vocabulary = &kVocabulary,
     .fields = kCheckpoint,
     .apply = Get,
     .words = CheckpointWords,
     .alone = {1, 4, 20}},
    {.name = "delete_thread",
     .vocabulary = &kVocabulary,
     .fields = kThread,
     .is_change = true,
     .apply = DeleteThread,
     .words = ThreadWords,
     .alone = {1, 2, 40},
     .duel = {0, 1}},
};

std::vector<Operation> Probe() {
  Arguments arguments = {.thread = static_cast<int>(kMaxName),
                         .value = {64, 1}};
  return {Make(Kind::kPut, arguments), Make(Kind::kPutWrites, arguments)};
}

}  // namespace

const Vocabulary kVocabulary = {"checkpoints", kFields, kOperations,
                                DrawOperations, Probe};

const OperationSpec& SpecOf(Kind kind) {
  return kOperations[static_cast<std::size_t>(kind)];
}

Kind KindOf(const Operation& operation) {
  return static_cast<Kind>(operation.spec - kOperations);
}

Arguments ArgumentsOf(const Operation& operation) {
  const auto value = [&](std::size_t i) {
    return static_cast<int>(operation.values[i]);
  };
  return {.thread = value(0),
          .ns = value(1),
          .id = value(2),
          .parent = value(3),
          .task = value(4),
          .count = value(5),
          .value = operation.content};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation all(SpecOf(Kind::kPutStep));
  const int values[] = {arguments.thread, arguments.ns,   arguments.id,
                        arguments.parent, arguments.task, arguments.count};
  std::copy(std::begin(values), std::end(values), all.values.begin());
  all.content = arguments.value;
  return As(SpecOf(kind), all);
}

std::string ThreadName(int thread) { return NameOf("thread", thread); }
std::string NamespaceName(int ns) { return ns == 0 ? "" : NameOf("ns", ns); }
std::string CheckpointName(int id) { return NameOf("checkpoint", id); }
std::string TaskName(int task) { return NameOf("task", task); }

Value ValueOf(const Arguments& arguments) {
  return {absl::StrCat(arguments.value.seed, ":",
                       ContentJson(arguments.value, /*is_valid=*/true))};
}

Value WriteOf(Kind kind, const Arguments& arguments, int idx) {
  const Content content = {
      arguments.value.size,
      Derive(arguments.value.seed, static_cast<std::uint64_t>(idx))};
  const std::string unique = absl::StrCat(content.seed, ":");
  if (kind == Kind::kPutBytes) {
    return {absl::StrCat(unique, "\xff", ContentBytes(content)), true};
  }
  return {absl::StrCat(unique, ContentJson(content, /*is_valid=*/true))};
}

Fingerprint CheckpointRow(const std::optional<std::string>& parent,
                          const Value& value) {
  RowHasher hasher;
  if (parent.has_value()) {
    hasher.Text(*parent);
  } else {
    hasher.Null();
  }
  return Hash(hasher, value).Finish();
}

Fingerprint WriteRow(const Value& value) {
  RowHasher hasher;
  return Hash(hasher, value).Finish();
}

std::int64_t AnswerOf(const Fingerprint& checkpoint, const WriteRows& writes) {
  const auto whole = [](RowHasher& hasher, const Fingerprint& row) {
    hasher.Integer(static_cast<std::int64_t>(row.low));
    hasher.Integer(static_cast<std::int64_t>(row.high));
  };
  RowHasher hasher;
  whole(hasher, checkpoint);
  for (const auto& [key, row] : writes) {
    hasher.Text(key.first);
    hasher.Integer(key.second);
    whole(hasher, row);
  }
  return static_cast<std::int64_t>(hasher.Finish().low);
}

}  // namespace lastcommit::checkpoints
