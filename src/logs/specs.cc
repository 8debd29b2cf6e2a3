#include "logs/specs.h"

#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "logs/draw.h"
#include "store/rows.h"

namespace lastcommit::logs {
namespace {

constexpr std::int64_t kMaxNumber = 99'999'999;

constexpr Field kFields[] = {
    {.name = "count",
     .min = 1,
     .max = kMaxEntries,
     .simplest = 1,
     .role = Field::Role::kCount,
     .value = 0},
    {.name = "limit", .min = 1, .max = kMaxEntries, .simplest = 1, .value = 1},
    {.name = "after", .max = kMaxNumber, .value = 2},
    {.name = "to", .max = kMaxNumber, .value = 3},
    {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
};
constexpr std::uint32_t kCount = 1;
constexpr std::uint32_t kLimit = 2;
constexpr std::uint32_t kAfter = 4;
constexpr std::uint32_t kTo = 8;
constexpr std::uint32_t kValue = 16 + 32;

RowKey KeyOf(std::int64_t number) { return {kEntries, {}, number}; }

Outcome Ok(std::int64_t value) { return {absl::StatusCode::kOk, value}; }

// Of a store that could never be opened 1, too.
std::int64_t Next(const Rows& rows) {
  const Facts* const next = rows.FactsOf({kNext, {}, 0});
  return next == nullptr ? 1 : (*next)[0];
}

void SetNext(std::int64_t number, Rows& rows) {
  rows.Put({kNext, {}, 0}, NextRow(number), Facts{number});
}

// ---- rules ----

void Create(Rows& rows) { SetNext(1, rows); }

// Answers the number of the last one.
Outcome Append(const Operation& operation, Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  std::int64_t number = Next(rows);
  for (int idx = 0; idx < arguments.count; ++idx, ++number) {
    rows.Put(KeyOf(number), EntryRow(EntryOf(arguments, idx)));
  }
  SetNext(number, rows);
  return Ok(number - 1);
}

Outcome Read(const Operation& operation, Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  ReadAnswer answer;
  const auto& all = rows.state().rows;
  int left = arguments.limit;
  for (auto row = all.upper_bound(KeyOf(arguments.after));
       row != all.end() && row->first.table == kEntries && left > 0;
       ++row, --left) {
    answer.Add(row->first.number, row->second);
  }
  return Ok(answer.value());
}

Outcome Trim(const Operation& operation, Rows& rows) {
  const Arguments arguments = ArgumentsOf(operation);
  rows.EraseWhile(KeyOf(0), [&](const RowKey& key) {
    return key.table == kEntries && key.number <= arguments.to;
  });
  return Ok(0);
}

// ---- words ----

std::string AppendWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat(
      arguments.count == 1 ? "" : absl::StrCat(arguments.count, " entries of "),
      arguments.value.size, " bytes (seed ", arguments.value.seed, ")");
}

std::string ReadWords(const Operation& operation) {
  const Arguments arguments = ArgumentsOf(operation);
  return absl::StrCat("at most ", arguments.limit, " after number ",
                      arguments.after);
}

std::string TrimWords(const Operation& operation) {
  return absl::StrCat("up to number ", ArgumentsOf(operation).to);
}

// In the order of Kind.
constexpr OperationSpec kOperations[] = {
    {.name = "append",
     .vocabulary = &kVocabulary,
     .fields = kValue,
     .is_change = true,
     .apply = Append,
     .words = AppendWords,
     .alone = {4, 10},
     .duel = {4, 10}},
    {.name = "append_batch",
     .vocabulary = &kVocabulary,
     .fields = kCount | kValue,
     .is_change = true,
     .apply = Append,
     .words = AppendWords,
     .simpler = &kOperations[0],
     .alone = {1, 4, 20},
     .duel = {1, 4}},
    {.name = "read",
     .vocabulary = &kVocabulary,
     .fields = kLimit | kAfter,
     .apply = Read,
     .words = ReadWords,
     .alone = {1, 4, 20}},
    {.name = "trim",
     .vocabulary = &kVocabulary,
     .fields = kTo,
     .is_change = true,
     .apply = Trim,
     .words = TrimWords,
     .alone = {1, 4, 20},
     .duel = {0, 2}},
};

std::vector<Operation> Probe() {
  return {Make(Kind::kAppend, {.value = {64, 1}})};
}

}  // namespace

const Vocabulary kVocabulary = {.name = "log",
                                .fields = kFields,
                                .operations = kOperations,
                                .draw = DrawOperations,
                                .probe = Probe,
                                .create = Create};

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
  return {.count = KindOf(operation) == Kind::kAppendBatch ? value(0) : 1,
          .limit = value(1),
          .after = value(2),
          .to = value(3),
          .value = operation.content};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation operation(SpecOf(kind));
  const int values[] = {arguments.count, arguments.limit, arguments.after,
                        arguments.to};
  for (std::size_t i = 0; i < std::size(values); ++i) {
    if (operation.spec->Uses(kFields[i])) operation.values[i] = values[i];
  }
  if (operation.spec->Uses(kFields[std::size(values)])) {
    operation.content = arguments.value;
  }
  return operation;
}

std::string EntryOf(const Arguments& arguments, int idx) {
  const Content content = {
      arguments.value.size,
      idx == 0 ? arguments.value.seed
               : Derive(arguments.value.seed, static_cast<std::uint64_t>(idx))};
  return absl::StrCat(content.seed, ":",
                      ContentJson(content, /*is_valid=*/true));
}

Fingerprint EntryRow(std::string_view entry) {
  return RowHasher().Text(entry).Finish();
}

Fingerprint NextRow(std::int64_t number) {
  return RowHasher().Integer(number).Finish();
}

void ReadAnswer::Add(std::int64_t number, const Fingerprint& entry) {
  hasher_.Integer(number)
      .Integer(static_cast<std::int64_t>(entry.low))
      .Integer(static_cast<std::int64_t>(entry.high));
}

std::int64_t ReadAnswer::value() const {
  return static_cast<std::int64_t>(hasher_.Finish().low);
}

}  // namespace lastcommit::logs
