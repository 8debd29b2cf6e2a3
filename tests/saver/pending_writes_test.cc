#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;

class PendingWritesTest : public SaverTest {
 protected:
  PendingWritesTest() {
    Open();
    EXPECT_THAT(saver_->PutCheckpoint(checkpoint_), IsOk());
  }

  static PendingWrite Write(const std::string& task, std::int64_t idx,
                            const std::string& bytes) {
    return {task, idx, "channel", "type", bytes, false};
  }
  static PendingWrite Replacing(PendingWrite write) {
    write.is_replaceable = true;
    return write;
  }
  absl::Status PutWrites(const std::vector<PendingWrite>& writes) {
    return saver_->PutWrites(checkpoint_.key, writes);
  }
  // "task#idx=bytes"
  std::vector<std::string> Writes(const CheckpointKey& key) {
    std::vector<std::string> found;
    const auto writes = saver_->ListWrites(key);
    EXPECT_THAT(writes, IsOk());
    for (const PendingWrite& write : *writes) {
      found.push_back(
          absl::StrCat(write.task_id, "#", write.idx, "=", write.bytes));
    }
    return found;
  }
  std::vector<std::string> Writes() { return Writes(checkpoint_.key); }

  const Checkpoint checkpoint_{{"t", "ns", "id"}, {}, "type", "state", "{}"};
};

TEST_F(PendingWritesTest, ComeBackWholeAndInOrder) {
  ASSERT_THAT(PutWrites({Write("b", 0, "3"), Write("a", 10, "2"),
                         Write("a", -1, std::string("\0x", 2))}),
              IsOk());
  EXPECT_THAT(Writes(),
              ElementsAre(std::string("a#-1=\0x", 7), "a#10=2", "b#0=3"));
  const auto writes = saver_->ListWrites(checkpoint_.key);
  EXPECT_EQ((*writes)[1].channel, "channel");
  EXPECT_EQ((*writes)[1].type, "type");
}

TEST_F(PendingWritesTest, FirstValueStaysUnlessTheNextIsReplaceable) {
  ASSERT_THAT(PutWrites({Write("a", 0, "first")}), IsOk());
  ASSERT_THAT(PutWrites({Write("a", 0, "second"), Write("a", 1, "x")}), IsOk());
  EXPECT_THAT(Writes(), ElementsAre("a#0=first", "a#1=x"));
  ASSERT_THAT(PutWrites({Replacing(Write("a", 0, "third"))}), IsOk());
  ASSERT_THAT(PutWrites({Write("a", 0, "fourth")}), IsOk());
  EXPECT_THAT(Writes(), ElementsAre("a#0=third", "a#1=x"));
}

TEST_F(PendingWritesTest, OfOneCallWithTheSameKeyTheFirstStays) {
  ASSERT_THAT(PutWrites({Write("a", 0, "1"), Write("a", 0, "2")}), IsOk());
  EXPECT_THAT(Writes(), ElementsAre("a#0=1"));
  ASSERT_THAT(PutWrites({Write("a", 0, "3"), Replacing(Write("a", 0, "4"))}),
              IsOk());
  EXPECT_THAT(Writes(), ElementsAre("a#0=4"));
}

TEST_F(PendingWritesTest, ToAMissingCheckpointAreRefused) {
  for (const CheckpointKey& key :
       {CheckpointKey{"t", "ns", "other"}, CheckpointKey{"t", "", "id"},
        CheckpointKey{"other", "ns", "id"}}) {
    EXPECT_THAT(saver_->PutWrites(key, {Write("a", 0, "x")}),
                StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(Writes(key), IsEmpty());
  }
  EXPECT_THAT(Threads(), ElementsAre("t"));
}

TEST_F(PendingWritesTest, WithoutATaskOrTooManyAreRefused) {
  EXPECT_THAT(PutWrites({Write("a", 0, "x"), Write("", 1, "x")}),
              StatusIs(StatusCode::kInvalidArgument));
  std::vector<PendingWrite> writes(SqliteSaver::kMaxWrites + 1,
                                   Write("a", 0, "x"));
  EXPECT_THAT(PutWrites(writes), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Writes(), IsEmpty());
  writes.pop_back();
  EXPECT_THAT(PutWrites(writes), IsOk());
}

TEST_F(PendingWritesTest, StayWhenTheirCheckpointIsPutAgain) {
  ASSERT_THAT(PutWrites({Write("a", 0, "x")}), IsOk());
  ASSERT_THAT(saver_->PutCheckpoint(checkpoint_), IsOk());
  EXPECT_THAT(Writes(), ElementsAre("a#0=x"));
}

TEST_F(PendingWritesTest, GoWithTheirCheckpoint) {
  ASSERT_THAT(PutWrites({Write("a", 0, "x")}), IsOk());
  EXPECT_THAT(saver_->Prune("t", "ns", 0), IsOkAndHolds(1));
  EXPECT_THAT(Writes(), IsEmpty());
  EXPECT_EQ(Sql("SELECT count(*) FROM writes"), "0");
}

TEST_F(PendingWritesTest, AStepPutsBothOrNeither) {
  Checkpoint step = checkpoint_;
  step.key.checkpoint_id = "step";
  ASSERT_THAT(saver_->CommitStep(step, {Write("a", 0, "x")}), IsOk());
  EXPECT_THAT(Writes(step.key), ElementsAre("a#0=x"));
  EXPECT_EQ(Counter(), 2);
  step.key.checkpoint_id = "refused";
  EXPECT_THAT(saver_->CommitStep(step, {Write("", 0, "x")}),
              StatusIs(StatusCode::kInvalidArgument));
  step.metadata = "{";
  EXPECT_THAT(saver_->CommitStep(step, {Write("a", 0, "x")}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->GetCheckpoint(step.key), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Writes(step.key), IsEmpty());
  EXPECT_EQ(Counter(), 2);
}

}  // namespace
}  // namespace lastcommit::saver
