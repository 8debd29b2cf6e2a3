#include "sql/dialect.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstddef>
#include <deque>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "sql/draw.h"
#include "sql/twin.h"
#include "status/status.h"
#include "store/rows.h"
#include "store/splitmix64.h"
#include "xxhash.h"

namespace lastcommit::sql {
namespace {

constexpr std::size_t kMostLetters = 24;    // of a field that is like no other
constexpr std::size_t kMostNameBytes = 32;  // that plans allow
constexpr int kCheckedRuns = 24;            // of each transaction

std::string MessageOf(const absl::Status& status) {
  return std::string(status.message());
}

class LoadedScript;
LoadedScript* g_used = nullptr;

class LoadedScript final : public Dialect {
 public:
  explicit LoadedScript(Script script) : script_(std::move(script)) {
    name_ = absl::StrCat("sql-", absl::Hex(XXH3_64bits(script_.text.data(),
                                                       script_.text.size()) &
                                               0xffffffff,
                                           absl::kZeroPad8));
  }

  // With `unfit` it goes on behind a transaction that cannot be run, and puts
  // there why.
  absl::Status Prepare(std::vector<std::string>* unfit = nullptr) {
    ASSIGN_OR_RETURN(twin_, Twin::Create(script_));
    RETURN_IF_ERROR(CheckShape());
    RETURN_IF_ERROR(MakeFields());
    RETURN_IF_ERROR(Check(unfit));
    MakeSpecs();
    return absl::OkStatus();
  }

  const Vocabulary& vocabulary() const override { return vocabulary_; }
  const Script& script() const override { return script_; }
  const Tables& tables() const override { return twin_->tables(); }
  bool enforces_foreign_keys() const override {
    return twin_->enforces_foreign_keys();
  }
  const Transaction& TransactionOf(const Operation& operation) const override {
    return script_
        .transactions[static_cast<std::size_t>(operation.spec - specs_.data())];
  }
  Twin& twin() { return *twin_; }

 private:
  // What can be seen without running it.
  absl::Status CheckShape() const {
    for (const Transaction& transaction : script_.transactions) {
      if (transaction.parameters.size() > Operation::kMaxValues) {
        return script_.Wrong(
            transaction.line,
            absl::StrCat("at most ", Operation::kMaxValues, " parameters"));
      }
      const auto& statements = transaction.statements;
      const auto commits =
          std::count_if(statements.begin(), statements.end(),
                        [](const SqlStatement& s) { return s.IsCommit(); });
      if (transaction.HasItsOwnBegin() != (commits > 0)) {
        return script_.Wrong(transaction.line,
                             absl::StrCat(transaction.name,
                                          " has a BEGIN without a COMMIT, or "
                                          "a COMMIT without a BEGIN"));
      }
      if (commits > 0 && transaction.is_query) {
        return script_.Wrong(transaction.line,
                             "a \\query is one transaction, without a BEGIN");
      }
      if (commits > 1 && !transaction.is_atomic) {
        return Unfit(transaction,
                     absl::StrCat("commits ", commits,
                                  " times: make each a \\transaction, or say "
                                  "\\atomic ",
                                  transaction.name));
      }
      RETURN_IF_ERROR(CheckReadsBefore(transaction));
      if (commits > 0 && !statements.back().IsCommit()) {
        return script_.Wrong(statements.back().line,
                             "nothing may follow the last COMMIT");
      }
      RETURN_IF_ERROR(CheckStatements(transaction));
    }
    if (std::all_of(script_.transactions.begin(), script_.transactions.end(),
                    [](const Transaction& t) { return t.is_query; })) {
      return script_.Wrong(1, "the script has queries and no \\transaction");
    }
    return absl::OkStatus();
  }

  absl::Status CheckStatements(const Transaction& transaction) const {
    bool is_inside = !transaction.HasItsOwnBegin();
    for (const SqlStatement& statement : transaction.statements) {
      const bool is_end =
          statement.verb == "ROLLBACK" && !statement.IsRollbackTo();
      if (is_end || statement.verb == "PRAGMA" || statement.verb == "VACUUM") {
        return script_.Wrong(
            statement.line,
            absl::StrCat(statement.verb, " has no place in a transaction"));
      }
      if (statement.verb == "BEGIN") is_inside = true;
      if (transaction.HasItsOwnBegin() && statement.IsCommit()) {
        is_inside = false;
      }
      // There a savepoint would begin a transaction, and its end commit it.
      if (statement.IsOfSavepoint() && !is_inside) {
        return script_.Wrong(
            statement.line,
            absl::StrCat(statement.verb, " belongs between BEGIN and COMMIT"));
      }
    }
    return absl::OkStatus();
  }

  // What stands before BEGIN.
  absl::Status CheckReadsBefore(const Transaction& transaction) const {
    const std::size_t reads = transaction.ReadsBefore();
    for (std::size_t i = 0; i < reads; ++i) {
      const SqlStatement& statement = transaction.statements[i];
      if (!statement.is_gset) {
        return script_.Wrong(statement.line,
                             "what stands before BEGIN is a transaction of its "
                             "own, but for reads with \\gset");
      }
    }
    if (reads > OperationSpec::kMostSeen ||
        transaction.parameters.size() + reads > Operation::kMaxValues) {
      return script_.Wrong(
          transaction.line,
          absl::StrCat("at most ", OperationSpec::kMostSeen,
                       " reads before BEGIN, and with the parameters ",
                       Operation::kMaxValues));
    }
    return absl::OkStatus();
  }

  // Runs each transaction some times, with numbers that are always the same.
  absl::Status Check(std::vector<std::string>* unfit) {
    ASSIGN_OR_RETURN(const Invariant* const broken, FirstBroken());
    if (broken != nullptr) {
      return script_.Wrong(
          broken->query.line,
          absl::StrCat("the set-up breaks the invariant ", broken->name));
    }
    std::uint64_t digests = DigestsOf(twin_->first());
    SplitMix64 numbers(1);
    for (const Transaction& transaction : script_.transactions) {
      absl::Status status = CheckRuns(transaction, numbers, digests);
      if (status.ok()) continue;
      if (unfit == nullptr) return status;
      unfit->push_back(MessageOf(status));
    }
    // Once more, now that there are rows: whether they can be asked at all.
    return FirstBroken().status();
  }

  absl::Status CheckRuns(const Transaction& transaction, SplitMix64& numbers,
                         std::uint64_t& digests) {
    int done = 0;
    for (int i = 0; i < kCheckedRuns; ++i) {
      const auto values = ValuesFor(transaction, numbers, i);
      ASSIGN_OR_RETURN(digests, CheckRun(digests, transaction, values, done));
      twin_->ForgetAllBut(digests);
    }
    if (done > 0) return absl::OkStatus();
    return Unfit(transaction, absl::StrCat("SQLite refused it ", kCheckedRuns,
                                           " times of ", kCheckedRuns,
                                           ", the last time with: ", refusal_));
  }

  // Where the twin is; nullptr: none.
  absl::StatusOr<const Invariant*> FirstBroken() {
    const Invariant* first = nullptr;
    for (const Invariant& invariant : script_.invariants) {
      const absl::StatusOr<bool> holds = twin_->Holds(invariant);
      if (!holds.ok()) {
        return script_.Wrong(invariant.query.line, MessageOf(holds.status()));
      }
      if (!*holds && first == nullptr) first = &invariant;
    }
    return first;
  }

  static std::array<std::int64_t, Operation::kMaxValues> ValuesFor(
      const Transaction& transaction, SplitMix64& numbers, int run) {
    std::array<std::int64_t, Operation::kMaxValues> values = {};
    for (std::size_t p = 0; p < transaction.parameters.size(); ++p) {
      const Parameter& parameter = transaction.parameters[p];
      const auto span =
          static_cast<std::uint64_t>(parameter.max() - parameter.min()) + 1;
      values[p] = run == 0
                      ? parameter.simplest()
                      : parameter.min() +
                            static_cast<std::int64_t>(numbers.Next() % span);
    }
    return values;
  }

  // The sum of the digests afterwards.
  absl::StatusOr<std::uint64_t> CheckRun(std::uint64_t digests,
                                         const Transaction& transaction,
                                         std::span<const std::int64_t> values,
                                         int& done) {
    const std::vector<std::uint64_t> seen(transaction.ReadsBefore(), digests);
    const absl::StatusOr<Twin::Ran> ran =
        twin_->Run(digests, transaction, values, seen);
    const Twin::Habits habits = twin_->habits();
    if (!ran.ok() && !IsRefused(ran.status())) {
      return script_.Wrong(
          habits.line,
          absl::StrCat(transaction.name, ": ", MessageOf(ran.status()),
                       absl::IsCancelled(ran.status())
                           ? ", since it takes too long"
                           : ""));
    }
    if (habits.asked_for_the_time) {
      return Unfit(transaction,
                   "depends on the time of day: give it as a parameter");
    }
    if (habits.commits > 0 && transaction.is_query) {
      return Unfit(transaction, "changes something: it is no \\query");
    }
    if (!ran.ok()) {
      refusal_ = MessageOf(ran.status());
      return digests;
    }
    ++done;
    const std::uint64_t after = DigestsOf(ran->state);
    RETURN_IF_ERROR(twin_->ReverseUnordered(true));
    const absl::StatusOr<Twin::Ran> reversed =
        twin_->Run(digests, transaction, values, seen);
    RETURN_IF_ERROR(twin_->ReverseUnordered(false));
    if (!reversed.ok() && !IsRefused(reversed.status())) {
      return Unfit(transaction, MessageOf(reversed.status()));
    }
    if (!reversed.ok() || DigestsOf(reversed->state) != after ||
        reversed->answer != ran->answer) {
      return Unfit(transaction,
                   "depends on the order in which SQLite visits rows: a LIMIT, "
                   "or a first row, without ORDER BY");
    }
    return after;
  }

  absl::Status Unfit(const Transaction& transaction,
                     const std::string& what) const {
    return script_.Wrong(transaction.line,
                         absl::StrCat(transaction.name, ": ", what));
  }

  // As plans may have it: some small letters and _, and no field of another
  // kind.
  std::string FieldName(const Parameter& parameter) const {
    return FreeName(absl::StrCat("in_", absl::AsciiStrToLower(parameter.name)));
  }

  std::string FreeName(std::string name) const {
    for (char& c : name) {
      if (absl::ascii_isdigit(static_cast<unsigned char>(c))) {
        c = static_cast<char>('a' + (c - '0'));
      }
    }
    name.resize(std::min<std::size_t>(name.size(), kMostLetters));
    const auto is_taken = [this](const std::string& other) {
      return std::find(field_names_.begin(), field_names_.end(), other) !=
             field_names_.end();
    };
    // _a, _b, ..., _z, _ba, ...
    const std::string wanted = name;
    for (int n = 0; is_taken(name); ++n) {
      std::string letters;
      for (int rest = n; letters.empty() || rest > 0; rest /= 26) {
        letters.insert(letters.begin(), static_cast<char>('a' + rest % 26));
      }
      name = absl::StrCat(wanted, "_", letters);
    }
    return name;
  }

  // A parameter of one name and range is one field, whatever has it.
  absl::Status MakeFields() {
    struct Known {
      Parameter parameter;
      std::size_t value;
    };
    std::vector<Known> known;
    for (const Transaction& transaction : script_.transactions) {
      std::bitset<OperationSpec::kMostFields> used_fields = 0;
      for (std::size_t p = 0; p < transaction.parameters.size(); ++p) {
        const Parameter& parameter = transaction.parameters[p];
        const auto same =
            std::find_if(known.begin(), known.end(), [&](const Known& other) {
              return other.value == p && other.parameter == parameter;
            });
        const auto at = static_cast<std::size_t>(same - known.begin());
        if (same == known.end()) {
          if (known.size() == OperationSpec::kMostFields) {
            return script_.Wrong(
                transaction.line,
                absl::StrCat("more than ", OperationSpec::kMostFields,
                             " different parameters"));
          }
          known.push_back({parameter, p});
          field_names_.push_back(FieldName(parameter));
          if (field_names_.back().size() > kMostNameBytes) {
            return script_.Wrong(
                transaction.line,
                absl::StrCat(parameter.name, " is like too many others"));
          }
          fields_.push_back({.name = field_names_.back(),
                             .min = parameter.min(),
                             .max = parameter.max(),
                             .simplest = parameter.simplest(),
                             .value = p});
        }
        used_fields.set(at);
      }
      uses_.push_back(used_fields);
    }
    // What breaks an invariant without a statement may hold with it.
    if (script_.invariants.empty()) MakeFieldsOfStatements();
    return absl::OkStatus();
  }

  // Where there is room for one more value.
  void MakeFieldsOfStatements() {
    constexpr int kMostBits = 62;
    for (std::size_t t = 0; t < script_.transactions.size(); ++t) {
      Transaction& transaction = script_.transactions[t];
      const auto& statements = transaction.statements;
      const auto count =
          std::count_if(statements.begin(), statements.end(),
                        [](const SqlStatement& s) { return s.MayBeLeftOut(); });
      const std::size_t value =
          transaction.parameters.size() + transaction.ReadsBefore();
      if (transaction.is_query || count < 2 || count > kMostBits ||
          value >= Operation::kMaxValues) {
        continue;
      }
      const std::int64_t max = (std::int64_t{1} << count) - 1;
      auto field =
          std::find_if(fields_.begin(), fields_.end(), [&](const Field& other) {
            return other.role == Field::Role::kLeftOut && other.max == max &&
                   other.value == value;
          });
      if (field == fields_.end()) {
        if (fields_.size() == OperationSpec::kMostFields) return;
        field_names_.push_back(FreeName("left_out"));
        fields_.push_back({.name = field_names_.back(),
                           .max = max,
                           .role = Field::Role::kLeftOut,
                           .value = value});
        field = fields_.end() - 1;
      }
      transaction.left_out = value;
      uses_[t].set(static_cast<std::size_t>(field - fields_.begin()));
    }
  }

  void MakeSpecs();

  Script script_;
  std::string name_;
  std::unique_ptr<Twin> twin_;
  std::string refusal_;  // the newest of a run that was tried
  std::deque<std::string> field_names_;
  std::vector<Field> fields_;
  std::vector<std::bitset<OperationSpec::kMostFields>> uses_;
  std::vector<OperationSpec> specs_;
  Vocabulary vocabulary_;
};

Outcome Apply(const Operation& operation, Rows& rows) {
  std::vector<std::uint64_t> seen;
  for (std::size_t i = 0; i < operation.spec->seen; ++i) {
    const std::int64_t cut = operation.values[operation.spec->first_seen + i];
    // It cannot have seen what comes after it.
    if (cut < 0 || cut > rows.state().cut + 1) {
      return {absl::StatusCode::kDataLoss, 0};
    }
    seen.push_back(cut == 0 ? rows.digests() : rows.DigestsAt(cut - 1));
  }
  g_used->twin().Know(rows.state());
  absl::StatusOr<Twin::Ran> ran = g_used->twin().Run(
      rows.digests(), g_used->TransactionOf(operation), operation.values, seen);
  if (!ran.ok()) return {ran.status().code(), 0};
  rows.Become(ran->state);
  return {absl::StatusCode::kOk, ran->answer};
}

void CreateRows(Rows& rows) { rows.Become(g_used->twin().first()); }

std::string Words(const Operation& operation) {
  const Transaction& transaction = g_used->TransactionOf(operation);
  std::string words;
  for (std::size_t p = 0; p < transaction.parameters.size(); ++p) {
    const Parameter& parameter = transaction.parameters[p];
    const std::int64_t value = operation.values[p];
    absl::StrAppend(&words, p == 0 ? "" : ", ", parameter.name, " = ");
    if (value == parameter.null()) {
      words += "NULL";
    } else if (parameter.type == Parameter::Type::kInteger) {
      absl::StrAppend(&words, value);
    } else {
      absl::StrAppend(
          &words, parameter.low + value % (parameter.high - parameter.low + 1),
          " bytes (seed ", value, ")");
    }
  }
  for (const std::size_t place : transaction.LeftOut(operation.values)) {
    absl::StrAppend(&words, words.empty() ? "" : ", ", "without line ",
                    transaction.statements[place].line);
  }
  return words;
}

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return MakeDraw(draw, *g_used, limits);
}

// Each change once, with the simplest values.
std::vector<Operation> Probe() {
  std::vector<Operation> changes;
  for (const OperationSpec& spec : g_used->vocabulary().operations) {
    if (spec.is_change) changes.emplace_back(spec);
  }
  return changes;
}

void LoadedScript::MakeSpecs() {
  for (std::size_t i = 0; i < script_.transactions.size(); ++i) {
    const Transaction& transaction = script_.transactions[i];
    OperationSpec spec = {.name = transaction.name,
                          .vocabulary = &vocabulary_,
                          .fields = uses_[i],
                          .is_change = !transaction.is_query,
                          .apply = Apply,
                          .words = Words};
    spec.undoes_a_part = std::any_of(
        transaction.statements.begin(), transaction.statements.end(),
        [](const SqlStatement& s) { return s.IsRollbackTo(); });
    spec.seen = transaction.ReadsBefore();
    spec.first_seen = transaction.parameters.size();
    spec.alone = {transaction.weight, 4 * transaction.weight, 5};
    if (spec.is_change) {
      spec.duel = {transaction.weight, 4 * transaction.weight};
      spec.crash_weight = 6;
    }
    specs_.push_back(spec);
  }
  vocabulary_ = {name_, fields_, specs_, DrawOperations, Probe, CreateRows};
}

absl::StatusOr<std::string> Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::NotFoundError(absl::StrCat("cannot read the script ", path));
  }
  std::string text;
  // One byte more than there may be, so that more is seen.
  text.resize(ScriptLimits::kMaxBytes + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return absl::NotFoundError(absl::StrCat("cannot read the script ", path));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

absl::StatusOr<std::unique_ptr<LoadedScript>> LoadText(const std::string& path,
                                                       std::string text) {
  ASSIGN_OR_RETURN(Script script, ParseScript(path, std::move(text)));
  auto loaded = std::make_unique<LoadedScript>(std::move(script));
  RETURN_IF_ERROR(loaded->Prepare());
  return loaded;
}

absl::StatusOr<std::unique_ptr<LoadedScript>> Load(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, Contents(path));
  return LoadText(path, std::move(text));
}

}  // namespace

absl::Status CheckScript(const std::string& path) {
  return Load(path).status();
}

absl::Status CheckScriptText(const std::string& path, std::string text) {
  return LoadText(path, std::move(text)).status();
}

absl::StatusOr<std::vector<std::string>> UnfitTransactions(std::string text) {
  ASSIGN_OR_RETURN(Script script, ParseScript("", std::move(text)));
  std::vector<std::string> unfit;
  RETURN_IF_ERROR(LoadedScript(std::move(script)).Prepare(&unfit));
  return unfit;
}

absl::StatusOr<const Dialect*> UseScript(const std::string& path) {
  if (g_used != nullptr) {
    if (g_used->script().path == path) return g_used;
    return absl::FailedPreconditionError("there is one script at a time");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<LoadedScript> loaded, Load(path));
  // Plans point to its specs until the program ends.
  g_used = loaded.release();
  return g_used;
}

const Dialect* UsedScript() { return g_used; }

void BeginTrial() {
  if (g_used != nullptr) g_used->twin().ForgetAllButTheFirst();
}

}  // namespace lastcommit::sql
