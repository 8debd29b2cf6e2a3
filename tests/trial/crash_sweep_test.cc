#include "trial/crash_sweep.h"

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "plans.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::SizeIs;

TEST(SurvivalsToTryTest, WithNothingUnsyncedThereIsOnlyAKill) {
  EXPECT_THAT(SurvivalsToTry(0, 0, {}),
              testing::ElementsAre(Survival{SurvivalKind::kAll}));
}

TEST(SurvivalsToTryTest, EachPrefixAndEachSingleLossIsTriedOnce) {
  const std::vector<Survival> survivals = SurvivalsToTry(3, 0, {.random = 0});
  EXPECT_THAT(survivals,
              testing::ElementsAre(Survival{SurvivalKind::kAll},
                                   Survival{SurvivalKind::kNone},
                                   Survival{SurvivalKind::kPrefix, 1},
                                   Survival{SurvivalKind::kPrefix, 2},
                                   Survival{SurvivalKind::kLoseOne, 0},
                                   Survival{SurvivalKind::kLoseOne, 1},
                                   Survival{SurvivalKind::kLoseOne, 2}));
}

TEST(SurvivalsToTryTest, ManyChangesAreThinnedButKeepTheirEnds) {
  const std::vector<Survival> survivals =
      SurvivalsToTry(1000, 0, {.random = 2, .changes = 10});
  EXPECT_THAT(survivals, SizeIs(2 + 10 + 10 + 2));
  EXPECT_THAT(survivals, Contains(Survival{SurvivalKind::kLoseOne, 0}));
  EXPECT_THAT(survivals, Contains(Survival{SurvivalKind::kLoseOne, 999}));
}

TEST(SurvivalsToTryTest, RandomOnesAreAFunctionOfTheSeedAndTheCrashPoint) {
  const SurvivalLimits limits = {.random = 4, .seed = 7};
  EXPECT_EQ(SurvivalsToTry(9, 3, limits), SurvivalsToTry(9, 3, limits));
  EXPECT_NE(SurvivalsToTry(9, 3, limits), SurvivalsToTry(9, 4, limits));
  EXPECT_NE(SurvivalsToTry(9, 3, limits),
            SurvivalsToTry(9, 3, {.random = 4, .seed = 8}));
}

class CrashSweepTest : public testing::Test {
 protected:
  CrashSweepTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    auto trial = SimTrial::Create(absl::Minutes(1));
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
    plan_ = PlanOf(saver::JournalMode::kWal, {RoundOf({PutBlob(1, 5000)})});
    plan_.engine = Engine::kSim;
    plan_.profile.page_size = 1024;
  }

  std::vector<SweptImage> Sweep(const SweepLimits& limits) {
    std::vector<SweptImage> images;
    auto sweep = CrashSweep::Create(*trial_, plan_, limits);
    EXPECT_THAT(sweep, IsOk());
    while (sweep.ok()) {
      const absl::StatusOr<SweepBatch> batch = (*sweep)->Next();
      EXPECT_THAT(batch, IsOk());
      if (!batch.ok()) break;
      EXPECT_EQ(Name(batch->verdict), "held") << batch->verdict.why;
      images.insert(images.end(), batch->images.begin(), batch->images.end());
      crash_points_ = batch->crash_points;
      is_complete_ = batch->is_complete;
      if (batch->is_last) break;
    }
    return images;
  }

  // What a plan that stops there gives, in the words of ExpectSame.
  std::string Stopped(const SweptImage& image) {
    const Plan crashed = PlanOf(plan_, image);
    const absl::StatusOr<TrialResult> result = trial_->Run(crashed);
    EXPECT_THAT(result, IsOk());
    if (!result.ok()) return "";
    const std::string lost =
        image.survival == SurvivalKind::kAll
            ? ""
            : " lost " + std::to_string(
                             result->images.with_lost_commits +
                             result->images.with_lost_commits_without_demand);
    return Name(result->verdict) + lost;
  }
  static std::string Swept(const SweptImage& image) {
    const Verdict verdict =
        image.violation >= 0
            ? Verdict::Violated(static_cast<ViolationClass>(image.violation),
                                "")
        : image.no_demand ? Verdict::Skipped(SkipReason::kNoDemand, "")
                          : Verdict::Held();
    const std::string lost =
        image.survival == SurvivalKind::kAll
            ? ""
            : std::string(" lost ") + (image.lost_commits > 0 ? "1" : "0");
    return Name(verdict) + lost;
  }

  // Every image, against a trial of its own.
  void ExpectThatEachIsWhatAPlanThatStopsThereGives() {
    const std::vector<SweptImage> images = Sweep({{.random = 1, .changes = 1}});
    EXPECT_TRUE(is_complete_);
    EXPECT_GT(images.size(), 300U);
    for (const SweptImage& image : images) {
      ASSERT_EQ(Swept(image), Stopped(image))
          << PrintPlan(PlanOf(plan_, image));
    }
  }

  std::unique_ptr<SimTrial> trial_;
  Plan plan_;
  std::uint64_t crash_points_ = 0;
  bool is_complete_ = false;
};

TEST_F(CrashSweepTest, EachImageIsWhatAPlanThatStopsThereGives) {
  plan_.profile.synchronous = saver::Synchronous::kNormal;
  ExpectThatEachIsWhatAPlanThatStopsThereGives();
}

TEST_F(CrashSweepTest, SoIsEachOfAPlantedBug) {
  plan_.saver = "planted-wal-sync-dropped";
  ExpectThatEachIsWhatAPlanThatStopsThereGives();
}

TEST_F(CrashSweepTest, SoIsEachOfARollbackJournalWithoutSyncs) {
  plan_.profile.journal_mode = saver::JournalMode::kDelete;
  plan_.profile.synchronous = saver::Synchronous::kOff;
  ExpectThatEachIsWhatAPlanThatStopsThereGives();
}

TEST_F(CrashSweepTest, SoIsEachOfARoundWithAnErrorAfterAKill) {
  plan_.profile.journal_mode = saver::JournalMode::kTruncate;
  plan_.profile.synchronous = saver::Synchronous::kFull;
  plan_.rounds[0].steps[1].crash = CrashPoint{9, Moment::kAfter};
  Step failing = PutBlob(2, 100);
  failing.error = IoError{ErrorKind::kWrite, 2};
  plan_.rounds.push_back(RoundOf({failing, PutBlob(3, 100)}));
  ExpectThatEachIsWhatAPlanThatStopsThereGives();
}

TEST_F(CrashSweepTest, EachCrashPointIsTakenOnceAndInOrder) {
  const std::vector<SweptImage> images = Sweep({{.random = 0, .changes = 1}});
  std::vector<std::uint64_t> points;
  std::vector<std::tuple<std::size_t, std::int64_t, int>> places;
  for (const SweptImage& image : images) {
    if (!image.is_first_of_point) continue;
    points.push_back(image.crash_point);
    places.emplace_back(image.place.step, image.place.point.io,
                        static_cast<int>(image.place.point.moment));
  }
  ASSERT_EQ(points.size(), crash_points_);
  for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(points[i], i);
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  EXPECT_EQ(std::adjacent_find(places.begin(), places.end()), places.end());
  // Before the step begins, and in the middle of a write and of a sync.
  EXPECT_THAT(places, Contains(std::tuple(1, 0, 0)));
  EXPECT_THAT(places,
              Contains(testing::FieldsAre(0U, testing::Gt(0),
                                          static_cast<int>(Moment::kDuring))));
}

TEST_F(CrashSweepTest, APlanWithThePlantedBugIsViolatedAndOursHolds) {
  const auto violation = [](const SweptImage& image) {
    return image.violation;
  };
  const SweepLimits limits = {{.random = 2, .changes = 8}};
  EXPECT_THAT(Sweep(limits), Each(testing::ResultOf(violation, -1)));
  plan_.saver = "planted-wal-sync-dropped";
  EXPECT_THAT(Sweep(limits),
              Contains(testing::ResultOf(
                  violation, static_cast<int>(ViolationClass::kLostCommit))));
}

TEST_F(CrashSweepTest, ADuplicateIsOneOfAnImageBeforeIt) {
  const std::vector<SweptImage> images = Sweep({{.random = 1}});
  ASSERT_FALSE(images.empty());
  EXPECT_FALSE(images.front().is_duplicate);
  const auto duplicates =
      std::count_if(images.begin(), images.end(),
                    [](const SweptImage& image) { return image.is_duplicate; });
  EXPECT_GT(duplicates, 0);
  EXPECT_LT(duplicates, static_cast<std::ptrdiff_t>(images.size()));
}

TEST_F(CrashSweepTest, ALimitEndsItAndIsSaid) {
  const std::vector<SweptImage> images = Sweep({{}, 100});
  EXPECT_THAT(images, SizeIs(100));
  EXPECT_FALSE(is_complete_);
}

}  // namespace
}  // namespace lastcommit
