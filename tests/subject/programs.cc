#include "subject/programs.h"

#include <algorithm>
#include <array>
#include <random>

#include "operations.h"

namespace lastcommit {
namespace {

// Some rows of a page, some of several.
Content ContentFrom(std::uint64_t seed) {
  constexpr std::array<std::int64_t, 6> kSizes = {0,    40,   300,
                                                  1200, 5000, 20000};
  return {kSizes[seed % kSizes.size()], seed};
}

// std::mt19937_64 gives the same numbers everywhere; the distributions of the
// standard library do not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  // 0 .. sides - 1
  int Roll(int sides) {
    return static_cast<int>(random_() % static_cast<std::uint64_t>(sides));
  }

 private:
  std::mt19937_64 random_;
};

constexpr int kThreads = 6;
constexpr int kNames = 4;
constexpr int kTasks = 3;
constexpr int kMaxBatch = 6;

constexpr std::uint64_t kNamespaces = 3;
int NamespaceOf(std::uint64_t seed) {
  return static_cast<int>(seed % kNamespaces);
}

saver::TaskState RandomState(Dice& dice) {
  return static_cast<saver::TaskState>(dice.Roll(saver::kTaskStates));
}

Step RandomRefusal(Dice& dice, int thread, int id) {
  const int count = 1 + dice.Roll(kMaxBatch);
  switch (dice.Roll(6)) {
    case 0:
      return RefusedCheckpoint(thread, id);
    case 1:
      return RefusedCommitStep(thread, id);
    case 2:
      return RefusedCreate(thread, id % kTasks);
    case 3:
      return RefusedUpdate(thread, id % kTasks, RandomState(dice));
    default:
      return RefusedLogs(thread, count, dice.Roll(count));
  }
}

Step RandomOfCheckpoints(Dice& dice, int thread, int id, std::uint64_t seed) {
  switch (dice.Roll(6)) {
    case 0:
      return Write(thread, id, dice.Roll(3), seed);
    case 1:
      return Replace(thread, id, dice.Roll(3), seed);
    case 2:
      return Writes(thread, id, dice.Roll(3), 1 + dice.Roll(kMaxBatch));
    case 3:
      return CommitStepOf(thread, id, seed);
    default:
      return CheckpointStep(thread, id, seed);
  }
}

Step RandomOfTasks(Dice& dice, int thread) {
  const int task = dice.Roll(kTasks);
  switch (dice.Roll(8)) {
    case 0:
      return StaleUpdate(thread, task, RandomState(dice));
    case 1:
    case 2:
    case 3:
      return Create(thread, task);
    default:
      return Update(thread, task, RandomState(dice));
  }
}

Step RandomChange(Dice& dice) {
  const int thread = dice.Roll(kThreads);
  const int id = dice.Roll(kNames);
  const auto seed = static_cast<std::uint64_t>(dice.Roll(1000));
  if (dice.Roll(60) == 0) return Delete(thread);
  if (dice.Roll(30) == 0) return Copy(thread, dice.Roll(2 * kThreads));
  if (dice.Roll(30) == 0) return Prune(thread, seed, dice.Roll(3));
  switch (dice.Roll(16)) {
    case 0:
    case 1:
    case 2:
      return RandomRefusal(dice, thread, id);
    case 3:
      return Logs(thread, 1 + dice.Roll(kMaxBatch));
    case 4:
      return Log(thread, seed);
    case 5:
      return LogAt(thread,
                   static_cast<saver::LogLevel>(dice.Roll(saver::kLogLevels)));
    case 6:
    case 7:
      return Blob(thread, id, seed);
    case 8:
    case 9:
      return Stream(thread, id, seed, 1 + dice.Roll(3000));
    case 10:
    case 11:
    case 12:
      return RandomOfTasks(dice, thread);
    default:
      return RandomOfCheckpoints(dice, thread, id, seed);
  }
}

Step RandomControl(Dice& dice) {
  if (dice.Roll(4) == 0) {
    return List(dice.Roll(kThreads), static_cast<std::uint64_t>(dice.Roll(64)));
  }
  constexpr std::array<StepKind, 5> kKinds = {
      StepKind::kReopen, StepKind::kVacuum, StepKind::kRead,
      StepKind::kLiveRead, StepKind::kBackup};
  if (dice.Roll(3) == 0) {
    return WalCheckpoint(static_cast<saver::CheckpointMode>(dice.Roll(4)));
  }
  return {.kind = kKinds[static_cast<std::size_t>(dice.Roll(5))]};
}

Step RandomStep(Dice& dice) {
  constexpr std::array<StepKind, 8> kTransaction = {
      StepKind::kBegin,     StepKind::kBegin,    StepKind::kBegin,
      StepKind::kCommit,    StepKind::kRollback, StepKind::kSavepoint,
      StepKind::kSavepoint, StepKind::kRelease};
  const int kind = dice.Roll(20);
  if (kind == 0) return RandomControl(dice);
  if (kind == 1) return RollbackTo(dice.Roll(3));
  if (kind < 8) {
    return {.kind = kTransaction[static_cast<std::size_t>(dice.Roll(8))]};
  }
  return RandomChange(dice);
}

}  // namespace

Step Blob(int thread, int id, std::uint64_t seed) {
  return Op(threads::Kind::kPutBlob,
            {.thread = thread, .id = id, .content = ContentFrom(seed)});
}

Step CheckpointStep(int thread, int id, std::uint64_t seed) {
  return Op(threads::Kind::kPutCheckpoint, {.thread = thread,
                                            .ns = NamespaceOf(seed),
                                            .id = id,
                                            .parent = id - 1,
                                            .content = ContentFrom(seed)});
}

Step RefusedCheckpoint(int thread, int id) {
  return With(CheckpointStep(thread, id, 1),
              [&](auto& a) { a.invalid_at = 0; });
}

Step Write(int thread, int id, int idx, std::uint64_t seed) {
  return Op(threads::Kind::kPutWrite, {.thread = thread,
                                       .ns = NamespaceOf(seed),
                                       .id = id,
                                       .idx = idx,
                                       .content = ContentFrom(seed)});
}

Step Replace(int thread, int id, int idx, std::uint64_t seed) {
  return With(Write(thread, id, idx, seed), [&](auto& a) { a.replace = 1; });
}

Step Writes(int thread, int id, int idx, int count) {
  return With(As(threads::Kind::kPutWrites, Write(thread, id, idx, 1)),
              [&](auto& a) { a.count = count; });
}

Step CommitStepOf(int thread, int id, std::uint64_t seed) {
  return With(As(threads::Kind::kCommitStep, CheckpointStep(thread, id, seed)),
              [&](auto& a) { a.count = 2; });
}

Step RefusedCommitStep(int thread, int id) {
  return With(CommitStepOf(thread, id, 1), [&](auto& a) { a.invalid_at = 0; });
}

Step Prune(int thread, std::uint64_t seed, int keep) {
  return Op(threads::Kind::kPrune,
            {.thread = thread, .ns = NamespaceOf(seed), .keep = keep});
}

// The seed chooses the conditions too.
Step List(int thread, std::uint64_t seed) {
  return With(Op(threads::Kind::kListCheckpoints,
                 {.thread = thread, .ns = NamespaceOf(seed)}),
              [&](auto& a) {
                a.filter = seed % 2 == 0 ? -1 : static_cast<int>(seed / 2 % 4);
                a.before =
                    seed % 4 < 2 ? -1 : static_cast<int>(seed / 4 % kNames);
                a.limit = static_cast<int>(seed / 8 % 4);
              });
}

Step Create(int thread, int task) {
  return Op(threads::Kind::kCreateTask,
            {.thread = thread, .task = task, .content = ContentFrom(1)});
}

Step RefusedCreate(int thread, int task) {
  return With(Create(thread, task), [&](auto& a) { a.invalid_at = 0; });
}

Step Update(int thread, int task, saver::TaskState state) {
  return Op(threads::Kind::kUpdateTask, {.thread = thread,
                                         .task = task,
                                         .replace = 1,
                                         .content = ContentFrom(2),
                                         .state = state});
}

Step StaleUpdate(int thread, int task, saver::TaskState state) {
  return With(Update(thread, task, state), [&](auto& a) { a.stale = 1; });
}

Step RefusedUpdate(int thread, int task, saver::TaskState state) {
  return With(Update(thread, task, state), [&](auto& a) { a.invalid_at = 0; });
}

Step Stream(int thread, int id, std::uint64_t seed, int chunk) {
  return With(As(threads::Kind::kStreamBlob, Blob(thread, id, seed)),
              [&](auto& a) { a.chunk = chunk; });
}

Step LogAt(int thread, saver::LogLevel level) {
  return With(Log(thread, 1), [&](auto& a) { a.level = level; });
}

Step Log(int thread, std::uint64_t seed) {
  return Op(threads::Kind::kAppendLog,
            {.thread = thread, .content = ContentFrom(seed)});
}

Step Logs(int thread, int count) {
  return Op(threads::Kind::kAppendLogs,
            {.thread = thread, .content = ContentFrom(3), .count = count});
}

Step RefusedLogs(int thread, int count, int invalid_at) {
  return With(Logs(thread, count), [&](auto& a) { a.invalid_at = invalid_at; });
}

Step Copy(int thread, int into) {
  return Op(threads::Kind::kCopyThread, {.thread = thread, .into = into});
}

Step Delete(int thread) {
  return Op(threads::Kind::kDeleteThread, {.thread = thread});
}

Step RollbackTo(int up) { return {.kind = StepKind::kRollbackTo, .up = up}; }

Step WalCheckpoint(saver::CheckpointMode mode) {
  return {.kind = StepKind::kWalCheckpoint, .mode = mode};
}

std::vector<Step> RandomProgram(std::uint64_t seed, int steps) {
  Dice dice(seed);
  std::vector<Step> program;
  for (int i = 0; i < steps; ++i) program.push_back(RandomStep(dice));
  return program;
}

}  // namespace lastcommit
