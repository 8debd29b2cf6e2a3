#include "saver/blob_stream.h"

#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

std::string Bytes(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) {
    bytes.push_back(static_cast<char>(i * 31 + i / 251));
  }
  return bytes;
}

class BlobStreamTest : public SaverTest {
 protected:
  BlobStreamTest() { Open(); }

  BlobWriter Writer(const std::string& name, std::int64_t size) {
    auto writer = saver_->WriteBlob("t", name, size);
    EXPECT_THAT(writer, IsOk());
    return *std::move(writer);
  }
  void Stream(const std::string& name, const std::string& bytes,
              std::size_t piece) {
    BlobWriter writer = Writer(name, static_cast<std::int64_t>(bytes.size()));
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_THAT(writer.Write(std::string_view(bytes).substr(at, piece)),
                  IsOk());
    }
    ASSERT_THAT(writer.Finish(), IsOk());
  }
  absl::StatusOr<std::string> ReadIn(const std::string& name,
                                     std::size_t piece) {
    auto reader = saver_->ReadBlob("t", name);
    if (!reader.ok()) return reader.status();
    std::string bytes;
    std::string buffer(piece, '\0');
    while (true) {
      const auto size = reader->Read(buffer);
      if (!size.ok()) return size.status();
      if (*size == 0) return bytes;
      bytes.append(buffer, 0, static_cast<std::size_t>(*size));
    }
  }
};

TEST_F(BlobStreamTest, WhatIsWrittenInPiecesComesBackByBothWays) {
  for (const std::size_t size : {0U, 1U, 4000U, 100'000U}) {
    for (const std::size_t piece : {997U, 4096U, 200'000U}) {
      const std::string bytes = Bytes(size);
      Stream("b", bytes, piece);
      EXPECT_THAT(Get("b"), IsOkAndHolds(bytes));
      EXPECT_THAT(ReadIn("b", piece), IsOkAndHolds(bytes));
    }
  }
  EXPECT_EQ(Counter(), 12);
  EXPECT_EQ(Sql("SELECT count(*) FROM contents"), "1");
}

TEST_F(BlobStreamTest, WholeBlobIsReadInPieces) {
  ASSERT_THAT(Put("b", Bytes(10'000)), IsOk());
  EXPECT_THAT(ReadIn("b", 3000), IsOkAndHolds(Bytes(10'000)));
  EXPECT_THAT(saver_->ReadBlob("t", "none"), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(saver_->ReadBlob("t", "b")->size(), 10'000);
}

TEST_F(BlobStreamTest, NothingIsThereBeforeFinish) {
  ASSERT_THAT(Put("old", "old"), IsOk());
  auto other = SqliteSaver::Open(path_, Options()).value();
  {
    BlobWriter writer = Writer("old", 3);
    ASSERT_THAT(writer.Write("new"), IsOk());
    EXPECT_THAT(other->GetBlob("t", "old"), IsOkAndHolds("old"));
  }
  EXPECT_THAT(Get("old"), IsOkAndHolds("old"));
  { BlobWriter writer = Writer("new", 3); }
  EXPECT_THAT(Get("new"), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(BlobStreamTest, GivenUpInANewThreadItLeavesNoThread) {
  { auto writer = saver_->WriteBlob("new", "b", 10); }
  EXPECT_TRUE(Threads().empty());
}

TEST_F(BlobStreamTest, MoreThanAnnouncedIsRefusedAndTheRestGoesOn) {
  BlobWriter writer = Writer("b", 4);
  EXPECT_THAT(writer.Write("12345"), StatusIs(StatusCode::kOutOfRange));
  EXPECT_THAT(writer.Write("123"), IsOk());
  EXPECT_THAT(writer.Finish(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(writer.Write("4"), IsOk());
  EXPECT_THAT(writer.Write("5"), StatusIs(StatusCode::kOutOfRange));
  EXPECT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(writer.Write(""), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(writer.Finish(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Get("b"), IsOkAndHolds("1234"));
}

TEST_F(BlobStreamTest, SizesThatCannotBeAreRefused) {
  const int limit =
      sqlite3_limit(saver_->connection(), SQLITE_LIMIT_LENGTH, 10'000);
  ASSERT_GT(limit, 10'000);
  for (const std::int64_t size : {-1, 10'000, 10'001}) {
    EXPECT_THAT(saver_->WriteBlob("t", "b", size),
                StatusIs(StatusCode::kInvalidArgument));
  }
  EXPECT_THAT(saver_->WriteBlob("t", "b", std::int64_t{1} << 40),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Put("b", std::string(10'000, 'x')),
              StatusIs(StatusCode::kInvalidArgument));
  Stream("b", Bytes(9'900), 1000);
  EXPECT_THAT(saver_->WriteBlob("", "b", 1),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Counter(), 1);
}

// Everything that a saver and its transaction can do but roll back.
std::vector<absl::Status> EveryCall(SqliteSaver& saver) {
  return {saver.Begin().status(),
          saver.PutCheckpoint({{"t", "", "c"}, {}, "", "", "{}"}),
          saver.GetCheckpoint({"t", "", "c"}).status(),
          saver.GetLatestCheckpoint("t", "").status(),
          saver.ListCheckpoints("t").status(),
          saver.ListCheckpoints(CheckpointQuery()).status(),
          saver.Prune("t", "", 1).status(),
          saver.PutWrites({"t", "", "c"}, {}),
          saver.ListWrites({"t", "", "c"}).status(),
          saver.CommitStep({{"t", "", "c"}, {}, "", "", "{}"}, {}),
          saver.AppendLog("t", "1").status(),
          saver.AppendLogs("t", {"1", "2"}).status(),
          saver.ReadLogs("t").status(),
          saver.CreateTask({"t", "a"}, "1"),
          saver.UpdateTask({"t", "a"}, {}).status(),
          saver.GetTask({"t", "a"}).status(),
          saver.ListTasks("t").status(),
          saver.PutBlob("t", "x", "x"),
          saver.GetBlob("t", "x").status(),
          saver.WriteBlob("t", "x", 1).status(),
          saver.ReadBlob("t", "x").status(),
          saver.ListBlobs("t").status(),
          saver.CopyThread("t", "u"),
          saver.DeleteThread("t"),
          saver.ListThreads().status(),
          saver.ListThreads(ThreadPage()).status(),
          saver.CommitCounter().status(),
          saver.WalCheckpoint(CheckpointMode::kPassive).status(),
          saver.Vacuum(),
          saver.Backup("/nowhere/copy")};
}

TEST_F(BlobStreamTest, EveryOtherCallIsRefusedWhileAStreamIsOpen) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  {
    BlobWriter writer = Writer("w", 1);
    for (const absl::Status& status : EveryCall(*saver_)) {
      EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
    }
    ASSERT_THAT(writer.Write("y"), IsOk());
    ASSERT_THAT(writer.Finish(), IsOk());
    EXPECT_THAT(Get("w"), IsOkAndHolds("y"));  // it has ended
  }
  auto reader = saver_->ReadBlob("t", "b");
  for (const absl::Status& status : EveryCall(*saver_)) {
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  }
  std::array<char, 10> buffer = {};
  EXPECT_THAT(reader->Read(buffer), IsOkAndHolds(1));
  EXPECT_THAT(Get("w"), IsOkAndHolds("y"));  // all is read
  EXPECT_THAT(reader->Read(buffer), IsOkAndHolds(0));
}

TEST_F(BlobStreamTest, TransactionWaitsForItsStreamButForARollback) {
  Transaction transaction = Begin();
  Transaction savepoint = transaction.Savepoint().value();
  std::optional<BlobWriter> writer = Writer("b", 1);
  for (const absl::Status& status :
       {savepoint.Commit().status(), savepoint.Savepoint().status(),
        savepoint.Release(), savepoint.RollbackTo(),
        transaction.Savepoint().status()}) {
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_TRUE(savepoint.is_open());
  EXPECT_TRUE(transaction.is_open());
  EXPECT_THAT(writer->Write("x"), IsOk());
  ASSERT_THAT(transaction.Rollback(), IsOk());
  EXPECT_THAT(writer->Write("x"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(writer->Finish(), StatusIs(StatusCode::kFailedPrecondition));
  writer.reset();
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Counter(), 0);
}

TEST_F(BlobStreamTest, CommitWhileAWriterIsOpenEndsBothAndCommitsNothing) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  Transaction savepoint = transaction.Savepoint().value();
  BlobWriter writer = Writer("b", 1);
  ASSERT_THAT(writer.Write("x"), IsOk());
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_FALSE(savepoint.is_open());
  EXPECT_THAT(writer.Finish(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(StrangersSql("BEGIN IMMEDIATE; SELECT count(*) FROM blobs"), "0");
  EXPECT_THAT(Put("after", "x"), IsOk());
  EXPECT_EQ(Counter(), 1);
}

TEST_F(BlobStreamTest, CommitWhileAReaderIsOpenEndsBothAndCommitsNothing) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  Transaction transaction = Begin();
  ASSERT_THAT(Put("inside", "x"), IsOk());
  BlobReader reader = saver_->ReadBlob("t", "b").value();
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(transaction.is_open());
  std::array<char, 10> buffer = {};
  EXPECT_THAT(reader.Read(buffer), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Get("inside"), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(saver_->Begin(), IsOk());
}

TEST_F(BlobStreamTest, CommitOfOneThatHasEndedLeavesTheStreamOfTheNext) {
  Transaction ended = Begin();
  ASSERT_THAT(ended.Rollback(), IsOk());
  Transaction next = Begin();
  BlobWriter writer = Writer("b", 1);
  EXPECT_THAT(ended.Commit(), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(writer.Write("x"), IsOk());
  ASSERT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(next.Commit(), IsOkAndHolds(1));
}

TEST_F(BlobStreamTest, CommitOfAnAbortedOneWithAStreamWaitsForItsRollback) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "x"), IsOk());
  BlobReader reader = saver_->ReadBlob("t", "b").value();
  Sql("ROLLBACK");
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
  EXPECT_TRUE(transaction.is_aborted());
  EXPECT_THAT(Put("b", "x"), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(transaction.Rollback(), IsOk());
  EXPECT_THAT(Put("b", "x"), IsOk());
}

TEST_F(BlobStreamTest, RollbackOfASavepointEndsTheStreamInIt) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("kept", "x"), IsOk());
  Transaction savepoint = transaction.Savepoint().value();
  BlobWriter writer = Writer("b", 1);
  ASSERT_THAT(writer.Write("x"), IsOk());
  ASSERT_THAT(savepoint.Rollback(), IsOk());
  EXPECT_THAT(writer.Finish(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
  EXPECT_THAT(Get("kept"), IsOkAndHolds("x"));
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kNotFound));
}

TEST_F(BlobStreamTest, RollbackEndsAReaderToo) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  Transaction transaction = Begin();
  auto reader = saver_->ReadBlob("t", "b");
  ASSERT_THAT(transaction.Rollback(), IsOk());
  std::array<char, 10> buffer = {};
  EXPECT_THAT(reader->Read(buffer), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
}

TEST_F(BlobStreamTest, InATransactionItIsAPartOfIt) {
  ASSERT_THAT(Put("b", "old"), IsOk());
  {
    Transaction transaction = Begin();
    Stream("b", Bytes(20'000), 1000);
    EXPECT_THAT(ReadIn("b", 500), IsOkAndHolds(Bytes(20'000)));
    { BlobWriter given_up = Writer("b", 5); }
    EXPECT_THAT(Get("b"), IsOkAndHolds(Bytes(20'000)));
  }
  EXPECT_THAT(Get("b"), IsOkAndHolds("old"));
  Transaction transaction = Begin();
  Stream("b", Bytes(20'000), 1000);
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(2));
  EXPECT_THAT(Get("b"), IsOkAndHolds(Bytes(20'000)));
}

TEST_F(BlobStreamTest, MovedWriterAndReaderGoOn) {
  BlobWriter first = Writer("b", 2);
  ASSERT_THAT(first.Write("1"), IsOk());
  BlobWriter second = std::move(first);
  ASSERT_THAT(second.Write("2"), IsOk());
  ASSERT_THAT(second.Finish(), IsOk());
  BlobReader reader = *saver_->ReadBlob("t", "b");
  BlobReader moved = std::move(reader);
  std::array<char, 10> buffer = {};
  EXPECT_THAT(moved.Read(buffer), IsOkAndHolds(2));
}

TEST_F(BlobStreamTest, ReaderSeesOneVersionWhateverOthersCommit) {
  ASSERT_THAT(Put("b", Bytes(50'000)), IsOk());
  auto other = SqliteSaver::Open(path_, Options()).value();
  auto reader = saver_->ReadBlob("t", "b");
  ASSERT_THAT(reader, IsOk());
  std::string buffer(50'000, '\0');
  ASSERT_THAT(reader->Read(std::span(buffer).first(1000)), IsOkAndHolds(1000));
  ASSERT_THAT(other->PutBlob("t", "b", "new"), IsOk());
  ASSERT_THAT(reader->Read(std::span(buffer).subspan(1000)),
              IsOkAndHolds(49'000));
  EXPECT_EQ(buffer, Bytes(50'000));
  EXPECT_THAT(Get("b"), IsOkAndHolds("new"));
}

TEST_F(BlobStreamTest, BytesThatAreNotThoseOfTheDigestAreDataLoss) {
  Stream("b", Bytes(10'000), 1000);
  Sql("UPDATE contents SET bytes = CAST(zeroblob(10000) AS BLOB)");
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(ReadIn("b", 1000), StatusIs(StatusCode::kDataLoss));
  Sql("UPDATE contents SET bytes = x'00'");
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(ReadIn("b", 1000), StatusIs(StatusCode::kDataLoss));
  ASSERT_THAT(Put("b", "good"), IsOk());
  EXPECT_THAT(ReadIn("b", 1000), IsOkAndHolds("good"));
}

TEST_F(BlobStreamTest, DigestIsCanonicalXxh3) {
  Stream("b", "a", 1);
  const std::string digest = Sql("SELECT hex(digest) FROM blobs");
  ASSERT_THAT(Put("b", "a"), IsOk());
  EXPECT_EQ(Sql("SELECT hex(digest) FROM blobs"), digest);
  EXPECT_EQ(digest, "A96FAF705AF16834E6C632B61E964E1F");  // of xxhsum -H2
}

TEST_F(BlobStreamTest, KilledInItsMiddleItLeavesTheOldBlob) {
  ASSERT_THAT(Put("b", "old"), IsOk());
  Close();
  Crash(Options(), [](SqliteSaver& saver) {
    auto writer = saver.WriteBlob("t", "b", 10'000'000);
    writer->Write(Bytes(9'000'000)).IgnoreError();
    raise(SIGKILL);
  });
  Open();
  EXPECT_THAT(Get("b"), IsOkAndHolds("old"));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(BlobStreamTest, FinishThatIsBusyMayBeTriedAgain) {
  Options options;
  options.journal_mode = JournalMode::kDelete;
  options.busy_timeout = absl::ZeroDuration();
  Open(options);
  ASSERT_THAT(Put("b", "old"), IsOk());
  auto other = SqliteSaver::Open(path_, options).value();
  auto reader = other->ReadBlob("t", "b");
  BlobWriter writer = Writer("b", 3);
  ASSERT_THAT(writer.Write("new"), IsOk());
  EXPECT_THAT(writer.Finish(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(writer.Write(""), StatusIs(StatusCode::kFailedPrecondition));
  std::array<char, 10> buffer = {};
  ASSERT_THAT(reader->Read(buffer), IsOkAndHolds(3));
  EXPECT_THAT(writer.Finish(), IsOk());
  EXPECT_THAT(Get("b"), IsOkAndHolds("new"));
  EXPECT_EQ(Counter(), 2);
}

// In a process of its own, whose peak is that of the streams.
TEST_F(BlobStreamTest, HundredsOfMegabytesAreNotHeldInMemory) {
  constexpr std::int64_t kSize = 200 << 20;
  constexpr std::size_t kPiece = 1 << 20;
  constexpr long kMostKib = 64 << 10;
  Close();
  const pid_t child = fork();
  if (child == 0) {
    rusage before = {};
    rusage after = {};
    getrusage(RUSAGE_SELF, &before);
    auto saver = SqliteSaver::Open(path_, Options()).value();
    std::string piece = Bytes(kPiece);
    auto writer = saver->WriteBlob("t", "b", kSize);
    bool is_good = writer.ok();
    for (std::int64_t at = 0; is_good && at < kSize; at += kPiece) {
      is_good = writer->Write(piece).ok();
    }
    is_good = is_good && writer->Finish().ok();
    auto reader = saver->ReadBlob("t", "b");
    is_good = is_good && reader.ok() && reader->size() == kSize;
    std::int64_t read = 0;
    while (is_good && read < kSize) {
      const auto size = reader->Read(piece);
      is_good = size.ok() && *size > 0;
      read += is_good ? *size : 0;
    }
    getrusage(RUSAGE_SELF, &after);
    if (!is_good) _exit(2);
    _exit(after.ru_maxrss - before.ru_maxrss < kMostKib ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace lastcommit::saver
