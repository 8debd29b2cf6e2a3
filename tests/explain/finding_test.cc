#include "explain/finding.h"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "explain/disk_map.h"
#include "explain/findings_fixture.h"
#include "explain/plans.h"
#include "explain/sim_plans.h"
#include "explain/story_facts.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "keys/pairs.h"
#include "keys/specs.h"
#include "operations.h"
#include "plan/codec.h"
#include "subject/registry.h"
#include "token/token.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr CaseKey kKey = {7, 42};
constexpr char kName[] = "lost_commit/7-42";

absl::StatusOr<Finding> KeepFinding(TrialRunner& trial, const CaseKey& key,
                                    const Plan& plan, const TrialResult& result,
                                    const FindingOptions& options) {
  ASSIGN_OR_RETURN(Finding finding, KeepPlan(key, plan, result, options));
  RETURN_IF_ERROR(ExplainFinding(trial, plan, result, options, finding));
  return finding;
}

class FindingTest : public FindingsTest {
 protected:
  FindingTest() { options_.directory = findings_.path(); }

  Finding Keep(const Plan& plan, const TrialResult& result) {
    absl::StatusOr<Finding> finding =
        KeepFinding(*trial_, kKey, plan, result, options_);
    EXPECT_THAT(finding, IsOk());
    return finding.ok() ? *std::move(finding) : Finding();
  }
  Finding Keep(const Plan& plan) { return Keep(plan, Run(plan)); }

  std::string Path(const std::string& name) {
    return findings_.Path(std::string(kName) + "/" + name);
  }
  Plan PlanIn(const std::string& name) {
    absl::StatusOr<Plan> plan = ReadPlanFile(Path(name));
    EXPECT_THAT(plan, IsOk());
    return plan.ok() ? *std::move(plan) : Plan();
  }

  FindingOptions options_;
};

TEST_F(FindingTest, AfterALossOfPowerItKeepsWhatBecameOfTheDisk) {
  Keep(PlanWithoutPower(kDropsWalSyncs));
  const absl::StatusOr<DiskMap> map = ReadDiskMap(Path("disk.json"));
  ASSERT_THAT(map, IsOk());
  const auto is_lost = [](const DiskUnits& units) {
    return units.state == UnitState::kLost && !units.change.empty();
  };
  EXPECT_TRUE(std::any_of(
      map->files.begin(), map->files.end(), [&](const DiskFile& file) {
        return file.name == "state.db-wal" &&
               std::any_of(file.units.begin(), file.units.end(), is_lost);
      }));
}

TEST_F(FindingTest, IsKeptWithEverythingThatIsNeededToReadAndReplayIt) {
  const Plan plan = PlanKilledInCommit(kDishonest);
  const Finding finding = Keep(plan);
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  EXPECT_EQ(finding.directory, findings_.Path(kName));
  EXPECT_EQ(finding.plan_path, Path("shrunk.plan"));
  EXPECT_EQ(PlanIn("original.plan").rounds, plan.rounds);
  EXPECT_EQ(findings_.Get(std::string(kName) + "/story.txt"), finding.story);
  EXPECT_TRUE(findings_.Has(std::string(kName) + "/round-1/state.db"));
}

TEST_F(FindingTest, IsShrunkWithinItsClass) {
  const Finding finding = Keep(PlanKilledInCommit(kDishonest));
  Plan smallest;
  smallest.saver = kDishonest;
  smallest.expected = ViolationClass::kLostCommit;
  smallest.sqlite = {sqlite3_libversion_number(),
                     sqlite3_libversion_number() + 1};
  smallest.rounds = {
      {{{.kind = StepKind::kOpen},
        {.kind = StepKind::kBegin},
        Op(threads::Kind::kPutBlob),
        {.kind = StepKind::kCommit, .crash = CrashPoint{1, Moment::kBefore}},
        {.kind = StepKind::kClose}}}};
  EXPECT_EQ(PlanIn("shrunk.plan"), smallest);
  EXPECT_EQ(finding.lines, 5u) << "a row that people can look for stays";
  EXPECT_GT(finding.shrink_trials, 0);
}

// For who does not wait, or loses the process.
TEST_F(FindingTest, WhatShrinkingHasComeToLiesThereUntilItIsDone) {
  const Plan plan = PlanKilledInCommit(kDishonest);
  bool has_been_there = false;
  options_.is_cancelled = [&] {
    if (has_been_there || !findings_.Has(std::string(kName) + "/smaller.plan"))
      return false;
    has_been_there = true;
    const Plan smaller = PlanIn("smaller.plan");
    EXPECT_EQ(smaller.expected, ViolationClass::kLostCommit);
    EXPECT_NE(smaller.rounds, plan.rounds);
    EXPECT_EQ(Run(smaller).verdict.violation, ViolationClass::kLostCommit);
    return false;
  };
  Keep(plan);
  EXPECT_TRUE(has_been_there);
  EXPECT_FALSE(findings_.Has(std::string(kName) + "/smaller.plan"));
}

TEST_F(FindingTest, TheFactsSayWhatWasAcknowledgedAndWhatDiffers) {
  for (const Plan& plan :
       {PlanKilledInCommit(kDishonest), PlanWithoutPower(kDropsWalSyncs)}) {
    const Finding finding = Keep(plan);
    const absl::StatusOr<StoryFacts> facts = ReadStoryFacts(Path("facts.json"));
    ASSERT_THAT(facts, IsOk());
    const std::size_t steps = PlanIn("shrunk.plan").rounds[0].steps.size();
    ASSERT_THAT(facts->acknowledgements, SizeIs(2));
    EXPECT_EQ(facts->AcknowledgedBy(0, 0), "the schema acknowledged");
    EXPECT_EQ(facts->acknowledgements[1],
              (Acknowledgement{0, static_cast<std::uint32_t>(steps) - 2, 1}));
    EXPECT_THAT(facts->ends,
                ElementsAre("acknowledged: commits up to 1; must be there: "
                            "commits up to 1; found: the schema"));
    ASSERT_THAT(facts->rows, Not(IsEmpty()));
    EXPECT_EQ(facts->rows[0].row, "thread thread-0");
    EXPECT_EQ(facts->rows[0].expected[0], '(') << facts->rows[0].expected;
    EXPECT_EQ(facts->rows[0].found, "nothing");
    EXPECT_THAT(finding.story, HasSubstr("-- commit 1 acknowledged"));
    EXPECT_THAT(finding.story, HasSubstr(facts->ends[0]));
    EXPECT_THAT(finding.story, HasSubstr(facts->rows[0].expected));
  }
}

// What a story says of a trial that nobody has made up.
class EndOfRoundTest : public FindingsTest {
 protected:
  static Plan PlanOf(const std::string& saver, std::vector<Round> rounds) {
    Plan plan;
    plan.saver = saver;
    plan.engine = Engine::kSim;
    plan.rounds = std::move(rounds);
    return plan;
  }
  std::vector<std::string> EndsOf(const Plan& plan) {
    return StoryFactsOf(Run(plan)).ends;
  }
};

TEST_F(EndOfRoundTest, WhatWasSeenOfACommitInDoubtIsNotCalledAcknowledged) {
  Step killed = Op(threads::Kind::kAppendLog);
  killed.crash = CrashPoint{12, Moment::kAfter};
  Plan plan =
      PlanOf("sqlite",
             {{{{.kind = StepKind::kOpen}, killed, {.kind = StepKind::kClose}}},
              {{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}});
  plan.profile.synchronous = saver::Synchronous::kNormal;
  EXPECT_THAT(
      EndsOf(plan),
      ElementsAre("acknowledged: the schema; must be there: the schema; may be "
                  "there: commits up to 1; found: commits up to 1",
                  "acknowledged: the schema; must be there: commits up to 1 "
                  "(they were seen before); found: commits up to 1"));
}

TEST_F(EndOfRoundTest, AFailedCommitThatIsThereAfterAllMayBeThere) {
  Step fails = Op(threads::Kind::kAppendLog);
  fails.error = IoError{.kind = ErrorKind::kSync, .at = 2};
  const Step killed = {.kind = StepKind::kClose,
                       .crash = CrashPoint{0, Moment::kBefore}};
  const TrialResult result =
      Run(PlanOf("sqlite", {{{{.kind = StepKind::kOpen}, fails, killed}}}));
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_THAT(
      StoryFactsOf(result).ends,
      ElementsAre("acknowledged: the schema; must be there: the schema; "
                  "may be there: commits up to 1; found: commits up to "
                  "1"));
}

TEST_F(EndOfRoundTest, WhatWasNotReadIsNotCalledNothing) {
  Step fails = Op(threads::Kind::kPutBlob);
  fails.error = IoError{.kind = ErrorKind::kWrite};
  const TrialResult result = Run(PlanOf(
      "planted-open-after-error",
      {{{{.kind = StepKind::kOpen}, fails, {.kind = StepKind::kClose}}}}));
  ASSERT_EQ(result.verdict.violation, ViolationClass::kUncleanClose);
  EXPECT_THAT(StoryFactsOf(result).ends, ElementsAre(Not(HasSubstr("found"))));
}

TEST_F(FindingTest, AfterAKillItKeepsWhatRecoveryMakesOfTheFiles) {
  Keep(PlanKilledInCommit(kDishonest));
  const absl::StatusOr<DiskMap> map = ReadDiskMap(Path("disk.json"));
  ASSERT_THAT(map, IsOk());
  EXPECT_TRUE(map->is_killed);
  EXPECT_EQ(map->round, 0u);
  ASSERT_THAT(map->files, Not(IsEmpty()));
  EXPECT_EQ(map->files[0].name, "state.db");
}

TEST_F(FindingTest, OneOfAKnownShapeIsCountedAndNotShrunkFurther) {
  const Plan plan = PlanKilledInCommit(kDishonest);
  const Finding first = Keep(plan);
  EXPECT_FALSE(first.counted);
  options_.is_known_shape = [&](const std::string& shape) {
    return shape == first.shape;
  };
  const Finding second = Keep(plan);
  EXPECT_TRUE(second.counted);
  EXPECT_EQ(second.shape, first.shape);
  EXPECT_LT(second.shrink_trials, first.shrink_trials);
  EXPECT_THAT(second.story, HasSubstr("the shape of an earlier finding"));
}

TEST_F(FindingTest, ThePlanIsOnDiskBeforeItIsShrunk) {
  const Plan plan = PlanKilledInCommit(kDishonest);
  int asked = 0;
  options_.is_cancelled = [&] {
    if (asked++ == 0) {
      EXPECT_EQ(PlanIn("original.plan").rounds, plan.rounds);
      EXPECT_FALSE(findings_.Has(std::string(kName) + "/shrunk.plan"));
    }
    return false;
  };
  Keep(plan);
  EXPECT_GT(asked, 0);
}

TEST_F(FindingTest, ShrinkingEndsWhenItIsCancelled) {
  options_.is_cancelled = [] { return true; };
  const Plan plan = PlanKilledInCommit(kDishonest);
  Keep(plan);
  EXPECT_EQ(PlanIn("shrunk.plan").rounds, plan.rounds);
}

TEST_F(FindingTest, WhatIsCancelledAtOnceSaysThatItWasNotRepeated) {
  options_.is_cancelled = [] { return true; };
  const Finding finding = Keep(PlanKilledInCommit(kDishonest));
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  EXPECT_EQ(finding.repeats, "not repeated: it was interrupted");
  EXPECT_EQ(finding.shape, "");
}

TEST_F(FindingTest, AShrunkPlanHasAShape) {
  EXPECT_EQ(Keep(PlanKilledInCommit(kDishonest)).shape,
            "lost_commit wal: open begin put_blob commit! close");
}

TEST_F(FindingTest, ThePlanExpectsItsViolationOnThisSqliteOnly) {
  Keep(PlanKilledInCommit(kDishonest));
  const Plan kept = PlanIn("original.plan");
  EXPECT_EQ(kept.expected, ViolationClass::kLostCommit);
  EXPECT_TRUE(kept.sqlite.Contains(sqlite3_libversion_number()));
  EXPECT_FALSE(kept.sqlite.Contains(sqlite3_libversion_number() + 1));
}

TEST_F(FindingTest, TheStoryEndsWithTheCommandThatReplaysIt) {
  options_.program = "path/to/lastcommit";
  const Finding finding = Keep(PlanKilledInCommit(kDishonest));
  EXPECT_THAT(finding.story, HasSubstr("VIOLATED violated(lost_commit)\n"));
  EXPECT_THAT(finding.story, HasSubstr("--seed=7 at index 42"));
  EXPECT_THAT(finding.story, HasSubstr("5 of 5 violated(lost_commit)"));
  EXPECT_TRUE(finding.story.ends_with("replay:  path/to/lastcommit replay " +
                                      Path("shrunk.plan") + "\n"))
      << finding.story;
}

TEST_F(FindingTest, TheTokenIsTheShrunkPlan) {
  options_.program = "lastcommit";
  const Finding finding = Keep(PlanKilledInCommit(kDishonest));
  EXPECT_THAT(ParseToken(finding.token),
              IsOkAndHolds(WithoutExpectation(PlanIn("shrunk.plan"))));
  EXPECT_THAT(finding.story,
              HasSubstr("\nreplay:  lastcommit replay " + finding.token +
                        "\nreplay:  lastcommit replay " + Path("shrunk.plan")));
}

TEST_F(FindingTest, APlanThatIsTooLongForATokenIsSaidToBe) {
  options_.is_cancelled = [] { return true; };
  Plan plan = PlanKilledInCommit(kDishonest);
  for (int id = 0; id < 100; ++id) {
    plan.rounds[0].steps.insert(
        plan.rounds[0].steps.begin() + 1,
        Op(threads::Kind::kPutBlob,
           {.id = id * id % 97, .content = {id * 17 % 101, 5}}));
  }
  const Finding finding = Keep(plan);
  EXPECT_EQ(finding.token, "");
  EXPECT_THAT(finding.story,
              HasSubstr("\ntoken:   none, the plan is too long\nreplay:  "));
}

class LikenessTest : public FindingTest {
 protected:
  // A loss of power after a VACUUM, on any SQLite.
  static Plan PlanOfAKnownBug() {
    const absl::StatusOr<Plan> plan =
        ReadPlanFile(CORPUS "vacuum-power-loss.plan");
    EXPECT_THAT(plan, IsOk());
    return plan.ok() ? *plan : Plan();
  }
};

TEST_F(LikenessTest, AKnownBugIsNamedInTheStoryAndIsAViolationAllTheSame) {
  const Finding finding = Keep(PlanOfAKnownBug());
  EXPECT_EQ(finding.verdict, "violated(damaged)");
  EXPECT_THAT(finding.looks_like, ElementsAre("vacuum-undone"));
  EXPECT_THAT(finding.story,
              HasSubstr("\nlooks like: vacuum-undone (SQLite 3.40.1 and later; "
                        "docs/findings.md \"VACUUM, and the journal that comes "
                        "back\")\nthis is a likeness, by what the plan did and "
                        "what was seen, and no proof\n"));
}

TEST_F(LikenessTest, APlantedBugIsNotNamed) {
  const Finding finding = Keep(PlanKilledInCommit(kDishonest));
  EXPECT_THAT(finding.looks_like, IsEmpty());
  EXPECT_THAT(finding.story, Not(HasSubstr("looks like")));
}

TEST_F(LikenessTest, WhatIsFlakyLooksLikeNothing) {
  const Plan plan = PlanOfAKnownBug();
  TrialResult result = Run(plan);
  result.verdict = Verdict::Violated(ViolationClass::kWrongRead, "once");
  const Finding finding = Keep(plan, result);
  EXPECT_EQ(finding.verdict, "violated(flaky)");
  EXPECT_THAT(finding.looks_like, IsEmpty());
}

TEST_F(FindingTest, WhatDoesNotRepeatIsFlakyAndKeptAsItIs) {
  const Plan plan = PlanKilledInCommit(kHonest);
  TrialResult result = Run(plan);
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  const Finding finding = Keep(plan, result);
  EXPECT_EQ(finding.verdict, "violated(flaky)");
  EXPECT_EQ(finding.plan_path, Path("original.plan"));
  EXPECT_FALSE(findings_.Has(std::string(kName) + "/shrunk.plan"));
  EXPECT_THAT(finding.story, HasSubstr("20 of 20 held"));
  EXPECT_EQ(finding.verdicts, (std::map<std::string, int>{{"held", 20}}));
  EXPECT_THAT(finding.story, HasSubstr("once"));
}

// The second commit is the one that the timed kill of `result` hit.
Plan TimedPlan() {
  Plan plan = PlanKilledInCommit(kDishonest);
  for (Step& step : plan.rounds[0].steps) step.crash.reset();
  plan.rounds[0].steps[1].kill_after_us = PlanLimits::kMaxKillAfterUs;
  return plan;
}

TEST_F(FindingTest, ATimedOneBecomesADeterministicPlan) {
  const Plan plan = TimedPlan();
  TrialResult result = Run(plan);  // the clock comes too late; so tell it
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  result.rounds[0].crashed = true;
  result.rounds[0].crash = {.step = 5, .point = {1, Moment::kDuring}};
  const Finding finding = Keep(plan, result);
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  EXPECT_EQ(finding.repeats, "5 of 5 violated(lost_commit)");
  EXPECT_EQ(finding.lines, 5u);
  EXPECT_EQ(PlanIn("original.plan").rounds, plan.rounds);
  EXPECT_FALSE(HasTimedKill(PlanIn("deterministic.plan")));
  EXPECT_EQ(Run(PlanIn("shrunk.plan")).verdict.violation,
            ViolationClass::kLostCommit);
  EXPECT_THAT(finding.story, HasSubstr("a timed kill found it"));
}

TEST_F(FindingTest, ATimedOneThatNoOtherPlanStandsForIsKeptWithItsRate) {
  Plan plan = TimedPlan();
  plan.saver = kHonest;
  TrialResult result = Run(plan);
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  const Finding finding = Keep(plan, result);
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  EXPECT_EQ(finding.repeats, "20 of 20 skipped(not_reached)");
  EXPECT_EQ(finding.plan_path, Path("original.plan"));
  EXPECT_FALSE(findings_.Has(std::string(kName) + "/deterministic.plan"));
  EXPECT_THAT(finding.story, HasSubstr("NOT DETERMINISTIC"));
  EXPECT_THAT(finding.story, HasSubstr("failed\n"));
}

TEST_F(FindingTest, OneOfProcessesThatRanFreelyIsKeptWithItsRate) {
  Plan plan = PlanKilledInCommit(kHonest);
  plan.rounds[0].steps.insert(plan.rounds[0].steps.end() - 1,
                              {{.kind = StepKind::kOpen, .client = 1},
                               {.kind = StepKind::kClose, .client = 1}});
  for (Step& step : plan.rounds[0].steps) step.crash.reset();
  plan.schedule.kind = ScheduleKind::kFree;
  TrialResult result = Run(plan);
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  const Finding finding = Keep(plan, result);
  EXPECT_EQ(finding.repeats, "20 of 20 held");
  EXPECT_EQ(finding.plan_path, Path("original.plan"));
  EXPECT_THAT(finding.story, HasSubstr("NOT REPLAYABLE"));
  EXPECT_THAT(finding.story, HasSubstr("the kernel decides who goes on"));
  EXPECT_THAT(ShrinkPlan(*trial_, plan, result, options_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

// A race that they had shows in some schedule, too.
TEST_F(FindingTest, OneOfProcessesThatRanFreelyIsShrunkInTurns) {
  GenerateOptions generate = {.saver = "planted-keys-lost-update",
                              .dialect = &keys::kVocabulary,
                              .engine = EngineChoice::kFork,
                              .fault = FaultChoice::kNone};
  generate.clients = 2;
  generate.schedule = ScheduleKind::kFree;
  Finding finding;
  // Not in each plan do the two change the same key.
  for (std::uint64_t i = 1; !finding.repeats.starts_with("5 of 5"); ++i) {
    ASSERT_LT(i, 10u);
    const Plan plan = PlanAt({1, i}, generate);
    ASSERT_TRUE(RunsFreely(plan));
    TrialResult result = Run(plan);
    result.verdict = Verdict::Violated(ViolationClass::kWrongAnswer, "once");
    finding = Keep(plan, result);
  }
  EXPECT_EQ(finding.repeats, "5 of 5 violated(wrong_answer)");
  EXPECT_THAT(finding.story, HasSubstr("processes that ran freely found it"));
  const auto shrunk = ReadPlanFile(finding.plan_path);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_FALSE(RunsFreely(*shrunk));
  EXPECT_EQ(Run(*shrunk).verdict.violation, ViolationClass::kWrongAnswer);
  EXPECT_LE(finding.lines, 10u);
}

TEST_F(FindingTest, ASearchForAScheduleThatIsCutShortSaysSo) {
  options_.is_cancelled = [] { return true; };
  GenerateOptions generate = {.saver = kHonest,
                              .engine = EngineChoice::kFork,
                              .fault = FaultChoice::kNone};
  generate.clients = 2;
  generate.schedule = ScheduleKind::kFree;
  const Plan plan = PlanAt({1, 0}, generate);
  TrialResult result = Run(plan);
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  EXPECT_THAT(Keep(plan, result).story,
              HasSubstr("in which they take turns was stopped"));
}

TEST_F(FindingTest, ASearchThatIsCutShortSaysSo) {
  options_.is_cancelled = [] { return true; };
  TrialResult result = Run(TimedPlan());
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "once");
  EXPECT_THAT(Keep(TimedPlan(), result).story,
              HasSubstr("the search for a plan without one was stopped"));
}

TEST_F(FindingTest, AFileInTheWayOfTheDirectoryIsAnError) {
  findings_.Put("file", "");
  EXPECT_THAT(PrepareFindings(findings_.Path("file")),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  options_.directory = findings_.Path("file");
  const Plan plan = PlanKilledInCommit(kDishonest);
  EXPECT_THAT(KeepFinding(*trial_, kKey, plan, Run(plan), options_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(FindingTest, TheDirectoryIsMadeWithItsParents) {
  EXPECT_THAT(PrepareFindings(findings_.Path("a/b/c")), IsOk());
  EXPECT_TRUE(findings_.Has("a/b/c"));
}

TEST_F(FindingTest, AReadOnlyDirectoryIsPermissionDenied) {
  const std::string reason = findings_.MountTmpfs("ro");
  if (!reason.empty()) GTEST_SKIP() << reason;
  EXPECT_THAT(PrepareFindings(findings_.path()),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(FindingTest, AFullDirectoryIsResourceExhausted) {
  const std::string reason = findings_.MountTmpfs("size=4k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Plan plan = PlanKilledInCommit(kDishonest);
  EXPECT_THAT(KeepFinding(*trial_, kKey, plan, Run(plan), options_),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

// ---- of stores that are driven from outside ----

// A driver whose store goes wrong with two puts, and, if it has answered other
// plans before, with one.
class DrivenFindingTest : public FindingTest {
 protected:
  void SetUp() override {
    SaverEntry entry = {"goes-wrong", "driven", std::nullopt, nullptr, nullptr};
    entry.dialect = &pairs::kVocabulary;
    entry.is_driven = true;
    RegisterSaver(std::move(entry));
    TrialOptions options;
    options.record = [this](const Plan& plan, const std::string&, DrivenBy by) {
      const bool is_used = by != DrivenBy::kNew;
      ++(is_used ? many_ : alone_);
      TrialResult result;
      result.rounds.resize(plan.rounds.size());
      int puts = 0;
      for (const Round& round : plan.rounds) {
        for (const Step& step : round.steps) {
          puts += IsOperation(step.kind) ? 1 : 0;
        }
      }
      if (shows_when_new_ && is_used) return result;
      if (shows_first_) {
        // What shows ends the process.
        const bool is_first = !is_used || process_is_new_;
        process_is_new_ = is_first && puts >= 2;
        if (!is_first) return result;
      }
      if (puts >= 2 || (puts == 1 && is_used && !shows_first_)) {
        result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "lost");
        result.recorded.only_after_others =
            puts == 1 && by == DrivenBy::kUsed ? 1 : 0;
      }
      return result;
    };
    auto trial = TrialRunner::Create(options);
    ASSERT_THAT(trial, IsOk());
    driven_ = *std::move(trial);
  }

  static Plan PlanWithPuts(int puts) {
    Plan plan;
    plan.saver = "goes-wrong";
    plan.dialect = &pairs::kVocabulary;
    plan.engine = Engine::kRecord;
    std::vector<Step> steps = {{.kind = StepKind::kOpen}};
    for (int i = 0; i < puts; ++i) {
      steps.push_back(StepOf(pairs::Make(pairs::Kind::kPut, {.key = i})));
    }
    steps.push_back({.kind = StepKind::kClose});
    plan.rounds = {{std::move(steps)}};
    return plan;
  }

  std::unique_ptr<TrialRunner> driven_;
  bool shows_when_new_ = false;
  bool shows_first_ = false;
  bool process_is_new_ = true;
  int many_ = 0;
  int alone_ = 0;
};

TEST_F(DrivenFindingTest, ASmallerPlanShowsToANewDriver) {
  const Plan plan = PlanWithPuts(5);
  const auto result = driven_->RunBy(DrivenBy::kUsed, plan);
  ASSERT_THAT(result, IsOk());
  const auto shrunk = ShrinkPlan(*driven_, plan, *result, options_);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_EQ(shrunk->plan.rounds.front().steps.size(), 4u);  // two puts
  EXPECT_TRUE(shrunk->is_minimal);
  EXPECT_GT(many_, 3);   // what is fast
  EXPECT_EQ(alone_, 2);  // of each way what it came to
}

// Of what used drivers alone showed nobody knows whether a new one shows it.
TEST_F(DrivenFindingTest, WhatNoNewDriverHasSeenIsNotKept) {
  options_.is_cancelled = [this] { return many_ >= 3; };
  const Plan plan = PlanWithPuts(5);
  const auto shrunk = ShrinkPlan(*driven_, plan, *driven_->Run(plan), options_);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_EQ(shrunk->plan, plan);
  EXPECT_FALSE(shrunk->is_minimal);
}

// Each of the ways takes of the same trials.
TEST_F(DrivenFindingTest, TheMostTrialsAreThoseOfAllWays) {
  options_.shrink.max_trials = 6;
  const Plan plan = PlanWithPuts(5);
  const auto shrunk = ShrinkPlan(*driven_, plan, *driven_->Run(plan), options_);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_LE(shrunk->trials, 6 + 2);  // and what new ones make of each way
  EXPECT_LE(many_ + alone_, 6 + 3);
}

// Then each smaller plan holds with a used one.
TEST_F(DrivenFindingTest, WhatANewDriverAloneShowsIsShrunkWithNewOnes) {
  shows_when_new_ = true;
  const Plan plan = PlanWithPuts(5);
  const auto result = driven_->Run(plan);
  ASSERT_THAT(result, IsOk());
  const auto shrunk = ShrinkPlan(*driven_, plan, *result, options_);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_EQ(shrunk->plan.rounds.front().steps.size(), 4u);
  EXPECT_TRUE(shrunk->is_minimal);
}

// Used ones take the first round away, and then one of them holds and shows
// nothing any more.
TEST_F(DrivenFindingTest, WhatUsedOnesStopShowingIsShrunkFurtherWithNewOnes) {
  shows_first_ = true;
  Plan plan = PlanWithPuts(5);
  plan.rounds.insert(plan.rounds.begin(), Round{{{.kind = StepKind::kOpen},
                                                 {.kind = StepKind::kClose}}});
  const auto result = driven_->Run(plan);
  ASSERT_THAT(result, IsOk());
  const auto shrunk = ShrinkPlan(*driven_, plan, *result, options_);
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_EQ(shrunk->plan.rounds.size(), 1u);
  EXPECT_EQ(shrunk->plan.rounds.front().steps.size(), 4u);
  EXPECT_TRUE(shrunk->is_minimal);
}

TEST_F(DrivenFindingTest, WhatOnlyAUsedDriverShowsIsFlakyWithItsRate) {
  const Plan plan = PlanWithPuts(1);
  const auto result = driven_->RunBy(DrivenBy::kUsed, plan);
  ASSERT_THAT(result, IsOk());
  ASSERT_EQ(result->verdict.violation, ViolationClass::kLostCommit);
  const auto finding = KeepFinding(*driven_, kKey, plan, *result, options_);
  ASSERT_THAT(finding, IsOk());
  EXPECT_EQ(finding->verdict, "violated(flaky)");
  EXPECT_EQ(finding->repeats, "20 of 20 held");
}

}  // namespace
}  // namespace lastcommit
