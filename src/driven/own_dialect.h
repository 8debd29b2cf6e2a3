// OwnDialect: the vocabulary that a driver brings: operations that lastcommit
// knows nothing of but their arguments. There is no model: what a store holds
// after a crash is compared with what it held after a commit of the same run
// (references.h).

#ifndef LASTCOMMIT_DRIVEN_OWN_DIALECT_H_
#define LASTCOMMIT_DRIVEN_OWN_DIALECT_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "store/operation.h"
#include "store/vocabulary.h"

namespace lastcommit::driven {

// What "dialect" of a driver says that brings its operations.
inline constexpr char kOwn[] = "own";

struct OwnLimits {
  static constexpr std::size_t kOperations = 40;
  static constexpr std::size_t kArguments = 8;    // of an operation
  static constexpr std::size_t kNumbers = 16;     // different ones, of all
  static constexpr std::size_t kName = 20;        // letters
  static constexpr std::int64_t kNames = 10'000;  // of an argument
  static constexpr std::int64_t kNumber = 1'000'000'000'000;
  static constexpr std::int64_t kWeight = 100;
};

// An argument of an operation.
struct OwnArgument {
  enum class Kind {
    kName,     // one of a few texts, which other operations have, too
    kInteger,  // from min to max
    kText,     // that nothing else of a plan has
    kBytes,    // the same
  };
  std::string name;
  Kind kind = Kind::kText;
  std::int64_t min = 0;  // kName: 0, and how many there are less one
  std::int64_t max = 0;

  bool is_content() const {
    return kind == Kind::kText || kind == Kind::kBytes;
  }
  bool operator==(const OwnArgument&) const = default;
};

// The vocabulary of what "operations" of a driver lists; the same list gives
// the same one, which lives as long as the program. It is called "own-" and
// eight hexadecimal digits of the list. InvalidArgument: what is wrong with it,
// as "has ...". Not thread-safe.
absl::StatusOr<const Vocabulary*> OwnDialectOf(const nlohmann::json& list);

// Of an operation of such a vocabulary.
const std::vector<OwnArgument>& ArgumentsOf(const OperationSpec& spec);

// What a text begins with that the operation has; "": it has none.
std::string TokenOf(const Operation& operation);
// Whether one of its texts does.
bool HasToken(const Operation& operation, const std::string& token);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_OWN_DIALECT_H_
