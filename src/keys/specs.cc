#include "keys/specs.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "keys/draw.h"
#include "store/rows.h"

namespace lastcommit::keys {
namespace {

constexpr std::int64_t kMaxKey = 99'999;
constexpr std::int64_t kMaxLimit = 1'000;

constexpr Field kFields[] = {
    {.name = "key", .max = kMaxKey, .value = 0},
    {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
    {.name = "limit", .max = kMaxLimit, .value = 1},
};
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2 + 4;
constexpr std::uint32_t kLimit = 8;

Outcome Refused(absl::StatusCode code) { return {code, 0}; }
Outcome Ok(std::int64_t value) { return {absl::StatusCode::kOk, value}; }

RowKey KeyOf(const Operation& operation) {
  return {kKeys, {KeyName(ArgumentsOf(operation).key)}, 0};
}

std::int64_t VersionOf(const RowKey& key, const Rows& rows) {
  const Facts* const facts = rows.FactsOf(key);
  return facts == nullptr ? 0 : (*facts)[0];
}

// ---- rules: put answers the version, delete whether there was one ----

Outcome Put(const Operation& operation, Rows& rows) {
  const RowKey key = KeyOf(operation);
  const std::int64_t version = VersionOf(key, rows) + 1;
  rows.Put(key,
           RowHasher()
               .Integer(version)
               .Blob(ContentBytes(operation.content))
               .Finish(),
           Facts{version});
  return Ok(version);
}

Outcome Delete(const Operation& operation, Rows& rows) {
  const RowKey key = KeyOf(operation);
  const bool was_there = rows.Has(key);
  rows.Erase(key);
  return Ok(was_there ? 1 : 0);
}

Outcome Get(const Operation& operation, Rows& rows) {
  const RowKey key = KeyOf(operation);
  if (!rows.Has(key)) return Refused(absl::StatusCode::kNotFound);
  return Ok(DigestOf({{key.names[0], VersionOf(key, rows)}}));
}

Outcome Scan(const Operation& operation, Rows& rows) {
  const auto limit = static_cast<std::size_t>(ArgumentsOf(operation).limit);
  std::vector<Found> list;
  const auto& facts = rows.facts();
  for (auto row = facts.lower_bound(KeyOf(operation)); row != facts.end();
       ++row) {
    if (limit > 0 && list.size() == limit) break;
    list.push_back({row->first.names[0], row->second[0]});
  }
  return Ok(DigestOf(list));
}

// ---- words ----

std::string Quoted(const Operation& operation) {
  return absl::StrCat(
      "\"", absl::CHexEscape(KeyName(ArgumentsOf(operation).key)), "\"");
}

std::string PutWords(const Operation& operation) {
  return absl::StrCat(Quoted(operation), ", ", operation.content.size,
                      " bytes (seed ", operation.content.seed, ")");
}

std::string ScanWords(const Operation& operation) {
  const int limit = ArgumentsOf(operation).limit;
  return absl::StrCat("from ", Quoted(operation),
                      limit == 0 ? "" : absl::StrCat(", at most ", limit));
}

// In the order of Kind.
constexpr OperationSpec kOperations[] = {
    {.name = "put",
     .vocabulary = &kVocabulary,
     .fields = kKey | kValue,
     .is_change = true,
     .apply = Put,
     .words = PutWords,
     .alone = {2, 12, 5},
     .duel = {4, 10}},
    {.name = "delete",
     .vocabulary = &kVocabulary,
     .fields = kKey,
     .is_change = true,
     .apply = Delete,
     .words = Quoted,
     .alone = {1, 6, 20},
     .duel = {0, 4},
     .crash_weight = 6},
    {.name = "get",
     .vocabulary = &kVocabulary,
     .fields = kKey,
     .apply = Get,
     .words = Quoted,
     .alone = {1, 4, 40}},
    {.name = "scan",
     .vocabulary = &kVocabulary,
     .fields = kKey | kLimit,
     .apply = Scan,
     .words = ScanWords,
     .alone = {1, 2, 50}},
};

std::vector<Operation> Probe() {
  const int key = kMaxKey;
  return {Make(Kind::kPut, {.key = key, .value = {64, 1}}),
          Make(Kind::kGet, {.key = key}), Make(Kind::kDelete, {.key = key}),
          Make(Kind::kPut, {.key = key, .value = {64, 2}})};
}

}  // namespace

const Vocabulary kVocabulary = {"keys", kFields, kOperations, DrawOperations,
                                Probe};

Kind KindOf(const Operation& operation) {
  return static_cast<Kind>(operation.spec - kOperations);
}

Arguments ArgumentsOf(const Operation& operation) {
  return {.key = static_cast<int>(operation.values[0]),
          .limit = static_cast<int>(operation.values[1]),
          .value = operation.content};
}

Operation Make(Kind kind, const Arguments& arguments) {
  Operation all(kOperations[static_cast<std::size_t>(kind)]);
  all.values[0] = arguments.key;
  all.values[1] = arguments.limit;
  all.content = arguments.value;
  return As(*all.spec, all);
}

std::string KeyName(int key) { return NameOf("key", key); }

std::int64_t DigestOf(const std::vector<Found>& list) {
  RowHasher hasher;
  for (const Found& found : list) {
    hasher.Text(found.key).Integer(found.version);
  }
  return static_cast<std::int64_t>(hasher.Finish().low);
}

}  // namespace lastcommit::keys
