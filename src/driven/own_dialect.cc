#include "driven/own_dialect.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "driven/wire.h"
#include "plan/plan.h"
#include "status/status.h"
#include "store/draw.h"

namespace lastcommit::driven {
namespace {

using Json = nlohmann::json;
using Kind = OwnArgument::Kind;

constexpr std::string_view kKinds[] = {"name", "integer", "text", "bytes"};
// What requests ask besides, and steps of plans are called.
constexpr std::string_view kTaken[] = {"hello", "state", "change", "query"};

struct OwnOperation {
  std::string name;
  std::vector<OwnArgument> arguments;
  bool changes = true;
  int weight = 10;
};

// What a vocabulary points to.
struct OwnDialect {
  std::string name;
  std::vector<OwnOperation> operations;
  std::deque<std::string> field_names;
  std::vector<Field> fields;
  std::vector<OwnArgument> numbers;  // of the fields, but for size and seed
  std::vector<OperationSpec> specs;
  Vocabulary vocabulary;
};

std::deque<std::unique_ptr<OwnDialect>>& All() {
  static std::deque<std::unique_ptr<OwnDialect>> all;
  return all;
}

const OwnDialect& DialectOf(const Vocabulary& vocabulary) {
  for (const auto& dialect : All()) {
    if (&dialect->vocabulary == &vocabulary) return *dialect;
  }
  CHECK(false);
  return *All().front();
}

// ---- the list, read with distrust ----

absl::Status Wrong(const std::string& what) {
  return absl::InvalidArgumentError(what);
}

bool IsName(const Json& json) {
  if (!json.is_string()) return false;
  const auto& name = json.get_ref<const std::string&>();
  return !name.empty() && name.size() <= OwnLimits::kName &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

bool IsTaken(const std::string& name) {
  if (std::count(std::begin(kTaken), std::end(kTaken), name) > 0) return true;
  for (int i = 0; i < kStepKinds; ++i) {
    if (Name(static_cast<StepKind>(i)) == name) return true;
  }
  return false;
}

// A whole number in a range; nullopt: it is none.
std::optional<std::int64_t> NumberIn(const Json& object, const char* field,
                                     std::int64_t low, std::int64_t high,
                                     std::optional<std::int64_t> otherwise) {
  const auto found = object.find(field);
  if (found == object.end()) return otherwise;
  if (!found->is_number_integer() ||
      (found->is_number_unsigned() &&
       found->get<std::uint64_t>() > std::uint64_t{1} << 62)) {
    return std::nullopt;
  }
  const auto value = found->get<std::int64_t>();
  if (value < low || value > high) return std::nullopt;
  return value;
}

absl::StatusOr<OwnArgument> ArgumentIn(const Json& json,
                                       const std::string& of) {
  const std::string where = absl::StrCat("of the operation ", of);
  if (!json.is_object() || !json.contains("name") || !IsName(json["name"])) {
    return Wrong(absl::StrCat("has an argument ", where,
                              " without a \"name\" of 1 to ", OwnLimits::kName,
                              " letters a to z and _"));
  }
  OwnArgument argument;
  argument.name = json["name"];
  const std::string which = absl::StrCat(argument.name, " ", where);
  const auto kind = json.find("kind");
  const auto* const known =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& word) {
        return kind != json.end() && kind->is_string() &&
               kind->get_ref<const std::string&>() == word;
      });
  if (known == std::end(kKinds)) {
    return Wrong(absl::StrCat("has no \"kind\" of the argument ", which,
                              " that is name, integer, text or bytes"));
  }
  argument.kind = static_cast<Kind>(known - std::begin(kKinds));
  if (argument.kind == Kind::kName) {
    const auto count = NumberIn(json, "count", 1, OwnLimits::kNames, 5);
    if (!count.has_value()) {
      return Wrong(absl::StrCat("has no \"count\" from 1 to ",
                                OwnLimits::kNames, " of the argument ", which));
    }
    argument.max = *count - 1;
  } else if (argument.kind == Kind::kInteger) {
    const auto min =
        NumberIn(json, "min", -OwnLimits::kNumber, OwnLimits::kNumber, 0);
    const auto max =
        NumberIn(json, "max", -OwnLimits::kNumber, OwnLimits::kNumber, 100);
    if (!min.has_value() || !max.has_value() || *min > *max) {
      return Wrong(absl::StrCat("has no \"min\" and \"max\" of the argument ",
                                which, " that are a range within ",
                                OwnLimits::kNumber));
    }
    argument.min = *min;
    argument.max = *max;
  }
  return argument;
}

absl::StatusOr<OwnOperation> OperationIn(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !IsName(json["name"])) {
    return Wrong(
        absl::StrCat("has among its \"operations\" one without a \"name\" of 1 "
                     "to ",
                     OwnLimits::kName, " letters a to z and _"));
  }
  OwnOperation operation;
  operation.name = json["name"];
  if (IsTaken(operation.name)) {
    return Wrong(absl::StrCat("has an operation ", operation.name,
                              ", which is what the protocol calls something "
                              "else"));
  }
  const auto changes = json.find("changes");
  if (changes != json.end()) {
    if (!changes->is_boolean()) {
      return Wrong(absl::StrCat("has a \"changes\" of the operation ",
                                operation.name,
                                " that is neither true nor false"));
    }
    operation.changes = changes->get<bool>();
  }
  const auto weight = NumberIn(json, "weight", 1, OwnLimits::kWeight, 10);
  if (!weight.has_value()) {
    return Wrong(absl::StrCat("has no \"weight\" from 1 to ",
                              OwnLimits::kWeight, " of the operation ",
                              operation.name));
  }
  operation.weight = static_cast<int>(*weight);
  const auto arguments = json.find("arguments");
  if (arguments == json.end()) return operation;
  if (!arguments->is_array() || arguments->size() > OwnLimits::kArguments) {
    return Wrong(absl::StrCat("has as \"arguments\" of the operation ",
                              operation.name, " no list of at most ",
                              OwnLimits::kArguments));
  }
  for (const Json& each : *arguments) {
    ASSIGN_OR_RETURN(OwnArgument argument, ArgumentIn(each, operation.name));
    for (const OwnArgument& other : operation.arguments) {
      if (other.name != argument.name) continue;
      return Wrong(absl::StrCat("has the argument ", argument.name,
                                " of the operation ", operation.name,
                                " twice"));
    }
    operation.arguments.push_back(std::move(argument));
  }
  return operation;
}

absl::StatusOr<std::vector<OwnOperation>> OperationsIn(const Json& list) {
  if (!list.is_array() || list.empty() ||
      list.size() > OwnLimits::kOperations) {
    return Wrong(absl::StrCat("has no list of 1 to ", OwnLimits::kOperations,
                              " \"operations\""));
  }
  std::vector<OwnOperation> operations;
  for (const Json& each : list) {
    ASSIGN_OR_RETURN(OwnOperation operation, OperationIn(each));
    for (const OwnOperation& other : operations) {
      if (other.name != operation.name) continue;
      return Wrong(
          absl::StrCat("has the operation ", operation.name, " twice"));
    }
    operations.push_back(std::move(operation));
  }
  if (std::none_of(operations.begin(), operations.end(),
                   [](const OwnOperation& each) { return each.changes; })) {
    return Wrong("has no operation that changes anything");
  }
  return operations;
}

// ---- the vocabulary ----

std::size_t NumberOf(const OwnDialect& dialect, const std::string& name) {
  std::size_t number = 0;
  while (dialect.numbers[number].name != name) ++number;
  return number;
}

// Each argument of one name is one field, whatever has it.
absl::Status MakeFields(OwnDialect& dialect) {
  for (const OwnOperation& operation : dialect.operations) {
    for (const OwnArgument& argument : operation.arguments) {
      if (argument.is_content()) continue;
      const auto known =
          std::find_if(dialect.numbers.begin(), dialect.numbers.end(),
                       [&](const OwnArgument& other) {
                         return other.name == argument.name;
                       });
      if (known == dialect.numbers.end()) {
        dialect.numbers.push_back(argument);
      } else if (!(*known == argument)) {
        return Wrong(absl::StrCat(
            "has two arguments ", argument.name,
            " that are not the same; give one of them another name"));
      }
    }
  }
  if (dialect.numbers.size() > OwnLimits::kNumbers) {
    return Wrong(absl::StrCat("has more than ", OwnLimits::kNumbers,
                              " different names and integers as arguments"));
  }
  for (std::size_t i = 0; i < dialect.numbers.size(); ++i) {
    const OwnArgument& argument = dialect.numbers[i];
    dialect.field_names.push_back(absl::StrCat("in_", argument.name));
    dialect.fields.push_back(
        {.name = dialect.field_names.back(),
         .min = argument.min,
         .max = argument.max,
         .simplest = std::clamp<std::int64_t>(0, argument.min, argument.max),
         .value = i});
  }
  dialect.fields.push_back(
      {.name = "size", .max = kMaxContentBytes, .place = Field::Place::kSize});
  dialect.fields.push_back({.name = "seed", .place = Field::Place::kSeed});
  return absl::OkStatus();
}

// What a correct store does is not known.
Outcome Apply(const Operation& /*operation*/, Rows& /*rows*/) {
  return {absl::StatusCode::kOk, 0};
}

bool HasContent(const std::vector<OwnArgument>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const OwnArgument& each) { return each.is_content(); });
}

std::int64_t ValueOf(const Operation& operation, const OwnArgument& argument) {
  const OwnDialect& dialect = DialectOf(*operation.spec->vocabulary);
  return operation.values[NumberOf(dialect, argument.name)];
}

std::string TokenAt(const Operation& operation, std::size_t idx) {
  return absl::StrCat("<", Derive(operation.content.seed, idx), ">");
}

// Of the argument number `idx`. Begins with what hardly anything else of a plan
// begins with, until shrinking makes its seed that of another.
std::string ContentOf(const Operation& operation, std::size_t idx) {
  const OwnArgument& argument = ArgumentsOf(*operation.spec)[idx];
  const Content content = {operation.content.size,
                           Derive(operation.content.seed, idx)};
  const std::string unique = TokenAt(operation, idx);
  if (argument.kind == Kind::kBytes) {
    return absl::StrCat(unique, "\xff", ContentBytes(content));
  }
  return absl::StrCat(unique, ContentJson(content, /*is_valid=*/true));
}

std::string Words(const Operation& operation) {
  std::vector<std::string> words;
  for (const OwnArgument& argument : ArgumentsOf(*operation.spec)) {
    switch (argument.kind) {
      case Kind::kName:
        words.push_back(absl::StrCat(
            "\"",
            absl::CHexEscape(NameOf(
                argument.name, static_cast<int>(ValueOf(operation, argument)))),
            "\""));
        break;
      case Kind::kInteger:
        words.push_back(
            absl::StrCat(argument.name, " ", ValueOf(operation, argument)));
        break;
      case Kind::kText:
      case Kind::kBytes:
        words.push_back(absl::StrCat(operation.content.size, " bytes (seed ",
                                     operation.content.seed, ")"));
        break;
    }
  }
  std::string text;
  for (const std::string& word : words) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", word);
  }
  return text;
}

// A few names and numbers again and again, and in some plans many.
class OwnDraw final : public OperationsDraw {
 public:
  OwnDraw(const OwnDialect& dialect, Draw& draw, const DrawLimits& limits)
      : dialect_(dialect),
        draw_(draw),
        limits_(limits),
        narrow_percent_(draw.Int(0, 80)) {
    for (const OperationSpec& spec : dialect.specs) {
      if (!spec.is_change) continue;
      const auto index = static_cast<std::size_t>(&spec - dialect.specs.data());
      changes_.insert(
          changes_.end(),
          static_cast<std::size_t>(dialect.operations[index].weight), &spec);
    }
  }

  bool Fits(const OperationSpec& /*spec*/) const override { return true; }

  Operation DrawFor(const OperationSpec& spec) override {
    Operation operation(spec);
    for (std::size_t i = 0; i < dialect_.numbers.size(); ++i) {
      if (!spec.Uses(dialect_.fields[i])) continue;
      operation.values[i] = DrawNumber(dialect_.fields[i]);
    }
    if (HasContent(ArgumentsOf(spec))) {
      const auto size = draw_.Weighted<std::int64_t>(
          {{8, draw_.Int(0, 60)},
           {4, draw_.Int(100, 3000)},
           {1, draw_.Int(limits_.page_size, 3 * limits_.page_size)}});
      operation.content = {std::min<std::int64_t>(size, limits_.max_bytes),
                           draw_.Seed()};
    }
    return operation;
  }

  Operation DrawRewrite() override { return DrawFor(*draw_.Of(changes_)); }

  // Each of these is a commit, and each commit is crashed everywhere.
  std::vector<Operation> DrawFill() override {
    std::vector<Operation> fill;
    for (int left = draw_.Int(20, 50); left > 0; --left) {
      fill.push_back(DrawRewrite());
    }
    return fill;
  }

  OperationsDraw::Known known() const override { return nullptr; }
  void set_known(const OperationsDraw::Known& /*known*/) override {}

 private:
  std::int64_t DrawNumber(const Field& field) {
    auto count = static_cast<std::uint64_t>(field.max - field.min) + 1;
    if (!draw_.Percent(narrow_percent_)) {
      return field.min + static_cast<std::int64_t>(draw_.Below(count));
    }
    count = static_cast<std::uint64_t>(field.max - field.simplest) + 1;
    return field.simplest + static_cast<std::int64_t>(
                                draw_.Below(std::min<std::uint64_t>(count, 3)));
  }

  const OwnDialect& dialect_;
  Draw& draw_;
  const DrawLimits limits_;
  const int narrow_percent_;
  std::vector<const OperationSpec*> changes_;
};

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& vocabulary,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<OwnDraw>(DialectOf(vocabulary), draw, limits);
}

// What is recovered is written by nobody: no store of it is compiled in.
std::vector<Operation> Probe() { return {}; }

void MakeSpecs(OwnDialect& dialect) {
  const std::size_t size = dialect.numbers.size();
  for (const OwnOperation& operation : dialect.operations) {
    OperationSpec spec = {.name = operation.name,
                          .vocabulary = &dialect.vocabulary,
                          .is_change = operation.changes,
                          .apply = Apply,
                          .words = Words,
                          .alone = {operation.weight, 4 * operation.weight, 5}};
    for (const OwnArgument& argument : operation.arguments) {
      if (!argument.is_content()) {
        spec.fields.set(NumberOf(dialect, argument.name));
      } else {
        spec.fields.set(size);
        spec.fields.set(size + 1);
      }
    }
    if (spec.is_change) {
      spec.duel = {operation.weight, 4 * operation.weight};
    }
    dialect.specs.push_back(spec);
  }
  dialect.vocabulary = {.name = dialect.name,
                        .fields = dialect.fields,
                        .operations = dialect.specs,
                        .draw = DrawOperations,
                        .probe = Probe,
                        .has_model = false};
}

// ---- the wire ----

bool Ask(const Operation& operation, const Rows& /*rows*/, Json& request) {
  const std::vector<OwnArgument>& arguments = ArgumentsOf(*operation.spec);
  Json values = Json::object();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const OwnArgument& argument = arguments[i];
    Json& value = values[argument.name];
    switch (argument.kind) {
      case Kind::kName:
        value = NameOf(argument.name,
                       static_cast<int>(ValueOf(operation, argument)));
        break;
      case Kind::kInteger:
        value = ValueOf(operation, argument);
        break;
      case Kind::kText:
        value = ContentOf(operation, i);
        break;
      case Kind::kBytes:
        value = {{"base64", absl::Base64Escape(ContentOf(operation, i))}};
        break;
    }
  }
  request["arguments"] = std::move(values);
  return true;
}

absl::StatusOr<std::optional<std::int64_t>> NoValue(
    const Operation& /*operation*/, const Json& /*body*/) {
  return std::nullopt;
}

inline constexpr TableSpec kRows = {0, "row", 1};

absl::StatusOr<std::pair<RowKey, Fingerprint>> RowOf(const Json& row) {
  constexpr std::size_t kShown = 60;
  const std::string text =
      row.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  const Fingerprint whole = RowHasher().Text(text).Finish();
  return std::pair(
      RowKey{kRows,
             {text.size() <= kShown
                  ? text
                  : absl::StrCat(text.substr(0, kShown), "...",
                                 absl::StrFormat("%016x", whole.low))},
             0},
      whole);
}

}  // namespace

absl::StatusOr<const Vocabulary*> OwnDialectOf(const Json& list) {
  auto dialect = std::make_unique<OwnDialect>();
  ASSIGN_OR_RETURN(dialect->operations, OperationsIn(list));
  const std::string text =
      list.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
  dialect->name = absl::StrFormat(
      "%s-%08x", kOwn,
      static_cast<std::uint32_t>(RowHasher().Text(text).Finish().low));
  for (const auto& known : All()) {
    if (known->name == dialect->name) return &known->vocabulary;
  }
  RETURN_IF_ERROR(MakeFields(*dialect));
  MakeSpecs(*dialect);
  All().push_back(std::move(dialect));
  return &All().back()->vocabulary;
}

const std::vector<OwnArgument>& ArgumentsOf(const OperationSpec& spec) {
  const OwnDialect& dialect = DialectOf(*spec.vocabulary);
  return dialect
      .operations[static_cast<std::size_t>(&spec - dialect.specs.data())]
      .arguments;
}

std::string TokenOf(const Operation& operation) {
  const std::vector<OwnArgument>& arguments = ArgumentsOf(*operation.spec);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].kind != Kind::kText) continue;
    return TokenAt(operation, i);
  }
  return "";
}

bool HasToken(const Operation& operation, const std::string& token) {
  const std::vector<OwnArgument>& arguments = ArgumentsOf(*operation.spec);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].is_content() && TokenAt(operation, i) == token) {
      return true;
    }
  }
  return false;
}

const Wire& OwnWire() {
  static const Wire kWire = {
      .dialect = nullptr, .ask = Ask, .value = NoValue, .row = RowOf};
  return kWire;
}

}  // namespace lastcommit::driven
