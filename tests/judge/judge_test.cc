#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "disk/survival.h"
#include "gmock/gmock.h"
#include "judge/database_files.h"
#include "judge/judge_fixture.h"
#include "judge/recovered.h"
#include "matchers.h"
#include "record/rebuild.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::string LinesOf(const std::string& command) {
  std::string lines;
  std::FILE* const output = popen(command.c_str(), "re");
  char line[200];
  while (output != nullptr && std::fgets(line, sizeof(line), output)) {
    lines += line;
  }
  if (output != nullptr) pclose(output);
  return lines;
}

std::vector<std::string> LegalPrograms() {
  std::vector<std::string> names;
  std::string line;
  for (const char c :
       LinesOf(Python() + " " + PROGRAMS + "legal.py 2>/dev/null")) {
    if (c == '\n') {
      names.push_back(line);
      line.clear();
    } else {
      line += c;
    }
  }
  return names;
}

class PythonTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
  }
};

// ---- Programs that keep what they say ----

class LegalProgramTest : public PythonTest,
                         public testing::WithParamInterface<std::string> {};

TEST_P(LegalProgramTest, IsAccusedOfNothing) {
  const Judgement judgement =
      JudgeProgram("legal.py", GetParam(), {.promise = PromiseLevel::kPower});
  EXPECT_THAT(Kills(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_THAT(Losses(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
  EXPECT_GT(judgement.power.images, 0);
  EXPECT_EQ(judgement.timeline.unreadable + judgement.power.unreadable, 0);
}

INSTANTIATE_TEST_SUITE_P(Each, LegalProgramTest,
                         testing::ValuesIn(LegalPrograms()),
                         [](const auto& name) { return name.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LegalProgramTest);

TEST_F(PythonTest, LegalProgramsAreAtLeastTwentyFive) {
  EXPECT_GE(LegalPrograms().size(), 25u);
}

// ---- Programs with a mistake ----

TEST_F(PythonTest, AWalThatIsNotSyncedLosesEverythingWithThePower) {
  const Judgement judgement = JudgeProgram("mistakes.py", "wal_normal");
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_THAT(Losses(judgement), ElementsAre("lost wal_not_synced"));
  const PowerFinding& finding = judgement.power.findings.at(0);
  EXPECT_EQ(finding.promised, 21);
  EXPECT_EQ(finding.lost, 21);
  EXPECT_TRUE(IsSetting(finding.cause));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
  EXPECT_THAT(TextOf(judgement),
              HasSubstr("up to 21 of 21 promised commits of a.db are lost; "
                        "setting: the WAL was not synced"));
}

TEST_F(PythonTest, TheExitCodeFollowsThePromise) {
  const Judgement judgement = JudgeProgram("mistakes.py", "wal_normal",
                                           {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
}

TEST_F(PythonTest, AWalThatIsSyncedLosesNothing) {
  const Judgement judgement = JudgeProgram("mistakes.py", "wal_full");
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_THAT(Losses(judgement), IsEmpty());
}

TEST_F(PythonTest, AJournalsDeletionThatIsNotSyncedLosesTheLastCommit) {
  const Judgement judgement = JudgeProgram("mistakes.py", "python_defaults");
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_THAT(Losses(judgement), ElementsAre("lost directory_not_synced"));
  EXPECT_EQ(judgement.power.findings.at(0).lost, 1);
}

// ---- What a loss takes ----

TEST_F(PythonTest, TheFirstFrameOfAWalIsAllThatHasToBeLost) {
  const Judgement judgement = JudgeProgram("mistakes.py", "wal_normal");
  const PowerFinding& finding = judgement.power.findings.at(0);
  EXPECT_TRUE(finding.is_reduced);
  EXPECT_EQ(finding.lost, 21);
  EXPECT_THAT(finding.survival.fates, SizeIs(1));
  EXPECT_EQ(finding.survival.directory, -1);
}

TEST_F(PythonTest, TheDeletionOfAJournalIsAllThatHasToBeLost) {
  const Judgement judgement = JudgeProgram("mistakes.py", "python_defaults");
  const PowerFinding& finding = judgement.power.findings.at(0);
  EXPECT_TRUE(finding.is_reduced);
  EXPECT_THAT(finding.survival.fates, IsEmpty());
  EXPECT_GE(finding.survival.directory, 0);
}

// Whatever a finding takes can be taken once more, and shows the same.
TEST_F(PythonTest, AReducedFindingIsFoundAtItsCallAgain) {
  JudgeOptions options;
  const Judgement all = JudgeProgram("mistakes.py", "synchronous_off", options);
  ASSERT_THAT(all.power.findings, Not(IsEmpty()));
  for (const PowerFinding& finding : all.power.findings) {
    options.power.only_call = finding.call;
    options.timeline.only_call = finding.call;
    const auto again = JudgeRecording(
        Recording(), options, [](const JudgeProgress&) { return true; });
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_THAT(
        again->power.findings,
        Contains(AllOf(Field(&PowerFinding::kind, finding.kind),
                       Field(&PowerFinding::cause, finding.cause),
                       Field(&PowerFinding::lost, finding.lost),
                       Field(&PowerFinding::survival, finding.survival))));
    EXPECT_LE(finding.survival.fates.size(), 2);
  }
}

// What a loss of power after that call leaves of a database, without the judge.
Recovered AfterLoss(const std::string& recording, const Judgement& judgement,
                    const PowerFinding& finding) {
  Rebuild files(judgement.header.directory, DiskModel::kPosix);
  files.KeepOnly(judgement.timeline.files);
  bool has_begun = false;
  const auto take = [&](const RecordedCall& call) -> absl::Status {
    if (call.number > finding.call) return absl::OkStatus();
    if (!call.name.empty() && !has_begun) files.storage().SyncEverything();
    has_begun |= !call.name.empty();
    for (const Effect& effect : call.effects) {
      if (const absl::Status applied = files.Apply(effect); !applied.ok()) {
        return applied;
      }
    }
    return absl::OkStatus();
  };
  EXPECT_TRUE(ReadRecording(recording, take).ok());
  Storage image = files.storage().AfterCrash(
      Resolve(files.storage(), finding.survival).fates);
  image.DropUnreachable(files.root());
  const auto& line = judgement.timeline.databases[finding.database];
  RecoveredPages none;
  return Recover(image, DatabaseNames(files.PathOf(line.path)), none);
}

TEST_F(PythonTest, WhatAReducedFindingTakesLeavesWhatItSays) {
  const Judgement judgement = JudgeProgram("mistakes.py", "synchronous_off");
  std::set<PowerKind> kinds;
  for (const PowerFinding& finding : judgement.power.findings) {
    const Recovered left = AfterLoss(Recording(), judgement, finding);
    // Damage equals nothing.
    EXPECT_EQ(left.kind == Recovered::Kind::kDamaged,
              finding.kind == PowerKind::kDamaged);
    EXPECT_NE(left == judgement.states[finding.found],
              finding.kind == PowerKind::kDamaged);
    const auto& commits =
        judgement.timeline.databases[finding.database].commits;
    if (finding.kind == PowerKind::kLost) {
      const auto there =
          static_cast<std::size_t>(finding.promised - finding.lost);
      EXPECT_EQ(left, judgement.states[commits[there].state]);
    } else {
      for (const CommitPoint& commit : commits) {
        EXPECT_FALSE(left == judgement.states[commit.state]);
      }
    }
    kinds.insert(finding.kind);
  }
  EXPECT_THAT(kinds, ElementsAre(PowerKind::kLost, PowerKind::kHalf,
                                 PowerKind::kDamaged));
}

TEST_F(PythonTest, ATransactionUnderWayMayBeThereAsAWhole) {
  EXPECT_THAT(Losses(JudgeProgram("mistakes.py", "memory_and_one_page")),
              IsEmpty());
}

TEST_F(PythonTest, WhatTheNextTransactionWillBeIsLostUntilItBegins) {
  EXPECT_THAT(Losses(JudgeProgram("mistakes.py", "synchronous_off_and_back")),
              Contains("lost database_not_synced"));
}

TEST_F(PythonTest, ACheckpointWritesNoTransaction) {
  EXPECT_THAT(
      Losses(JudgeProgram("mistakes.py", "synchronous_off_in_wal_and_back")),
      Contains(testing::StartsWith("lost ")));
}

TEST_F(PythonTest, ExtraSyncsTheDirectory) {
  EXPECT_THAT(Losses(JudgeProgram("mistakes.py", "python_extra")), IsEmpty());
}

TEST_F(PythonTest, AnEndOfTheJournalThatIsTruncatedIsSynced) {
  EXPECT_THAT(Losses(JudgeProgram("mistakes.py", "truncate_full")), IsEmpty());
}

TEST_F(PythonTest, MoreThanCanBeKeptIsTakenForSyncedAndSaid) {
  JudgeOptions options;
  options.power.unsynced = 20'000;
  const Judgement judgement =
      JudgeProgram("mistakes.py", "synchronous_off", options);
  EXPECT_GT(judgement.power.settled, 0);
  EXPECT_THAT(TextOf(judgement), HasSubstr("when it was too much to keep"));
  EXPECT_THAT(Losses(judgement), Not(Contains(HasSubstr("unknown"))));
}

TEST_F(PythonTest, SynchronousOffDamagesAndLosesAndIsASetting) {
  const Judgement judgement = JudgeProgram("mistakes.py", "synchronous_off");
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_THAT(Losses(judgement), AllOf(Contains("lost database_not_synced"),
                                       Contains("damaged database_not_synced"),
                                       Not(Contains(HasSubstr("unknown")))));
}

// ---- What was unsynced once does not excuse what comes later ----

// Each is called a setting, or a bug that SQLite is known for.
MATCHER(HasNoNewBug, "") {
  return std::none_of(arg.begin(), arg.end(), [](const std::string& finding) {
    return finding.ends_with("unknown") || finding.ends_with("missing_sync");
  });
}

class LaterBugTest : public PythonTest {
 protected:
  std::vector<std::string> LossesWithout(
      const std::string& program,
      const std::function<bool(const std::string&)>& is_left_out) {
    EXPECT_TRUE(
        Record({python_, std::string(PROGRAMS) + "mistakes.py", program}).ok());
    EXPECT_THAT(Losses(JudgeIt()), HasNoNewBug());
    LeaveOutSyncs("safe from now on", is_left_out);
    return Losses(JudgeIt());
  }
};

TEST_F(LaterBugTest, ADatabaseThatIsNotSyncedAfterItsJournalWas) {
  EXPECT_THAT(
      LossesWithout("off_and_then_extra",
                    [](const std::string& file) { return file == "a.db"; }),
      AllOf(Contains("lost missing_sync"), Contains("damaged missing_sync")));
}

TEST_F(LaterBugTest, AJournalThatIsNotSyncedThoughTheDatabaseIs) {
  EXPECT_THAT(LossesWithout("off_and_then_extra",
                            [](const std::string& file) {
                              return file == "a.db-journal";
                            }),
              Contains("damaged missing_sync"));
}

TEST_F(LaterBugTest, AJournalWithoutAName) {
  EXPECT_THAT(
      LossesWithout("off_and_then_extra",
                    [](const std::string& file) { return file.empty(); }),
      Contains(::testing::AnyOf("damaged unknown", "half unknown")));
}

TEST_F(LaterBugTest, ADatabaseThatHadNoJournalBefore) {
  EXPECT_THAT(
      LossesWithout("memory_and_then_journal",
                    [](const std::string& file) { return file == "a.db"; }),
      Contains("damaged missing_sync"));
}

TEST_F(LaterBugTest, AWalThatIsNotSyncedBeforeACheckpointThatIs) {
  EXPECT_THAT(
      LossesWithout("checkpoints_at_normal",
                    [](const std::string& file) { return file == "a.db-wal"; }),
      Contains(HasSubstr("missing_sync")));
}

TEST_F(LaterBugTest, ACheckpointThatIsNotSyncedBeforeTheWalBeginsAnew) {
  EXPECT_THAT(
      LossesWithout("checkpoints_at_normal",
                    [](const std::string& file) { return file == "a.db"; }),
      Contains(HasSubstr("missing_sync")));
}

TEST_F(PythonTest, ADatabaseThatIsSwappedWithoutASyncIsThePrograms) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "database_renamed_without_sync");
  EXPECT_THAT(Losses(judgement), Contains("lost own_files_not_synced"));
  EXPECT_THAT(Losses(judgement), HasNoNewBug()) << TextOf(judgement);
}

TEST_F(PythonTest, ADirectoryAboveTheDatabaseThatIsNotSyncedLosesAllOfIt) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "folder_without_sync");
  EXPECT_THAT(Losses(judgement), ElementsAre("lost own_files_not_synced"));
  EXPECT_EQ(judgement.power.findings.at(0).lost, 4);
}

// One thread prints while the COMMIT of another one is under way.
TEST_F(PythonTest, AnOutputPromisesNoCommitOfAnotherThreadThatHasNotReturned) {
  ASSERT_TRUE(
      Record({python_, std::string(PROGRAMS) + "mistakes.py", "wal_full"})
          .ok());
  SayBehindWalWrites(/*thread=*/9);
  const Judgement judgement = JudgeIt();
  EXPECT_THAT(Losses(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_GT(judgement.timeline.promises.size(), 50u);
}

TEST_F(PythonTest, AnOutputPromisesWhatItsOwnThreadHasCommitted) {
  ASSERT_TRUE(
      Record({python_, std::string(PROGRAMS) + "mistakes.py", "wal_full"})
          .ok());
  SayBehindWalWrites(/*thread=*/1);
  EXPECT_THAT(Losses(JudgeIt()), ElementsAre("lost wal_not_synced"));
}

TEST_F(PythonTest, WithoutItsDirectoryNothingElseIsToBlame) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "folder_without_sync_and_a_later_wal");
  EXPECT_THAT(Losses(judgement), ElementsAre("lost own_files_not_synced"));
}

TEST_F(PythonTest, AVacuumThatALossOfPowerUndoesHasTheNameOfItsBug) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "vacuums_with_journal");
  EXPECT_THAT(Losses(judgement),
              AllOf(Contains("damaged vacuum_undone"), HasNoNewBug()));
}

// ---- Several databases ----

TEST_F(PythonTest, ATransactionOverTwoDatabasesInWalIsTornByACrash) {
  const Judgement judgement = JudgeProgram("mistakes.py", "attached_in_wal");
  EXPECT_THAT(Kills(judgement), ElementsAre("torn attached_wal"));
  EXPECT_THAT(Losses(judgement), ElementsAre("torn attached_wal"));
  EXPECT_EQ(judgement.timeline.joint.size(), 4u);
  EXPECT_EQ(judgement.timeline.kill_counts.at(0), 4);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
  EXPECT_THAT(TextOf(judgement),
              HasSubstr("of a transaction over a.db and b.db only the part in "
                        "a.db is there; setting: in WAL mode each attached "
                        "database is atomic only for itself"));
}

TEST_F(PythonTest, TransactionsOnEachOfTwoDatabasesAreNot) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "attached_in_wal_one_by_one",
                   {.promise = PromiseLevel::kPower});
  EXPECT_THAT(judgement.timeline.joint, IsEmpty());
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
}

TEST_F(PythonTest, ASuperJournalMakesATransactionWhole) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "attached_with_super_journal",
                   {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.timeline.joint.size(), 4u);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
}

TEST_F(PythonTest, ASuperJournalThatACrashForgetsForOneDatabaseIsABug) {
  ASSERT_TRUE(Record({python_, std::string(PROGRAMS) + "mistakes.py",
                      "attached_with_super_journal"})
                  .ok());
  // The end of b.db's journal, which names the super-journal, can be missing.
  LeaveOutSyncs("both",
                [](const std::string& file) { return file == "b.db-journal"; });
  EXPECT_THAT(Losses(JudgeIt()),
              AllOf(Contains("torn missing_sync"),
                    Not(Contains(HasSubstr("database_not_synced")))));
}

TEST_F(PythonTest, WhatASuperJournalTearsIsTornBeforeItIsDeleted) {
  ASSERT_TRUE(Record({python_, std::string(PROGRAMS) + "mistakes.py",
                      "attached_with_super_journal"})
                  .ok());
  LeaveOutSyncs("both",
                [](const std::string& file) { return file == "b.db-journal"; });
  const Judgement judgement = JudgeIt();
  ASSERT_FALSE(judgement.timeline.joint.empty());
  const auto& [database, commit] = judgement.timeline.joint.back().parts[0];
  const std::uint64_t end =
      judgement.timeline.databases[database].commits[commit].call;
  bool is_torn = false;
  for (std::uint64_t call = end - 12; call < end; ++call) {
    is_torn |= testing::Value(Losses(JudgeIt({.power = {.only_call = call}})),
                              Contains("torn missing_sync"));
  }
  EXPECT_TRUE(is_torn);
}

TEST_F(PythonTest, ACopyThatWasMadeWhileSomebodyWroteIsNotWhole) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "copied_while_somebody_writes");
  EXPECT_THAT(Kills(judgement), ElementsAre("not_whole not_sqlite"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
  EXPECT_THAT(TextOf(judgement),
              HasSubstr("copy.db is no whole database at the end"));
}

TEST_F(PythonTest, ACopyThatWasMadeWhenNobodyWroteIs) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "copied_when_nobody_writes",
                   {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
}

// ---- No journal, or no SQLite ----

class NoJournalTest : public PythonTest,
                      public testing::WithParamInterface<std::string> {};

TEST_P(NoJournalTest, LeavesHalfATransactionAfterAKill) {
  const Judgement judgement = JudgeProgram("mistakes.py", GetParam());
  EXPECT_THAT(Kills(judgement), Contains(HasSubstr("unprotected")));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
  EXPECT_THAT(TextOf(judgement), HasSubstr("setting: the database was written "
                                           "without a journal on the disk"));
}

INSTANTIATE_TEST_SUITE_P(Modes, NoJournalTest,
                         testing::Values("journal_off", "journal_memory"));

TEST_F(PythonTest, ADatabaseThatIsRewrittenInPlaceIsSeenInItsMiddle) {
  const Judgement judgement = JudgeProgram("mistakes.py", "rewritten_in_place");
  EXPECT_THAT(Kills(judgement), ElementsAre("damaged not_sqlite"));
  EXPECT_THAT(Losses(judgement), Each(HasSubstr("not_sqlite")));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
}

TEST_F(PythonTest, ADatabaseThatIsRewrittenByOneCallIsSeenInItsMiddle) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "rewritten_by_one_call");
  ASSERT_THAT(Kills(judgement), ElementsAre("damaged not_sqlite"));
  EXPECT_GT(judgement.timeline.kills.at(0).written, 0);
}

TEST_F(PythonTest, AWalThatIsDeletedTakesItsCommitsAlong) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "wal_deleted_on_start");
  EXPECT_THAT(Kills(judgement), ElementsAre("elsewhere unknown"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
}

TEST_F(PythonTest, TheProgramSeesWhatRecoveryDoesNotFind) {
  // A bug of SQLite 3.11.0 to 3.50.1 (docs/findings.md).
  const std::string version = LinesOf(
      python_ + " -c 'import sqlite3; print(*sqlite3.sqlite_version_info)'");
  int minor = 0;
  int patch = 0;
  ASSERT_EQ(std::sscanf(version.c_str(), "3 %d %d", &minor, &patch), 2);
  const bool is_affected = minor < 50 || (minor == 50 && patch < 2);
  const Judgement judgement = JudgeProgram("mistakes.py", "partial_rollback");
  EXPECT_GE(judgement.timeline.live_views, 4);
  if (is_affected) {
    EXPECT_THAT(Kills(judgement), Contains("unseen partial_rollback"));
  } else {
    EXPECT_THAT(Kills(judgement), IsEmpty()) << version;
  }
}

TEST_F(PythonTest, AFileWithoutASyncIsNamed) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "file_before_its_row");
  ASSERT_THAT(judgement.power.side_files, SizeIs(3));
  EXPECT_EQ(judgement.power.side_files[0].path, "file0");
  EXPECT_FALSE(judgement.power.side_files[0].is_renamed);
}

TEST_F(PythonTest, ARenameWithoutASyncIsNamedAndOneWithASyncIsNot) {
  Judgement judgement = JudgeProgram("mistakes.py", "renamed_without_sync");
  ASSERT_THAT(judgement.power.side_files, SizeIs(1));
  EXPECT_EQ(judgement.power.side_files[0].path, "file");
  EXPECT_TRUE(judgement.power.side_files[0].is_renamed);
}

TEST_F(PythonTest, AFileOfWhichAPartWasSyncedIsNotSaidToBeEmpty) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "renamed_after_a_part_was_synced");
  ASSERT_THAT(judgement.power.side_files, SizeIs(1));
  EXPECT_EQ(judgement.power.side_files[0].path, "file");
  EXPECT_FALSE(judgement.power.side_files[0].is_renamed);
}

TEST_F(PythonTest, ARenameWithASyncIsNotNamed) {
  const Judgement judgement = JudgeProgram("mistakes.py", "renamed_with_sync");
  EXPECT_THAT(judgement.power.side_files, IsEmpty());
}

TEST_F(PythonTest, Ext4WritesAFileThatReplacesAnotherOneFirst) {
  JudgeOptions options;
  options.power.model = DiskModel::kExt4;
  const Judgement judgement =
      JudgeProgram("mistakes.py", "renamed_without_sync", options);
  EXPECT_THAT(judgement.power.side_files, SizeIs(1));  // the first: no other
  EXPECT_THAT(Losses(judgement), IsEmpty());
}

// ---- Acknowledgements ----

TEST_F(PythonTest, AnAcknowledgementThatComesBeforeItsCommitIsFoundByItsProbe) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "acknowledged_before_commit");
  EXPECT_THAT(Kills(judgement), ElementsAre("not_yet unknown"));
  EXPECT_EQ(judgement.timeline.kill_counts.at(0), 10);
  EXPECT_EQ(judgement.timeline.probes, 10);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
}

TEST_F(PythonTest, OneThatComesAfterItHolds) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "acknowledged_after_commit");
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_EQ(judgement.timeline.probes, 10);
  EXPECT_EQ(judgement.timeline.promises.size(), 10u);  // output is none then
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
}

TEST_F(PythonTest, TwoTransactionsForOneStepAreTornIfItIsAtomic) {
  JudgeOptions options;
  options.timeline.atomic = true;
  const Judgement judgement =
      JudgeProgram("mistakes.py", "two_transactions_for_one_step", options);
  EXPECT_THAT(Kills(judgement), ElementsAre("between unknown"));
  EXPECT_EQ(judgement.timeline.kill_counts.at(0), 10);
}

TEST_F(PythonTest, OneTransactionForOneStepIsNot) {
  JudgeOptions options;
  options.timeline.atomic = true;
  const Judgement judgement =
      JudgeProgram("mistakes.py", "one_transaction_for_one_step", options);
  EXPECT_THAT(Kills(judgement), IsEmpty());
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
}

TEST_F(PythonTest, AtomicIsRefusedWhereSeveralCommit) {
  ASSERT_TRUE(
      Record({python_, std::string(PROGRAMS) + "legal.py", "several_processes"})
          .ok());
  JudgeOptions options;
  options.timeline.atomic = true;
  const auto judgement = JudgeRecording(
      Recording(), options, [](const JudgeProgress&) { return true; });
  EXPECT_THAT(judgement.status(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

// ---- Nothing to judge ----

TEST_F(PythonTest, ADatabaseInMemoryIsNotExercised) {
  const Judgement judgement = JudgeProgram("mistakes.py", "in_memory");
  EXPECT_EQ(judgement.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(judgement.NotExercised(), HasSubstr("no SQLite database"));
}

TEST_F(PythonTest, AProgramThatPromisesNothingIsNotExercised) {
  const Judgement judgement = JudgeProgram("mistakes.py", "says_nothing");
  EXPECT_EQ(judgement.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(judgement.NotExercised(), HasSubstr("promised nothing"));
  EXPECT_THAT(TextOf(judgement), Not(HasSubstr("nothing is lost")));
}

TEST_F(PythonTest, NothingWrittenAfterTheFirstPromiseIsNotExercised) {
  const Judgement judgement = JudgeProgram("mistakes.py", "says_it_at_the_end");
  EXPECT_EQ(judgement.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(judgement.NotExercised(), HasSubstr("no kill was judged"));
}

// All is synced before it is promised.
TEST_F(PythonTest, WithoutAnImageALossOfPowerIsNotExercised) {
  const Judgement judgement =
      JudgeProgram("mistakes.py", "says_it_when_all_is_synced",
                   {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.power.images, 0);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(judgement.NotExercised(),
              HasSubstr("no kill and no loss of power was judged"));
}

TEST_F(JudgeTest, AProgramWithoutADatabaseIsNotExercised) {
  const Judgement judgement = Judge({"/bin/sh", "-c", "echo hello > file"});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(TextOf(judgement), HasSubstr("NOT EXERCISED (the program made no "
                                           "SQLite database"));
}

TEST_F(JudgeTest, TheSqliteShellInAPipelineIsJudged) {
  if (std::system("sqlite3 -version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs the sqlite3 shell";
  }
  const Judgement judgement =
      Judge({"/bin/sh", "-c",
             "echo 'PRAGMA synchronous=EXTRA; CREATE TABLE t(x); INSERT INTO t "
             "VALUES(1);' | sqlite3 a.db && echo made && echo 'PRAGMA "
             "synchronous=EXTRA; INSERT INTO t VALUES(2); SELECT * FROM t;' | "
             "sqlite3 a.db | cat"});
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
  EXPECT_EQ(judgement.commits(), 3);
}

TEST_F(JudgeTest, AJudgementThatIsEndedSaysWhere) {
  ASSERT_TRUE(
      RecordScript("for i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 "
                   "7 8 9; do echo $i > f$j; done; done")
          .ok());
  const auto judgement =
      JudgeRecording(Recording(), {}, [](const JudgeProgress& until_now) {
        return until_now.phase == JudgePhase::kKills || until_now.call < 20;
      });
  ASSERT_TRUE(judgement.ok()) << judgement.status();
  EXPECT_EQ(judgement->exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(TextOf(*judgement),
              HasSubstr("interrupted: all kills were judged, and losses of "
                        "power up to call 33\n"));
  EXPECT_EQ(JsonOf(*judgement).at("interrupted").at("call"), 33);
}

TEST_F(PythonTest, WhatWasFoundBeforeTheEndIsKept) {
  ASSERT_TRUE(
      Record({python_, std::string(PROGRAMS) + "mistakes.py", "journal_memory"})
          .ok());
  const auto judgement =
      JudgeRecording(Recording(), {}, [](const JudgeProgress& until_now) {
        return until_now.phase == JudgePhase::kKills;
      });
  ASSERT_TRUE(judgement.ok()) << judgement.status();
  EXPECT_EQ(judgement->exit_code(), ExitCode::kViolated);
  EXPECT_THAT(Kills(*judgement), Contains(HasSubstr("unprotected")));
  EXPECT_EQ(judgement->ended_at(), 1);
}

TEST_F(JudgeTest, ManyFindingsAreAShortTextAndAWholeList) {
  Judgement judgement;
  judgement.states.Add({});
  for (std::size_t i = 0; i < 30; ++i) {
    judgement.timeline.databases.push_back({});
    judgement.timeline.databases.back().path = "a.db";
    PowerFinding finding;
    finding.database = i;
    judgement.power.findings.push_back(finding);
    KillFinding kill;
    kill.database = i;
    judgement.timeline.kills.push_back(kill);
    judgement.timeline.kill_counts.push_back(1);
  }
  const std::string text = TextOf(judgement);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 20) << text;
  EXPECT_THAT(text, HasSubstr("and 26 more (--json has all)"));
  EXPECT_THAT(Losses(judgement), SizeIs(30));
}

}  // namespace
}  // namespace lastcommit
