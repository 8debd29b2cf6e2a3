#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class OperationsTest : public SaverTest {
 protected:
  OperationsTest() { Open(); }

  absl::Status PutCheckpoint(const std::string& ns, const std::string& id,
                             const std::string& state = "state",
                             const std::string& metadata = "{}") {
    return saver_->PutCheckpoint(
        {{"t", ns, id}, std::nullopt, "raw", state, metadata});
  }
  absl::StatusOr<std::string> StateOf(const std::string& ns,
                                      const std::string& id) {
    auto checkpoint = saver_->GetCheckpoint({"t", ns, id});
    if (!checkpoint.ok()) return checkpoint.status();
    return checkpoint->state;
  }
  std::vector<std::string> Payloads() {
    std::vector<std::string> payloads;
    std::int64_t number = 0;
    const auto entries = saver_->ReadLogs("t");
    EXPECT_THAT(entries, IsOk());
    for (const LogEntry& entry : *entries) {
      EXPECT_EQ(entry.number, ++number);
      payloads.push_back(entry.payload);
    }
    return payloads;
  }
};

TEST_F(OperationsTest, CheckpointComesBackWhole) {
  const Checkpoint checkpoint{
      {"t", "ns", "id"}, "parent", "type", std::string("a\0b", 3), "[1]"};
  ASSERT_THAT(saver_->PutCheckpoint(checkpoint), IsOk());
  const auto found = saver_->GetCheckpoint(checkpoint.key);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->key.thread_id, "t");
  EXPECT_EQ(found->key.checkpoint_ns, "ns");
  EXPECT_EQ(found->key.checkpoint_id, "id");
  EXPECT_EQ(found->parent_id, "parent");
  EXPECT_EQ(found->type, "type");
  EXPECT_EQ(found->state, checkpoint.state);
  EXPECT_EQ(found->metadata, "[1]");
}

TEST_F(OperationsTest, NoParentIsNotAnEmptyParent) {
  const CheckpointKey key{"t", "", "id"};
  ASSERT_THAT(saver_->PutCheckpoint({key, std::nullopt, "", "", "{}"}), IsOk());
  EXPECT_EQ(saver_->GetCheckpoint(key)->parent_id, std::nullopt);
  ASSERT_THAT(saver_->PutCheckpoint({key, "", "", "", "{}"}), IsOk());
  EXPECT_EQ(saver_->GetCheckpoint(key)->parent_id, "");
}

TEST_F(OperationsTest, PutCheckpointReplacesTheOneWithTheSameKey) {
  ASSERT_THAT(PutCheckpoint("", "id", "old"), IsOk());
  ASSERT_THAT(PutCheckpoint("", "id", "new"), IsOk());
  EXPECT_THAT(StateOf("", "id"), IsOkAndHolds("new"));
  EXPECT_THAT(saver_->ListCheckpoints("t"), IsOkAndHolds(SizeIs(1)));
}

TEST_F(OperationsTest, ACheckpointThatIsNotThatOfItsDigestIsDataLoss) {
  const CheckpointKey key{"t", "", "id"};
  for (const char* change :
       {"parent_id = NULL", "parent_id = ''", "parent_id = 'parents'",
        "type = 'raws'", "type = '', state = CAST(type || state AS BLOB)",
        "state = x''", "state = CAST(state || x'00' AS BLOB)",
        "metadata = '{ }'", "digest = x''", "digest = zeroblob(16)"}) {
    SCOPED_TRACE(change);
    ASSERT_THAT(saver_->PutCheckpoint({key, "parent", "raw", "state", "{}"}),
                IsOk());
    EXPECT_THAT(saver_->GetCheckpoint(key), IsOk());
    ASSERT_EQ(Sql(absl::StrCat("UPDATE checkpoints SET ", change,
                               " RETURNING thread_id")),
              "t");
    EXPECT_THAT(saver_->GetCheckpoint(key), StatusIs(StatusCode::kDataLoss));
    EXPECT_THAT(saver_->GetLatestCheckpoint("t", ""),
                StatusIs(StatusCode::kDataLoss));
    EXPECT_THAT(saver_->ListCheckpoints("t"), StatusIs(StatusCode::kDataLoss));
    EXPECT_THAT(saver_->ListCheckpoints(CheckpointQuery{"t", "", {}}),
                StatusIs(StatusCode::kDataLoss));
  }
}

TEST_F(OperationsTest, CheckpointsAreListedByNamespaceAndId) {
  for (const char* ns : {"b", "a"}) {
    for (const char* id : {"2", "1"}) {
      ASSERT_THAT(PutCheckpoint(ns, id), IsOk());
    }
  }
  std::vector<std::string> names;
  const auto checkpoints = saver_->ListCheckpoints("t");
  ASSERT_THAT(checkpoints, IsOk());
  for (const Checkpoint& checkpoint : *checkpoints) {
    names.push_back(checkpoint.key.checkpoint_ns +
                    checkpoint.key.checkpoint_id);
  }
  EXPECT_THAT(names, ElementsAre("a1", "a2", "b1", "b2"));
}

TEST_F(OperationsTest, CheckpointWithBadMetadataIsRefusedAndNotThere) {
  EXPECT_THAT(PutCheckpoint("", "id", "s", "{"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(PutCheckpoint("", "id", "s", std::string("{}\0x", 4)),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(StateOf("", "id"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Threads(), IsEmpty());
}

TEST_F(OperationsTest, EmptyIdsAreRefused) {
  EXPECT_THAT(PutCheckpoint("", ""), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->PutBlob("", "b", "x"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLog("", "{}"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Counter(), 0);
}

TEST_F(OperationsTest, LogNumbersHaveNoGaps) {
  EXPECT_THAT(saver_->AppendLog("t", "1"), IsOkAndHolds(1));
  EXPECT_THAT(saver_->AppendLog("t", "not json"),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLogs("t", {"2", "3", "4"}), IsOkAndHolds(4));
  EXPECT_THAT(saver_->AppendLog("other", "0"), IsOkAndHolds(1));
  EXPECT_THAT(saver_->AppendLog("t", "5"), IsOkAndHolds(5));
  EXPECT_THAT(Payloads(), ElementsAre("1", "2", "3", "4", "5"));
}

TEST_F(OperationsTest, StatementThatFailsHalfWayLeavesNothing) {
  ASSERT_THAT(saver_->AppendLog("t", "1"), IsOk());
  EXPECT_THAT(saver_->AppendLogs("t", {"2", "3", "{", "5"}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLogs("new", {"2", "{"}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Payloads(), ElementsAre("1"));
  EXPECT_THAT(Threads(), ElementsAre("t"));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(OperationsTest, LargestLogBatchIsAcceptedAndNoLargerOne) {
  std::vector<std::string> payloads(SqliteSaver::kMaxLogBatch, "{}");
  EXPECT_THAT(saver_->AppendLogs("t", payloads), IsOkAndHolds(1000));
  payloads.push_back("{}");
  EXPECT_THAT(saver_->AppendLogs("t", payloads),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLogs("t", {}),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(OperationsTest, LogsAreReadByRangeAndLevel) {
  for (int i = 1; i <= 8; ++i) {
    const auto level = static_cast<LogLevel>((i - 1) % kLogLevels);
    ASSERT_THAT(saver_->AppendLog("t", std::to_string(i), level), IsOk());
  }
  const auto read = [&](const LogRange& range) {
    std::string payloads;
    const auto entries = saver_->ReadLogs("t", range);
    EXPECT_THAT(entries, IsOk());
    for (const LogEntry& entry : *entries) payloads += entry.payload;
    return payloads;
  };
  EXPECT_EQ(read({}), "12345678");
  EXPECT_EQ(read({.first = 3, .last = 5}), "345");
  EXPECT_EQ(read({.first = 7}), "78");
  EXPECT_EQ(read({.first = 5, .last = 3}), "");
  EXPECT_EQ(read({.least = LogLevel::kWarning}), "3478");
  EXPECT_EQ(read({.first = 2, .least = LogLevel::kInfo, .limit = 2}), "23");
  EXPECT_THAT(saver_->ReadLogs("t", {.limit = -1}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ((*saver_->ReadLogs("t"))[3].level, LogLevel::kError);
}

TEST_F(OperationsTest, BatchHasOneLevel) {
  ASSERT_THAT(saver_->AppendLogs("t", {"1", "2"}, LogLevel::kError), IsOk());
  EXPECT_EQ((*saver_->ReadLogs("t"))[1].level, LogLevel::kError);
}

TEST_F(OperationsTest, BlobsOfAnyBytesAndSizeComeBack) {
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes.push_back(static_cast<char>(i * 7));
  ASSERT_THAT(Put("big", bytes), IsOk());
  ASSERT_THAT(Put("empty", ""), IsOk());
  ASSERT_THAT(saver_->PutBlob("t", "null view", {}), IsOk());
  EXPECT_THAT(Get("big"), IsOkAndHolds(bytes));
  EXPECT_THAT(Get("empty"), IsOkAndHolds(""));
  EXPECT_THAT(Get("null view"), IsOkAndHolds(""));
  EXPECT_THAT(Get("none"), StatusIs(StatusCode::kNotFound));
}

TEST_F(OperationsTest, PutBlobReplaces) {
  ASSERT_THAT(Put("b", "old"), IsOk());
  ASSERT_THAT(Put("b", "new"), IsOk());
  EXPECT_THAT(Get("b"), IsOkAndHolds("new"));
}

TEST_F(OperationsTest, NamesOfAnyBytesAreDistinctAndInByteOrder) {
  const std::vector<std::string> names = {std::string("\0", 1),
                                          std::string("\0a", 2),
                                          "'; DROP TABLE blobs; --",
                                          "A",
                                          "a",
                                          "a\"b",
                                          "\xc3\xa9",
                                          "\xff\xfe"};
  for (const auto& name : names) {
    ASSERT_THAT(saver_->PutBlob(name, "b", name), IsOk());
    ASSERT_THAT(Put(name, name), IsOk());
  }
  for (const auto& name : names) EXPECT_THAT(Get(name), IsOkAndHolds(name));
  EXPECT_THAT(saver_->ListBlobs("t"), IsOkAndHolds(names));
  EXPECT_THAT(saver_->GetBlob(names[1], "b"), IsOkAndHolds(names[1]));
  EXPECT_THAT(Threads(), SizeIs(names.size() + 1));
}

TEST_F(OperationsTest, DeleteThreadRemovesAllOfItAndNothingElse) {
  ASSERT_THAT(PutCheckpoint("", "id"), IsOk());
  ASSERT_THAT(saver_->AppendLogs("t", {"1", "2"}), IsOk());
  ASSERT_THAT(Put("b", "x"), IsOk());
  ASSERT_THAT(saver_->PutBlob("other", "b", "y"), IsOk());
  ASSERT_THAT(saver_->CreateTask({"t", "a"}, "{}"), IsOk());
  ASSERT_THAT(saver_->PutWrites({"t", "", "id"}, {{"a", 0, "", "", "x"}}),
              IsOk());
  ASSERT_THAT(saver_->DeleteThread("t"), IsOk());
  for (const char* table : {"checkpoints", "writes", "logs", "tasks"}) {
    EXPECT_EQ(Sql(absl::StrCat("SELECT count(*) FROM ", table)), "0");
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM contents"), "1");
  EXPECT_THAT(Threads(), ElementsAre("other", "t"));
  EXPECT_THAT(saver_->ListCheckpoints("t"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(Payloads(), IsEmpty());
  EXPECT_THAT(saver_->ListBlobs("t"), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(saver_->AppendLog("t", "1"),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(OperationsTest, DeletedThreadIsATombstoneAlsoIfItWasNeverThere) {
  ASSERT_THAT(saver_->AppendLog("t", "1"), IsOk());
  for (const char* id : {"t", "never"}) {
    ASSERT_THAT(saver_->DeleteThread(id), IsOk());
    ASSERT_THAT(saver_->DeleteThread(id), IsOk());
  }
  const auto threads = saver_->ListThreads();
  ASSERT_THAT(threads, IsOkAndHolds(SizeIs(2)));
  for (const ThreadInfo& thread : *threads) {
    EXPECT_TRUE(thread.is_deleted);
    EXPECT_EQ(thread.last_log, 0);
    EXPECT_EQ(thread.last_checkpoint, 0);
  }
  EXPECT_THAT(saver_->DeleteThread(""), StatusIs(StatusCode::kInvalidArgument));
}

// Bad arguments first, then the tombstone, then what only SQLite can tell.
TEST_F(OperationsTest, DeletedThreadRefusesEveryChange) {
  ASSERT_THAT(saver_->DeleteThread("t"), IsOk());
  const CheckpointKey key{"t", "", "id"};
  for (const absl::Status& status :
       {PutCheckpoint("", "id"), PutCheckpoint("", "id", "s", "{"),
        saver_->PutWrites(key, {}),
        saver_->CommitStep({key, {}, "", "", "{}"}, {}),
        saver_->Prune("t", "", 1).status(),
        saver_->AppendLog("t", "1").status(),
        saver_->AppendLogs("t", {"1", "{"}).status(),
        saver_->CreateTask({"t", "a"}, "{"),
        saver_->UpdateTask({"t", "a"}, {}).status(), Put("b", "x"),
        saver_->WriteBlob("t", "b", 1).status(),
        saver_->CopyThread("other", "t")}) {
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_THAT(PutCheckpoint("", ""), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLogs("t", {}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(OperationsTest, EachCallIsOneCommitAndARefusedOneNone) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  EXPECT_EQ(Counter(), 1);
  ASSERT_THAT(saver_->DeleteThread("absent"), IsOk());
  EXPECT_EQ(Counter(), 2);
  EXPECT_THAT(saver_->AppendLog("t", ""),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Counter(), 2);
  EXPECT_EQ(Sql("SELECT value FROM meta WHERE key = 'commit_counter'"), "2");
}

TEST_F(OperationsTest, VacuumKeepsEverything) {
  ASSERT_THAT(Put("b", std::string(50'000, 'x')), IsOk());
  ASSERT_THAT(saver_->Vacuum(), IsOk());
  EXPECT_THAT(Get("b"), IsOkAndHolds(SizeIs(50'000)));
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
}

TEST_F(OperationsTest, WalCheckpointReportsAndEmptiesTheWal) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  const auto passive = saver_->WalCheckpoint(CheckpointMode::kPassive);
  ASSERT_THAT(passive, IsOk());
  EXPECT_GT(passive->log_frames, 0);
  EXPECT_EQ(passive->checkpointed_frames, passive->log_frames);
  ASSERT_THAT(saver_->WalCheckpoint(CheckpointMode::kTruncate), IsOk());
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 0U);
}

TEST_F(OperationsTest, WalCheckpointDoesNothingWithoutAWal) {
  Options options;
  options.journal_mode = JournalMode::kDelete;
  Open(options);
  const auto result = saver_->WalCheckpoint(CheckpointMode::kFull);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->log_frames, 0);
  EXPECT_FALSE(result->busy);
}

}  // namespace
}  // namespace lastcommit::saver
