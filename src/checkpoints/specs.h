// The vocabulary `checkpoints`: what most stores of agents' checkpoints have: a
// checkpoint of a thread with a value, the writes that wait at one, and the end
// of a thread. Stores that are driven from outside (src/driven) are asked in
// it; `threads` is what SqliteSaver has besides.

#ifndef LASTCOMMIT_CHECKPOINTS_SPECS_H_
#define LASTCOMMIT_CHECKPOINTS_SPECS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "store/content.h"
#include "store/operation.h"
#include "store/state.h"
#include "store/vocabulary.h"

namespace lastcommit::checkpoints {

// NOLINTNEXTLINE(readability-identifier-naming): a constant of specs.cc.
extern const Vocabulary kVocabulary;

enum class Kind {
  kPut,        // takes the place of one with that id
  kPutWrites,  // values of text; one that is there already stays
  kPutBytes,   // the same with bytes
  kPutStep,    // put and put_writes to it, in one
  kGet,        // a checkpoint, its parent, its writes
  kDeleteThread,
};

inline constexpr int kMaxWrites = 100;

struct Arguments {
  int thread = 0;
  int ns = 0;  // 0: none is given, which is the namespace ""
  int id = 0;
  int parent = -1;  // -1: none
  int task = 0;
  int count = 1;  // writes
  Content value = {};
};

// Of an operation of this vocabulary.
const OperationSpec& SpecOf(Kind kind);
Kind KindOf(const Operation& operation);
Arguments ArgumentsOf(const Operation& operation);
Operation Make(Kind kind, const Arguments& arguments = {});

std::string ThreadName(int thread);
std::string NamespaceName(int ns);
std::string CheckpointName(int id);
std::string TaskName(int task);

// A text, or bytes; no other one of a plan is the same.
struct Value {
  std::string content;
  bool is_bytes = false;
};
// Of the checkpoint that a put makes.
Value ValueOf(const Arguments& arguments);
// Of its write number `idx`, 0, 1, ...
Value WriteOf(Kind kind, const Arguments& arguments, int idx);

// Rows: a checkpoint by thread, namespace and id: parent (text or NULL), value.
// A write by those, task and number: value.
inline constexpr TableSpec kCheckpoints = {0, "checkpoint", 3};
inline constexpr TableSpec kWrites = {1, "write", 4, true};
Fingerprint CheckpointRow(const std::optional<std::string>& parent,
                          const Value& value);
Fingerprint WriteRow(const Value& value);

// What a get answers. The writes by task and number.
using WriteRows = std::map<std::pair<std::string, std::int64_t>, Fingerprint>;
std::int64_t AnswerOf(const Fingerprint& checkpoint, const WriteRows& writes);

}  // namespace lastcommit::checkpoints

#endif  // LASTCOMMIT_CHECKPOINTS_SPECS_H_
