// Another program removes a file of the open database, on both engines.

#include <memory>
#include <string>
#include <vector>

#include "directory.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plans.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

class RemovedFilesTest : public testing::TestWithParam<Engine> {
 protected:
  RemovedFilesTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    auto trial = TrialRunner::Create({directory_.path()});
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
    plan_.engine = GetParam();
    plan_.profile.journal_mode = saver::JournalMode::kWal;
  }

  static Step Unlink(DatabaseFile file) {
    Step step = StepOf(StepKind::kUnlink);
    step.file = file;
    return step;
  }
  static Step KilledAt(Step step, std::int64_t io, Moment moment) {
    step.crash = CrashPoint{io, moment};
    return step;
  }
  // Before it begins.
  static Step Killed(const Step& step) {
    return KilledAt(step, 0, Moment::kBefore);
  }

  TrialResult Run(std::vector<Round> rounds) {
    plan_.rounds = std::move(rounds);
    absl::StatusOr<TrialResult> result = trial_->Run(plan_);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : TrialResult();
  }

  Directory directory_;
  std::unique_ptr<TrialRunner> trial_;
  Plan plan_;
};

INSTANTIATE_TEST_SUITE_P(On, RemovedFilesTest,
                         testing::Values(Engine::kFork, Engine::kSim),
                         [](const testing::TestParamInfo<Engine>& engine) {
                           return std::string(Name(engine.param));
                         });

TEST_P(RemovedFilesTest, WhatWasInAWalAloneMayBeGone) {
  const TrialResult result =
      Run({RoundOf({PutBlob(0, 10), StepOf(StepKind::kWalCheckpoint),
                    PutBlob(1, 10), Unlink(DatabaseFile::kWal), PutBlob(2, 10),
                    Killed(StepOf(StepKind::kRead))}),
           RoundOf({PutBlob(3, 10)})});
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].acknowledged, 2);
  EXPECT_EQ(result.rounds[0].cut, 1);
  EXPECT_EQ(result.rounds[0].counts.refused_for_removal, 1);
  EXPECT_EQ(result.rounds[1].cut, 2);
}

TEST_P(RemovedFilesTest, OfARemovedDatabaseNothingIsLeft) {
  for (const saver::JournalMode mode :
       {saver::JournalMode::kWal, saver::JournalMode::kDelete,
        saver::JournalMode::kTruncate, saver::JournalMode::kPersist}) {
    plan_.profile.journal_mode = mode;
    for (const bool is_killed : {false, true}) {
      const Step read = StepOf(StepKind::kRead);
      const TrialResult result =
          Run({RoundOf({PutBlob(0, 10), Unlink(DatabaseFile::kDatabase),
                        PutBlob(1, 10), is_killed ? Killed(read) : read}),
               RoundOf({PutBlob(2, 10)})});
      EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
      EXPECT_EQ(result.rounds[0].cut, -1);
      EXPECT_EQ(result.rounds[0].counts.refused_for_removal, 1);
      EXPECT_EQ(result.rounds[1].cut, 1);
    }
  }
}

TEST_P(RemovedFilesTest, WithoutItsIndexNothingIsLost) {
  const TrialResult result =
      Run({RoundOf({PutBlob(0, 10), Unlink(DatabaseFile::kIndex),
                    PutBlob(1, 10), Killed(StepOf(StepKind::kRead))})});
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].cut, 1);
  EXPECT_EQ(result.rounds[0].counts.refused_for_removal, 1);
}

TEST_P(RemovedFilesTest, WhoIsOpenedAgainGoesOn) {
  for (const DatabaseFile file :
       {DatabaseFile::kDatabase, DatabaseFile::kWal, DatabaseFile::kIndex}) {
    const TrialResult result =
        Run({RoundOf({PutBlob(0, 10), StepOf(StepKind::kBegin), PutBlob(1, 10),
                      Unlink(file), PutBlob(2, 10), StepOf(StepKind::kRead),
                      StepOf(StepKind::kCommit), StepOf(StepKind::kRead)}),
             RoundOf({PutBlob(3, 10), StepOf(StepKind::kReopen)})});
    EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  }
}

TEST_P(RemovedFilesTest, WhatThereIsNotIsNotRemoved) {
  plan_.profile.journal_mode = saver::JournalMode::kDelete;
  const TrialResult result =
      Run({RoundOf({PutBlob(0, 10), Unlink(DatabaseFile::kWal), PutBlob(1, 10),
                    Killed(StepOf(StepKind::kRead))})});
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_FALSE(result.rounds[0].has_removal());
  EXPECT_EQ(result.rounds[0].cut, 2);
}

TEST_P(RemovedFilesTest, WhatIsAcknowledgedAfterwardsMustBeThere) {
  plan_.saver = "planted-removed-files-unnoticed";
  for (const DatabaseFile file :
       {DatabaseFile::kDatabase, DatabaseFile::kWal}) {
    const TrialResult result =
        Run({RoundOf({PutBlob(0, 10), Unlink(file), PutBlob(1, 10),
                      Killed(StepOf(StepKind::kRead))})});
    EXPECT_EQ(Name(result.verdict), "violated(lost_commit)")
        << result.verdict.why;
  }
}

// The close copies what is in the WAL into the database, which has no other
// one any more.
TEST_P(RemovedFilesTest, AKillWhileItIsCopiedIsNotJudged) {
  int copying = 0;
  int held = 0;
  for (std::int64_t io = 1; io < 20; ++io) {
    Round round = RoundOf({PutBlob(0, 10), Unlink(DatabaseFile::kWal)});
    round.steps.back() = KilledAt(round.steps.back(), io, Moment::kAfter);
    const TrialResult result = Run({round});
    const std::string verdict = Name(result.verdict);
    if (verdict == "skipped(not_reached)") break;
    ASSERT_TRUE(verdict == "held" || verdict == "skipped(no_demand)")
        << result.verdict.why;
    ++(verdict == "held" ? held : copying);
  }
  EXPECT_GT(copying, 0);
  EXPECT_GT(held, 0);
}

}  // namespace
}  // namespace lastcommit
