#include "keys/pairs.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "store/draw.h"
#include "store/rows.h"

namespace lastcommit::pairs {
namespace {

constexpr std::int64_t kMaxKey = 99'999;

constexpr Field kFields[] = {
    {.name = "key", .max = kMaxKey, .value = 0},
    {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
};
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2 + 4;

Outcome Ok(std::int64_t value) { return {absl::StatusCode::kOk, value}; }

RowKey RowKeyOf(const Operation& operation) {
  return {kPairs, {KeyName(ArgumentsOf(operation).key)}, 0};
}

// ---- rules: put answers nothing, delete whether there was one ----

Outcome Put(const Operation& operation, Rows& rows) {
  rows.Put(RowKeyOf(operation), RowOf(ValueText(operation.content)));
  return Ok(0);
}

Outcome Delete(const Operation& operation, Rows& rows) {
  const RowKey key = RowKeyOf(operation);
  const bool was_there = rows.Has(key);
  rows.Erase(key);
  return Ok(was_there ? 1 : 0);
}

Outcome Get(const Operation& operation, Rows& rows) {
  const auto& all = rows.state().rows;
  const auto row = all.find(RowKeyOf(operation));
  if (row == all.end()) return {absl::StatusCode::kNotFound, 0};
  return Ok(static_cast<std::int64_t>(row->second.low));
}

// ---- words ----

std::string Quoted(const Operation& operation) {
  return absl::StrCat(
      "\"", absl::CHexEscape(KeyName(ArgumentsOf(operation).key)), "\"");
}

std::string PutWords(const Operation& operation) {
  return absl::StrCat(Quoted(operation), ", ",
                      ValueText(operation.content).size(), " bytes (seed ",
                      operation.content.seed, ")");
}

// In the order of Kind.
constexpr OperationSpec kOperations[] = {
    {.name = "put",
     .vocabulary = &kVocabulary,
     .fields = kKey | kValue,
     .is_change = true,
     .apply = Put,
     .words = PutWords,
     .alone = {4, 12},
     .duel = {4, 10}},
    {.name = "delete",
     .vocabulary = &kVocabulary,
     .fields = kKey,
     .is_change = true,
     .apply = Delete,
     .words = Quoted,
     .alone = {1, 5, 20},
     .duel = {0, 4}},
    {.name = "get",
     .vocabulary = &kVocabulary,
     .fields = kKey,
     .apply = Get,
     .words = Quoted,
     .alone = {1, 4, 30}},
};

// A few keys that are written again and again, and some that are not.
class PairsDraw final : public OperationsDraw {
 public:
  PairsDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw), limits_(limits), hot_keys_(draw.Int(1, 6)) {}

  bool Fits(const OperationSpec& /*spec*/) const override { return true; }

  Operation DrawFor(const OperationSpec& spec) override {
    const Kind kind = KindOf(Operation(spec));
    return Of(kind, draw_.Percent(80) ? draw_.Int(0, hot_keys_ - 1)
                                      : draw_.Int(0, kColdKeys));
  }

  Operation DrawRewrite() override {
    return Of(draw_.Percent(85) ? Kind::kPut : Kind::kDelete,
              draw_.Int(0, hot_keys_ - 1));
  }

  // Each of these is a commit, and each commit is crashed everywhere.
  std::vector<Operation> DrawFill() override {
    std::vector<Operation> puts;
    for (int key = draw_.Int(20, 60); key > 0; --key) {
      puts.push_back(Of(Kind::kPut, kColdKeys + key));
    }
    return puts;
  }

  OperationsDraw::Known known() const override { return nullptr; }
  void set_known(const OperationsDraw::Known& /*known*/) override {}

 private:
  static constexpr int kColdKeys = 40;

  Operation Of(Kind kind, int key) {
    return Make(kind, {.key = key,
                       .value = kind == Kind::kPut ? DrawValue() : Content()});
  }

  // One in some plans takes several pages.
  Content DrawValue() {
    const auto size = draw_.Weighted<std::int64_t>(
        {{8, draw_.Int(0, 60)},
         {4, draw_.Int(100, 3000)},
         {1, draw_.Int(limits_.page_size, 4 * limits_.page_size)}});
    return {std::min<std::int64_t>(size, limits_.max_bytes), draw_.Seed()};
  }

  Draw& draw_;
  const DrawLimits limits_;
  const int hot_keys_;
};

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<PairsDraw>(draw, limits);
}

std::vector<Operation> Probe() {
  const int key = kMaxKey;
  return {Make(Kind::kPut, {.key = key, .value = {64, 1}}),
          Make(Kind::kDelete, {.key = key}),
          Make(Kind::kPut, {.key = key, .value = {64, 2}})};
}

}  // namespace

const Vocabulary kVocabulary = {"pairs", kFields, kOperations, DrawOperations,
                                Probe};

Kind KindOf(const Operation& operation) {
  return static_cast<Kind>(operation.spec - kOperations);
}

Arguments ArgumentsOf(const Operation& operation) {
  return {.key = static_cast<int>(operation.values[0]),
          .value = operation.content};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation all(kOperations[static_cast<std::size_t>(kind)]);
  all.values[0] = arguments.key;
  all.content = arguments.value;
  return As(*all.spec, all);
}

std::string KeyName(int key) { return NameOf("key", key); }

std::string ValueText(const Content& content) {
  return absl::StrCat(content.seed, ":",
                      ContentJson(content, /*is_valid=*/true));
}

Fingerprint RowOf(std::string_view value) {
  return RowHasher().Text(value).Finish();
}

std::int64_t AnswerOf(std::string_view value) {
  return static_cast<std::int64_t>(RowOf(value).low);
}

}  // namespace lastcommit::pairs
