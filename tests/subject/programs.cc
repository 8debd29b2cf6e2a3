#include "subject/programs.h"

#include <algorithm>
#include <array>
#include <random>

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

constexpr int kThreads = 3;
constexpr int kNames = 4;
constexpr int kMaxBatch = 6;

Step RandomChange(Dice& dice) {
  const int thread = dice.Roll(kThreads);
  const int id = dice.Roll(kNames);
  const auto seed = static_cast<std::uint64_t>(dice.Roll(1000));
  const int count = 1 + dice.Roll(kMaxBatch);
  switch (dice.Roll(16)) {
    case 0:
      return Delete(thread);
    case 1:
      return RefusedCheckpoint(thread, id);
    case 2:
    case 3:
      return RefusedLogs(thread, count, dice.Roll(count));
    case 4:
    case 5:
      return Logs(thread, count);
    case 6:
    case 7:
    case 8:
      return Log(thread, seed);
    case 9:
    case 10:
    case 11:
    case 12:
      return Blob(thread, id, seed);
    default:
      return CheckpointStep(thread, id, seed);
  }
}

Step RandomControl(Dice& dice) {
  constexpr std::array<StepKind, 4> kKinds = {
      StepKind::kReopen, StepKind::kVacuum, StepKind::kRead,
      StepKind::kLiveRead};
  if (dice.Roll(3) == 0) {
    return WalCheckpoint(static_cast<CheckpointMode>(dice.Roll(4)));
  }
  return {.kind = kKinds[static_cast<std::size_t>(dice.Roll(4))]};
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
  return {.kind = StepKind::kPutBlob,
          .thread = thread,
          .id = id,
          .content = ContentFrom(seed)};
}

Step CheckpointStep(int thread, int id, std::uint64_t seed) {
  return {.kind = StepKind::kPutCheckpoint,
          .thread = thread,
          .ns = static_cast<int>(seed % 3),
          .id = id,
          .parent = id - 1,
          .content = ContentFrom(seed)};
}

Step RefusedCheckpoint(int thread, int id) {
  Step step = CheckpointStep(thread, id, 1);
  step.invalid_at = 0;
  return step;
}

Step Log(int thread, std::uint64_t seed) {
  return {.kind = StepKind::kAppendLog,
          .thread = thread,
          .content = ContentFrom(seed)};
}

Step Logs(int thread, int count) {
  return {.kind = StepKind::kAppendLogs,
          .thread = thread,
          .content = ContentFrom(3),
          .count = count};
}

Step RefusedLogs(int thread, int count, int invalid_at) {
  Step step = Logs(thread, count);
  step.invalid_at = invalid_at;
  return step;
}

Step Delete(int thread) {
  return {.kind = StepKind::kDeleteThread, .thread = thread};
}

Step RollbackTo(int up) { return {.kind = StepKind::kRollbackTo, .up = up}; }

Step WalCheckpoint(CheckpointMode mode) {
  return {.kind = StepKind::kWalCheckpoint, .mode = mode};
}

std::vector<Step> RandomProgram(std::uint64_t seed, int steps) {
  Dice dice(seed);
  std::vector<Step> program;
  for (int i = 0; i < steps; ++i) program.push_back(RandomStep(dice));
  return program;
}

}  // namespace lastcommit
