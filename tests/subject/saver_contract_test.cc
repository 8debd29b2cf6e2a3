// What every registered saver of the vocabulary `threads` does as long as
// nothing crashes: exactly what the ReferenceModel does. The planted ones too
// whose bug needs a crash, or it would be found for the wrong reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "subject/programs.h"
#include "subject/registry.h"
#include "subject/twin.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

using Parameters = std::tuple<std::string_view, saver::JournalMode>;

class SaverContract : public ::testing::TestWithParam<Parameters> {
 protected:
  static const SaverEntry& entry() {
    return *FindSaver(std::get<0>(GetParam()));
  }
  static Profile ProfileOfTest() {
    Profile profile;
    profile.journal_mode = std::get<1>(GetParam());
    profile.synchronous = saver::Synchronous::kOff;  // nothing crashes here
    return profile;
  }

  void Do(const std::vector<Step>& program) { twin_.Do(program); }
  void Do(const Step& step) { twin_.Do(step); }
  void Do(StepKind kind) { twin_.Do(kind); }

  // What the first client of strangers does is what "sqlite" does.
  Twin twin_{entry(), ProfileOfTest(), entry().IsApart(1) ? 1 : 0};
};

TEST_P(SaverContract, AChangeOutsideATransactionIsCommitted) {
  Do({CheckpointStep(0, 1, 1), Blob(0, 1, 2), Log(1, 3), Logs(1, 5)});
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, ATransactionIsSeenByOthersAfterItsCommitOnly) {
  Do(Blob(0, 1, 1));
  Do(StepKind::kBegin);
  Do({Blob(0, 1, 2), Blob(0, 2, 3), Log(0, 1), CheckpointStep(0, 1, 4)});
  Do(StepKind::kLiveRead);
  Do(StepKind::kCommit);
  Do(StepKind::kLiveRead);
}

TEST_P(SaverContract, RollbackRestoresWhatWasReplaced) {
  Do({Blob(0, 1, 1), CheckpointStep(0, 1, 1), Logs(0, 3)});
  Do(StepKind::kBegin);
  Do({Blob(0, 1, 2), CheckpointStep(0, 1, 2), Logs(0, 2), Blob(1, 1, 1)});
  Do(StepKind::kRollback);
  Do({Blob(0, 1, 3), Log(0, 1)});
}

TEST_P(SaverContract, SavepointsNest) {
  Do(StepKind::kBegin);
  Do(Blob(0, 1, 1));
  Do(StepKind::kSavepoint);
  Do({Blob(0, 1, 2), Log(0, 1)});
  Do(StepKind::kSavepoint);
  Do({Blob(0, 1, 3), Delete(0)});
  Do(StepKind::kSavepoint);
  Do(Blob(0, 2, 4));
  Do(StepKind::kRelease);
  Do(RollbackTo(0));
  Do({Blob(0, 3, 5), RollbackTo(1), Blob(0, 4, 6)});
  Do(StepKind::kCommit);
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, ARefusedBatchLeavesNothingInAThreadThatIsNew) {
  Do({RefusedLogs(0, 5, 0), RefusedLogs(0, 5, 4), RefusedLogs(0, 1, 0)});
  Do(Logs(0, 2));
}

TEST_P(SaverContract, ARefusedBatchLeavesNothingInAThreadThatIsThere) {
  Do({Logs(0, 3), RefusedLogs(0, 5, 3), RefusedCheckpoint(0, 1), Log(0, 1)});
}

TEST_P(SaverContract, ATransactionGoesOnAfterARefusedStatement) {
  Do(StepKind::kBegin);
  Do({Logs(0, 3), RefusedLogs(0, 5, 3), RefusedLogs(1, 5, 3)});
  Do(StepKind::kSavepoint);
  Do({RefusedCheckpoint(2, 1), Log(0, 1), RollbackTo(0), Blob(0, 1, 1)});
  Do(StepKind::kCommit);
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, DeletingAThreadIsUndoneAndDone) {
  Do({Blob(0, 1, 1), Blob(0, 2, 2), CheckpointStep(0, 1, 1), Logs(0, 3)});
  Do(StepKind::kBegin);
  Do({Delete(0), Blob(0, 1, 3), Log(0, 1)});
  Do(StepKind::kRollback);
  Do({Delete(0), Delete(0), Delete(1)});
  Do({Log(0, 1), Blob(0, 1, 5)});
}

TEST_P(SaverContract, ACopyIsAThreadOfItsOwn) {
  Do({Blob(0, 1, 4), Blob(0, 2, 0), CommitStepOf(0, 1, 1), Logs(0, 3),
      Create(0, 1), Update(0, 1, saver::TaskState::kRunning)});
  Do({Copy(0, 1), Blob(0, 1, 5), Stream(1, 2, 3, 100), Log(0, 1)});
  for (const int thread : {0, 1}) {
    Do({Log(thread, 2), CheckpointStep(thread, 2, 1), Write(thread, 1, 5, 1),
        Update(thread, 1, saver::TaskState::kDone), Create(thread, 2)});
  }
  Do(StepKind::kReopen);
  Do({Copy(1, 2), Delete(0), Log(1, 1), CheckpointStep(2, 3, 1)});
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, ACopyIsUndoneAndDone) {
  Do({Blob(0, 1, 1), CheckpointStep(0, 1, 1), Logs(0, 3)});
  Do(StepKind::kBegin);
  Do({Blob(0, 1, 2), Copy(0, 1), Blob(1, 1, 3), Log(1, 1)});
  Do(StepKind::kSavepoint);
  Do({Copy(1, 2), Blob(2, 1, 4), RollbackTo(0)});
  Do(StepKind::kLiveRead);
  Do(StepKind::kRollback);
  Do({Copy(0, 1), Log(1, 1), Blob(1, 1, 5)});
}

TEST_P(SaverContract, OnlyAThreadIsCopiedAndOnlyIntoNone) {
  Do({Copy(0, 1), Copy(0, 0), Log(0, 1), Log(1, 1), Delete(2)});
  Do({Copy(0, 1), Copy(0, 0), Copy(3, 0), Copy(3, 3), Copy(3, 2), Copy(2, 3),
      Copy(0, 2), Copy(2, 0), Copy(2, 2)});
  Do(StepKind::kBegin);
  Do({Copy(0, 1), Copy(0, 3), Copy(3, 4), Copy(3, 0)});
  Do(StepKind::kCommit);
}

TEST_P(SaverContract, ADeletedThreadTakesNothingMore) {
  Do({Blob(0, 1, 1), CommitStepOf(0, 1, 1), Logs(0, 3), Create(0, 1)});
  Do({Delete(0), Delete(1)});
  for (const int thread : {0, 1}) {
    Do({Blob(thread, 1, 3), Stream(thread, 1, 3, 100), Log(thread, 1),
        Logs(thread, 3), CheckpointStep(thread, 1, 1), Write(thread, 1, 0, 1),
        Writes(thread, 1, 0, 2), CommitStepOf(thread, 2, 1), Create(thread, 2),
        Update(thread, 1, saver::TaskState::kRunning), Prune(thread, 1, 1),
        Copy(thread, 2), Copy(2, thread)});
    Do({RefusedLogs(thread, 3, 1), RefusedCheckpoint(thread, 1),
        RefusedCommitStep(thread, 1), RefusedCreate(thread, 1),
        RefusedUpdate(thread, 1, saver::TaskState::kRunning)});
    Do({List(thread, 0), List(thread, 1), Delete(thread)});
  }
  Do(StepKind::kReopen);
  Do(Log(0, 1));
}

TEST_P(SaverContract, TheFirstOfTwoWritesStaysUnlessTheSecondReplacesIt) {
  Do({CheckpointStep(0, 1, 1), Write(0, 1, 0, 1), Write(0, 1, 0, 4)});
  Do({Replace(0, 1, 0, 7), Write(0, 1, 0, 10), Writes(0, 1, 0, 5)});
  Do({Replace(0, 1, 7, 1), Writes(0, 1, 5, 5), CheckpointStep(0, 1, 4)});
}

TEST_P(SaverContract, WritesToAMissingCheckpointAreRefused) {
  Do({Write(0, 1, 0, 1), Writes(0, 1, 0, 3), Replace(0, 1, 0, 1)});
  Do({CheckpointStep(0, 1, 1), Write(0, 1, 0, 2), Write(0, 2, 0, 1)});
  Do({Delete(0), Write(0, 1, 0, 1)});
}

TEST_P(SaverContract, AStepPutsCheckpointAndWritesOrNeither) {
  Do({RefusedCommitStep(0, 1), CommitStepOf(0, 1, 1), CommitStepOf(0, 1, 4)});
  Do(StepKind::kBegin);
  Do({CommitStepOf(0, 2, 1), RefusedCommitStep(0, 3), CommitStepOf(1, 1, 1)});
  Do(StepKind::kRollback);
  Do({CommitStepOf(0, 3, 1), RefusedCommitStep(0, 3)});
}

TEST_P(SaverContract, CheckpointsAreListedNewestFirstUnderEachCondition) {
  for (int id = 0; id < 4; ++id) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      Do(CheckpointStep(0, id, seed));
    }
  }
  Do(CheckpointStep(0, 0, 12));  // again, which does not make it the newest
  for (std::uint64_t seed = 0; seed < 64; ++seed) Do(List(0, seed));
  Do({List(1, 0), List(1, 2)});
}

TEST_P(SaverContract, PruneKeepsTheNewestOfOneNamespace) {
  for (int id = 0; id < 4; ++id) {
    Do({CommitStepOf(0, id, 0), CommitStepOf(0, id, 1)});
  }
  Do(CheckpointStep(0, 0, 3));
  Do({Prune(0, 0, 9), Prune(0, 0, 2), Prune(0, 0, 2), List(0, 0)});
  Do({Prune(0, 1, 0), Prune(0, 2, 0), Prune(1, 0, 0), Write(0, 0, 0, 0)});
  Do({CheckpointStep(0, 0, 1), List(0, 1)});
}

TEST_P(SaverContract, ATaskGoesThroughItsStatesAndNoOthers) {
  int task = 0;
  for (int first = 0; first < saver::kTaskStates; ++first) {
    for (int second = 0; second < saver::kTaskStates; ++second) {
      ++task;
      Do({Create(0, task), Update(0, task, saver::TaskState::kRunning),
          Update(0, task, static_cast<saver::TaskState>(first)),
          Update(0, task, static_cast<saver::TaskState>(second))});
    }
  }
  Do(StepKind::kReopen);
  Do(Update(0, 1, saver::TaskState::kRunning));
}

TEST_P(SaverContract, ATaskChangesOnlyAtTheVersionThatWasSeen) {
  Do({Update(0, 1, saver::TaskState::kRunning), Create(0, 1), Create(0, 1)});
  Do({StaleUpdate(0, 1, saver::TaskState::kRunning),
      StaleUpdate(0, 1, saver::TaskState::kDone),
      Update(0, 1, saver::TaskState::kRunning),
      StaleUpdate(0, 1, saver::TaskState::kDone)});
  Do({RefusedUpdate(0, 1, saver::TaskState::kDone), RefusedCreate(0, 2),
      RefusedCreate(0, 1), RefusedUpdate(0, 1, saver::TaskState::kPending)});
  Do(StepKind::kBegin);
  Do({Update(0, 1, saver::TaskState::kFailed), Create(0, 3)});
  Do(StepKind::kRollback);
  Do({Update(0, 1, saver::TaskState::kDone), Create(0, 3)});
}

TEST_P(SaverContract, LogsHaveEveryLevel) {
  for (int level = 0; level < saver::kLogLevels; ++level) {
    Do(LogAt(0, static_cast<saver::LogLevel>(level)));
  }
}

TEST_P(SaverContract, AStreamedBlobIsABlob) {
  for (const int chunk : {1, 7, 4096, 100000}) {
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      Do({Stream(0, static_cast<int>(seed), seed, chunk * (seed > 3 ? 50 : 1)),
          Blob(0, 1, seed), Stream(0, 1, seed + 1, 1000)});
    }
  }
}

TEST_P(SaverContract, AStreamInATransactionIsAPartOfIt) {
  Do({Blob(0, 1, 4), Stream(0, 2, 4, 1000)});
  Do(StepKind::kBegin);
  Do({Stream(0, 1, 5, 1000), Stream(0, 3, 3, 100)});
  Do(StepKind::kSavepoint);
  Do({Stream(0, 1, 2, 1000), Stream(0, 2, 5, 5000), RollbackTo(0)});
  Do(StepKind::kLiveRead);
  Do({Stream(0, 4, 5, 999), Log(0, 1)});
  Do(StepKind::kCommit);
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, ReopenRollsTheOpenTransactionBack) {
  Do({Blob(0, 1, 1), Log(0, 1)});
  Do(StepKind::kBegin);
  Do({Blob(0, 1, 2), Delete(1), Log(0, 1)});
  Do(StepKind::kSavepoint);
  Do(Blob(0, 2, 3));
  Do(StepKind::kReopen);
  Do(Blob(0, 2, 4));
}

TEST_P(SaverContract, ControlsChangeNothing) {
  Do({Blob(0, 1, 5), Blob(0, 2, 4), Delete(0), Blob(1, 1, 3)});
  Do(StepKind::kVacuum);
  for (const saver::CheckpointMode mode :
       {saver::CheckpointMode::kPassive, saver::CheckpointMode::kFull,
        saver::CheckpointMode::kRestart, saver::CheckpointMode::kTruncate}) {
    Do({Log(0, 1), WalCheckpoint(mode)});
  }
  for (const saver::JournalMode mode :
       {saver::JournalMode::kWal, saver::JournalMode::kDelete,
        saver::JournalMode::kTruncate, saver::JournalMode::kPersist,
        saver::JournalMode::kWal}) {
    Do({Log(0, 1), {.kind = StepKind::kJournalMode, .journal_mode = mode}});
    Do({Blob(0, 1, 5), Log(0, 1)});
  }
  Do(StepKind::kReopen);
}

TEST_P(SaverContract, StepsInTheWrongStateAreRefused) {
  for (const StepKind kind :
       {StepKind::kCommit, StepKind::kRollback, StepKind::kSavepoint,
        StepKind::kRelease, StepKind::kRollbackTo}) {
    Do(kind);
  }
  Do(StepKind::kBegin);
  for (const StepKind kind :
       {StepKind::kBegin, StepKind::kVacuum, StepKind::kJournalMode,
        StepKind::kWalCheckpoint, StepKind::kRelease, StepKind::kRollbackTo}) {
    Do(kind);
  }
  Do(StepKind::kCommit);
}

TEST_P(SaverContract, AnyProgramGivesWhatTheModelGives) {
  Do(RandomProgram(/*seed=*/1, /*steps=*/300));
}

// What SQLite's settings change is nothing of a planted bug, which is tried
// with them in props/planted_props.cc: of our own savers alone.
class SaverContractOfPages : public SaverContract {};

TEST_P(SaverContractOfPages, SmallPagesAndASmallCacheChangeNothing) {
  Profile profile = ProfileOfTest();
  profile.page_size = 512;
  profile.cache_size = 1;
  profile.wal_autocheckpoint = 5;
  Twin(entry(), profile).Do(RandomProgram(/*seed=*/2, /*steps=*/150));
}

TEST_P(SaverContractOfPages, BigPagesChangeNothing) {
  Profile profile = ProfileOfTest();
  profile.page_size = 65536;
  profile.wal_autocheckpoint = 0;
  Twin(entry(), profile).Do(RandomProgram(/*seed=*/3, /*steps=*/150));
}

enum class Which { kAll, kOwn };

std::vector<std::string_view> SaverNames(Which which) {
  std::vector<std::string_view> names;
  for (const SaverEntry& entry : Savers()) {
    if (entry.dialect != &threads::kVocabulary) continue;
    if (which == Which::kOwn && entry.planted.has_value()) continue;
    if (entry.needs_crash) names.push_back(entry.name);
  }
  return names;
}

std::string TestName(const ::testing::TestParamInfo<Parameters>& info) {
  std::string name(std::get<0>(info.param));
  name += '_';
  name += Name(std::get<1>(info.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

const auto kModes = ::testing::Values(
    saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
    saver::JournalMode::kPersist, saver::JournalMode::kWal);

INSTANTIATE_TEST_SUITE_P(
    Savers, SaverContract,
    ::testing::Combine(::testing::ValuesIn(SaverNames(Which::kAll)), kModes),
    TestName);
INSTANTIATE_TEST_SUITE_P(
    Savers, SaverContractOfPages,
    ::testing::Combine(::testing::ValuesIn(SaverNames(Which::kOwn)), kModes),
    TestName);

}  // namespace
}  // namespace lastcommit
