// The table, and what its signs do not take for a bug. That the stored plans
// have the signs is in tests/explain/corpus_likeness_test.cc.

#include "explain/known_bugs.h"

#include <algorithm>
#include <set>
#include <string>

#include "explain/failure_of.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "operations.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int kAffected = 3'040'001;

Step StepOf(StepKind kind) { return {.kind = kind}; }

Step Crashing(Step step, SurvivalKind survival) {
  step.crash = CrashPoint{1, Moment::kBefore, {.kind = survival}};
  return step;
}
Step Crashing(StepKind kind, SurvivalKind survival) {
  return Crashing(StepOf(kind), survival);
}

Step Failing(Step step, ErrorKind error, std::int64_t at = 1) {
  step.error = IoError{error, at};
  return step;
}

// One failure of an undefended saver; each test begins with one that looks like
// its bug, and takes one sign away.
class SignsTest : public ::testing::Test {
 protected:
  SignsTest() {
    failure_.of_first = Defences::kBuiltIn;
    failure_.of_others = Defences::kBuiltIn;
  }

  void Use(saver::JournalMode mode,
           saver::Synchronous level = saver::Synchronous::kFull) {
    plan_.profile.journal_mode = mode;
    plan_.profile.synchronous = level;
  }
  void AddRound(const std::vector<Step>& steps, const CrashScene& scene = {}) {
    Round round;
    round.steps.push_back(StepOf(StepKind::kOpen));
    round.steps.insert(round.steps.end(), steps.begin(), steps.end());
    round.steps.push_back(StepOf(StepKind::kClose));
    plan_.rounds.push_back(round);
    failure_.scenes.push_back(scene);
  }
  std::vector<std::string> Names(int version = kAffected) const {
    return LikelyBugs(plan_, failure_, version);
  }

  Plan plan_;
  Failure failure_;
};

class PartialRollbackSigns : public SignsTest {
 protected:
  PartialRollbackSigns() {
    AddRound({Crashing(StepKind::kCommit, SurvivalKind::kAll)});
    failure_.was_undone_after_spill = true;
    failure_.violation = ViolationClass::kLostCommit;
  }
};

TEST_F(PartialRollbackSigns, AreEnoughOnVersionsThatHaveIt) {
  EXPECT_THAT(Names(3'010'999), IsEmpty());
  EXPECT_THAT(Names(3'011'000), ElementsAre("partial-rollback"));
  EXPECT_THAT(Names(3'050'001), ElementsAre("partial-rollback"));
  EXPECT_THAT(Names(3'050'002), IsEmpty());
}

TEST_F(PartialRollbackSigns, NeedSomethingThatWasUndoneAfterASpill) {
  failure_.was_undone_after_spill = false;
  EXPECT_THAT(Names(), IsEmpty());
}

// Clients that close at once leave the WAL to be recovered, too.
TEST_F(PartialRollbackSigns, NeedACrashOrSeveralClients) {
  plan_.rounds[0].steps[1].crash.reset();
  EXPECT_THAT(Names(), IsEmpty());
  plan_.rounds[0].steps[1].client = 1;
  failure_.of_others = Defences::kNone;
  EXPECT_THAT(Names(), ElementsAre("partial-rollback"));
  failure_.violation = ViolationClass::kUnstableRecovery;
  EXPECT_THAT(Names(), ElementsAre("partial-rollback"));
}

TEST_F(PartialRollbackSigns, NeedWal) {
  Use(saver::JournalMode::kTruncate);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PartialRollbackSigns, AreNotThoseOfADefendedSaver) {
  failure_.of_first = Defences::kAll;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(PartialRollbackSigns, AreNotThoseOfMoreCommitsThanWereMade) {
  failure_.violation = ViolationClass::kPhantomCommit;
  EXPECT_THAT(Names(), IsEmpty());
}

class WalResetSigns : public SignsTest {
 protected:
  WalResetSigns() {
    Step other = StepOf(StepKind::kWalCheckpoint);
    other.client = 1;
    AddRound({other});
    failure_.left_in_checkpoint = {1};
  }
};

TEST_F(WalResetSigns, AreEnoughOnEachBranchThatHasIt) {
  for (const int version :
       {3'007'000, 3'044'005, 3'045'000, 3'050'006, 3'051'000, 3'051'002}) {
    EXPECT_THAT(Names(version), ElementsAre("wal-reset-race")) << version;
  }
  for (const int version :
       {3'006'023, 3'044'006, 3'050'007, 3'051'003, 3'054'001}) {
    EXPECT_THAT(Names(version), IsEmpty()) << version;
  }
}

TEST_F(WalResetSigns, NeedACheckpointThatWasLeftInItsWindow) {
  failure_.left_in_checkpoint.clear();
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(WalResetSigns, NeedThatTheClientThatCheckpointsIsUndefended) {
  failure_.of_others = Defences::kAll;
  EXPECT_THAT(Names(), IsEmpty());
  failure_.left_in_checkpoint = {1, 0};
  EXPECT_THAT(Names(), ElementsAre("wal-reset-race"));
}

TEST_F(WalResetSigns, AreAlsoThatARolledBackTransactionIsThere) {
  failure_.violation = ViolationClass::kPhantomCommit;
  EXPECT_THAT(Names(), ElementsAre("wal-reset-race"));
}

TEST_F(WalResetSigns, AreNotThoseOfAProcessThatHangs) {
  failure_.violation = ViolationClass::kHung;
  EXPECT_THAT(Names(), IsEmpty());
}

class ModeChangeSigns : public SignsTest {
 protected:
  ModeChangeSigns() {
    Step other = StepOf(StepKind::kJournalMode);
    other.client = 1;
    AddRound({other});
    failure_.of_others = Defences::kNone;
  }
};

TEST_F(ModeChangeSigns, AreEnoughOfAStoreThatIsNotOurs) {
  EXPECT_THAT(Names(), ElementsAre("old-pages-after-wal"));
  failure_.of_others = Defences::kBuiltIn;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ModeChangeSigns, NeedAChangeOfTheMode) {
  plan_.rounds[0].steps[1].kind = StepKind::kRead;
  EXPECT_THAT(Names(), IsEmpty());
}

// Three connections, one of which is left in its change of the mode.
class LeftModeChangeSigns : public SignsTest {
 protected:
  LeftModeChangeSigns() {
    Step left = StepOf(StepKind::kJournalMode);
    left.client = 2;
    AddRound({left});
    failure_.was_left_in_mode_change = true;
    failure_.of_others = Defences::kBuiltIn;
  }
};

TEST_F(LeftModeChangeSigns, AreEnough) {
  EXPECT_THAT(Names(), ElementsAre("wal-again-while-left"));
  failure_.violation = ViolationClass::kDamaged;
  EXPECT_THAT(Names(), ElementsAre("wal-again-while-left"));
}

TEST_F(LeftModeChangeSigns, NeedThatItWasLeftThere) {
  failure_.was_left_in_mode_change = false;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LeftModeChangeSigns, NeedAClientWithoutTheDefence) {
  failure_.of_first = Defences::kAll;
  EXPECT_THAT(Names(), ElementsAre("wal-again-while-left"));
  failure_.of_others = Defences::kAll;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LeftModeChangeSigns, NeedThreeConnections) {
  plan_.rounds[0].steps[1].client = 1;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(LeftModeChangeSigns, AreNotThoseOfAProcessThatHangs) {
  failure_.violation = ViolationClass::kHung;
  EXPECT_THAT(Names(), IsEmpty());
}

class VacuumSigns : public SignsTest {
 protected:
  VacuumSigns() {
    Use(saver::JournalMode::kDelete);
    AddRound(
        {StepOf(StepKind::kVacuum),
         Crashing(Op(threads::Kind::kDeleteThread), SurvivalKind::kChosen)});
    failure_.violation = ViolationClass::kDamaged;
  }
};

TEST_F(VacuumSigns, AreEnoughAtTheLevelsWithoutASync) {
  EXPECT_THAT(Names(), ElementsAre("vacuum-undone"));
  Use(saver::JournalMode::kTruncate, saver::Synchronous::kNormal);
  EXPECT_THAT(Names(), ElementsAre("vacuum-undone"));
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kPersist}) {
    Use(mode, saver::Synchronous::kExtra);
    EXPECT_THAT(Names(), IsEmpty());
  }
  Use(saver::JournalMode::kTruncate, saver::Synchronous::kFull);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VacuumSigns, EndWithTheNextCommit) {
  std::vector<Step>& steps = plan_.rounds[0].steps;
  steps.insert(steps.begin() + 2, Op(threads::Kind::kPutBlob));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VacuumSigns, GoOnInTheNextRound) {
  plan_ = {};
  failure_.scenes.clear();
  Use(saver::JournalMode::kDelete);
  AddRound({StepOf(StepKind::kVacuum)});
  AddRound({Crashing(Op(threads::Kind::kPutBlob), SurvivalKind::kLoseOne)});
  EXPECT_THAT(Names(), ElementsAre("vacuum-undone"));
  std::vector<Step>& first = plan_.rounds[0].steps;
  first.insert(first.begin() + 2, Op(threads::Kind::kPutBlob));
  EXPECT_THAT(Names(), IsEmpty());
  first[2] = Crashing(StepKind::kRead, SurvivalKind::kPrefix);
  EXPECT_THAT(Names(), IsEmpty());
  first.erase(first.begin() + 2);
  std::vector<Step>& next = plan_.rounds[1].steps;
  next.insert(next.begin() + 1, Op(threads::Kind::kPutBlob));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(VacuumSigns, AreNotThoseOfAKill) {
  plan_.rounds[0].steps[2].crash->survival = {};
  EXPECT_THAT(Names(), IsEmpty());
}

// SqliteSaver avoids these two whatever its options are.
TEST_F(SignsTest, ACreationAtNormalIsAnotherStoresOnly) {
  Use(saver::JournalMode::kWal, saver::Synchronous::kNormal);
  AddRound({}, {.is_in_creation = true});
  plan_.rounds[0].steps[0] = Crashing(StepKind::kOpen, SurvivalKind::kLoseOne);
  failure_.violation = ViolationClass::kDamaged;
  EXPECT_THAT(Names(), IsEmpty());
  failure_.of_first = Defences::kNone;
  EXPECT_THAT(Names(), ElementsAre("wal-switch-at-normal"));
  Use(saver::JournalMode::kWal, saver::Synchronous::kFull);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(SignsTest, AHeaderWithGarbageIsAnotherStoresOnly) {
  AddRound({}, {.is_in_creation = true});
  Step& open = plan_.rounds[0].steps[0];
  open = Crashing(StepKind::kOpen, SurvivalKind::kChosen);
  open.crash->survival.fates = {{0, FateKind::kHeadGarbage, 56}};
  failure_.violation = ViolationClass::kDamaged;
  EXPECT_THAT(Names(), IsEmpty());
  failure_.of_first = Defences::kNone;
  EXPECT_THAT(Names(), ElementsAre("header-rolled-back"));
  open.crash->survival.fates = {{0, FateKind::kHead, 56}};
  EXPECT_THAT(Names(), IsEmpty());
}

class MemoryJournalSigns : public SignsTest {
 protected:
  MemoryJournalSigns() {
    Use(saver::JournalMode::kMemory);
    AddRound({Failing(Op(threads::Kind::kPutBlob), ErrorKind::kWrite)});
    failure_.had_errors = true;
    failure_.violation = ViolationClass::kNotACut;
  }
};

TEST_F(MemoryJournalSigns, AreEnoughOfAnySaverUpToItsFix) {
  failure_.of_first = Defences::kAll;
  EXPECT_THAT(Names(3'043'002), ElementsAre("memory-journal-forgotten"));
  EXPECT_THAT(Names(3'044'000), IsEmpty());
}

TEST_F(MemoryJournalSigns, NeedAWriteThatFailed) {
  failure_.had_errors = false;
  EXPECT_THAT(Names(), IsEmpty());
  failure_.had_errors = true;
  plan_.rounds[0].steps[1].error->kind = ErrorKind::kRead;
  EXPECT_THAT(Names(), IsEmpty());
}

class HalfStatementSigns : public SignsTest {
 protected:
  HalfStatementSigns() {
    AddRound({StepOf(StepKind::kBegin), StepOf(StepKind::kSavepoint),
              Failing(Op(threads::Kind::kUpdateTask), ErrorKind::kOpen),
              StepOf(StepKind::kCommit)});
    failure_.had_errors = true;
    failure_.violation = ViolationClass::kDamaged;
  }
};

TEST_F(HalfStatementSigns, AreEnough) {
  EXPECT_THAT(Names(), ElementsAre("half-statement"));
  EXPECT_THAT(Names(3'054'001), ElementsAre("half-statement"));
  EXPECT_THAT(Names(3'040'000), IsEmpty());
}

TEST_F(HalfStatementSigns, NeedASavepointAndACommit) {
  plan_.rounds[0].steps[2] = StepOf(StepKind::kRead);
  EXPECT_THAT(Names(), IsEmpty());
  plan_.rounds[0].steps[2] = StepOf(StepKind::kSavepoint);
  plan_.rounds[0].steps[4] = StepOf(StepKind::kRollback);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(SignsTest, AStatementWithoutMemoryIsOlderThanAVacuum) {
  AddRound({StepOf(StepKind::kVacuum), StepOf(StepKind::kBegin),
            Failing(Op(threads::Kind::kStreamBlob), ErrorKind::kNoMemory)});
  failure_.had_errors = true;
  failure_.violation = ViolationClass::kWrongRead;
  EXPECT_THAT(Names(), ElementsAre("statement-outlives-transaction"));
  // A reopen compiles it anew.
  plan_.rounds[0].steps[2] = StepOf(StepKind::kReopen);
  EXPECT_THAT(Names(), IsEmpty());
  plan_.rounds[0].steps[1] = StepOf(StepKind::kBegin);
  plan_.rounds[0].steps[2] = StepOf(StepKind::kVacuum);
  EXPECT_THAT(Names(), ElementsAre("statement-outlives-transaction"));
  plan_.rounds[0].steps[2] = StepOf(StepKind::kRead);
  EXPECT_THAT(Names(), IsEmpty());
}

class JournalSigns : public SignsTest {
 protected:
  JournalSigns() {
    Use(saver::JournalMode::kPersist);
    failure_.violation = ViolationClass::kNotACut;
  }
  void LosePowerAfter(const Step& failing) {
    AddRound({failing,
              Crashing(Op(threads::Kind::kPutBlob), SurvivalKind::kSubset)});
    failure_.had_errors = true;
  }
};

TEST_F(JournalSigns, AFailedSyncIsOfTheEndUnlessItIsTheFirst) {
  LosePowerAfter(Failing(Op(threads::Kind::kPutBlob), ErrorKind::kSync, 4));
  EXPECT_THAT(Names(), ElementsAre("journal-end-not-synced"));
  plan_.rounds[0].steps[1].error->at = 1;
  EXPECT_THAT(Names(), ElementsAre("journal-name-not-synced"));
}

TEST_F(JournalSigns, AFailedWriteIsOfTheName) {
  LosePowerAfter(Failing(Op(threads::Kind::kPutBlob), ErrorKind::kWrite, 5));
  EXPECT_THAT(Names(), ElementsAre("journal-name-not-synced"));
  Use(saver::JournalMode::kDelete);
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(JournalSigns, AKillAtTheEndIsOfTheEndIfPowerIsLostLater) {
  AddRound({Crashing(Op(threads::Kind::kPutBlob), SurvivalKind::kAll)},
           {.is_at_journal_end = true});
  EXPECT_THAT(Names(), IsEmpty());
  AddRound({Crashing(Op(threads::Kind::kPutBlob), SurvivalKind::kSubset)});
  EXPECT_THAT(Names(), ElementsAre("journal-end-not-synced"));
  failure_.scenes[0].is_at_journal_end = false;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(JournalSigns, OneOfSeveralThatDiedInItsFirstSyncIsOfTheName) {
  AddRound({Crashing(Op(threads::Kind::kPutBlob), SurvivalKind::kSubset)},
           {.had_death_in_journal_sync = true});
  failure_.violation = ViolationClass::kLostCommit;
  EXPECT_THAT(Names(), ElementsAre("journal-name-not-synced"));
  failure_.scenes[0].had_death_in_journal_sync = false;
  EXPECT_THAT(Names(), IsEmpty());
}

class CreationSigns : public SignsTest {
 protected:
  CreationSigns() {
    for (const SurvivalKind survival :
         {SurvivalKind::kLoseOne, SurvivalKind::kAll, SurvivalKind::kNone}) {
      AddRound({}, {.is_in_creation = true});
      plan_.rounds.back().steps[0] = Crashing(StepKind::kOpen, survival);
    }
    failure_.violation = ViolationClass::kDamaged;
  }
};

TEST_F(CreationSigns, AreALossAKillAndALoss) {
  EXPECT_THAT(Names(), ElementsAre("creation-rolled-back-by-half"));
  std::swap(plan_.rounds[0], plan_.rounds[1]);
  EXPECT_THAT(Names(), IsEmpty());
}

// The database was synced before the kill.
TEST_F(CreationSigns, MayBeginWithAKill) {
  plan_.rounds[0] = plan_.rounds[1];
  EXPECT_THAT(Names(), ElementsAre("creation-rolled-back-by-half"));
}

TEST_F(CreationSigns, NeedContentThatIsRolledBack) {
  plan_.rounds[0].steps[0].crash->survival.kind = SurvivalKind::kNone;
  EXPECT_THAT(Names(), IsEmpty());
}

// A truncation fails of a journal whose super-journal is gone.
class StaleSuperJournalSigns : public SignsTest {
 protected:
  StaleSuperJournalSigns() {
    Use(saver::JournalMode::kTruncate);
    AddRound({Failing(Op(threads::Kind::kPutBlob), ErrorKind::kTruncate)});
    failure_.had_errors = true;
    failure_.has_attached = true;
    failure_.violation = ViolationClass::kWrongRead;
  }
};

TEST_F(StaleSuperJournalSigns, AreEnough) {
  EXPECT_THAT(Names(), ElementsAre("stale-super-journal"));
  EXPECT_THAT(Names(3'053'002), ElementsAre("stale-super-journal"));
}

TEST_F(StaleSuperJournalSigns, NeedAttachedDatabases) {
  failure_.has_attached = false;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(StaleSuperJournalSigns, NeedAJournalThatStays) {
  Use(saver::JournalMode::kDelete);
  EXPECT_THAT(Names(), IsEmpty());
  Use(saver::JournalMode::kPersist);
  EXPECT_THAT(Names(), ElementsAre("stale-super-journal"));
}

TEST_F(StaleSuperJournalSigns, NeedATruncationThatFailedOrNeverCame) {
  plan_.rounds[0].steps[1].error->kind = ErrorKind::kOpen;
  EXPECT_THAT(Names(), IsEmpty());
  failure_.scenes[0].is_past_super_journal = true;
  EXPECT_THAT(Names(), ElementsAre("stale-super-journal"));
  failure_.violation = ViolationClass::kCrashed;
  EXPECT_THAT(Names(), IsEmpty());
}

// From the deletion of a super-journal on, until the journals that name it are
// truncated, whoever dies leaves names of it.
TEST(PastSuperJournalTest, IsADeathBehindItsDeletion) {
  const auto is_past = [](FileRole role, IoKind kind, Moment moment) {
    RoundFacts facts;
    facts.crashed = true;
    facts.crash.point = {7, moment};
    facts.crash.call.role = role;
    facts.crash.call.kind = kind;
    TrialResult result;
    result.verdict = Verdict::Violated(ViolationClass::kNotACut, "");
    result.rounds = {facts};
    Plan plan;
    plan.rounds.resize(1);
    const Failure failure = FailureOf(SaverEntry(), plan, result);
    return failure.scenes.front().is_past_super_journal;
  };
  using enum FileRole;
  EXPECT_FALSE(is_past(kSuperJournal, IoKind::kDelete, Moment::kBefore));
  EXPECT_TRUE(is_past(kSuperJournal, IoKind::kDelete, Moment::kAfter));
  EXPECT_FALSE(is_past(kSuperJournal, IoKind::kWrite, Moment::kAfter));
  EXPECT_TRUE(is_past(kJournal, IoKind::kTruncate, Moment::kBefore));
  EXPECT_FALSE(is_past(kJournal, IoKind::kTruncate, Moment::kAfter));
  EXPECT_FALSE(is_past(kJournal, IoKind::kDelete, Moment::kBefore));
  EXPECT_FALSE(is_past(kWal, IoKind::kTruncate, Moment::kBefore));
}

TEST(UndoneAfterSpillTest, AScriptMayHaveDiedBehindItsRollbackToASavepoint) {
  OperationSpec spec;
  spec.undoes_a_part = true;
  Plan plan;
  plan.rounds = {{{StepOf(StepKind::kOpen), StepOf(StepKind::kRead)}}};
  plan.rounds[0].steps[1].operation.spec = &spec;
  TrialResult result;
  result.verdict = Verdict::Violated(ViolationClass::kNotACut, "");
  result.rounds.resize(1);
  result.rounds[0].crash.step = 1;
  const auto was_undone = [&] {
    return FailureOf(SaverEntry(), plan, result).was_undone_after_spill;
  };
  EXPECT_FALSE(was_undone());
  result.rounds[0].crashed = true;
  EXPECT_TRUE(was_undone());
  result.rounds[0].crash.step = 0;
  EXPECT_FALSE(was_undone());
  result.violated_image = ViolatedImage();
  result.violated_image->place.step = 1;
  EXPECT_TRUE(was_undone());
}

class SectorSigns : public SignsTest {
 protected:
  SectorSigns() {
    Use(saver::JournalMode::kDelete);
    plan_.profile.page_size = 512;
    plan_.profile.sector_size = 8192;
    plan_.profile.powersafe_overwrite = false;
    AddRound({Failing(Op(threads::Kind::kPutBlob), ErrorKind::kFull),
              Crashing(StepKind::kCommit, SurvivalKind::kSubset)});
    failure_.had_errors = true;
    failure_.violation = ViolationClass::kDamaged;
  }
};

TEST_F(SectorSigns, AreEnough) {
  EXPECT_THAT(Names(), ElementsAre("sector-journaled-by-half"));
  failure_.of_first = Defences::kAll;
  EXPECT_THAT(Names(), IsEmpty());
}

// Without them it is the page alone that had no room.
TEST_F(SectorSigns, NeedSectorsLargerThanAPageAndNoPowersafeOverwrite) {
  plan_.profile.powersafe_overwrite = true;
  EXPECT_THAT(Names(), ElementsAre("page-not-journaled"));
  plan_.profile.powersafe_overwrite = false;
  plan_.profile.page_size = 8192;
  EXPECT_THAT(Names(), ElementsAre("page-not-journaled"));
}

TEST_F(SectorSigns, NeedAJournalOnDiskAndAFullOne) {
  Use(saver::JournalMode::kWal);
  EXPECT_THAT(Names(), IsEmpty());
  Use(saver::JournalMode::kDelete);
  plan_.rounds[0].steps[1].error->kind = ErrorKind::kSync;
  EXPECT_THAT(Names(), IsEmpty());
}

TEST(KnownBugsTest, NamesAreDifferentAndPlainWords) {
  std::set<std::string_view> names;
  for (const KnownBug& bug : KnownBugs()) {
    EXPECT_TRUE(names.insert(bug.name).second) << bug.name;
    EXPECT_EQ(bug.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-"),
              std::string_view::npos)
        << bug.name;
    EXPECT_EQ(FindKnownBug(bug.name), &bug);
    EXPECT_FALSE(bug.summary.empty()) << bug.name;
  }
  EXPECT_EQ(FindKnownBug("unknown"), nullptr);
}

TEST(KnownBugsTest, VersionsAreRangesInTheirOrder) {
  for (const KnownBug& bug : KnownBugs()) {
    ASSERT_FALSE(bug.versions.empty()) << bug.name;
    int end = 0;
    for (const SqliteRange& range : bug.versions) {
      EXPECT_GE(range.from, end) << bug.name;
      EXPECT_NE(end, -1) << bug.name << ": something follows an open end";
      end = range.before == 0 ? -1 : range.before;
      EXPECT_TRUE(range.before == 0 || range.before > range.from) << bug.name;
    }
  }
}

TEST(KnownBugsTest, ReferencesArePagesOfSqlite) {
  for (const KnownBug& bug : KnownBugs()) {
    EXPECT_TRUE(bug.reference.empty() ||
                bug.reference.starts_with("https://sqlite.org/"))
        << bug.name;
  }
}

TEST(KnownBugsTest, VersionsAreSaidInWords) {
  const auto words = [](const char* name) {
    return VersionsInWords(*FindKnownBug(name));
  };
  EXPECT_EQ(words("partial-rollback"), "3.11.0 to 3.50.1");
  EXPECT_EQ(words("wal-reset-race"),
            "3.7.0 to 3.44.5, 3.45.0 to 3.50.6, 3.51.0 to 3.51.2");
  EXPECT_EQ(words("memory-journal-forgotten"), "before 3.44.0");
  EXPECT_EQ(words("half-statement"), "3.40.1 and later");
}

TEST(KnownBugsTest, ALikenessIsSaidToBeNone) {
  EXPECT_EQ(LikenessInWords({}), "");
  EXPECT_EQ(LikenessInWords({"partial-rollback"}),
            "looks like: partial-rollback (SQLite 3.11.0 to 3.50.1; "
            "docs/findings.md \"An acknowledged commit is lost after a partial "
            "rollback (WAL)\")\n"
            "this is a likeness, by what the plan did and what was seen, and "
            "no proof");
  EXPECT_THAT(LikenessInWords({"of-another-program"}),
              HasSubstr("looks like: of-another-program\n"));
}

TEST(KnownBugsTest, NamesAreJoinedForCounting) {
  EXPECT_EQ(JoinedNames({}), "unknown");
  EXPECT_EQ(JoinedNames({"a"}), "a");
  EXPECT_EQ(JoinedNames({"a", "b"}), "a or b");
}

}  // namespace
}  // namespace lastcommit
