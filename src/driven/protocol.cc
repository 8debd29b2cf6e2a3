#include "driven/protocol.h"

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "driven/own_dialect.h"
#include "driven/wire.h"
#include "output/shown.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

using Json = nlohmann::json;

// The errors of the protocol, and what the model calls them.
struct ErrorWord {
  std::string_view word;
  absl::StatusCode code;
};
constexpr ErrorWord kErrors[] = {
    {"not_found", absl::StatusCode::kNotFound},
    {"refused", absl::StatusCode::kFailedPrecondition},
    {"invalid", absl::StatusCode::kInvalidArgument},
    {"busy", absl::StatusCode::kUnavailable},
    {"full", absl::StatusCode::kResourceExhausted},
    {"io", absl::StatusCode::kDataLoss},
    {"aborted", absl::StatusCode::kAborted},
    {"in_doubt", absl::StatusCode::kUnknown},
};

// Those that a driver may have.
constexpr StepKind kControls[] = {StepKind::kBegin,    StepKind::kCommit,
                                  StepKind::kRollback, StepKind::kSavepoint,
                                  StepKind::kRelease,  StepKind::kRollbackTo};

std::string Short(std::string_view text) {
  const bool is_long = text.size() > ProtocolLimits::kText;
  return absl::StrCat(Shown(text.substr(0, ProtocolLimits::kText)),
                      is_long ? "..." : "");
}

std::string Quoted(std::string_view text) {
  return absl::StrCat("\"", Short(text), "\"");
}

// As it was written; what is nested is only named.
std::string Written(const Json& value) {
  if (value.is_string()) return Quoted(value.get_ref<const std::string&>());
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  return value.dump();
}

absl::Status Wrong(std::size_t line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "line ", line + 1, " of the driver's answers ", std::string(what)));
}

absl::Status WrongReply(const Reply& reply, std::string_view what) {
  return Wrong(reply.line, what);
}

std::optional<std::int64_t> Number(const Json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

const std::string* Text(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found == object.end() || !found->is_string()
             ? nullptr
             : found->get_ptr<const std::string*>();
}

absl::Status CheckStore(const Reply& reply, const std::string* store) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (store != nullptr && !store->empty() &&
      store->size() <= ProtocolLimits::kStoreName &&
      std::all_of(store->begin(), store->end(), is_letter)) {
    return absl::OkStatus();
  }
  return WrongReply(reply, absl::StrCat("has no \"store\" of 1 to ",
                                        ProtocolLimits::kStoreName,
                                        " letters a to z, digits and hyphens"));
}

// Each name is one that `known` has, once.
absl::StatusOr<std::vector<std::string>> Names(
    const Reply& reply, const char* field,
    const std::vector<std::string>& known) {
  std::vector<std::string> names;
  const auto found = reply.body.find(field);
  if (found == reply.body.end()) return names;
  const std::string what = absl::StrCat("\"", field, "\"");
  if (!found->is_array()) {
    return WrongReply(reply, absl::StrCat("has ", what, " that are no list"));
  }
  for (const Json& name : *found) {
    const bool is_known =
        name.is_string() && std::count(known.begin(), known.end(),
                                       name.get_ref<const std::string&>()) > 0;
    if (!is_known) {
      return WrongReply(
          reply, absl::StrCat("has among its ", what, " one that is none of ",
                              absl::StrJoin(known, ", ")));
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::count(names.begin(), names.end(), name) > 0;
}

absl::StatusOr<const Wire*> DialectOf(const Reply& reply) {
  const std::string* const name = Text(reply.body, "dialect");
  std::vector<std::string> known;
  for (const Wire* const wire : Wires()) {
    if (name != nullptr && wire->dialect->name == *name) return wire;
    known.emplace_back(wire->dialect->name);
  }
  known.emplace_back(kOwn);
  return WrongReply(reply, absl::StrCat("has a \"dialect\" that is none of ",
                                        absl::StrJoin(known, ", ")));
}

absl::StatusOr<std::vector<const OperationSpec*>> LackedOperations(
    const Reply& reply, const Wire& wire) {
  const Vocabulary& dialect = *wire.dialect;
  std::vector<std::string> known;
  for (const OperationSpec& spec : dialect.operations) {
    known.emplace_back(spec.name);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   Names(reply, "operations", known));
  std::vector<const OperationSpec*> lacks;
  for (const OperationSpec& spec : dialect.operations) {
    if (Contains(names, spec.name)) continue;
    if (std::count(wire.optional.begin(), wire.optional.end(), spec.name) ==
        0) {
      return WrongReply(
          reply, absl::StrCat("lacks the operation ", std::string(spec.name),
                              " of the dialect ", std::string(dialect.name)));
    }
    lacks.push_back(&spec);
  }
  std::vector<std::string> one_of;
  for (const std::string_view one : wire.one_of) {
    if (Contains(names, one)) return lacks;
    one_of.emplace_back(one);
  }
  if (!one_of.empty()) {
    return WrongReply(
        reply, absl::StrCat("lacks, of the dialect ", std::string(dialect.name),
                            ", each of ", absl::StrJoin(one_of, ", "),
                            ", of which it must have one"));
  }
  return lacks;
}

absl::Status TakeDialect(const Reply& reply, Hello& hello) {
  const std::string* const name = Text(reply.body, "dialect");
  if (name != nullptr && *name == kOwn) {
    const auto list = reply.body.find("operations");
    const auto own = OwnDialectOf(list == reply.body.end() ? Json() : *list);
    if (!own.ok()) {
      return WrongReply(reply, std::string(own.status().message()));
    }
    hello.dialect = *own;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Wire* const wire, DialectOf(reply));
  hello.dialect = wire->dialect;
  ASSIGN_OR_RETURN(hello.lacks_operations, LackedOperations(reply, *wire));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<StepKind>> LacksOf(const Reply& reply,
                                              const Vocabulary& dialect) {
  std::vector<std::string> known;
  for (const StepKind kind : kControls) {
    // An operation of that name is another thing.
    if (dialect.FindOperation(Name(StepKind::kRelease)) != nullptr &&
        (kind == StepKind::kSavepoint || kind == StepKind::kRelease ||
         kind == StepKind::kRollbackTo)) {
      continue;
    }
    known.emplace_back(Name(kind));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   Names(reply, "controls", known));
  const auto has = [&](StepKind kind) { return Contains(names, Name(kind)); };
  if (has(StepKind::kBegin) != has(StepKind::kCommit) ||
      has(StepKind::kBegin) != has(StepKind::kRollback)) {
    return WrongReply(reply,
                      "has only some of the \"controls\" begin, commit and "
                      "rollback, which belong together");
  }
  if (has(StepKind::kSavepoint) != has(StepKind::kRelease) ||
      has(StepKind::kSavepoint) != has(StepKind::kRollbackTo) ||
      (has(StepKind::kSavepoint) && !has(StepKind::kBegin))) {
    return WrongReply(reply,
                      "has only some of the \"controls\" savepoint, release "
                      "and rollback_to, which need begin, too");
  }
  std::vector<StepKind> lacks = {
      StepKind::kLiveRead, StepKind::kWalCheckpoint, StepKind::kVacuum,
      StepKind::kBackup,   StepKind::kJournalMode,   StepKind::kUnlink};
  for (const StepKind kind : kControls) {
    if (!has(kind)) lacks.push_back(kind);
  }
  return lacks;
}

}  // namespace

std::string RequestLine(std::int64_t id, Json request) {
  request["id"] = id;
  return request.dump(-1, ' ', /*ensure_ascii=*/false,
                      Json::error_handler_t::replace);
}

Json HelloRequest() {
  return {{"do", "hello"}, {"protocol", kProtocolVersion}};
}

Json OpenRequest(const std::string& path) {
  return {{"do", "open"}, {"path", path}};
}

Json Request(std::string_view what) { return {{"do", std::string(what)}}; }

std::optional<Json> StepRequest(const Step& step, const Rows& rows) {
  Json request = Request(NameOf(step));
  if (step.kind == StepKind::kRollbackTo) request["up"] = step.up;
  if (!IsOperation(step.kind)) return request;
  const Wire& wire = WireOf(*step.operation.spec->vocabulary);
  if (!wire.ask(step.operation, rows, request)) return std::nullopt;
  return request;
}

// Reads the lines one after the other.
class AnswerReader::Parser {
 public:
  void Expect(std::int64_t first, std::size_t count) {
    runs_.push_back({first, first, first + static_cast<std::int64_t>(count)});
  }

  absl::Status Take(std::size_t number, std::string_view line) {
    if (line.size() > ProtocolLimits::kLine) {
      return Wrong(number, absl::StrCat("has more than ", ProtocolLimits::kLine,
                                        " bytes"));
    }
    // Deeper values are left out: whoever copies one, or writes it, goes as
    // deep as it is.
    const auto is_shallow = [](int depth, Json::parse_event_t /*event*/,
                               Json& /*value*/) {
      return depth <= ProtocolLimits::kDepth;
    };
    Json body = Json::parse(line, is_shallow, /*allow_exceptions=*/false);
    if (!body.is_object()) {
      return Wrong(number, absl::StrCat("is no JSON object: ", Quoted(line)));
    }
    if (body.contains("ack")) return TakeAck(number, body);
    return TakeReply(number, std::move(body));
  }

  Answers& answers() { return answers_; }

 private:
  absl::Status TakeAck(std::size_t number, const Json& body) {
    const auto id = Number(body, "ack");
    if (!id.has_value() ||
        std::none_of(runs_.begin(), runs_.end(), [&](const Run& run) {
          return *id >= run.first && *id <= run.next && *id < run.end;
        })) {
      if (IsAllAnswered()) return MoreThanAsked();
      return Wrong(number, "acknowledges a request that was not made");
    }
    answers_.acks.try_emplace(*id, number);
    return absl::OkStatus();
  }

  absl::Status TakeReply(std::size_t number, Json body) {
    const auto id = Number(body, "id");
    if (!id.has_value()) {
      return Wrong(number, "has neither an \"id\" nor an \"ack\"");
    }
    const auto run = std::find_if(
        runs_.begin(), runs_.end(),
        [&](const Run& one) { return one.next == *id && one.next < one.end; });
    if (run == runs_.end()) {
      if (IsAllAnswered()) return MoreThanAsked();
      return Wrong(number,
                   absl::StrCat("answers request ", *id,
                                ", and the next one is ", NextInWords()));
    }
    Reply reply;
    reply.id = *id;
    reply.line = number;
    if (body.contains("error")) {
      const std::string* const word = Text(body, "error");
      const auto* const known = std::find_if(
          std::begin(kErrors), std::end(kErrors), [&](const ErrorWord& error) {
            return word != nullptr && error.word == *word;
          });
      if (known == std::end(kErrors)) {
        return Wrong(number, absl::StrCat("has an \"error\" that is none of ",
                                          absl::StrJoin(Words(), ", "), ": ",
                                          Written(body["error"])));
      }
      reply.error = *word;
      reply.code = known->code;
      if (const auto* const message = Text(body, "message")) {
        reply.message = *message;
      }
    } else {
      answers_.acks.try_emplace(*id, number);
    }
    reply.body = std::move(body);
    answers_.replies.push_back(std::move(reply));
    ++run->next;
    return absl::OkStatus();
  }

  bool IsAllAnswered() const {
    return std::all_of(runs_.begin(), runs_.end(),
                       [](const Run& run) { return run.next == run.end; });
  }

  static absl::Status MoreThanAsked() {
    return absl::InvalidArgumentError(
        "the driver answers more than it was asked");
  }

  std::string NextInWords() const {
    std::vector<std::int64_t> next;
    for (const Run& run : runs_) {
      if (run.next < run.end) next.push_back(run.next);
    }
    return absl::StrJoin(next, " or ");
  }

  static std::vector<std::string> Words() {
    std::vector<std::string> words;
    for (const ErrorWord& error : kErrors) words.emplace_back(error.word);
    return words;
  }

  // Requests that are answered one after the other.
  struct Run {
    std::int64_t first = 0;
    std::int64_t next = 0;
    std::int64_t end = 0;
  };
  std::vector<Run> runs_;
  Answers answers_;
};

const Reply* Answers::ReplyTo(std::int64_t id) const {
  const auto in_order = static_cast<std::size_t>(id - 1);
  if (id > 0 && in_order < replies.size() && replies[in_order].id == id) {
    return &replies[in_order];
  }
  const auto found =
      std::find_if(replies.begin(), replies.end(),
                   [id](const Reply& reply) { return reply.id == id; });
  return found == replies.end() ? nullptr : &*found;
}

AnswerReader::AnswerReader() : parser_(std::make_unique<Parser>()) {}
AnswerReader::~AnswerReader() = default;

void AnswerReader::Expect(std::int64_t first, std::size_t count) {
  parser_->Expect(first, count);
}

const Answers& AnswerReader::answers() const { return parser_->answers(); }

absl::Status AnswerReader::Take(std::string_view bytes) {
  if (size_ + bytes.size() > ProtocolLimits::kAnswers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the driver answers with more than ",
                     ProtocolLimits::kAnswers, " bytes in one run"));
  }
  for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos;
       bytes.remove_prefix(end + 1)) {
    line_ += bytes.substr(0, end);
    size_ += end + 1;
    RETURN_IF_ERROR(parser_->Take(parser_->answers().line_ends.size(), line_));
    parser_->answers().line_ends.push_back(size_);
    line_.clear();
  }
  size_ += bytes.size();
  line_ += bytes;
  if (line_.size() > ProtocolLimits::kLine) {
    return absl::InvalidArgumentError(
        absl::StrCat("the driver's answers end with a line of more than ",
                     ProtocolLimits::kLine, " bytes"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Answers> ParseAnswers(std::string_view text, std::int64_t first,
                                     std::size_t count) {
  AnswerReader reader;
  reader.Expect(first, count);
  RETURN_IF_ERROR(reader.Take(text));
  return reader.answers();
}

std::span<const Wire* const> Wires() {
  static const Wire* const kWires[] = {&PairsWire(), &CheckpointsWire(),
                                       &QueueWire(), &LogWire()};
  return kWires;
}

const Wire& WireOf(const Vocabulary& dialect) {
  for (const Wire* const wire : Wires()) {
    if (wire->dialect == &dialect) return *wire;
  }
  return OwnWire();
}

absl::StatusOr<Hello> HelloOf(const Reply& reply) {
  if (reply.code != absl::StatusCode::kOk) {
    return absl::InvalidArgumentError(
        absl::StrCat("the driver answers hello with ", InWords(reply)));
  }
  const auto version = Number(reply.body, "protocol");
  if (version != kProtocolVersion) {
    return WrongReply(reply, absl::StrCat("does not have the \"protocol\" ",
                                          kProtocolVersion));
  }
  Hello hello;
  const std::string* const store = Text(reply.body, "store");
  RETURN_IF_ERROR(CheckStore(reply, store));
  hello.store = *store;
  RETURN_IF_ERROR(TakeDialect(reply, hello));
  ASSIGN_OR_RETURN(hello.lacks, LacksOf(reply, *hello.dialect));
  const std::string* const promise = Text(reply.body, "promise");
  if (promise == nullptr || (*promise != "process" && *promise != "power")) {
    return WrongReply(reply,
                      "has a \"promise\" that is neither process nor power");
  }
  hello.promises_power = *promise == "power";
  if (reply.body.contains("clients")) {
    const auto clients = Number(reply.body, "clients");
    if (!clients.has_value() || *clients < 1 || *clients > kMaxClients) {
      return WrongReply(reply, absl::StrCat("has a number of \"clients\" that "
                                            "is not from 1 to ",
                                            kMaxClients));
    }
    hello.clients = static_cast<int>(*clients);
  }
  if (const auto* const sqlite = Text(reply.body, "sqlite")) {
    hello.sqlite = Short(*sqlite);
  }
  return hello;
}

absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Reply& reply) {
  auto value = WireOf(*operation.spec->vocabulary).value(operation, reply.body);
  if (value.ok()) return value;
  return WrongReply(reply, std::string(value.status().message()));
}

absl::StatusOr<State> StateOf(const Vocabulary& dialect, const Reply& reply) {
  const auto rows = reply.body.find("rows");
  if (rows == reply.body.end() || !rows->is_array()) {
    return WrongReply(reply, "has no list of \"rows\" of a state");
  }
  const Wire& wire = WireOf(dialect);
  State state;
  std::map<RowKey, std::int64_t> counts;
  for (const Json& json : *rows) {
    auto row = wire.row(json);
    if (!row.ok()) {
      return WrongReply(reply, std::string(row.status().message()));
    }
    // Where nothing is known of rows, the same one may be there twice.
    if (!dialect.has_model) row->first.number = counts[row->first]++;
    const auto [added, is_new] = state.rows.insert(*std::move(row));
    if (!is_new) {
      return WrongReply(reply, absl::StrCat("has the row ",
                                            Describe(added->first), " twice"));
    }
  }
  return state;
}

std::string InWords(const Reply& reply) {
  if (reply.code == absl::StatusCode::kOk) {
    const auto value = reply.body.find("value");
    return value == reply.body.end() ? "no error" : Written(*value);
  }
  return absl::StrCat("the error ", reply.error,
                      reply.message.empty()
                          ? ""
                          : absl::StrCat(" (", Short(reply.message), ")"));
}

std::string InWords(absl::StatusCode code) {
  if (code == absl::StatusCode::kOk) return "no error";
  for (const ErrorWord& error : kErrors) {
    if (error.code == code) {
      return absl::StrCat("the error ", std::string(error.word));
    }
  }
  return "an error";
}

}  // namespace lastcommit::driven
