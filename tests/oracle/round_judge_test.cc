#include "oracle/round_judge.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

constexpr absl::StatusCode kDataLoss = absl::StatusCode::kDataLoss;

// A round whose saver answers as the model does, unless it is told otherwise.
class RoundJudgeTest : public testing::Test {
 protected:
  RoundJudgeTest() {
    trace_ = std::make_unique<RoundTrace>();
    plan_.profile.journal_mode = saver::JournalMode::kDelete;
  }

  void Use(std::vector<Step> steps) {
    plan_.rounds = {RoundOf(std::move(steps))};
    const Round& round = plan_.rounds[0];
    ClearRound(*trace_, round.steps.size());
    ReferenceModel model;
    for (std::size_t i = 0; i < round.steps.size(); ++i) {
      const Outcome expected = model.Apply(round.steps[i]);
      StepRecord& record = trace_->records[i];
      record.code = static_cast<std::int32_t>(expected.code);
      record.value = expected.value;
      record.has_saver = round.steps[i].kind != StepKind::kClose;
      record.is_in_transaction = model.in_transaction();
      record.intended_at = ++trace_->now;
      record.returned_at = ++trace_->now;
      record.progress = Progress::kReturned;
    }
  }

  // The saver's word on step `i`, which has left its transaction open or not.
  void Answer(std::size_t i, absl::StatusCode code, bool is_in_transaction) {
    trace_->records[i].code = static_cast<std::int32_t>(code);
    trace_->records[i].value = 0;
    trace_->records[i].is_in_transaction = is_in_transaction;
  }

  // One error is injected while step `i` runs.
  void Inject(std::size_t i, ErrorKind kind) {
    plan_.rounds[0].steps[i].error = IoError{kind, 1, 1};
    for (std::size_t later = i; later < plan_.rounds[0].steps.size(); ++later) {
      trace_->records[later].errors = 1;
    }
  }

  // Whatever follows, in this round the saver has no more to say.
  void EndAfter(std::size_t i) {
    trace_->records[i + 1].progress = Progress::kNone;
  }

  Verdict Judge() {
    ReferenceModel model;
    RoundCounts counts;
    return ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts)
        .verdict;
  }

  Plan plan_;
  std::unique_ptr<RoundTrace> trace_;
};

// ---- A read that fails is called damage by SQLite ----

// open, begin, put, put, commit, put, close
std::vector<Step> Transaction() {
  return {StepOf(StepKind::kBegin), PutBlob(0, 10), PutBlob(1, 10),
          StepOf(StepKind::kCommit), PutBlob(2, 10)};
}

TEST_F(RoundJudgeTest, DataLossOfAStepWhoseReadFailedIsThatOfTheStep) {
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, false);
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

TEST_F(RoundJudgeTest, TheRestOfItsTransactionMayAnswerSoToo) {
  Use(Transaction());
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, true);
  Answer(3, kDataLoss, true);
  Answer(4, kDataLoss, false);
  EndAfter(4);
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

TEST_F(RoundJudgeTest, TheRestOfItsTransactionMayBeAborted) {
  Use(Transaction());
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, true);
  Answer(3, absl::StatusCode::kAborted, false);
  trace_->records[3].is_aborted = true;
  Answer(4, absl::StatusCode::kAborted, false);
  EndAfter(4);
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

TEST_F(RoundJudgeTest, ATransactionThatNothingSpoiledIsNotAbortedLater) {
  Use(Transaction());
  Inject(2, ErrorKind::kWrite);
  Answer(2, absl::StatusCode::kUnknown, true);
  Answer(3, absl::StatusCode::kAborted, false);
  trace_->records[3].is_aborted = true;
  Answer(4, absl::StatusCode::kAborted, false);
  EndAfter(4);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RoundJudgeTest, TheNextTransactionMayNot) {
  Use(Transaction());
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, true);
  Answer(4, kDataLoss, false);
  Answer(5, kDataLoss, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kDamaged);
}

TEST_F(RoundJudgeTest, AnotherConnectionMayNot) {
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kLiveRead)});
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, true);
  Answer(3, kDataLoss, true);
  EXPECT_EQ(Judge().violation, ViolationClass::kDamaged);
}

TEST_F(RoundJudgeTest, DataLossWithoutAnErrorIsDamage) {
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  Answer(2, kDataLoss, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kDamaged);
}

TEST_F(RoundJudgeTest, DataLossAfterTheStepWhoseReadFailedIsDamage) {
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  Inject(1, ErrorKind::kRead);
  Answer(1, absl::StatusCode::kUnknown, false);
  Answer(2, kDataLoss, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kDamaged);
}

TEST_F(RoundJudgeTest, NoOtherErrorIsCalledDataLoss) {
  for (const ErrorKind kind :
       {ErrorKind::kWrite, ErrorKind::kSync, ErrorKind::kNoMemory}) {
    Use({PutBlob(0, 10), PutBlob(1, 10)});
    Inject(2, kind);
    Answer(2, kDataLoss, false);
    EXPECT_EQ(Judge().violation, ViolationClass::kDamaged)
        << std::string(Name(kind));
  }
}

// There a failed read is SQLITE_IOERR_READ.
TEST_F(RoundJudgeTest, NoReadOfTheSimulatedDiskIsCalledDataLoss) {
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  plan_.engine = Engine::kSim;
  Inject(2, ErrorKind::kRead);
  Answer(2, kDataLoss, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kDamaged);
}

// ---- Which error is reported ----

struct ToldAs {
  ErrorKind kind;
  absl::StatusCode code;
  bool is_right;
};

TEST_F(RoundJudgeTest, AnErrorIsToldByItsOwnName) {
  for (const ToldAs& told :
       {ToldAs{ErrorKind::kWrite, absl::StatusCode::kUnknown, true},
        ToldAs{ErrorKind::kWrite, absl::StatusCode::kUnavailable, false},
        ToldAs{ErrorKind::kWrite, absl::StatusCode::kNotFound, false},
        ToldAs{ErrorKind::kFull, absl::StatusCode::kResourceExhausted, true},
        ToldAs{ErrorKind::kFull, absl::StatusCode::kAlreadyExists, false},
        ToldAs{ErrorKind::kBusy, absl::StatusCode::kUnavailable, true},
        ToldAs{ErrorKind::kBusy, absl::StatusCode::kInvalidArgument, false}}) {
    Use({PutBlob(0, 10), PutBlob(1, 10)});
    Inject(2, told.kind);
    Answer(2, told.code, false);
    EXPECT_EQ(Judge().held(), told.is_right)
        << std::string(Name(told.kind)) << " told as " << told.code;
  }
}

TEST_F(RoundJudgeTest, AnErrorThatIsOverExcusesNothing) {
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  Inject(1, ErrorKind::kWrite);
  Answer(1, absl::StatusCode::kUnknown, false);
  Answer(2, absl::StatusCode::kUnknown, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RoundJudgeTest, AnInterruptThatFoundNobodyStopsOneStepMore) {
  Use({StepOf(StepKind::kRead), PutBlob(0, 10), PutBlob(1, 10)});
  Inject(1, ErrorKind::kInterrupt);
  Answer(2, absl::StatusCode::kCancelled, false);
  EndAfter(2);
  EXPECT_TRUE(Judge().held()) << Judge().why;
  Answer(3, absl::StatusCode::kCancelled, false);
  trace_->records[3].progress = Progress::kReturned;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RoundJudgeTest, AnotherConnectionDoesNotTakeAnInterruptBack) {
  Use({StepOf(StepKind::kRead), StepOf(StepKind::kLiveRead), PutBlob(0, 10)});
  Inject(1, ErrorKind::kInterrupt);
  Answer(3, absl::StatusCode::kCancelled, false);
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

// ---- A writer that keeps readers out ----

TEST_F(RoundJudgeTest, ALiveReadMayBeBusyOnceTheTransactionHasSpilled) {
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kLiveRead)});
  Answer(3, absl::StatusCode::kUnavailable, true);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongRead);
  trace_->records[3].transaction_spilled = true;
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

// ---- What became of the transaction ----

// An error aborts the transaction of step 1 in step 2, and it is rolled back.
class AbortedTest : public RoundJudgeTest {
 protected:
  AbortedTest() {
    Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kRollback),
         PutBlob(1, 10)});
    Inject(2, ErrorKind::kWrite);
    Answer(2, absl::StatusCode::kUnknown, false);
    trace_->records[2].is_aborted = true;
  }
};

TEST_F(AbortedTest, TheSaverGoesOnAfterTheRollback) {
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

TEST_F(AbortedTest, NothingIsAbortedAfterTheRollback) {
  trace_->records[3].is_aborted = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(AbortedTest, TheRollbackIsNotRefused) {
  Answer(3, absl::StatusCode::kAborted, false);
  trace_->records[3].is_aborted = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(AbortedTest, TheRollbackDoesNotAnswerThatItIsAborted) {
  Answer(3, absl::StatusCode::kAborted, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(AbortedTest, WhatIsAbortedIsNotOpen) {
  trace_->records[2].is_in_transaction = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

// ---- What may be there although it failed ----

TEST_F(RoundJudgeTest, OnlyACommitIsInDoubt) {
  Use(Transaction());
  Inject(3, ErrorKind::kWrite);
  Answer(3, absl::StatusCode::kUnknown, true);
  EndAfter(3);
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[3].is_in_doubt = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RoundJudgeTest, ACommitThatSucceedsIsNotInDoubt) {
  Use({PutBlob(0, 10)});
  trace_->records[1].is_in_doubt = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RoundJudgeTest, WhatWasAcknowledgedDoesNotFail) {
  Use(Transaction());
  Inject(4, ErrorKind::kWrite);
  Answer(4, absl::StatusCode::kUnknown, false);
  trace_->records[4].is_in_doubt = true;
  EndAfter(4);
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[4].acknowledged_at = trace_->records[4].intended_at;
  trace_->records[4].acknowledged = 1;
  EXPECT_EQ(Judge().violation, ViolationClass::kLostCommit);
}

// ---- Without a journal ----

TEST_F(RoundJudgeTest, WithoutAJournalAReopenInATransactionMayFindAnything) {
  plan_.profile.journal_mode = saver::JournalMode::kOff;
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kReopen)});
  trace_->records[3].value = 7;
  EXPECT_EQ(Judge().skipped, SkipReason::kNoDemand);
  Answer(3, kDataLoss, false);
  EXPECT_EQ(Judge().skipped, SkipReason::kNoDemand);
}

TEST_F(RoundJudgeTest, WithoutAJournalAReopenFindsWhatWasCommitted) {
  plan_.profile.journal_mode = saver::JournalMode::kOff;
  Use({PutBlob(0, 10), StepOf(StepKind::kReopen)});
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[2].value = 7;
  EXPECT_EQ(Judge().violation, ViolationClass::kUnstableRecovery);
}

TEST_F(RoundJudgeTest, WithAJournalAReopenInATransactionUndoesIt) {
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kReopen)});
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[3].value = 7;
  EXPECT_EQ(Judge().violation, ViolationClass::kUnstableRecovery);
}

TEST_F(RoundJudgeTest, WithoutAJournalARollbackIsNotJudged) {
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kRollback)});
  EXPECT_TRUE(Judge().held()) << Judge().why;
  plan_.profile.journal_mode = saver::JournalMode::kOff;
  EXPECT_EQ(Judge().skipped, SkipReason::kNoDemand);
}

// ---- How a client closes ----

class CloseTest : public RoundJudgeTest {
 protected:
  Replayed Replay() {
    ReferenceModel model;
    RoundCounts counts;
    BeforeRound before;
    before.has_attached = has_attached_;
    return ReplayRound(plan_, plan_.rounds[0], *trace_, before, model, counts);
  }

  bool has_attached_ = false;
};

TEST_F(CloseTest, AfterAnErrorItMayLeaveAJournalUntilSomebodyHasRead) {
  Use({PutBlob(0, 10), StepOf(StepKind::kRead)});
  EXPECT_FALSE(Replay().may_leave_journal);
  Inject(2, ErrorKind::kRead);
  EXPECT_TRUE(Replay().may_leave_journal);
  Use({PutBlob(0, 10), StepOf(StepKind::kRead)});
  Inject(1, ErrorKind::kWrite);
  EXPECT_FALSE(Replay().may_leave_journal);
}

// A change, or a query of one of them, does not come to all.
TEST_F(CloseTest, WithDatabasesAttachedOnlyWhoReadsAllOfThemSettles) {
  has_attached_ = true;
  Use({PutBlob(0, 10), PutBlob(1, 10)});
  EXPECT_FALSE(Replay().may_leave_journal);
  Inject(1, ErrorKind::kWrite);
  EXPECT_TRUE(Replay().may_leave_journal);
  Use({PutBlob(0, 10), StepOf(StepKind::kRead)});
  Inject(1, ErrorKind::kWrite);
  EXPECT_FALSE(Replay().may_leave_journal);
}

TEST_F(CloseTest, WithAnErrorItIsNoCleanOne) {
  Use({PutBlob(0, 10)});
  EXPECT_TRUE(Replay().closed_without_error);
  Inject(2, ErrorKind::kSync);
  EXPECT_FALSE(Replay().closed_without_error);
}

// ---- A COMMIT that gives up on a lock ----

// open, open, begin, commit, rollback, close, and a close beside it; clients 0
// and 1. The commit is busy and has ended its transaction.
class GivenUpTest : public RoundJudgeTest {
 protected:
  GivenUpTest() {
    Use({By(1, StepKind::kOpen), By(1, StepKind::kBegin),
         By(1, StepKind::kCommit), By(1, StepKind::kRollback),
         By(1, StepKind::kClose)});
    trace_->records[6].intended_at = trace_->records[2].intended_at;
    trace_->records[2].attempted = trace_->records[3].attempted = 1;
    Answer(3, absl::StatusCode::kUnavailable, false);
    Answer(4, absl::StatusCode::kFailedPrecondition, false);
    plan_.profile.journal_mode = saver::JournalMode::kWal;
  }
};

TEST_F(GivenUpTest, HasEndedItsTransactionAfterAnErrorInAWal) {
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
  Inject(3, ErrorKind::kBusy);
  EXPECT_TRUE(Judge().held()) << Judge().why;
  plan_.profile.journal_mode = saver::JournalMode::kDelete;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(GivenUpTest, OrElseItIsStillOpen) {
  Inject(3, ErrorKind::kBusy);
  Answer(3, absl::StatusCode::kUnavailable, true);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
  Answer(4, absl::StatusCode::kOk, false);
  EXPECT_TRUE(Judge().held()) << Judge().why;
}

// ---- A commit whose number another client took ----

TEST(AlternativesAtTest, ItMayBeThereFromItsAttemptUntilTheOtherIs) {
  const auto with = std::make_shared<const ReferenceModel>();
  Replayed replayed;
  replayed.overtaken = {{with, 5, 9}};
  for (const bool is_kill : {true, false}) {
    const auto at = [&](Mark now, Alternatives by_order) {
      return AlternativesAt(now, is_kill, std::move(by_order), replayed);
    };
    EXPECT_TRUE(at(4, {}).empty());
    EXPECT_EQ(at(5, {}), Alternatives{with});
    EXPECT_EQ(at(8, {with}), Alternatives{with});
    EXPECT_TRUE(at(9, {}).empty());
    EXPECT_TRUE(at(4, {with}).empty());
  }
}

TEST(AlternativesAtTest, ALossOfPowerMayBringItBackUntilACommitIsSynced) {
  const auto with = std::make_shared<const ReferenceModel>();
  Replayed replayed;
  replayed.overtaken = {{with, 5, 9, 12}};
  EXPECT_TRUE(AlternativesAt(9, /*is_kill=*/true, {}, replayed).empty());
  EXPECT_EQ(AlternativesAt(11, /*is_kill=*/false, {}, replayed),
            Alternatives{with});
  EXPECT_TRUE(AlternativesAt(12, /*is_kill=*/false, {}, replayed).empty());
}

// At NORMAL what was written over the dead one's frames may be lost, and leave
// them, until a sync of the WAL covers it.
TEST(AlternativesAtTest, TheCommitOfTheDeadMayComeBackUntilAnotherIsSynced) {
  const auto with = std::make_shared<const ReferenceModel>();
  Replayed replayed;
  replayed.overtaken = {{with, 5, 9, kNever, /*is_of_the_dead=*/true}};
  const auto at = [&](bool is_kill, Mark wal_synced) {
    return AlternativesAt(11, is_kill, {}, replayed, wal_synced);
  };
  EXPECT_EQ(at(/*is_kill=*/false, 8), Alternatives{with});
  EXPECT_TRUE(at(/*is_kill=*/false, 9).empty());
  EXPECT_TRUE(at(/*is_kill=*/true, 8).empty());
}

// Client 0's put would be commit 1, and then client 1's is.
class TakenNumberTest : public RoundJudgeTest {
 protected:
  TakenNumberTest() {
    Use({By(1, StepKind::kOpen), PutBlob(0, 10), By(1, PutBlob(1, 10)),
         By(1, StepKind::kClose)});
    trace_->records[2].attempted = trace_->records[3].attempted = 1;
  }
  void FailInDoubt() {
    Inject(2, ErrorKind::kSync);
    for (const std::size_t of_other : {3, 4}) {
      trace_->records[of_other].errors = 0;
    }
    Answer(2, absl::StatusCode::kUnknown, false);
    trace_->records[2].is_in_doubt = true;
  }
  // What became of client 0's.
  Overtaken Overtook(std::optional<DeathOfOne> death = std::nullopt) {
    ReferenceModel model;
    RoundCounts counts;
    const Replayed replayed = ReplayRound(plan_, plan_.rounds[0], *trace_,
                                          {{}, death}, model, counts);
    EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
    EXPECT_EQ(replayed.overtaken.size(), 1u);
    if (replayed.overtaken.empty()) return {};
    EXPECT_EQ(replayed.overtaken[0].with->state().cut, 1);
    EXPECT_EQ(replayed.overtaken[0].attempted_at,
              trace_->records[2].intended_at);
    return replayed.overtaken[0];
  }
};

TEST_F(TakenNumberTest, ACommitInDoubtMayBeThereUntilAnotherHasItsNumber) {
  FailInDoubt();
  const Overtaken gone = Overtook();
  EXPECT_FALSE(gone.is_of_the_dead);
  EXPECT_EQ(gone.overtaken_at, trace_->records[3].returned_at);
}

// Client 0 dies in it.
TEST_F(TakenNumberTest, WhatADeadClientWasCommittingMayBeThereUntilAnotherIs) {
  trace_->records[2].progress = Progress::kIntended;
  trace_->records[5].progress = Progress::kNone;
  const Overtaken gone =
      Overtook(DeathOfOne{0, trace_->records[2].returned_at});
  EXPECT_TRUE(gone.is_of_the_dead);
  EXPECT_EQ(gone.overtaken_at, trace_->records[3].returned_at);
}

TEST_F(TakenNumberTest, ALossOfPowerBringsItBackUntilACommitIsSynced) {
  FailInDoubt();
  plan_.profile.synchronous = saver::Synchronous::kFull;
  EXPECT_EQ(Overtook().lost_power_until, trace_->records[3].returned_at);
  plan_.profile.synchronous = saver::Synchronous::kNormal;
  EXPECT_EQ(Overtook().lost_power_until, kNever);
}

TEST_F(TakenNumberTest, WhatBeganBeforeItFailedDoesNotSyncItAway) {
  FailInDoubt();
  plan_.profile.synchronous = saver::Synchronous::kFull;
  trace_->records[3].intended_at = trace_->records[2].returned_at - 1;
  EXPECT_EQ(Overtook().lost_power_until, kNever);
}

TEST_F(TakenNumberTest, WhatFailsUnderANumberThatIsTakenIsNotInDoubt) {
  Use({By(1, StepKind::kOpen), By(1, PutBlob(1, 10)), StepOf(StepKind::kRead),
       PutBlob(0, 10), By(1, StepKind::kClose)});
  trace_->records[2].attempted = trace_->records[4].attempted = 1;
  Inject(4, ErrorKind::kSync);
  trace_->records[5].errors = 0;
  Answer(4, absl::StatusCode::kUnknown, false);
  trace_->records[4].is_in_doubt = true;
  ReferenceModel model;
  RoundCounts counts;
  const Replayed replayed =
      ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
  EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
  EXPECT_TRUE(replayed.at_end.after_kill.empty());
}

// Each is in the way of the other.
TEST_F(RoundJudgeTest, AnOpenThatIsRefusedMayHaveMadeTheSchemaBefore) {
  Use({By(1, StepKind::kOpen)});
  trace_->records[0].returned_at = ++trace_->now;
  for (const std::size_t open : {0, 1}) {
    Answer(open, absl::StatusCode::kUnavailable, false);
    trace_->records[open].has_saver = false;
  }
  EndAfter(1);
  ReferenceModel model;
  RoundCounts counts;
  const Replayed replayed =
      ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
  EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
  EXPECT_EQ(replayed.highest_cut, -1);
  ASSERT_FALSE(replayed.at_end.after_kill.empty());
  EXPECT_EQ(replayed.at_end.after_kill[0]->state().cut, 0);
}

// ---- A commit in doubt that is not seen ----

// The put of step 1 fails in doubt, and the later steps answer as without it.
class InDoubtTest : public RoundJudgeTest {
 protected:
  void UseAfterTheFailed(saver::JournalMode mode, std::vector<Step> later) {
    plan_.profile.journal_mode = mode;
    later.insert(later.begin(), PutBlob(0, 10));
    Use(std::move(later));
    ReferenceModel model;
    const std::vector<Step>& steps = plan_.rounds[0].steps;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i == 1) continue;
      trace_->records[i].value = model.Apply(steps[i]).value;
    }
    Inject(1, ErrorKind::kSync);
    Answer(1, absl::StatusCode::kUnknown, false);
    trace_->records[1].is_in_doubt = true;
  }
  // What a kill may leave instead of what the model says.
  std::vector<std::int64_t> CutsAfterAKill() {
    ReferenceModel model;
    RoundCounts counts;
    const Replayed replayed =
        ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
    EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
    std::vector<std::int64_t> cuts;
    for (const auto& other : replayed.at_end.after_kill) {
      cuts.push_back(other->state().cut);
    }
    return cuts;
  }
};

TEST_F(InDoubtTest, InAWalAReadDecidesNothing) {
  UseAfterTheFailed(saver::JournalMode::kWal, {StepOf(StepKind::kRead)});
  EXPECT_EQ(CutsAfterAKill(), std::vector<std::int64_t>{1});
}

TEST_F(InDoubtTest, WithARollbackJournalAReadDecides) {
  UseAfterTheFailed(saver::JournalMode::kDelete, {StepOf(StepKind::kRead)});
  EXPECT_TRUE(CutsAfterAKill().empty());
}

// Which of the two it came after its answer does not show.
TEST_F(InDoubtTest, InAWalItIsNotThereWithoutTheNextCommit) {
  UseAfterTheFailed(saver::JournalMode::kWal, {PutBlob(1, 10)});
  EXPECT_EQ(CutsAfterAKill(), std::vector<std::int64_t>{2});
}

TEST_F(InDoubtTest, InAWalARecoveryDecides) {
  UseAfterTheFailed(saver::JournalMode::kWal, {StepOf(StepKind::kReopen)});
  EXPECT_TRUE(CutsAfterAKill().empty());
}

TEST_F(InDoubtTest, WhatDiesLaterMayBeThereWithItAndWithout) {
  UseAfterTheFailed(saver::JournalMode::kWal, {PutBlob(1, 10)});
  trace_->records[2].progress = Progress::kIntended;
  EndAfter(2);
  EXPECT_EQ(CutsAfterAKill(), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(InDoubtTest, WhatTheSaverDoesNotCallInDoubtIsNotThere) {
  UseAfterTheFailed(saver::JournalMode::kWal, {});
  EXPECT_EQ(CutsAfterAKill(), std::vector<std::int64_t>{1});
  trace_->records[1].is_in_doubt = false;
  EXPECT_TRUE(CutsAfterAKill().empty());
}

TEST_F(RoundJudgeTest, TheSchemaOfAnOpenThatFailedMayBeThere) {
  Use({});
  Inject(0, ErrorKind::kSync);
  Answer(0, absl::StatusCode::kUnknown, false);
  trace_->records[0].has_saver = false;
  EndAfter(0);
  ReferenceModel model;
  RoundCounts counts;
  const Replayed replayed =
      ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
  EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
  ASSERT_EQ(replayed.at_end.after_kill.size(), 1u);
  EXPECT_EQ(replayed.at_end.after_kill[0]->state().cut, 0);
}

// ---- Whether a transaction is open ----

TEST_F(RoundJudgeTest, AfterAnErrorTheSaverKnowsWhetherItsTransactionIsOpen) {
  Use(Transaction());
  Inject(2, ErrorKind::kWrite);  // which it answers as if there were none
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[2].is_in_transaction = false;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
  trace_->records[2].is_in_transaction = true;
  trace_->records[4].is_in_transaction = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

// ---- A commit in doubt that is seen ----

TEST_F(RoundJudgeTest, WhatOnlyAReadHasShownIsNotPromised) {
  Use({PutBlob(0, 10), StepOf(StepKind::kRead), PutBlob(1, 10)});
  Inject(1, ErrorKind::kSync);
  Answer(1, absl::StatusCode::kUnknown, false);
  trace_->records[1].is_in_doubt = true;
  ReferenceModel model;
  RoundCounts counts;
  const Replayed replayed =
      ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
  EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
  ASSERT_EQ(replayed.commits.size(), 3u);  // the schema is the first one
  EXPECT_TRUE(replayed.commits[0].is_promised);
  EXPECT_FALSE(replayed.commits[1].is_promised);
  EXPECT_TRUE(replayed.commits[2].is_promised);
}

// The second one says by its number that it found the first one there.
TEST_F(RoundJudgeTest, OfTwoCommitsInDoubtBothMayBeThere) {
  Use({PutBlob(0, 10), PutBlob(1, 10), StepOf(StepKind::kRead)});
  Inject(1, ErrorKind::kTruncate);
  Inject(2, ErrorKind::kTruncate);
  for (const std::size_t i : {1U, 2U}) {
    trace_->records[i].errors = static_cast<std::int64_t>(i);
    Answer(i, absl::StatusCode::kUnknown, false);
    trace_->records[i].is_in_doubt = true;
    trace_->records[i].attempted = static_cast<std::int64_t>(i);
  }
  trace_->records[3].errors = trace_->records[4].errors = 2;
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[2].attempted = 1;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongRead);
}

// ---- What the tester answers itself is no sign of anything ----

// The put is in doubt, the reopen fails, and so nobody runs the last step.
class NobodyTest : public RoundJudgeTest {
 protected:
  NobodyTest() {
    Use({PutBlob(0, 10), StepOf(StepKind::kReopen), PutBlob(1, 10)});
    Inject(1, ErrorKind::kSync);
    Answer(1, absl::StatusCode::kUnknown, false);
    trace_->records[1].is_in_doubt = true;
    Answer(2, absl::StatusCode::kUnknown, false);
    for (std::size_t i = 2; i < plan_.rounds[0].steps.size(); ++i) {
      trace_->records[i].has_saver = false;
      trace_->records[i].errors = 2;
    }
  }
};

TEST_F(NobodyTest, ItsAnswerLeavesTheCommitInDoubt) {
  Answer(3, absl::StatusCode::kFailedPrecondition, false);
  ReferenceModel model;
  RoundCounts counts;
  const Replayed replayed =
      ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts);
  EXPECT_TRUE(replayed.verdict.held()) << replayed.verdict.why;
  EXPECT_EQ(replayed.at_end.after_kill.size(), 1u);
}

TEST_F(NobodyTest, HasNoOtherAnswer) {
  Answer(3, absl::StatusCode::kOk, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

// ---- Another program removes a file ----

constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;

class RemovalAnswerTest : public RoundJudgeTest {
 protected:
  // open, unlink, `then`, close; the saver refuses `then`.
  void RefuseBehindARemoval(const Step& then, absl::StatusCode code,
                            std::int64_t was_there = 1) {
    Use({StepOf(StepKind::kUnlink), then});
    trace_->records[1].value = was_there;
    Answer(2, code, false);
    EndAfter(2);
  }
};

TEST_F(RemovalAnswerTest, ChangesMayBeRefused) {
  for (const Step& step :
       {PutBlob(0, 10), StepOf(StepKind::kBegin),
        StepOf(StepKind::kWalCheckpoint), StepOf(StepKind::kVacuum)}) {
    RefuseBehindARemoval(step, kRefused);
    EXPECT_TRUE(Judge().held()) << Judge().why;
  }
}

TEST_F(RemovalAnswerTest, OfACommitNothingIsThereThen) {
  Use({StepOf(StepKind::kBegin), PutBlob(0, 10), StepOf(StepKind::kUnlink),
       StepOf(StepKind::kCommit), StepOf(StepKind::kRead)});
  trace_->records[3].value = 1;
  Answer(4, kRefused, false);
  trace_->records[5].value = static_cast<std::int64_t>([&] {
    ReferenceModel model;
    model.Apply(StepOf(StepKind::kOpen));
    return model.Apply(StepOf(StepKind::kRead)).value;
  }());
  EXPECT_TRUE(Judge().held()) << Judge().why;
  trace_->records[4].is_in_doubt = true;
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RemovalAnswerTest, NotIfThereWasNothingToRemove) {
  RefuseBehindARemoval(PutBlob(0, 10), kRefused, /*was_there=*/0);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

TEST_F(RemovalAnswerTest, NotByAnotherName) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kUnknown, absl::StatusCode::kNotFound,
        absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnavailable}) {
    RefuseBehindARemoval(PutBlob(0, 10), code);
    EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer) << code;
  }
}

TEST_F(RemovalAnswerTest, ReadingGoesOn) {
  RefuseBehindARemoval(StepOf(StepKind::kRead), kRefused);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongRead);
}

TEST_F(RemovalAnswerTest, WithoutTheDatabaseItsJournalCannotBeOpened) {
  constexpr auto kBesideOne =
      static_cast<std::int64_t>(Unlinked::kFileBesideAJournal);
  const auto judge = [&](DatabaseFile file, const Step& then,
                         std::int64_t what) {
    RefuseBehindARemoval(then, absl::StatusCode::kUnknown, what);
    plan_.rounds[0].steps[1].file = file;
    return Judge();
  };
  const Step read = StepOf(StepKind::kRead);
  EXPECT_TRUE(judge(DatabaseFile::kDatabase, read, kBesideOne).held());
  EXPECT_FALSE(judge(DatabaseFile::kDatabase, read, 1).held());
  EXPECT_FALSE(
      judge(DatabaseFile::kDatabase, PutBlob(0, 10), kBesideOne).held());
  EXPECT_FALSE(judge(DatabaseFile::kIndex, read, kBesideOne).held());
  plan_.profile.journal_mode = saver::JournalMode::kWal;
  EXPECT_FALSE(judge(DatabaseFile::kDatabase, read, kBesideOne).held());
}

TEST_F(RemovalAnswerTest, WhoDiedInAWriteWasWriting) {
  const auto was_writing = [&] {
    ReferenceModel model;
    RoundCounts counts;
    return ReplayRound(plan_, plan_.rounds[0], *trace_, {}, model, counts)
        .was_writing_database;
  };
  Use({PutBlob(0, 10)});
  trace_->records[2].progress = Progress::kIntended;
  trace_->records[1].calls.database_written = trace_->database_written = 5;
  EXPECT_FALSE(was_writing());
  trace_->database_written = 6;
  EXPECT_TRUE(was_writing());
  trace_->database_written = 5;
  CrashPlace place;
  place.step = 2;
  place.point = {1, Moment::kDuring};
  place.call = {IoKind::kWrite, FileRole::kDatabase, 0, 4096};
  trace_->positions[0].Set(place);
  EXPECT_TRUE(was_writing());
  place.call.role = FileRole::kWal;
  trace_->positions[0].Set(place);
  EXPECT_FALSE(was_writing());
}

TEST_F(RemovalAnswerTest, NotBeforeIt) {
  Use({PutBlob(0, 10), StepOf(StepKind::kUnlink)});
  trace_->records[2].value = 1;
  Answer(1, kRefused, false);
  EXPECT_EQ(Judge().violation, ViolationClass::kWrongAnswer);
}

}  // namespace
}  // namespace lastcommit
