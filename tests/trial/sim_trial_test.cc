#include "trial/sim_trial.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "directory.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "plan/codec.h"
#include "plans.h"
#include "trial/sim_guest.h"

namespace lastcommit {
namespace {

Step Put(int id, std::int64_t size = 300) {
  return Op(threads::Kind::kPutCheckpoint,
            {.id = id, .content = {size, static_cast<std::uint64_t>(id)}});
}

// After the next step has begun, before it does anything.
Step Crashed(Step step, SurvivalKind survival, std::uint64_t number = 0) {
  step.crash = CrashPoint{1, Moment::kBefore, {survival, number}};
  return step;
}

Step Failing(Step step, ErrorKind kind, std::int64_t at,
             std::int64_t count = 1) {
  step.error = IoError{kind, at, count};
  return step;
}

class SimTrialTest : public testing::Test {
 protected:
  SimTrialTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    auto trial = SimTrial::Create(absl::Minutes(1));
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
    plan_.engine = Engine::kSim;
  }

  void Use(saver::JournalMode mode, saver::Synchronous synchronous) {
    plan_.profile.journal_mode = mode;
    plan_.profile.synchronous = synchronous;
  }

  // One round of these steps, between open and close.
  void AddRound(std::vector<Step> steps) {
    steps.insert(steps.begin(), StepOf(StepKind::kOpen));
    steps.push_back(StepOf(StepKind::kClose));
    plan_.rounds.push_back({std::move(steps)});
  }

  TrialResult Run() {
    absl::StatusOr<TrialResult> result = trial_->Run(plan_);
    EXPECT_THAT(result, IsOk());
    return result.ok() ? *std::move(result) : TrialResult();
  }

  Plan plan_;
  std::unique_ptr<SimTrial> trial_;
};

TEST_F(SimTrialTest, WithoutAFaultEverythingIsThere) {
  AddRound({Put(0), Put(1)});
  AddRound({StepOf(StepKind::kRead)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.commits, 3);  // the schema is one
  ASSERT_EQ(result.rounds.size(), 2U);
  EXPECT_EQ(result.rounds[1].cut, 2);
}

TEST_F(SimTrialTest, AKillLosesNothing) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kOff);
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kAll)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_FALSE(result.rounds[0].lost_power);
  EXPECT_EQ(result.rounds[0].cut, 1);
}

TEST_F(SimTrialTest, WithFullSyncsALossOfPowerLosesNoCommit) {
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kNone)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_TRUE(result.rounds[0].lost_power);
  EXPECT_EQ(result.rounds[0].cut, 1);
  EXPECT_EQ(result.images.judged, 1);
  EXPECT_EQ(result.images.lost_commits, 0);
}

TEST_F(SimTrialTest, WithNormalSyncsAWalLosesCommitsAndMayDoSo) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kNormal);
  AddRound({Put(0), Put(1), Crashed(Put(2), SurvivalKind::kNone)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].cut, 0);
  EXPECT_EQ(result.images.with_lost_commits, 1);
  EXPECT_EQ(result.images.lost_commits, 2);
}

TEST_F(SimTrialTest, ACheckpointMakesCommitsDurable) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kNormal);
  AddRound({Put(0), Put(1), StepOf(StepKind::kWalCheckpoint),
            Crashed(Put(2), SurvivalKind::kNone)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].cut, 2);
}

TEST_F(SimTrialTest, WithoutSyncsThereIsNoDemand) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kOff);
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kNone)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "skipped(no_demand)");
  EXPECT_EQ(result.images.no_demand, 1);
  EXPECT_EQ(result.images.judged, 0);
}

TEST_F(SimTrialTest, ADeletedJournalComesBackIfTheDirectoryWasNotSynced) {
  Use(saver::JournalMode::kDelete, saver::Synchronous::kFull);
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kNone)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].cut, 0);
  EXPECT_EQ(result.images.lost_commits, 1);
}

TEST_F(SimTrialTest, ExtraSyncsTheDirectory) {
  Use(saver::JournalMode::kDelete, saver::Synchronous::kExtra);
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kNone)});
  EXPECT_EQ(Run().rounds[0].cut, 1);
}

// What a killed process wrote may be lost a round later.
TEST_F(SimTrialTest, UnsyncedChangesOutliveAKill) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kNormal);
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kAll)});
  plan_.rounds.push_back({{StepOf(StepKind::kOpen), StepOf(StepKind::kClose)}});
  Step& open = plan_.rounds.back().steps.front();
  open.crash = CrashPoint{0, Moment::kBefore, {SurvivalKind::kNone, 0}};
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.rounds[0].cut, 1);
  EXPECT_EQ(result.rounds[1].cut, 0);
}

TEST_F(SimTrialTest, ACrashPointThatIsNotReachedIsSkipped) {
  Step step = Put(0);
  step.crash = CrashPoint{100000, Moment::kBefore, {}};
  AddRound({step});
  EXPECT_EQ(Name(Run().verdict), "skipped(not_reached)");
}

TEST_F(SimTrialTest, ImagesAreTakenAlongTheWay) {
  plan_.images = 20;
  AddRound({Put(0), Put(1, 20000), Put(2)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.images.judged, 20);
  EXPECT_EQ(result.image_digests.size(), 21U);  // and the end
}

TEST_F(SimTrialTest, TheSaverItselfRecoversWhatTheLastRoundLeft) {
  plan_.saver = "planted-read-only-after-crash";
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kAll)});
  EXPECT_EQ(Name(Run().verdict), "violated(not_writable)");
}

TEST_F(SimTrialTest, TheSaverItselfRecoversTheImagesAlongTheWay) {
  plan_.saver = "planted-read-only-after-crash";
  AddRound({Put(0), Put(1)});
  EXPECT_EQ(Name(Run().verdict), "held");
  plan_.images = 20;
  EXPECT_EQ(Name(Run().verdict), "violated(not_writable)");
}

// Says a number of each crash point of a window; of equal ones in a row one.
class Witness : public SimGuest {
 public:
  using Number = std::int64_t (*)(const SimImage& image,
                                  const ImageJudge& judge);
  Witness(const CrashPointWindow& window, Number number)
      : window_(window), number_(number) {}

  std::optional<CrashPointWindow> Window() const override { return window_; }
  absl::Status Judge(const std::vector<SimImage>& images,
                     std::uint64_t /*crash_points*/,
                     ImageJudge& judge) override {
    std::vector<std::int64_t> numbers;
    for (const SimImage& image : images) {
      const std::int64_t number = number_(image, judge);
      if (numbers.empty() || numbers.back() != number) {
        numbers.push_back(number);
      }
    }
    // Out of the child.
    return absl::InternalError(
        absl::StrCat("saw ", absl::StrJoin(numbers, " ")));
  }

 private:
  const CrashPointWindow window_;
  const Number number_;
};

TEST_F(SimTrialTest, AGuestIsShownEachCrashPointOfItsWindow) {
  AddRound({Put(0)});
  Witness witness({3, 8}, [](const SimImage& image, const ImageJudge&) {
    return static_cast<std::int64_t>(image.ordinal);
  });
  EXPECT_THAT(std::string(trial_->RunWith(plan_, witness).status().message()),
              testing::EndsWith("saw 3 4 5 6 7"));
}

// That of each journal comes after the commit before it.
TEST_F(SimTrialTest, ASyncOfTheDirectoryPromisesWhatWasAcknowledgedBefore) {
  Use(saver::JournalMode::kDelete, saver::Synchronous::kFull);
  AddRound({Put(0), Put(1)});
  Witness witness(
      {0, 1000}, [](const SimImage& image, const ImageJudge& judge) {
        return judge.Crash(image, {SurvivalKind::kNone}).facts.directory_synced;
      });
  EXPECT_THAT(std::string(trial_->RunWith(plan_, witness).status().message()),
              testing::EndsWith("saw -1 0 1"));
}

TEST_F(SimTrialTest, TheSamePlanGivesTheSameImages) {
  plan_.images = 50;
  AddRound({Put(0), Put(1, 20000), Crashed(Put(2), SurvivalKind::kSubset, 7)});
  const TrialResult first = Run();
  EXPECT_EQ(Run().image_digests, first.image_digests);
  EXPECT_GT(first.image_digests.size(), 20U);
}

// The bug of docs/findings.md: an image along the way becomes the crash point
// of a plan that fails in the same way.
TEST_F(SimTrialTest, AViolatedImageBecomesACrashPoint) {
  plan_.saver = "sqlite-undefended";
  plan_.images = 200;
  plan_.profile.page_size = 512;
  Use(saver::JournalMode::kDelete, saver::Synchronous::kFull);
  const Step fill = Op(threads::Kind::kAppendLogs, {.count = 142});
  AddRound({fill, StepOf(StepKind::kVacuum), StepOf(StepKind::kVacuum),
            Put(1, 4000), StepOf(StepKind::kVacuum), Put(2)});
  const TrialResult result = Run();
  ASSERT_EQ(Name(result.verdict), "violated(damaged)");
  ASSERT_TRUE(result.violated_image.has_value());
  plan_ = WithExactCrashes(plan_, result);
  EXPECT_EQ(plan_.images, 0);
  EXPECT_TRUE(CrashStep(plan_.rounds.back()).has_value());
  EXPECT_EQ(Name(Run().verdict), "violated(damaged)");
}

TEST_F(SimTrialTest, AnErrorIsReportedAndLeavesNothing) {
  AddRound({Put(0), Failing(Put(1), ErrorKind::kWrite, 1), Put(2),
            StepOf(StepKind::kRead)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.errors, 1);
  EXPECT_EQ(result.rounds[0].cut, 2);
}

TEST_F(SimTrialTest, AFailedSyncLeavesTheCommitInDoubt) {
  AddRound({Put(0), Failing(Put(1), ErrorKind::kSync, 1),
            Crashed(StepOf(StepKind::kBegin), SurvivalKind::kAll), Put(2)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.errors, 1);
}

TEST_F(SimTrialTest, AFullDiskThatStaysFullIsReportedEachTime) {
  AddRound({Put(0), Failing(Put(1, 20000), ErrorKind::kFull, 1, 0),
            Put(2, 20000), Put(3, 20000), StepOf(StepKind::kRead)});
  const TrialResult result = Run();
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_GE(result.errors, 3);
  EXPECT_EQ(result.rounds[0].cut, 1);
}

class ErrorKindTest : public SimTrialTest,
                      public testing::WithParamInterface<int> {};

TEST_P(ErrorKindTest, IsSurvivedInEveryJournalMode) {
  std::int64_t errors = 0;
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
        saver::JournalMode::kPersist, saver::JournalMode::kWal}) {
    for (int at = 1; at <= 8; ++at) {
      plan_ = Plan();
      plan_.engine = Engine::kSim;
      plan_.profile.cache_size = 5;
      Use(mode, saver::Synchronous::kFull);
      Step begin = StepOf(StepKind::kBegin);
      begin.error = IoError{static_cast<ErrorKind>(GetParam()), at, 1};
      AddRound({Put(0), begin, Put(1, 30000), Put(2), StepOf(StepKind::kCommit),
                StepOf(StepKind::kRollback), Put(3),
                StepOf(StepKind::kWalCheckpoint), StepOf(StepKind::kReopen),
                Put(4), StepOf(StepKind::kRead)});
      const TrialResult result = Run();
      EXPECT_EQ(Name(result.verdict), "held")
          << PrintPlan(plan_) << result.verdict.why;
      errors += result.errors;
    }
  }
  EXPECT_GT(errors, 3);
}

std::string ErrorName(const testing::TestParamInfo<int>& info) {
  return std::string(Name(static_cast<ErrorKind>(info.param)));
}

INSTANTIATE_TEST_SUITE_P(All, ErrorKindTest, testing::Range(0, kErrorKinds),
                         ErrorName);

TEST_F(SimTrialTest, WhatWasLeftCanBeKept) {
  const Directory kept;
  AddRound({Put(0), Crashed(Put(1), SurvivalKind::kNone)});
  EXPECT_THAT(trial_->RunAndKeep(plan_, kept.path()), IsOk());
  EXPECT_TRUE(std::filesystem::exists(kept.path() + "/round-1/state.db"));
}

TEST_F(SimTrialTest, EveryImageCanBeKept) {
  const Directory kept;
  plan_.images = 4;
  AddRound({Put(0), Put(1)});
  const auto result = trial_->RunAndKeepImages(plan_, kept.path());
  ASSERT_THAT(result, IsOk());
  const std::size_t images = result->image_digests.size();
  EXPECT_GT(images, 1u);
  for (std::size_t i = 0; i < images; ++i) {
    EXPECT_TRUE(std::filesystem::is_directory(kept.path() + "/image-" +
                                              std::to_string(i)));
  }
  EXPECT_TRUE(std::filesystem::exists(
      kept.path() + "/image-" + std::to_string(images - 1) + "/state.db"));
}

TEST_F(SimTrialTest, AnUnknownSaverIsAnError) {
  plan_.saver = "nobody";
  AddRound({});
  EXPECT_EQ(trial_->Run(plan_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lastcommit
