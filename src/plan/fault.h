// What goes wrong in a plan besides the kill itself: what a power loss leaves
// of the changes that no sync has covered, and which call of SQLite's fails.
// Pure values; docs/plan-format.md has their text form, docs/fault-model.md
// says why each of them may happen.

#ifndef LASTCOMMIT_PLAN_FAULT_H_
#define LASTCOMMIT_PLAN_FAULT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

// Which of the unsynced changes survive the crash. Changes are numbered 0, 1,
// ... in the order in which they were made.
enum class SurvivalKind {
  kAll,           // a kill: the operating system lives on
  kNone,          // only what was synced
  kPrefix,        // the first ones, across all files
  kFilePrefixes,  // of each file, and of the directory, the first ones
  kSubset,        // any, some torn, some garbage; of the directory the first
  kLoseOne,       // all but one
  kChosen,        // as `fates` and `directory` say
};
inline constexpr int kSurvivalKinds =
    static_cast<int>(SurvivalKind::kChosen) + 1;

enum class FateKind {
  kLost,         // the change never happened
  kHead,         // of a write: its first `bytes` bytes; the rest is as before
  kTail,         // of a write: its last `bytes` bytes; the rest is as before
  kHeadGarbage,  // as kHead, and garbage from there to the end of the write
  kZeros,        // the file grew, but what was written is zeros
};
inline constexpr int kFateKinds = static_cast<int>(FateKind::kZeros) + 1;

// Limits of what is parsed: of a change's number and of bytes, and of how many
// fates one crash says.
inline constexpr std::int64_t kMaxFateNumber = 1'000'000'000;
inline constexpr std::size_t kMaxFates = 100'000;

// What becomes of one change that does not survive whole.
struct Fate {
  std::int64_t change = 0;
  FateKind kind = FateKind::kLost;
  std::int64_t bytes = 0;  // kHead, kTail, kHeadGarbage

  bool operator==(const Fate&) const = default;
};

struct Survival {
  SurvivalKind kind = SurvivalKind::kAll;
  // kPrefix: how many, kLoseOne: which, both modulo what there is; otherwise a
  // seed, also of garbage.
  std::uint64_t number = 0;
  // kChosen: those that are not here survive. In the order of `change`, each
  // once, file changes only.
  std::vector<Fate> fates = {};
  // kChosen: how many changes of the directory survive, in order; -1 = all.
  std::int64_t directory = -1;

  bool operator==(const Survival&) const = default;
};

// Which kind of call fails, and how.
enum class ErrorKind {
  kRead,       // SQLITE_IOERR_READ
  kWrite,      // SQLITE_IOERR_WRITE; a prefix may have been written
  kFull,       // SQLITE_FULL on a write
  kSync,       // SQLITE_IOERR_FSYNC; the bytes stay unsynced
  kTruncate,   // SQLITE_IOERR_TRUNCATE
  kOpen,       // SQLITE_CANTOPEN: of a journal, WAL, shm or temporary file
  kDelete,     // SQLITE_IOERR_DELETE
  kBusy,       // SQLITE_BUSY on acquiring a lock
  kNoMemory,   // an allocation of SQLite's fails
  kInterrupt,  // sqlite3_interrupt
  kNoProcessMemory,  // an allocation of the saver itself: std::bad_alloc
};
inline constexpr int kErrorKinds =
    static_cast<int>(ErrorKind::kNoProcessMemory) + 1;

// What is said of a kind, and how it is drawn.
struct ErrorSpec {
  // What `IoError::at` counts.
  enum class Counts { kCalls, kAllocations, kOwnAllocations };

  std::string_view name;  // as plans have it
  std::string_view call;  // what fails, for people
  std::string_view how;   // behind "fails"
  int weight = 0;         // of being drawn
  Counts counts = Counts::kCalls;
};
const ErrorSpec& SpecOf(ErrorKind kind);

// At the `at`-th call (1, 2, ...) that can fail so, counted from the beginning
// of the step that carries it; calls of later steps of the round count on.
struct IoError {
  ErrorKind kind = ErrorKind::kRead;
  std::int64_t at = 1;
  // From then on every such call fails, until `count` of them have; 0 = to the
  // end of the round.
  std::int64_t count = 1;

  bool operator==(const IoError&) const = default;
};

std::string_view Name(SurvivalKind kind);
std::string_view Name(ErrorKind kind);
std::optional<SurvivalKind> ParseSurvivalKind(std::string_view name);
std::optional<ErrorKind> ParseErrorKind(std::string_view name);

// Whether `Survival::number` means something.
bool HasNumber(SurvivalKind kind);

// "3,5h100,7t200,9g0,11z": fates as one word; lost has no letter. nullopt: not
// in that form, not in order, or beyond the limits. No fates are no text.
std::string PrintFates(const std::vector<Fate>& fates);
std::optional<std::vector<Fate>> ParseFates(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_FAULT_H_
