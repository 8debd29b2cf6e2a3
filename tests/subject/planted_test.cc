// Each planted bug is found by kills in a program of a few steps, as what its
// entry says and as nothing else; with the same kills our own saver holds.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "disk/shim_vfs.h"
#include "matchers.h"
#include "operations.h"
#include "subject/programs.h"
#include "subject/registry.h"
#include "threads/specs.h"
#include "trial/fork_trial.h"

namespace lastcommit {
namespace {

enum class Where { kCreation, kProgram, kRecovery };
constexpr std::array kPlaces = {Where::kCreation, Where::kProgram,
                                Where::kRecovery};
constexpr std::array kModes = {
    saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
    saver::JournalMode::kPersist, saver::JournalMode::kWal};

// Two rounds. Some I/O call from `killed` on, the step of the first round that
// carries the kill, is the bad one for each bug that the program is for.
struct Program {
  std::vector<Step> first;
  std::size_t killed;
  std::vector<Step> second;
};

// A transaction that replaces, a refused batch, a blob that is new, and a
// recovery.
Program Replacing() {
  return {{{.kind = StepKind::kOpen},
           Blob(0, 1, 4),
           {.kind = StepKind::kBegin},
           Blob(0, 1, 3),
           Log(0, 1),
           {.kind = StepKind::kCommit},
           RefusedLogs(0, 5, 3),
           Blob(0, 2, 4),
           {.kind = StepKind::kClose}},
          5,
          {{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}};
}

Step Write(std::uint64_t seed) {
  return Op(threads::Kind::kPutWrite,
            {.ns = 1, .id = 1, .content = {.size = 40, .seed = seed}});
}
Step Update() { return Op(threads::Kind::kUpdateTask); }
Step Stream() {
  return Op(threads::Kind::kStreamBlob,
            {.id = 2, .content = {.size = 9000, .seed = 1}, .chunk = 3000});
}

// First what shows without a crash: a blob with NULs, a write that is there
// already, a task that is updated after a rollback, a refused batch, a late
// write to a deleted thread. Then a deletion and a stream to be killed in, and
// in the second round numbers that go on.
Program Numbering() {
  return {{{.kind = StepKind::kOpen},
           CheckpointStep(0, 1, 1),
           Log(0, 1),
           Blob(0, 1, 4),
           CheckpointStep(1, 1, 1),
           Log(1, 1),
           Write(1),
           Write(2),
           Op(threads::Kind::kCreateTask),
           {.kind = StepKind::kBegin},
           Update(),
           {.kind = StepKind::kRollback},
           Update(),
           RefusedLogs(0, 5, 3),
           Log(2, 1),
           Delete(2),
           Log(2, 1),
           Delete(1),
           Stream(),
           {.kind = StepKind::kClose}},
          17,
          {{.kind = StepKind::kOpen},
           Log(0, 2),
           CheckpointStep(0, 2, 3),
           {.kind = StepKind::kClose}}};
}

// The second round closes inside of a transaction.
Program LeftOpen() {
  return {{{.kind = StepKind::kOpen}, Log(0, 1), {.kind = StepKind::kClose}},
          1,
          {{.kind = StepKind::kOpen},
           {.kind = StepKind::kBegin},
           Log(0, 1),
           {.kind = StepKind::kClose}}};
}

// A checkpoint that is put again with another state.
Program PuttingAgain() {
  return {{{.kind = StepKind::kOpen},
           Op(threads::Kind::kPutCheckpoint),
           Op(threads::Kind::kPutCheckpoint, {.content = {.seed = 1}}),
           Log(0, 1),
           {.kind = StepKind::kClose}},
          3,
          {{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}};
}

// A thread with something of everything but blobs is copied.
Program Copying() {
  return {{{.kind = StepKind::kOpen},
           Logs(0, 3),
           CommitStepOf(0, 1, 1),
           Op(threads::Kind::kCopyThread),
           Log(1, 1),
           {.kind = StepKind::kClose}},
          3,
          {{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}};
}

// Another program removes the WAL.
Program Removing() {
  return {{{.kind = StepKind::kOpen},
           Log(0, 1),
           {.kind = StepKind::kUnlink},
           Log(0, 2),
           Log(0, 3),
           {.kind = StepKind::kClose}},
          4,
          {{.kind = StepKind::kOpen}, Log(0, 4), {.kind = StepKind::kClose}}};
}

// What leaves the rows as they are, each followed by a commit, and logs that a
// migration copies.
Program Maintaining() {
  const auto to = [](saver::JournalMode mode) {
    return Step{.kind = StepKind::kJournalMode, .journal_mode = mode};
  };
  return {{{.kind = StepKind::kOpen},
           LogAt(0, saver::LogLevel::kDebug),
           Log(0, 1),
           WalCheckpoint(saver::CheckpointMode::kTruncate),
           Log(0, 2),
           {.kind = StepKind::kVacuum},
           Log(0, 3),
           {.kind = StepKind::kBackup},
           to(saver::JournalMode::kPersist),
           Log(0, 4),
           to(saver::JournalMode::kTruncate),
           Log(0, 5),
           {.kind = StepKind::kClose}},
          11,
          {{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}};
}

constexpr std::int64_t kProgramCalls = 160;

struct Case {
  std::string_view saver;
  Where where;
  saver::JournalMode mode;
  Program (*program)();
  std::int64_t calls = kProgramCalls;
};

// Where the bug shows.
struct Habitat {
  std::string_view saver;
  Where where;
  Program (*program)();
  bool is_in_wal_only = false;
  // Kills of a program further on would show as another class.
  std::int64_t calls = kProgramCalls;
};
constexpr std::array kHabitats = std::to_array<Habitat>({
    {"planted-ack-before-commit", Where::kProgram, Replacing},
    {"planted-two-transactions", Where::kProgram, Replacing},
    {"planted-blob-in-file", Where::kProgram, Replacing},
    {"planted-journal-off", Where::kProgram, Replacing},
    {"planted-commit-in-error-path", Where::kProgram, Replacing},
    {"planted-write-in-recovery", Where::kProgram, Replacing, true},
    {"planted-recovery-in-two-transactions", Where::kRecovery, Replacing, true},
    {"planted-creation-in-two-transactions", Where::kCreation, Replacing},
    {"planted-delete-in-two-transactions", Where::kProgram, Numbering},
    {"planted-copy-in-two-transactions", Where::kProgram, Copying},
    {"planted-chunks-one-by-one", Where::kProgram, Numbering},
    // The checkpoint of the close would be cut off from its WAL.
    {"planted-wal-thrown-away", Where::kProgram, Numbering, true, 24},
    {"planted-log-numbers-reused", Where::kProgram, Numbering, true},
    {"planted-counter-written-at-close", Where::kProgram, Numbering},
    {"planted-overwrites-first-write", Where::kProgram, Numbering},
    {"planted-blob-as-text", Where::kProgram, Numbering},
    {"planted-swallowed-error", Where::kProgram, Numbering},
    {"planted-no-tombstone", Where::kProgram, Numbering},
    {"planted-task-version-outside", Where::kProgram, Numbering},
    {"planted-first-digest-kept", Where::kProgram, PuttingAgain},
    {"planted-removed-files-unnoticed", Where::kProgram, Removing, true},
    {"planted-wal-left-by-close", Where::kProgram, Replacing, true},
    {"planted-commit-at-close", Where::kProgram, LeftOpen},
    {"planted-recovery-refused", Where::kProgram, Replacing, true},
    {"planted-read-only-after-crash", Where::kRecovery, Replacing, true},
    {"planted-checkpoint-does-nothing", Where::kProgram, Maintaining, true},
    {"planted-vacuum-does-nothing", Where::kProgram, Maintaining},
    {"planted-mode-change-does-nothing", Where::kProgram, Maintaining},
    {"planted-backup-without-wal", Where::kProgram, Maintaining, true},
    {"planted-migration-in-two-commits", Where::kRecovery, Maintaining, false,
     120},
    {"planted-migration-loses-rows", Where::kProgram, Maintaining},
});

Plan PlanWithKill(const Case& at, std::int64_t io) {
  Plan plan;
  plan.saver = std::string(at.saver);
  plan.profile.journal_mode = at.mode;
  auto [first, killed, second] = at.program();
  const CrashPoint kill = {io, Moment::kAfter};
  switch (at.where) {
    case Where::kCreation:
      first.front().crash = kill;
      break;
    case Where::kProgram:
      first[killed].crash = kill;
      break;
    case Where::kRecovery:
      first[killed + 1].crash = CrashPoint{};
      second.front().crash = kill;
      break;
  }
  plan.rounds = {{std::move(first)}, {std::move(second)}};
  return plan;
}

class KilledSaver : public ::testing::TestWithParam<Case> {
 protected:
  static void SetUpTestSuite() { ASSERT_THAT(RegisterShimVfs(), IsOk()); }

  void SetUp() override {
    auto trial = ForkTrial::Create({});
    ASSERT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
  }

  struct Tally {
    int crashes = 0;
    int violations = 0;
  };
  // Kills at many calls; `expected` is the only class that may be found.
  Tally KillEverywhere(std::optional<ViolationClass> expected) {
    const bool is_program = GetParam().where == Where::kProgram;
    const bool is_long = is_program || GetParam().calls < kProgramCalls;
    const std::int64_t calls = is_long ? GetParam().calls : 40;
    const std::int64_t stride = is_program ? 4 : 1;
    Tally tally;
    for (std::int64_t io = 0; io < calls; io += stride) {
      const auto result = trial_->Run(PlanWithKill(GetParam(), io));
      EXPECT_THAT(result, IsOk());
      if (!result.ok()) break;
      for (const RoundFacts& round : result->rounds) {
        if (round.crashed) ++tally.crashes;
      }
      if (!result->verdict.violation) continue;
      ++tally.violations;
      EXPECT_EQ(result->verdict.violation, expected)
          << "call " << io << ": " << result->verdict.why;
    }
    return tally;
  }

  std::unique_ptr<ForkTrial> trial_;
};

class PlantedSaver : public KilledSaver {};
class HonestSaver : public KilledSaver {};

TEST_P(PlantedSaver, IsFoundByItsClassAndNoOther) {
  const SaverEntry* entry = FindSaver(GetParam().saver);
  ASSERT_NE(entry, nullptr);
  EXPECT_GT(KillEverywhere(entry->planted).violations, 0);
}

TEST_P(HonestSaver, HoldsUnderTheSameKills) {
  const Tally tally = KillEverywhere(std::nullopt);
  EXPECT_EQ(tally.violations, 0);
  EXPECT_GT(tally.crashes, 5);
}

// Those that other faults show, or several clients, are in
// props/planted_props.cc.
TEST(PlantedSavers, AreAllTested) {
  for (const SaverEntry& entry : Savers()) {
    if (entry.dialect != &threads::kVocabulary) continue;
    const bool is_tested =
        std::any_of(kHabitats.begin(), kHabitats.end(),
                    [&](const Habitat& at) { return at.saver == entry.name; });
    EXPECT_EQ(is_tested, entry.planted.has_value() &&
                             entry.shown_by == ShownBy::kKill &&
                             entry.needs_clients == 1)
        << entry.name;
  }
}

std::vector<Case> PlantedCases() {
  std::vector<Case> cases;
  for (const Habitat& at : kHabitats) {
    for (const saver::JournalMode mode : kModes) {
      if (at.is_in_wal_only && mode != saver::JournalMode::kWal) continue;
      cases.push_back({at.saver, at.where, mode, at.program, at.calls});
    }
  }
  return cases;
}

std::vector<Case> HonestCases() {
  std::vector<Case> cases;
  for (const SaverEntry& entry : Savers()) {
    if (entry.planted.has_value()) continue;
    if (entry.dialect != &threads::kVocabulary) continue;
    for (const Where where : kPlaces) {
      for (const saver::JournalMode mode : kModes) {
        cases.push_back({entry.name, where, mode, Replacing});
        cases.push_back({entry.name, where, mode, Numbering});
        cases.push_back({entry.name, where, mode, Copying});
        cases.push_back({entry.name, where, mode, Maintaining});
      }
    }
  }
  return cases;
}

std::string TestName(const ::testing::TestParamInfo<Case>& info) {
  constexpr std::array<std::string_view, kPlaces.size()> kNames = {
      "_in_creation_", "_in_its_program_", "_in_recovery_"};
  std::string name(info.param.saver);
  name += kNames[static_cast<std::size_t>(info.param.where)];
  name += Name(info.param.mode);
  if (info.param.program == Numbering) name += "_numbering";
  if (info.param.program == Copying) name += "_copying";
  if (info.param.program == Maintaining) name += "_maintaining";
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Savers, PlantedSaver,
                         ::testing::ValuesIn(PlantedCases()), TestName);
INSTANTIATE_TEST_SUITE_P(Savers, HonestSaver,
                         ::testing::ValuesIn(HonestCases()), TestName);

}  // namespace
}  // namespace lastcommit
