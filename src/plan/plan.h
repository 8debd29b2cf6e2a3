// Plan: one test case as a pure value. It says which saver is driven with
// which profile, what the client does in each round, and where the process
// dies. docs/plan-format.md has its text form (plan/codec.h).
//
// Everything is numbers and enumerators; names and bytes are made from them
// (store/content.h), so that a plan stays small and shrinks towards 0.

#ifndef LASTCOMMIT_PLAN_PLAN_H_
#define LASTCOMMIT_PLAN_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/dialects.h"
#include "plan/fault.h"
#include "plan/schedule.h"
#include "saver/settings.h"
#include "store/operation.h"
#include "store/profile.h"
#include "store/vocabulary.h"

namespace lastcommit {

// The limits of a plan; the parser refuses more, the generator stays below.
struct PlanLimits {
  static constexpr int kMaxRounds = 128;
  static constexpr int kMaxStepsPerRound = 4096;
  // All steps together, size times count, so that no plan eats the machine.
  static constexpr std::int64_t kMaxPlanContentBytes = 256 << 20;
  static constexpr int kMaxUp = 16;  // savepoints that rollback_to skips
  static constexpr std::int64_t kMaxIo = 1'000'000;
  static constexpr std::int64_t kMaxKillAfterUs = 10'000'000;
  static constexpr int kMaxImages = 10'000;
  static constexpr std::int64_t kMaxErrors = 1000;
  static constexpr int kMinPageSize = 512;  // SQLite's own two limits
  static constexpr int kMaxPageSize = 65536;
  static constexpr int kMinSectorSize = 512;
  static constexpr int kMaxSectorSize = 65536;
  static constexpr int kMaxCacheSize = 1'000'000;
  static constexpr int kMaxWalAutocheckpoint = 1'000'000;
  static constexpr int kMaxSaverBytes = 40;  // of a saver's name
  static constexpr std::int64_t kMaxLineBytes = 1 << 20;
  static constexpr std::int64_t kMaxFileBytes = 64 << 20;
};

enum class StepKind {
  kOpen,   // first step of each round: opens, which recovers or creates
  kClose,  // last step of each round
  kReopen,
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,
  kRelease,
  kRollbackTo,
  // The store's own, Step::operation: one that changes rows, one that does not.
  kChange,
  kQuery,
  kRead,      // the whole state through the saver's own connection
  kLiveRead,  // the whole state through a second connection
  kWalCheckpoint,
  kVacuum,
  kBackup,       // copies the database with the backup API, and reads the copy
  kJournalMode,  // changes the journal mode of the open database
  kUnlink,       // another program removes a file of the open database
};
inline constexpr int kStepKinds = static_cast<int>(StepKind::kUnlink) + 1;

// The files of a database that outlive a transaction, by their names.
enum class DatabaseFile { kDatabase, kWal, kIndex };
inline constexpr int kDatabaseFiles =
    static_cast<int>(DatabaseFile::kIndex) + 1;

// When, relative to the I/O call, the process dies.
enum class Moment { kBefore, kDuring, kAfter };

// A place among the I/O calls of a step, as a crash has it.
struct IoPoint {
  std::int64_t io = 0;
  Moment moment = Moment::kBefore;

  bool operator==(const IoPoint&) const = default;
};

// Where the process dies: at the `io`-th I/O call (1, 2, ...) counted from the
// beginning of the step that carries the crash; 0 is before the first call.
// Calls of later steps of the round count on when the step makes fewer.
// kDuring writes a prefix up to a multiple of 4096 in the file; a write that
// touches one such block only cannot be divided by a kill and counts as not
// yet done.
struct CrashPoint {
  std::int64_t io = 0;
  Moment moment = Moment::kBefore;
  // Of all changes that no sync has covered since the database was made: those
  // of earlier rounds too, where everything survived.
  Survival survival = {};
  // Only the client that carries it dies, and the others go on, perhaps to a
  // crash of all. Everything survives, then.
  bool is_of_one = false;

  IoPoint point() const { return {io, moment}; }
  bool operator==(const CrashPoint&) const = default;
};

// One line of a program: a control, or an operation of the store. A kind uses
// the fields that plan/step_fields.cc says; the others keep their defaults.
struct Step {
  StepKind kind = StepKind::kRead;
  int client = 0;            // whose step it is
  Operation operation = {};  // kChange, kQuery
  int up = 0;  // rollback_to: savepoints further out, 0 = innermost
  // wal_checkpoint.
  saver::CheckpointMode mode = saver::CheckpointMode::kPassive;
  // journal_mode: the new one, WAL or one with a journal on disk.
  saver::JournalMode journal_mode = saver::JournalMode::kDelete;
  DatabaseFile file = DatabaseFile::kWal;  // unlink
  std::optional<CrashPoint> crash = {};
  // A timed kill: SIGKILL comes that many microseconds after the
  // process entered this step. Where it lands is no function of the plan.
  std::optional<std::int64_t> kill_after_us = {};
  std::optional<IoError> error = {};
  std::vector<Switch> switches = {};  // of the schedule, ascending

  bool operator==(const Step&) const = default;
};

// What one lifetime of the clients does. steps.front() is client 0's open and
// steps.back() its close; each other client that has steps opens first, and
// closes last; neither stands elsewhere. At most one step carries a crash or a
// timed kill, and at most one an error.
struct Round {
  std::vector<Step> steps = {};

  bool operator==(const Round&) const = default;
};

enum class Engine {
  kFork,  // real processes and files
  kSim,   // one process, a simulated disk
  // A program that is driven from outside, recorded, and crashed at each call
  // of the recording: the plan says nothing of crashes.
  kRecord,
};
inline constexpr int kEngines = static_cast<int>(Engine::kRecord) + 1;

// How a violated plan is violated. The names are stable: plans and results
// store them.
enum class ViolationClass {
  kLostCommit,        // an acknowledged commit is not there
  kPhantomCommit,     // more commits are there than were ever attempted
  kNotACut,           // the state equals the model after no cut
  kDamaged,           // integrity_check, foreign_key_check, or not a database
  kOpenFailed,        // the saver cannot open what the crash left
  kWrongAnswer,       // an operation answered otherwise than the model
  kWrongRead,         // a read disagrees with the model
  kUnstableRecovery,  // recovering again gives another state
  kNotWritable,       // no new transaction commits and survives a reopen
  kUncleanClose,      // after a close the database file alone is not the state
  kCrashed,           // the process died by itself
  kHung,              // the process did not end in time
  kFlaky,             // the same plan gives different verdicts
  kBrokenInvariant,   // the rows are the model's, and break an invariant
};
inline constexpr int kViolationClasses =
    static_cast<int>(ViolationClass::kBrokenInvariant) + 1;

// Half-open range of SQLITE_VERSION_NUMBER, e.g. [3011000, 3050002).
struct SqliteRange {
  int from = 0;
  int before = 0;  // 0 = no end

  bool Contains(int version_number) const {
    return version_number >= from && (before == 0 || version_number < before);
  }
  bool operator==(const SqliteRange&) const = default;
};

struct Plan {
  std::string saver = "sqlite";
  // Whose operations its steps are; one of Dialects() (plan/dialects.h).
  const Vocabulary* dialect = &DefaultDialect();
  Engine engine = Engine::kFork;
  Profile profile = {};
  // nullopt = held.
  std::optional<ViolationClass> expected = {};
  SqliteRange sqlite = {};  // where `expected` applies
  // kSim: how many further crash images are taken along the way and judged,
  // besides those of the crash points.
  int images = 0;
  Schedule schedule = {};  // where there are several clients
  std::vector<Round> rounds = {};

  bool operator==(const Plan&) const = default;
};

// Of a control; "change" and "query" for all of the store's own.
std::string_view Name(StepKind kind);
// As plans have it: of an operation its own.
std::string_view NameOf(const Step& step);
std::string_view Name(Moment moment);
std::string_view Name(Engine engine);
std::string_view Name(ViolationClass violation);
std::string_view Name(DatabaseFile file);
// Of a control.
std::optional<StepKind> ParseStepKind(std::string_view name);
std::optional<Moment> ParseMoment(std::string_view name);
std::optional<Engine> ParseEngine(std::string_view name);
std::optional<ViolationClass> ParseViolationClass(std::string_view name);
std::optional<DatabaseFile> ParseDatabaseFile(std::string_view name);

// A step that is that operation.
Step StepOf(const Operation& operation);

// Whether it changes rows: outside a transaction it is one of its own.
inline bool IsChange(StepKind kind) { return kind == StepKind::kChange; }
inline bool IsOperation(StepKind kind) {
  return kind == StepKind::kChange || kind == StepKind::kQuery;
}
// Whether it reads in one transaction what it changes in the next.
bool ReadsFirst(const Step& step);

// Whether it opens the database by its name while a saver may have it open.
bool OpensTheName(StepKind kind);

// What the plan does, without what is expected of it.
Plan WithoutExpectation(Plan plan);

// The crash of a round that ends it, of all its clients, as an index into its
// steps; nullopt if it has none.
std::optional<std::size_t> CrashStep(const Round& round);
// The same for the one that kills one client alone.
std::optional<std::size_t> DeathStep(const Round& round);
// Whether it has one or the other.
bool HasCrash(const Round& round);
// The same for its timed kill.
std::optional<std::size_t> TimedKillStep(const Round& round);
// The same for its error.
std::optional<std::size_t> ErrorStep(const Round& round);
// Whether some crash is a power loss, or some call fails.
bool HasDiskFaults(const Plan& plan);
// How many clients the round has: one more than the highest number.
int Clients(const Round& round);
int Clients(const Plan& plan);
// Of each client its steps, as indices into those of the round.
std::vector<std::vector<std::size_t>> Programs(const Round& round);
// Whether its steps change the journal mode.
bool ChangesJournalMode(const Plan& plan);
// Whether another program removes files of the open database.
bool RemovesFiles(const Plan& plan);
// Whether it may also lose power: no row of the contract is about one of those.
bool MayLosePower(const Plan& plan);
// Whether the database is in that mode somewhere in the plan, or may be.
bool MayBeIn(const Plan& plan, saver::JournalMode mode);
// Whether the clock decides what the plan gives.
bool HasTimedKill(const Plan& plan);
// Whether the kernel decides which of its clients goes on.
bool RunsFreely(const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_PLAN_H_
