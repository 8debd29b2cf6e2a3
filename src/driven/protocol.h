// The protocol of a driver: a program in any language that has a store under
// test, is asked in lines of JSON on descriptor 3, and answers in lines of JSON
// on descriptor 4. docs/driver-protocol.md is the page for its authors.
//
// Nothing that a driver says is trusted: lines are bounded, and what is wrong
// with one is said with its number.

#ifndef LASTCOMMIT_DRIVEN_PROTOCOL_H_
#define LASTCOMMIT_DRIVEN_PROTOCOL_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "store/rows.h"
#include "store/state.h"

namespace lastcommit::driven {

inline constexpr int kProtocolVersion = 1;

struct ProtocolLimits {
  static constexpr std::size_t kLine = std::size_t{16} << 20;
  static constexpr std::size_t kAnswers = std::size_t{64} << 20;  // of a run
  static constexpr int kDepth = 8;  // of what is nested; deeper is left out
  static constexpr std::size_t kStoreName = 30;
  static constexpr std::size_t kText = 200;  // of what is shown of one
};

// What a driver says of its store.
// What json throws when it is copied is a lack of memory.
// NOLINTNEXTLINE(bugprone-exception-escape)
struct Hello {
  std::string store;                    // a-z, 0-9, '-'
  const Vocabulary* dialect = nullptr;  // one that has a Wire (wire.h)
  std::vector<StepKind> lacks = {};     // controls
  std::vector<const OperationSpec*> lacks_operations = {};
  bool promises_power = false;  // else only the process
  int clients = 1;          // processes that may have the store open at once
  std::string sqlite = {};  // its version, as it says it
};

// The line for a driver, without its end.
std::string RequestLine(std::int64_t id, nlohmann::json request);
nlohmann::json HelloRequest();
nlohmann::json OpenRequest(const std::string& path);
nlohmann::json Request(std::string_view what);  // "close", "state"
// Of a control but open and close, or of an operation; nullopt: with these rows
// of the model there is nothing to ask.
std::optional<nlohmann::json> StepRequest(const Step& step, const Rows& rows);

// What json throws when it is copied is a lack of memory.
// NOLINTNEXTLINE(bugprone-exception-escape)
struct Reply {
  std::int64_t id = 0;
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string error;    // its word; "": none
  std::string message;  // of an error, as it is
  nlohmann::json body;
  std::size_t line = 0;  // 0, 1, ... of the answers
};

// All that a driver answered, in order.
struct Answers {
  std::vector<Reply> replies;
  // Of a request: the line from which on its caller may rely on it. A reply
  // without an error is one, too.
  std::map<std::int64_t, std::size_t> acks;
  std::vector<std::size_t> line_ends;  // in bytes, one behind each

  // nullptr: there is none.
  const Reply* ReplyTo(std::int64_t id) const;
};

// Reads answers as they come.
class AnswerReader {
 public:
  AnswerReader();
  ~AnswerReader();
  AnswerReader(const AnswerReader&) = delete;
  AnswerReader& operator=(const AnswerReader&) = delete;

  // What will be answered next, one after the other, by one client: `count`
  // requests from the number `first` on.
  void Expect(std::int64_t first, std::size_t count);
  // The next bytes; what comes behind the last line's end is no answer yet.
  // InvalidArgument: what is wrong with them, and in which line.
  // ResourceExhausted: they are too many.
  absl::Status Take(std::string_view bytes);
  const Answers& answers() const;

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string line_;  // of which the end has not come
  std::size_t size_ = 0;
};

// All of it at once, to the requests from `first` on.
absl::StatusOr<Answers> ParseAnswers(std::string_view text, std::int64_t first,
                                     std::size_t count);

// InvalidArgument: what is wrong with it.
absl::StatusOr<Hello> HelloOf(const Reply& reply);

// What the operation answered, as Outcome::value has it; nullopt: it does not
// say, and needs not. InvalidArgument: no such answer.
absl::StatusOr<std::optional<std::int64_t>> ValueOf(const Operation& operation,
                                                    const Reply& reply);
// The rows of a reply to "state"; the cut is -1. InvalidArgument.
absl::StatusOr<State> StateOf(const Vocabulary& dialect, const Reply& reply);

// "get of a key that is not there": for people, escaped and short.
std::string InWords(const Reply& reply);
// Of an error that was expected, or "no error".
std::string InWords(absl::StatusCode code);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_PROTOCOL_H_
