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
#include "subject/programs.h"
#include "subject/registry.h"
#include "trial/fork_trial.h"

namespace lastcommit {
namespace {

enum class Where { kCreation, kProgram, kRecovery };
constexpr std::array kPlaces = {Where::kCreation, Where::kProgram,
                                Where::kRecovery};
constexpr std::array kModes = {JournalMode::kDelete, JournalMode::kTruncate,
                               JournalMode::kPersist, JournalMode::kWal};

struct Case {
  std::string_view saver;
  Where where;
  JournalMode mode;
};

// Where the bug shows.
struct Habitat {
  std::string_view saver;
  Where where;
  bool is_in_wal_only = false;
};
constexpr std::array<Habitat, 8> kHabitats = {{
    {"planted-ack-before-commit", Where::kProgram},
    {"planted-two-transactions", Where::kProgram},
    {"planted-blob-in-file", Where::kProgram},
    {"planted-journal-off", Where::kProgram},
    {"planted-commit-in-error-path", Where::kProgram},
    {"planted-write-in-recovery", Where::kProgram, true},
    {"planted-recovery-in-two-transactions", Where::kRecovery, true},
    {"planted-creation-in-two-transactions", Where::kCreation},
}};

// A transaction that replaces, a refused batch, a blob that is new, and a
// recovery: some I/O call of them is the bad one for each bug.
Plan PlanWithKill(const Case& at, std::int64_t io) {
  constexpr std::size_t kCommit = 5;
  Plan plan;
  plan.saver = std::string(at.saver);
  plan.profile.journal_mode = at.mode;
  std::vector<Step> first = {
      {.kind = StepKind::kOpen},
      Blob(0, 1, 4),
      {.kind = StepKind::kBegin},
      Blob(0, 1, 3),
      Log(0, 1),
      {.kind = StepKind::kCommit},
      RefusedLogs(0, 5, 3),
      Blob(0, 2, 4),
      {.kind = StepKind::kClose},
  };
  std::vector<Step> second = {{.kind = StepKind::kOpen},
                              {.kind = StepKind::kClose}};
  const CrashPoint kill = {io, Moment::kAfter};
  switch (at.where) {
    case Where::kCreation:
      first.front().crash = kill;
      break;
    case Where::kProgram:
      first[kCommit].crash = kill;
      break;
    case Where::kRecovery:
      first[kCommit + 1].crash = CrashPoint{};
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
    const std::int64_t calls = is_program ? 120 : 40;
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

TEST(PlantedSavers, AreAllTested) {
  for (const SaverEntry& entry : Savers()) {
    const bool is_tested =
        std::any_of(kHabitats.begin(), kHabitats.end(),
                    [&](const Habitat& at) { return at.saver == entry.name; });
    EXPECT_EQ(is_tested, entry.planted.has_value()) << entry.name;
  }
}

std::vector<Case> PlantedCases() {
  std::vector<Case> cases;
  for (const Habitat& at : kHabitats) {
    for (const JournalMode mode : kModes) {
      if (at.is_in_wal_only && mode != JournalMode::kWal) continue;
      cases.push_back({at.saver, at.where, mode});
    }
  }
  return cases;
}

std::vector<Case> HonestCases() {
  std::vector<Case> cases;
  for (const SaverEntry& entry : Savers()) {
    if (entry.planted.has_value()) continue;
    for (const Where where : kPlaces) {
      for (const JournalMode mode : kModes) {
        cases.push_back({entry.name, where, mode});
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
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Savers, PlantedSaver,
                         ::testing::ValuesIn(PlantedCases()), TestName);
INSTANTIATE_TEST_SUITE_P(Savers, HonestSaver,
                         ::testing::ValuesIn(HonestCases()), TestName);

}  // namespace
}  // namespace lastcommit
