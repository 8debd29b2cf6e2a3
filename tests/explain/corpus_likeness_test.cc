// Each stored plan that a bug of SQLite violates gets the name of that bug, and
// no other, on a version that has it; nothing else in corpus/ gets a name.

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "explain/failure_of.h"
#include "explain/known_bugs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct StoredLikeness {
  const char* plan;
  const char* bug;
};
constexpr std::array kStored = {
    StoredLikeness{"creation-rolled-back-by-half",
                   "creation-rolled-back-by-half"},
    StoredLikeness{"half-statement", "half-statement"},
    StoredLikeness{"journal-end-lost-after-failed-sync",
                   "journal-end-not-synced"},
    StoredLikeness{"journal-end-lost-after-kill", "journal-end-not-synced"},
    StoredLikeness{"journal-name-not-durable", "journal-name-not-synced"},
    StoredLikeness{"journal-name-of-the-dead", "journal-name-not-synced"},
    StoredLikeness{"page-not-journaled", "page-not-journaled"},
    StoredLikeness{"partial-rollback-damaged", "partial-rollback"},
    StoredLikeness{"partial-rollback-savepoint", "partial-rollback"},
    StoredLikeness{"sector-journaled-by-half", "sector-journaled-by-half"},
    StoredLikeness{"statement-outlives-transaction",
                   "statement-outlives-transaction"},
    StoredLikeness{"vacuum-power-loss", "vacuum-undone"},
    StoredLikeness{"wal-again-while-it-is-left", "wal-again-while-left"},
    StoredLikeness{"wal-reset-race", "wal-reset-race"},
    StoredLikeness{"wal-reset-race-damaged", "wal-reset-race"},
    StoredLikeness{"wal-reset-race-fork", "wal-reset-race"},
    StoredLikeness{"wal-reset-race-fork-damaged", "wal-reset-race"},
    StoredLikeness{"wal-reset-race-phantom", "wal-reset-race"},
    StoredLikeness{"wal-reset-race-stranger", "wal-reset-race"},
};

std::vector<std::string> StoredPlans() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CORPUS)) {
    if (entry.path().extension() == ".plan") {
      names.push_back(entry.path().stem().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Plan Stored(const std::string& name) {
  absl::StatusOr<Plan> plan = ReadPlanFile(CORPUS + name + ".plan");
  EXPECT_THAT(plan, IsOk());
  return plan.ok() ? *std::move(plan) : Plan();
}

class CorpusTest : public ::testing::Test {
 protected:
  CorpusTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    auto trial = TrialRunner::Create({});
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
  }

  TrialResult Run(const Plan& plan) {
    absl::StatusOr<TrialResult> result = trial_->Run(plan);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : TrialResult();
  }

  std::unique_ptr<TrialRunner> trial_;
};

class StoredPlanOfABug : public CorpusTest,
                         public ::testing::WithParamInterface<StoredLikeness> {
};

TEST_P(StoredPlanOfABug, GetsItsNameAndNoOther) {
  const Plan plan = Stored(GetParam().plan);
  const int version = sqlite3_libversion_number();
  if (!plan.sqlite.Contains(version)) {
    GTEST_SKIP() << "the plan is for another SQLite";
  }
  const TrialResult result = Run(plan);
  ASSERT_EQ(result.verdict.violation, plan.expected);
  EXPECT_THAT(LikelyBugsOf(plan, result, version), ElementsAre(GetParam().bug));
}

TEST_P(StoredPlanOfABug, GetsNoneOnAVersionWithoutTheBug) {
  const Plan plan = Stored(GetParam().plan);
  if (!plan.sqlite.Contains(sqlite3_libversion_number())) {
    GTEST_SKIP() << "the plan is for another SQLite";
  }
  const TrialResult result = Run(plan);
  ASSERT_TRUE(result.verdict.violation.has_value());
  const KnownBug* const bug = FindKnownBug(GetParam().bug);
  ASSERT_NE(bug, nullptr);
  for (const SqliteRange& range : bug->versions) {
    EXPECT_THAT(LikelyBugsOf(plan, result, range.from), ElementsAre(bug->name));
    EXPECT_THAT(LikelyBugsOf(plan, result, range.from - 1), IsEmpty());
    if (range.before == 0) continue;
    EXPECT_THAT(LikelyBugsOf(plan, result, range.before), IsEmpty());
  }
}

std::string TestName(const ::testing::TestParamInfo<StoredLikeness>& info) {
  std::string name = info.param.plan;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, StoredPlanOfABug, ::testing::ValuesIn(kStored),
                         TestName);

// A plan that is not in the table would never be asked for its name.
TEST_F(CorpusTest, EachViolatedPlanIsOfABugInTheTableOrPlanted) {
  std::set<std::string> violated;
  for (const std::string& name : StoredPlans()) {
    if (Stored(name).expected && !name.starts_with("planted-")) {
      violated.insert(name);
    }
  }
  std::set<std::string> in_table;
  for (const StoredLikeness& stored : kStored) in_table.insert(stored.plan);
  EXPECT_EQ(violated, in_table);
}

// Not even by its signs, without the rule that a planted saver's bug is its
// own.
TEST_F(CorpusTest, APlantedBugLooksLikeNone) {
  int planted = 0;
  for (const std::string& name : StoredPlans()) {
    if (!name.starts_with("planted-")) continue;
    const Plan plan = Stored(name);
    const TrialResult result = Run(plan);
    ASSERT_EQ(result.verdict.violation, plan.expected) << name;
    const SaverEntry* const entry = FindSaver(plan.saver);
    ASSERT_NE(entry, nullptr) << name;
    for (const KnownBug& bug : KnownBugs()) {
      EXPECT_FALSE(bug.looks_like(WithExactCrashes(plan, result),
                                  FailureOf(*entry, plan, result)))
          << name << " looks like " << bug.name;
    }
    EXPECT_THAT(LikelyBugsOf(plan, result, sqlite3_libversion_number()),
                IsEmpty())
        << name;
    ++planted;
  }
  EXPECT_GT(planted, 0);
}

// If a defence failed, that would be something new.
TEST_F(CorpusTest, AViolationInSpiteOfADefenceLooksLikeNone) {
  constexpr std::string_view kDefended = "-defended";
  int defended = 0;
  for (const std::string& name : StoredPlans()) {
    if (!name.ends_with(kDefended)) continue;
    const Plan plan = Stored(name);
    const std::string twin = name.substr(0, name.size() - kDefended.size());
    TrialResult result = Run(plan);
    EXPECT_TRUE(result.verdict.held()) << name;
    result.verdict = Verdict::Violated(*Stored(twin).expected, "as without it");
    EXPECT_THAT(LikelyBugsOf(plan, result, sqlite3_libversion_number()),
                IsEmpty())
        << name;
    ++defended;
  }
  EXPECT_GT(defended, 0);
}

// A plan with one switch shows one moment, and another number of calls before
// it makes that another moment.
TEST_F(CorpusTest, NobodyComesBetweenAtAnyCallOfTheChangeThatLeavesWal) {
  constexpr int kMoreThanItsMoments = 200;
  Plan plan = Stored("wal-again-while-it-is-left-defended");
  auto& steps = plan.rounds[0].steps;
  const auto change =
      std::find_if(steps.begin(), steps.end(), [](const Step& step) {
        return step.kind == StepKind::kJournalMode && !step.switches.empty();
      });
  ASSERT_NE(change, steps.end());
  int violated = 0;
  for (int at = 1; at < kMoreThanItsMoments; ++at) {
    change->switches[0].at = at;
    plan.saver = "sqlite";
    EXPECT_TRUE(Run(plan).verdict.held()) << "switch " << at;
    plan.saver = "sqlite-undefended";
    violated += Run(plan).verdict.held() ? 0 : 1;
  }
  EXPECT_GT(violated, 0);
}

TEST_F(CorpusTest, WhatHeldLooksLikeNone) {
  const Plan plan = Stored("live-read-while-spilled");
  TrialResult result = Run(plan);
  ASSERT_TRUE(result.verdict.held());
  EXPECT_THAT(LikelyBugsOf(plan, result, sqlite3_libversion_number()),
              IsEmpty());
}

}  // namespace
}  // namespace lastcommit
