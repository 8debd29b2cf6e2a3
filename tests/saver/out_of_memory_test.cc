// Every call of the saver with every one of its allocations failing: nothing is
// thrown, nothing is there by half, the lock is free, and the same saver goes
// on.

#include <sqlite3.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "disk/memory_faults.h"
#include "saver/saver_fixture.h"
#include "saver/version_2.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::SizeIs;

constexpr std::int64_t kMostAllocations = 20'000;

// Before anything uses SQLite.
const absl::Status kInstalled = InstallMemoryFaults();

// Longer than what a string keeps without the heap.
const std::string kThread = "a thread with a long name";
const std::string kLong = "a name that is long enough for the heap";
const std::string kJson = R"("a payload that is long enough for the heap")";

Checkpoint CheckpointOf(const std::string& id) {
  Checkpoint checkpoint;
  checkpoint.key = {kThread, "a namespace that is long", id + kLong};
  checkpoint.parent_id = kLong;
  checkpoint.type = kLong;
  checkpoint.state = kLong;
  checkpoint.metadata = R"({"a key that is long enough": 1})";
  return checkpoint;
}

std::vector<PendingWrite> Writes() {
  std::vector<PendingWrite> writes(3);
  for (int i = 0; i < 3; ++i) {
    writes[static_cast<std::size_t>(i)] = {kLong, i,     kLong,
                                           kLong, kLong, i == 2};
  }
  return writes;
}

// The arguments of the calls, which are made while memory is there.
const std::string kNamespace = "a namespace that is long";
const Checkpoint kOld = CheckpointOf("old");
const Checkpoint kOlder = CheckpointOf("older");
const ThreadPage kLivingThreads = {.after = "a", .with_deleted = false};
const Checkpoint kNew = CheckpointOf("new");
const Checkpoint kStep = CheckpointOf("step");
const std::vector<PendingWrite> kWrites = Writes();
const std::vector<std::string> kPayloads = {kJson, kJson, kJson};
const TaskKey kTask = {kThread, kLong};
const std::string kNewThread = "a new thread of its own";
const std::string kStreamThread = "another new thread of its own";
const std::string kNoThread = "a thread that does not come to be";
CheckpointQuery Query() {
  CheckpointQuery query = {kThread, kNamespace, {}};
  query.filter = {{"a key that is long enough", "1"}};
  query.before = kOlder.key.checkpoint_id;
  return query;
}
const CheckpointQuery kQuery = Query();

// Runs `work`, whose calls of the saver are in NewMayFail, with the `at`-th
// allocation failing, and if `is_lasting` all that come after it.
struct Outcome {
  absl::Status status;
  bool has_failed = false;  // an allocation
};
Outcome WithoutMemoryOf(Allocator allocator, std::int64_t at, bool is_lasting,
                        const std::function<absl::Status()>& work) {
  Outcome outcome;
  FailAllocations(allocator, at, is_lasting ? 0 : 1);
  outcome.status = work();
  outcome.has_failed = FailedAllocations() > 0;
  FailAllocations(allocator, 0, 0);
  return outcome;
}
Outcome WithoutMemory(std::int64_t at, bool is_lasting,
                      const std::function<absl::Status()>& work) {
  return WithoutMemoryOf(Allocator::kNew, at, is_lasting, work);
}

// A call of the saver, and of the streams that it gives.
struct Call {
  const char* name;
  std::function<absl::Status(SqliteSaver&)> run;
};

void PrintTo(const Call& call, std::ostream* out) { *out << call.name; }

std::string NameOf(const testing::TestParamInfo<Call>& info) {
  return info.param.name;
}

class OutOfMemoryTest : public SaverTest {
 protected:
  OutOfMemoryTest() {
    Open();
    EXPECT_THAT(saver_->CommitStep(CheckpointOf("old"), Writes()), IsOk());
    EXPECT_THAT(saver_->CommitStep(CheckpointOf("older"), Writes()), IsOk());
    EXPECT_THAT(saver_->AppendLog(kThread, kJson), IsOk());
    EXPECT_THAT(saver_->CreateTask({kThread, kLong}, kJson), IsOk());
    EXPECT_THAT(saver_->PutBlob(kThread, kLong, std::string(10'000, 'x')),
                IsOk());
  }

  // All rows but the counter and those of the thread "marker".
  std::string Rows() {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &connection), SQLITE_OK);
    std::string rows;
    for (const char* sql : {"SELECT * FROM threads WHERE thread_id != 'marker'",
                            "SELECT * FROM checkpoints", "SELECT * FROM writes",
                            "SELECT * FROM logs WHERE thread_id != 'marker'",
                            "SELECT * FROM tasks", "SELECT * FROM blobs",
                            "SELECT id, hex(bytes) FROM contents"}) {
      const int result = sqlite3_exec(
          connection, sql,
          [](void* to, int columns, char** texts, char**) {
            for (int i = 0; i < columns; ++i) {
              *static_cast<std::string*>(to) +=
                  std::string(texts[i] == nullptr ? "NULL" : texts[i]) + "|";
            }
            *static_cast<std::string*>(to) += "\n";
            return 0;
          },
          &rows, nullptr);
      EXPECT_EQ(result, SQLITE_OK) << sql;
    }
    sqlite3_close(connection);
    return rows;
  }
  std::string Markers() {
    return StrangersSql("SELECT count(*) FROM logs WHERE thread_id = 'marker'");
  }
  // Nobody has the lock, and the same saver can use it.
  void ExpectGoesOn() {
    EXPECT_EQ(StrangersSql("BEGIN IMMEDIATE; ROLLBACK"), "");
    EXPECT_THAT(saver_->AppendLog("marker", "1"), IsOk());
    const auto transaction = saver_->Begin();
    EXPECT_THAT(transaction, IsOk());
  }
};

class OutOfMemoryIn : public OutOfMemoryTest,
                      public testing::WithParamInterface<Call> {
 protected:
  // Until an allocation that is not made any more; `is_new`: each time on a
  // saver that has compiled nothing yet.
  void ForEachAllocation(
      bool is_lasting, bool is_new,
      const std::function<Outcome(std::int64_t at)>& try_at) {
    std::int64_t at = 1;
    for (;; ++at) {
      ASSERT_LT(at, kMostAllocations);
      SCOPED_TRACE(absl::StrCat("allocation ", at, is_lasting ? " and all" : "",
                                is_new ? ", new saver" : ""));
      if (is_new) Open();
      const Outcome outcome = try_at(at);
      if (HasFatalFailure() || HasNonfatalFailure() || !outcome.has_failed) {
        break;
      }
    }
    tried_ = at;
  }

  void TryAloneWithout(Allocator allocator) {
    for (const bool is_lasting : {false, true}) {
      for (const bool is_new : {false, true}) {
        std::string before = Rows();
        ForEachAllocation(is_lasting, is_new, [&](std::int64_t at) {
          const Outcome outcome =
              WithoutMemoryOf(allocator, at, is_lasting, [&] {
                const NewMayFail may_fail;
                return GetParam().run(*saver_);
              });
          if (outcome.status.ok()) {
            before = Rows();
          } else {
            EXPECT_THAT(outcome.status,
                        StatusIs(StatusCode::kResourceExhausted));
            EXPECT_EQ(Rows(), before);
          }
          ExpectGoesOn();
          return outcome;
        });
        EXPECT_TRUE(tried_ > 1 || !is_new) << "no allocation was there to fail";
      }
    }
  }

  std::int64_t tried_ = 0;
};

TEST_P(OutOfMemoryIn, CallAloneIsThereAsAWholeOrNot) {
  TryAloneWithout(Allocator::kNew);
}

// What SQLite can do without that memory, it does. It also takes JSON for which
// it has none for bad JSON, in some versions.
TEST_P(OutOfMemoryIn, CallWithoutSqlitesMemoryIsThereAsAWholeOrNot) {
  EXPECT_THAT(kInstalled, IsOk());
  TryAloneWithout(Allocator::kSqlite);
}

TEST_P(OutOfMemoryIn, CallInATransactionIsThereAsAWholeOrNot) {
  for (const bool is_lasting : {false, true}) {
    for (const bool is_new : {false, true}) {
      std::string before = Rows();
      ForEachAllocation(is_lasting, is_new, [&](std::int64_t at) {
        const std::string markers = Markers();
        Transaction transaction = Begin();
        EXPECT_THAT(saver_->AppendLog("marker", "1"), IsOk());
        const Outcome outcome = WithoutMemory(at, is_lasting, [&] {
          const NewMayFail may_fail;
          return GetParam().run(*saver_);
        });
        const auto committed = transaction.Commit();
        if (absl::IsFailedPrecondition(outcome.status)) {
          EXPECT_EQ(GetParam().name, std::string("Begin"));
          return outcome;
        }
        if (absl::IsAborted(outcome.status)) {
          EXPECT_THAT(committed, StatusIs(StatusCode::kAborted));
          EXPECT_THAT(transaction.Rollback(), IsOk());
          EXPECT_EQ(Markers(), markers);
        } else {
          EXPECT_THAT(committed, IsOk());
        }
        if (outcome.status.ok()) {
          before = Rows();
        } else {
          EXPECT_EQ(Rows(), before);
        }
        ExpectGoesOn();
        return outcome;
      });
    }
  }
}

const Call kCalls[] = {
    {"Begin", [](SqliteSaver& s) { return s.Begin().status(); }},
    {"PutCheckpoint", [](SqliteSaver& s) { return s.PutCheckpoint(kNew); }},
    {"GetCheckpoint",
     [](SqliteSaver& s) { return s.GetCheckpoint(kOld.key).status(); }},
    {"GetLatestCheckpoint",
     [](SqliteSaver& s) {
       return s.GetLatestCheckpoint(kThread, kNamespace).status();
     }},
    {"ListCheckpoints",
     [](SqliteSaver& s) { return s.ListCheckpoints(kThread).status(); }},
    {"QueryCheckpoints",
     [](SqliteSaver& s) { return s.ListCheckpoints(kQuery).status(); }},
    {"Prune",
     [](SqliteSaver& s) { return s.Prune(kThread, kNamespace, 1).status(); }},
    {"PutWrites",
     [](SqliteSaver& s) { return s.PutWrites(kOlder.key, kWrites); }},
    {"ListWrites",
     [](SqliteSaver& s) { return s.ListWrites(kOlder.key).status(); }},
    {"CommitStep", [](SqliteSaver& s) { return s.CommitStep(kStep, kWrites); }},
    {"AppendLog",
     [](SqliteSaver& s) { return s.AppendLog(kThread, kJson).status(); }},
    {"AppendLogs",
     [](SqliteSaver& s) { return s.AppendLogs(kThread, kPayloads).status(); }},
    {"ReadLogs", [](SqliteSaver& s) { return s.ReadLogs(kThread).status(); }},
    {"CreateTask",
     [](SqliteSaver& s) {
       TaskKey key;
       {
         const NewMustNotFail must_not_fail;
         static int number = 0;
         key = {kThread, kLong + std::to_string(++number)};
       }
       return s.CreateTask(key, kJson);
     }},
    {"UpdateTask",
     [](SqliteSaver& s) {
       const auto task = s.GetTask(kTask);
       if (!task.ok()) return task.status();
       TaskUpdate update = {task->version, TaskState::kRunning, {}};
       {
         const NewMustNotFail must_not_fail;
         update.payload = kJson;
       }
       return s.UpdateTask(kTask, update).status();
     }},
    {"GetTask", [](SqliteSaver& s) { return s.GetTask(kTask).status(); }},
    {"ListTasks", [](SqliteSaver& s) { return s.ListTasks(kThread).status(); }},
    {"PutBlob",
     [](SqliteSaver& s) { return s.PutBlob(kNewThread, kLong, kLong); }},
    {"GetBlob",
     [](SqliteSaver& s) { return s.GetBlob(kThread, kLong).status(); }},
    {"WriteBlob",
     [](SqliteSaver& s) {
       auto writer = s.WriteBlob(kStreamThread, kLong, 6);
       if (!writer.ok()) return writer.status();
       for (const char* piece : {"abc", "def"}) {
         const absl::Status status = writer->Write(piece);
         if (!status.ok()) return status;
       }
       return writer->Finish();
     }},
    {"WriteBlobThatIsGivenUp",
     [](SqliteSaver& s) {
       auto writer = s.WriteBlob(kNoThread, kLong, 6);
       if (!writer.ok()) return writer.status();
       const absl::Status status = writer->Write("abc");
       return status.ok() ? absl::Status(StatusCode::kResourceExhausted, "")
                          : status;
     }},
    {"ReadBlob",
     [](SqliteSaver& s) {
       auto reader = s.ReadBlob(kThread, kLong);
       if (!reader.ok()) return reader.status();
       std::array<char, 4096> piece;
       while (true) {
         const auto size = reader->Read(piece);
         if (!size.ok()) return size.status();
         if (*size == 0) return absl::OkStatus();
       }
     }},
    {"ListBlobs", [](SqliteSaver& s) { return s.ListBlobs(kThread).status(); }},
    {"CopyThread",
     [](SqliteSaver& s) {
       std::string copy;
       {
         const NewMustNotFail must_not_fail;
         static int number = 0;
         copy = kLong + std::to_string(++number);
       }
       return s.CopyThread(kThread, copy);
     }},
    {"DeleteThread", [](SqliteSaver& s) { return s.DeleteThread(kNewThread); }},
    {"ListThreads", [](SqliteSaver& s) { return s.ListThreads().status(); }},
    {"ListThreadsByPages",
     [](SqliteSaver& s) { return s.ListThreads(kLivingThreads).status(); }},
    {"CommitCounter",
     [](SqliteSaver& s) { return s.CommitCounter().status(); }},
};

INSTANTIATE_TEST_SUITE_P(Saver, OutOfMemoryIn, testing::ValuesIn(kCalls),
                         NameOf);

// What ends a transaction or a part of it, which is open when memory fails.
class OutOfMemoryAtTheEndOf : public OutOfMemoryTest,
                              public testing::WithParamInterface<bool> {
 protected:
  // `end` is run on a transaction with a marker, and a savepoint in it with
  // another, until it has no allocation more to fail. `markers` says how many
  // may then be there more than before.
  void ForEachAllocation(
      const std::function<absl::Status(Transaction&, Transaction&)>& end,
      const std::function<void(const absl::Status&, Transaction&, Transaction&,
                               std::int64_t)>& check) {
    for (std::int64_t at = 1;; ++at) {
      SCOPED_TRACE(absl::StrCat("allocation ", at));
      ASSERT_LT(at, kMostAllocations);
      Open();
      const std::string before = Markers();
      Outcome outcome;
      {
        std::optional<Transaction> transaction = Begin();
        EXPECT_THAT(saver_->AppendLog("marker", "1"), IsOk());
        std::optional<Transaction> savepoint = transaction->Savepoint().value();
        EXPECT_THAT(saver_->AppendLog("marker", "1"), IsOk());
        outcome = WithoutMemory(at, GetParam(), [&] {
          const NewMayFail may_fail;
          return end(*transaction, *savepoint);
        });
        check(outcome.status, *transaction, *savepoint, std::stoll(before));
        if (outcome.has_failed) {
          FailAllocations(Allocator::kNew, 1, 0);
          const NewMayFail may_fail;
          savepoint.reset();
          transaction.reset();
        }
        FailAllocations(Allocator::kNew, 0, 0);
      }
      ExpectGoesOn();
      if (!outcome.has_failed || HasFailure()) return;
    }
  }
};

TEST_P(OutOfMemoryAtTheEndOf, CommitItIsCommittedOrHasEnded) {
  ForEachAllocation(
      [](Transaction& transaction, Transaction&) {
        return transaction.Commit().status();
      },
      [&](const absl::Status& status, Transaction& transaction, Transaction&,
          std::int64_t before) {
        EXPECT_FALSE(transaction.is_open());
        if (!status.ok()) {
          EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted));
          EXPECT_FALSE(IsInDoubt(status));
        }
        EXPECT_EQ(Markers(), std::to_string(before + (status.ok() ? 2 : 0)));
      });
}

TEST_P(OutOfMemoryAtTheEndOf, RollbackNothingIsLeft) {
  ForEachAllocation([](Transaction& transaction,
                       Transaction&) { return transaction.Rollback(); },
                    [&](const absl::Status& status, Transaction& transaction,
                        Transaction&, std::int64_t before) {
                      EXPECT_THAT(status, IsOk());
                      EXPECT_FALSE(transaction.is_open());
                      EXPECT_EQ(Markers(), std::to_string(before));
                    });
}

TEST_P(OutOfMemoryAtTheEndOf, SavepointItsPartIsGoneOrAll) {
  ForEachAllocation(
      [](Transaction&, Transaction& savepoint) { return savepoint.Rollback(); },
      [&](const absl::Status& status, Transaction& transaction,
          Transaction& savepoint, std::int64_t before) {
        EXPECT_FALSE(savepoint.is_open());
        const auto committed = transaction.Commit();
        EXPECT_EQ(committed.ok(), status.ok());
        EXPECT_EQ(Markers(), std::to_string(before + (status.ok() ? 1 : 0)));
      });
}

TEST_P(OutOfMemoryAtTheEndOf, RollbackToItsPartIsGoneOrNothing) {
  ForEachAllocation(
      [](Transaction&, Transaction& savepoint) {
        return savepoint.RollbackTo();
      },
      [&](const absl::Status& status, Transaction& transaction,
          Transaction& savepoint, std::int64_t before) {
        EXPECT_TRUE(savepoint.is_open());
        EXPECT_THAT(transaction.Commit(), IsOk());
        EXPECT_EQ(Markers(), std::to_string(before + (status.ok() ? 1 : 2)));
      });
}

TEST_P(OutOfMemoryAtTheEndOf, SavepointMadeOrReleasedTheTransactionGoesOn) {
  ForEachAllocation(
      [](Transaction& transaction, Transaction& savepoint) {
        absl::Status status = savepoint.Release();
        return status.ok() ? transaction.Savepoint().status() : status;
      },
      [&](const absl::Status&, Transaction& transaction, Transaction&,
          std::int64_t before) {
        EXPECT_TRUE(transaction.is_open());
        EXPECT_THAT(transaction.Commit(), IsOk());
        EXPECT_EQ(Markers(), std::to_string(before + 2));
      });
}

INSTANTIATE_TEST_SUITE_P(Lasting, OutOfMemoryAtTheEndOf, testing::Bool());

// What is not for inside a transaction.
// SQLite makes thousands of allocations here.
std::int64_t StrideOf(Allocator allocator) {
  return allocator == Allocator::kSqlite ? 7 : 1;
}

class OutOfMemoryOf : public OutOfMemoryTest,
                      public testing::WithParamInterface<Allocator> {
 protected:
  // Until the next call the lock of a change of the mode may be kept, which
  // only SQLite can give back.
  void CallIfSqliteHadNoMemory() {
    if (GetParam() != Allocator::kSqlite) return;
    EXPECT_THAT(saver_->CommitCounter(), IsOk());
  }
};

TEST_P(OutOfMemoryOf, CheckpointVacuumAndModeLeaveTheSaverUsable) {
  for (const bool is_lasting : {false, true}) {
    for (const JournalMode mode : {JournalMode::kDelete, JournalMode::kWal}) {
      for (std::int64_t at = 1;; at += StrideOf(GetParam())) {
        SCOPED_TRACE(absl::StrCat("allocation ", at));
        ASSERT_LT(at, kMostAllocations);
        const std::string rows = Rows();
        const Outcome outcome =
            WithoutMemoryOf(GetParam(), at, is_lasting, [&] {
              const NewMayFail may_fail;
              auto checkpointed =
                  saver_->WalCheckpoint(CheckpointMode::kTruncate);
              if (!checkpointed.ok()) return checkpointed.status();
              if (absl::Status s = saver_->Vacuum(); !s.ok()) return s;
              return saver_->SetJournalMode(mode);
            });
        if (!outcome.status.ok()) {
          EXPECT_THAT(outcome.status, StatusIs(StatusCode::kResourceExhausted));
        }
        CallIfSqliteHadNoMemory();
        EXPECT_EQ(Rows(), rows);
        EXPECT_EQ(saver_->durability(), Durability::kPowerLoss);
        const std::string level = Sql("PRAGMA synchronous");
        EXPECT_TRUE(level == "3" ||
                    (level == "2" && Sql("PRAGMA journal_mode") == "wal"))
            << level;
        EXPECT_NE(Sql("PRAGMA busy_timeout"), "0");
        ExpectGoesOn();
        if (!outcome.has_failed || HasFailure()) break;
      }
      EXPECT_THAT(saver_->SetJournalMode(mode), IsOk());
    }
  }
}

TEST_P(OutOfMemoryOf, LeavingWalShutsNobodyOut) {
  for (const bool is_lasting : {false, true}) {
    for (std::int64_t at = 1;; ++at) {
      SCOPED_TRACE(absl::StrCat("allocation ", at));
      ASSERT_LT(at, kMostAllocations);
      ASSERT_THAT(saver_->SetJournalMode(JournalMode::kWal), IsOk());
      ASSERT_THAT(saver_->AppendLog("marker", "1"), IsOk());
      const Outcome outcome = WithoutMemoryOf(GetParam(), at, is_lasting, [&] {
        const NewMayFail may_fail;
        return saver_->SetJournalMode(JournalMode::kDelete);
      });
      if (!outcome.status.ok()) {
        EXPECT_THAT(outcome.status, StatusIs(StatusCode::kResourceExhausted));
      }
      CallIfSqliteHadNoMemory();
      EXPECT_EQ(Sql("PRAGMA main.locking_mode"), "normal");
      ExpectGoesOn();
      if (!outcome.has_failed || HasFailure()) break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, OutOfMemoryOf,
                         testing::Values(Allocator::kNew, Allocator::kSqlite));

TEST_F(OutOfMemoryTest, CheckpointAfterACommitIsLeftOutInsteadOfTheCommit) {
  Options options;
  options.wal_autocheckpoint = 1;
  for (std::int64_t at = 1;; ++at) {
    SCOPED_TRACE(absl::StrCat("allocation ", at));
    Open(options);
    const Outcome outcome = WithoutMemory(at, true, [&] {
      const NewMayFail may_fail;
      return saver_->PutBlob(kNewThread, kLong, kLong);
    });
    const auto counter = saver_->CommitCounter();
    ExpectGoesOn();
    EXPECT_THAT(saver_->CommitCounter(), IsOkAndHolds(*counter + 1));
    if (!outcome.has_failed || HasFailure()) break;
  }
}

int OpenFiles() {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/self/fd")) {
    static_cast<void>(entry);
    ++files;
  }
  return files;
}

class OpeningWithoutMemory : public OutOfMemoryTest,
                             public testing::WithParamInterface<Allocator> {
 protected:
  // Opens what `make` has left at path_, until no allocation is left to fail.
  void ForEachAllocation(const std::function<void()>& make,
                         const std::function<void()>& check,
                         std::int64_t stride = 1) {
    EXPECT_THAT(kInstalled, IsOk());
    Close();
    for (const bool is_lasting : {false, true}) {
      for (std::int64_t at = 1;; at += stride) {
        SCOPED_TRACE(absl::StrCat("allocation ", at));
        ASSERT_LT(at, kMostAllocations);
        make();
        const int files = OpenFiles();
        const Options options;
        const Outcome outcome =
            WithoutMemoryOf(GetParam(), at, is_lasting, [&] {
              const NewMayFail may_fail;
              return SqliteSaver::Open(path_, options).status();
            });
        EXPECT_EQ(OpenFiles(), files);
        if (!outcome.status.ok()) {
          EXPECT_THAT(outcome.status, StatusIs(StatusCode::kResourceExhausted));
        }
        Open();
        check();
        ExpectGoesOn();
        Close();
        if (!outcome.has_failed || HasFailure()) break;
      }
    }
  }
  void RemoveDatabase() {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(absl::StrCat(path_, suffix));
    }
  }
};

TEST_P(OpeningWithoutMemory, OneThatIsThereFailsWithoutATraceOrIsDone) {
  const std::string rows = Rows();
  ForEachAllocation([] {}, [&] { EXPECT_EQ(Rows(), rows); });
}

TEST_P(OpeningWithoutMemory, ANewOneFailsWithoutATraceOrIsDone) {
  ForEachAllocation([this] { RemoveDatabase(); }, [] {});
}

TEST_P(OpeningWithoutMemory, OneOfAnOlderSchemaFailsWithoutATraceOrIsDone) {
  ForEachAllocation(
      [this] {
        RemoveDatabase();
        StrangersSql(absl::StrCat(kVersion2Schema, kVersion2Rows));
      },
      [this] {
        EXPECT_THAT(saver_->ListCheckpoints("a"), IsOkAndHolds(SizeIs(3)));
        EXPECT_THAT(saver_->GetBlob("b", "big"), IsOkAndHolds(SizeIs(9000)));
      },
      StrideOf(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Of, OpeningWithoutMemory,
                         testing::Values(Allocator::kNew, Allocator::kSqlite));

}  // namespace
}  // namespace lastcommit::saver
