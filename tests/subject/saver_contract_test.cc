// What every registered saver does as long as nothing crashes: exactly what the
// ReferenceModel does. The planted ones too, or their bug would be found for
// the wrong reason.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <tuple>

#include "subject/programs.h"
#include "subject/registry.h"
#include "subject/twin.h"

namespace lastcommit {
namespace {

using Parameters = std::tuple<std::string_view, JournalMode>;

class SaverContract : public ::testing::TestWithParam<Parameters> {
 protected:
  static const SaverEntry& entry() {
    return *FindSaver(std::get<0>(GetParam()));
  }
  static Profile ProfileOfTest() {
    Profile profile;
    profile.journal_mode = std::get<1>(GetParam());
    profile.synchronous = Synchronous::kOff;  // nothing crashes here
    return profile;
  }

  void Do(const std::vector<Step>& program) { twin_.Do(program); }
  void Do(const Step& step) { twin_.Do(step); }
  void Do(StepKind kind) { twin_.Do(kind); }

  Twin twin_{entry(), ProfileOfTest()};
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
  for (const CheckpointMode mode :
       {CheckpointMode::kPassive, CheckpointMode::kFull,
        CheckpointMode::kRestart, CheckpointMode::kTruncate}) {
    Do({Log(0, 1), WalCheckpoint(mode)});
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
       {StepKind::kBegin, StepKind::kVacuum, StepKind::kWalCheckpoint,
        StepKind::kRelease, StepKind::kRollbackTo}) {
    Do(kind);
  }
  Do(StepKind::kCommit);
}

TEST_P(SaverContract, AnyProgramGivesWhatTheModelGives) {
  Do(RandomProgram(/*seed=*/1, /*steps=*/300));
}

TEST_P(SaverContract, SmallPagesAndASmallCacheChangeNothing) {
  Profile profile = ProfileOfTest();
  profile.page_size = 512;
  profile.cache_size = 1;
  profile.wal_autocheckpoint = 5;
  Twin(entry(), profile).Do(RandomProgram(/*seed=*/2, /*steps=*/150));
}

TEST_P(SaverContract, BigPagesChangeNothing) {
  Profile profile = ProfileOfTest();
  profile.page_size = 65536;
  profile.wal_autocheckpoint = 0;
  Twin(entry(), profile).Do(RandomProgram(/*seed=*/3, /*steps=*/150));
}

std::vector<std::string_view> SaverNames() {
  std::vector<std::string_view> names;
  for (const SaverEntry& entry : Savers()) names.push_back(entry.name);
  return names;
}

std::string TestName(const ::testing::TestParamInfo<Parameters>& info) {
  std::string name(std::get<0>(info.param));
  name += '_';
  name += Name(std::get<1>(info.param));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    Savers, SaverContract,
    ::testing::Combine(::testing::ValuesIn(SaverNames()),
                       ::testing::Values(JournalMode::kDelete,
                                         JournalMode::kTruncate,
                                         JournalMode::kPersist,
                                         JournalMode::kWal)),
    TestName);

}  // namespace
}  // namespace lastcommit
