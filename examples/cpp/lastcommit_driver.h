// For drivers of lastcommit in C++: a class with the operations that the store
// has, and Main().
//
//   class Store : public lastcommit_driver::Pairs { ... };
//   int main() {
//     return lastcommit_driver::Main(
//         [] { return std::make_unique<Store>(); }, "my-store");
//   }
//
// docs/driver-protocol.md says what goes over the descriptors 3 and 4. This
// file needs C++17, POSIX, and nothing else. Keys and values are UTF-8.

#ifndef LASTCOMMIT_DRIVER_H_
#define LASTCOMMIT_DRIVER_H_

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
class NotFound : public Refused {
 public:
  explicit NotFound(const std::string& message)
      : Refused(message, "not_found") {}
};

using Rows = std::vector<std::pair<std::string, std::string>>;

// A store of keys with values. Each method returns when the caller may rely on
// what it did, or throws Refused.
class Pairs {
 public:
  virtual ~Pairs() = default;
  // Opens the store at that path, or makes it, and recovers it.
  virtual void Open(const std::string& path) = 0;
  virtual void Close() = 0;
  virtual void Put(const std::string& key, const std::string& value) = 0;
  // Whether the key was there; nullopt: the store does not say.
  virtual std::optional<bool> Delete(const std::string& key) = 0;
  virtual std::string Get(const std::string& key) = 0;
  virtual Rows State() = 0;  // all of it, in any order
  // Without transactions the three behind it are not asked for.
  virtual bool has_transactions() const { return false; }
  virtual void Begin() { throw Refused("no transactions"); }
  virtual void Commit() { throw Refused("no transactions"); }
  virtual void Rollback() { throw Refused("no transactions"); }
};

using MakeStore = std::function<std::unique_ptr<Pairs>()>;

namespace internal {

// The fields of a request: an object of JSON with texts and numbers only.
class Request {
 public:
  explicit Request(const std::string& line) : text_(line) {
    Skip('{');
    while (Peek() != '}') {
      const std::string name = String();
      Skip(':');
      fields_[name] = Peek() == '"' ? String() : Number();
      if (Peek() == ',') ++at_;
    }
  }
  const std::string& operator[](const std::string& name) const {
    const auto found = fields_.find(name);
    if (found == fields_.end()) Fail("a request without " + name);
    return found->second;
  }

 private:
  [[noreturn]] static void Fail(const std::string& what) {
    std::fprintf(stderr, "driver: %s\n", what.c_str());
    std::exit(1);
  }
  char Peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) Fail("a request that is cut short");
    return text_[at_];
  }
  void Skip(char expected) {
    if (Peek() != expected) Fail("a request that is no JSON");
    ++at_;
  }
  std::string Number() {
    std::string digits;
    while (Peek() != ',' && Peek() != '}') digits += text_[at_++];
    return digits;
  }
  unsigned Hex4() {
    if (at_ + 4 > text_.size()) Fail("a request that is cut short");
    const std::string digits = text_.substr(at_, 4);
    at_ += 4;
    return static_cast<unsigned>(std::stoul(digits, nullptr, 16));
  }
  static void AppendUtf8(unsigned code, std::string& text) {
    const auto add = [&text](unsigned byte) {
      text += static_cast<char>(static_cast<unsigned char>(byte));
    };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xC0 | code >> 6);
      add(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
      add(0x80 | (code & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
      add(0x80 | (code & 0x3F));
    }
  }
  void AppendEscape(std::string& text) {
    const char letter = text_[at_++];
    const std::string letters = "\"\\/bfnrt";
    const std::string means = "\"\\/\b\f\n\r\t";
    if (letter == 'u') {
      unsigned code = Hex4();
      if (code >= 0xD800 && code < 0xDC00) {  // the first half of a pair
        at_ += 2;
        code = 0x10000 + ((code - 0xD800) << 10) + (Hex4() - 0xDC00);
      }
      AppendUtf8(code, text);
    } else if (letters.find(letter) != std::string::npos) {
      text += means[letters.find(letter)];
    } else {
      Fail("a request that is no JSON");
    }
  }
  std::string String() {
    Skip('"');
    std::string text;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char letter = text_[at_++];
      if (letter == '\\' && at_ < text_.size()) {
        AppendEscape(text);
      } else {
        text += letter;
      }
    }
    Skip('"');
    return text;
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::map<std::string, std::string> fields_;
};

inline std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      quoted += '\\';
      quoted += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", letter);
      quoted += escape;
    } else {
      quoted += letter;
    }
  }
  return quoted + '"';
}

inline std::string Hello(const MakeStore& make, const std::string& name,
                         const std::string& promise) {
  const char* const controls =
      make()->has_transactions() ? "[\"begin\",\"commit\",\"rollback\"]" : "[]";
  return ",\"protocol\":1,\"store\":" + Quoted(name) +
         ",\"dialect\":\"pairs\",\"operations\":[\"put\",\"delete\",\"get\"]"
         ",\"controls\":" +
         controls + ",\"promise\":" + Quoted(promise);
}

// What is answered behind the number of the request.
inline std::string Answer(const Request& request, const MakeStore& make,
                          std::unique_ptr<Pairs>& store) {
  const std::string& what = request["do"];
  if (what == "open") {
    auto opened = make();
    opened->Open(request["path"]);
    store = std::move(opened);
    return "";
  }
  if (store == nullptr) throw Refused("no store is open");
  if (what == "close") {
    const std::unique_ptr<Pairs> closed = std::move(store);
    closed->Close();
  } else if (what == "put") {
    store->Put(request["key"], request["value"]);
  } else if (what == "delete") {
    const std::optional<bool> was_there = store->Delete(request["key"]);
    if (!was_there.has_value()) return "";
    return *was_there ? ",\"value\":true" : ",\"value\":false";
  } else if (what == "get") {
    return ",\"value\":" + Quoted(store->Get(request["key"]));
  } else if (what == "state") {
    std::string rows;
    for (const auto& [key, value] : store->State()) {
      rows += rows.empty() ? "[" : ",[";
      rows += Quoted(key) + "," + Quoted(value) + "]";
    }
    return ",\"rows\":[" + rows + "]";
  } else if (what == "begin") {
    store->Begin();
  } else if (what == "commit") {
    store->Commit();
  } else if (what == "rollback") {
    store->Rollback();
  } else {
    throw Refused("no such request", "invalid");
  }
  return "";
}

inline void WriteAll(int descriptor, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written =
        write(descriptor, text.data() + at, text.size() - at);
    if (written < 0) std::exit(1);
    at += static_cast<std::size_t>(written);
  }
}

}  // namespace internal

// `promise`: what a method's return is worth: "process", it survives the death
// of the process, or "power", also a loss of power. Returns the exit code.
inline int Main(const MakeStore& make, const std::string& name,
                const std::string& promise = "process") {
  std::FILE* const requests = fdopen(3, "r");
  if (requests == nullptr) {
    std::fprintf(stderr, "driver: run me with lastcommit --driver\n");
    return 2;
  }
  std::unique_ptr<Pairs> store;
  char* line = nullptr;
  std::size_t capacity = 0;
  while (getline(&line, &capacity, requests) > 0) {
    const std::string text = line;
    const internal::Request request(text);
    std::string answer;
    try {
      answer = request["do"] == "hello"
                   ? internal::Hello(make, name, promise)
                   : internal::Answer(request, make, store);
    } catch (const Refused& refused) {
      answer = ",\"error\":" + internal::Quoted(refused.kind) +
               ",\"message\":" + internal::Quoted(refused.what());
    }
    internal::WriteAll(4, "{\"id\":" + request["id"] + answer + "}\n");
  }
  std::free(line);
  std::fclose(requests);
  return 0;
}

}  // namespace lastcommit_driver

#endif  // LASTCOMMIT_DRIVER_H_
