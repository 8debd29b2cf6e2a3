// For drivers of lastcommit in C++: a class that says which operations its
// store has, and Main().
//
//   class Store : public lastcommit_driver::Store {
//    public:
//     Store() : lastcommit_driver::Store("log") {
//       Has("append", [this](const Json& asked) -> Json {
//         return Append(asked["entry"].text());
//       });
//     }  // ... Open(), Close() and State()
//   };
//   int main() {
//     return lastcommit_driver::Main(
//         [] { return std::make_unique<Store>(); }, "my-store");
//   }
//
// docs/driver-protocol.md says what is asked, and what goes over the
// descriptors 3 and 4. This file needs C++17, POSIX, and nothing else. Texts
// are UTF-8.

#ifndef LASTCOMMIT_DRIVER_H_
#define LASTCOMMIT_DRIVER_H_

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lastcommit_driver {

// What a store throws instead of an answer. The kinds are not_found, refused,
// invalid, busy, full, io, aborted and in_doubt.
class Refused : public std::runtime_error {
 public:
  explicit Refused(const std::string& message,
                   const std::string& its_kind = "refused")
      : std::runtime_error(message), kind(its_kind) {}
  const std::string kind;
};
// A value of a request or an answer. Json() is none at all, and Json(nullptr)
// is null.
class Json {
 public:
  using List = std::vector<Json>;
  using Object = std::vector<std::pair<std::string, Json>>;

  Json() = default;
  Json(std::nullptr_t) : kind_(Kind::kNull) {}
  Json(bool value) : kind_(Kind::kBool), number_(value ? 1 : 0) {}
  Json(int value) : Json(std::int64_t{value}) {}
  Json(std::int64_t value) : kind_(Kind::kNumber), number_(value) {}
  Json(const char* value) : Json(std::string(value)) {}
  Json(std::string value) : kind_(Kind::kText), text_(std::move(value)) {}
  Json(List values) : kind_(Kind::kList) {
    for (Json& value : values) items_.emplace_back("", std::move(value));
  }
  Json(Object items) : kind_(Kind::kObject), items_(std::move(items)) {}

  bool is_nothing() const { return kind_ == Kind::kNothing; }
  bool is_text() const { return kind_ == Kind::kText; }
  bool is_null() const { return is_nothing() || kind_ == Kind::kNull; }
  std::int64_t number() const { return Is(Kind::kNumber).number_; }
  const std::string& text() const { return Is(Kind::kText).text_; }
  std::size_t size() const { return items_.size(); }
  // Of a list.
  const Json& operator[](std::size_t i) const { return items_.at(i).second; }
  // Of an object; what it does not have is nothing.
  const Json& operator[](const std::string& name) const {
    static const Json nothing;
    for (const auto& [its_name, value] : items_) {
      if (its_name == name) return value;
    }
    return nothing;
  }
  std::string Printed() const;

 private:
  enum class Kind { kNothing, kNull, kBool, kNumber, kText, kList, kObject };

  const Json& Is(Kind kind) const {
    if (kind_ != kind) throw Refused("a value of another kind", "invalid");
    return *this;
  }

  Kind kind_ = Kind::kNothing;
  std::int64_t number_ = 0;
  std::string text_;
  Object items_;  // of a list without names
};

// A store. What each operation does returns when the caller may rely on it,
// with the value that is answered, if any, or throws Refused.
class Store {
 public:
  using Operation = std::function<Json(const Json& asked)>;

  virtual ~Store() = default;
  // Opens the store at that path, or makes it, and recovers it.
  virtual void Open(const std::string& path) = 0;
  virtual void Close() = 0;
  virtual Json::List State() = 0;  // all of it: the rows, in any order

  // For Main().
  Json::Object Hello() const {
    return {{"dialect", dialect_},
            {"operations", offered_},
            {"controls", controls_}};
  }
  Json Do(const Json& request) {
    const auto found = operations_.find(request["do"].text());
    if (found != operations_.end()) return found->second(request);
    throw Refused("no such request", "invalid");
  }

 protected:
  explicit Store(std::string dialect) : dialect_(std::move(dialect)) {}
  // An operation of the dialect. `asked` is the request. What it does not have
  // is not asked for.
  void Has(const std::string& name, Operation operation) {
    offered_.emplace_back(name);
    operations_[name] = std::move(operation);
  }
  // begin, commit, rollback, savepoint, release, rollback_to.
  void HasControl(const std::string& name, Operation operation) {
    controls_.emplace_back(name);
    operations_[name] = std::move(operation);
  }
  // One of its own, of the dialect "own", with `arguments` as the page has
  // them; `asked` has their values.
  void Has(const std::string& name, Json::List arguments, Operation operation,
           bool changes = true) {
    offered_.emplace_back(Json::Object{{"name", name},
                                       {"changes", changes},
                                       {"arguments", std::move(arguments)}});
    operations_[name] = [operation](const Json& asked) {
      return operation(asked["arguments"]);
    };
  }

 private:
  const std::string dialect_;
  Json::List offered_, controls_;
  std::map<std::string, Operation> operations_;
};

using MakeStore = std::function<std::unique_ptr<Store>()>;

inline std::string Json::Printed() const {
  if (is_null()) return "null";
  if (kind_ == Kind::kBool) return number_ != 0 ? "true" : "false";
  if (kind_ == Kind::kNumber) return std::to_string(number_);
  std::string line;
  if (kind_ == Kind::kText) {
    for (const char letter : text_) {
      char escape[8] = "\\";
      if (static_cast<unsigned char>(letter) < 0x20) {
        std::snprintf(escape, sizeof(escape), "\\u%04x", letter);
        line += escape;
      } else {
        line += letter == '"' || letter == '\\' ? escape : "";
        line += letter;
      }
    }
    return '"' + line + '"';
  }
  for (const auto& [name, value] : items_) {
    line += line.empty() ? "" : ",";
    if (kind_ == Kind::kObject) line += Json(name).Printed() + ':';
    line += value.Printed();
  }
  return kind_ == Kind::kList ? '[' + line + ']' : '{' + line + '}';
}

// A request as lastcommit writes it: it has no fractions, and escapes nothing
// that it need not.
struct Parser {
  const std::string line;
  std::size_t at = 0;

  Json Value() {
    if (Peek() == '"') return String();
    if (line[at] == '[' || line[at] == '{') return Items(line[at] == '{');
    const std::size_t from = at;
    at = line.find_first_of(",]} \n", from);
    const std::string word = line.substr(from, at - from);
    if (word == "null") return nullptr;
    if (word == "true" || word == "false") return word == "true";
    return static_cast<std::int64_t>(std::stoll(word));
  }
  char Peek() {
    while (line.at(at) == ' ') ++at;
    return line[at];
  }
  Json Items(bool is_object) {
    Json::List list;
    Json::Object object;
    ++at;
    for (const char end = is_object ? '}' : ']'; Peek() != end;) {
      if (line[at] == ',') ++at;
      list.push_back(Value());
      if (!is_object) continue;
      if (Peek() == ':') ++at;
      object.emplace_back(list.back().text(), Value());
    }
    ++at;
    return is_object ? Json(std::move(object)) : Json(std::move(list));
  }
  std::string String() {
    std::string text;
    for (++at; line.at(at) != '"';) {
      char letter = line[at++];
      if (letter == '\\') {
        const std::string known = "bfnrt";
        const std::size_t which = known.find(letter = line.at(at++));
        if (which != std::string::npos) letter = "\b\f\n\r\t"[which];
        if (letter == 'u') {  // a control character
          letter = static_cast<char>(std::stoi(line.substr(at, 4), 0, 16));
          at += 4;
        }
      }
      text += letter;
    }
    ++at;
    return text;
  }
};

// What is answered, without its number.
inline Json::Object AnswerTo(const Json& request, const MakeStore& make,
                             std::unique_ptr<Store>& store) {
  const std::string& what = request["do"].text();
  if (what == "hello") return make()->Hello();
  if (what == "open") {
    auto opened = make();
    opened->Open(request["path"].text());
    store = std::move(opened);
    return {};
  }
  if (store == nullptr) throw Refused("no store is open");
  if (what == "state") return {{"rows", store->State()}};
  if (what == "close") {
    std::exchange(store, nullptr)->Close();
    return {};
  }
  const Json value = store->Do(request);
  return value.is_nothing() ? Json::Object() : Json::Object{{"value", value}};
}

// `promise`: what an operation's return is worth: "process", it survives the
// death of the process, or "power", also a loss of power. `clients`: so many
// may be open at once. Returns the exit code.
inline int Main(const MakeStore& make, const std::string& name,
                const std::string& promise = "process", int clients = 1) {
  std::FILE* const requests = fdopen(3, "r");
  if (requests == nullptr) {
    std::fprintf(stderr, "driver: run me with lastcommit --driver\n");
    return 2;
  }
  std::unique_ptr<Store> store;
  char* line = nullptr;
  std::size_t capacity = 0;
  while (getline(&line, &capacity, requests) > 0) {
    const Json request = Parser{line}.Value();
    Json::Object answer;
    try {
      answer = AnswerTo(request, make, store);
    } catch (const Refused& refused) {
      answer = {{"error", refused.kind}, {"message", refused.what()}};
    }
    answer.emplace_back("id", request["id"]);
    if (request["do"].text() == "hello") {
      answer.insert(answer.end(), {{"protocol", 1},
                                   {"store", name},
                                   {"promise", promise},
                                   {"clients", clients}});
    }
    const std::string text = Json(std::move(answer)).Printed() + '\n';
    // By one call: other clients may write to it, too.
    const ssize_t written = write(4, text.data(), text.size());
    if (written != static_cast<ssize_t>(text.size())) return 1;
  }
  std::free(line);
  return 0;
}

}  // namespace lastcommit_driver

#endif  // LASTCOMMIT_DRIVER_H_
