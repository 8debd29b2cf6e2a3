#include <sqlite3.h>

#include <string>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;

class CheckpointQueryTest : public SaverTest {
 protected:
  CheckpointQueryTest() {
    Open();
    query_.thread_id = "t";
    query_.checkpoint_ns = "ns";
  }

  void Put(const std::string& id, const std::string& metadata = "{}") {
    EXPECT_THAT(saver_->PutCheckpoint({{"t", "ns", id}, {}, "", "", metadata}),
                IsOk());
  }
  std::vector<std::string> Found() {
    std::vector<std::string> ids;
    const auto checkpoints = saver_->ListCheckpoints(query_);
    EXPECT_THAT(checkpoints, IsOk());
    if (!checkpoints.ok()) return ids;
    for (const Checkpoint& checkpoint : *checkpoints) {
      ids.push_back(checkpoint.key.checkpoint_id);
    }
    return ids;
  }
  std::vector<std::string> With(const std::string& key,
                                const std::string& value) {
    query_.filter = {{key, value}};
    return Found();
  }

  CheckpointQuery query_;
};

TEST_F(CheckpointQueryTest, NewestIsTheOneThatWasFirstPutLast) {
  for (const char* id : {"b", "c", "a"}) Put(id);
  Put("b");  // again
  EXPECT_THAT(Found(), ElementsAre("a", "c", "b"));
  EXPECT_EQ(saver_->GetLatestCheckpoint("t", "ns")->key.checkpoint_id, "a");
  EXPECT_EQ(saver_->GetCheckpoint({"t", "ns", "b"})->sequence, 1);
}

TEST_F(CheckpointQueryTest, SequencesAreOfTheThreadAndNeverUsedTwice) {
  Put("a");
  ASSERT_THAT(saver_->PutCheckpoint({{"t", "", "a"}, {}, "", "", "{}"}),
              IsOk());
  EXPECT_EQ(saver_->GetCheckpoint({"t", "", "a"})->sequence, 2);
  EXPECT_THAT(saver_->Prune("t", "", 0), IsOkAndHolds(1));
  Put("b");
  EXPECT_EQ(saver_->GetCheckpoint({"t", "ns", "b"})->sequence, 3);
  ASSERT_THAT(saver_->PutCheckpoint({{"u", "", "a"}, {}, "", "", "{}"}),
              IsOk());
  EXPECT_EQ(saver_->GetCheckpoint({"u", "", "a"})->sequence, 1);
}

TEST_F(CheckpointQueryTest, LatestOfNothingIsNotFound) {
  Put("a");
  EXPECT_THAT(saver_->GetLatestCheckpoint("t", ""),
              StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(saver_->GetLatestCheckpoint("u", "ns"),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(CheckpointQueryTest, LimitAndBeforeGoByAge) {
  for (const char* id : {"4", "3", "2", "1"}) Put(id);
  query_.limit = 2;
  EXPECT_THAT(Found(), ElementsAre("1", "2"));
  query_.before = "2";
  EXPECT_THAT(Found(), ElementsAre("3", "4"));
  query_.before = "4";
  EXPECT_THAT(Found(), IsEmpty());
  query_.before = "none";
  EXPECT_THAT(saver_->ListCheckpoints(query_), StatusIs(StatusCode::kNotFound));
}

TEST_F(CheckpointQueryTest, FilterComparesValueAndType) {
  Put("int", R"({"k": 1})");
  Put("real", R"({"k": 1.0})");
  Put("text", R"({"k": "1"})");
  Put("true", R"({"k": true})");
  Put("null", R"({"k": null})");
  Put("absent", R"({"j": 1})");
  EXPECT_THAT(With("k", "1"), ElementsAre("int"));
  EXPECT_THAT(With("k", "1.0"), ElementsAre("real"));
  EXPECT_THAT(With("k", "\"1\""), ElementsAre("text"));
  EXPECT_THAT(With("k", "true"), ElementsAre("true"));
  EXPECT_THAT(With("k", "null"), ElementsAre("null"));
  EXPECT_THAT(With("k", "false"), IsEmpty());
}

TEST_F(CheckpointQueryTest, FilterLooksAtTheTopLevelOfObjectsOnly) {
  Put("array", "[1]");
  Put("inner", R"({"o": {"k": 1}})");
  Put("scalar", "1");
  EXPECT_THAT(With("k", "1"), IsEmpty());
  EXPECT_THAT(With("0", "1"), IsEmpty());
  EXPECT_THAT(With("", "1"), IsEmpty());
}

TEST_F(CheckpointQueryTest, KeysAndValuesAreNotSqlNorPaths) {
  const std::string odd = R"(a.b"[0]' OR 1 --)";
  Put("odd", R"({"a.b\"[0]' OR 1 --": "'; \u00e9"})");
  Put("path", R"({"a": {"b": 1}})");
  EXPECT_THAT(With(odd, R"("'; \u00e9")"), ElementsAre("odd"));
  EXPECT_THAT(With(odd, "\"'; \xc3\xa9\""), ElementsAre("odd"));
  EXPECT_THAT(With("a.b", "1"), IsEmpty());
  EXPECT_THAT(With("x' OR '1'='1", "1"), IsEmpty());
}

TEST_F(CheckpointQueryTest, AllConditionsMustHold) {
  Put("1", R"({"a": 1, "b": "x"})");
  Put("2", R"({"a": 1, "b": "y"})");
  Put("3", R"({"a": 1, "b": "x"})");
  Put("4", R"({"a": 1, "b": "x"})");
  query_.filter = {{"a", "1"}, {"b", "\"x\""}};
  query_.before = "4";
  query_.limit = 1;
  EXPECT_THAT(Found(), ElementsAre("3"));
}

// Deletes a thread through another saver before the second statement of the
// first one.
struct Interloper {
  SqliteSaver* other;
  int statements = 0;
  static int OnStatement(unsigned, void* self, void*, void*) {
    auto& interloper = *static_cast<Interloper*>(self);
    if (++interloper.statements != 2) return 0;
    EXPECT_THAT(interloper.other->DeleteThread("t"), IsOk());
    return 0;
  }
};

TEST_F(CheckpointQueryTest, IsOfOneVersionThoughAnotherDeletesTheThread) {
  for (const char* id : {"1", "2"}) Put(id);
  auto other = SqliteSaver::Open(path_, Options());
  ASSERT_THAT(other, IsOk());
  query_.before = "2";
  Interloper interloper{other->get()};
  sqlite3_trace_v2(saver_->connection(), SQLITE_TRACE_STMT,
                   &Interloper::OnStatement, &interloper);
  EXPECT_THAT(Found(), ElementsAre("1"));
  EXPECT_GE(interloper.statements, 2);
  EXPECT_THAT(saver_->ListCheckpoints(query_), StatusIs(StatusCode::kNotFound));
}

TEST_F(CheckpointQueryTest, BadConditionsAreRefused) {
  for (const std::string& value :
       {std::string("{}"), std::string("[1]"), std::string("x"),
        std::string(""), std::string("1\0", 2)}) {
    query_.filter = {{"k", value}};
    EXPECT_THAT(saver_->ListCheckpoints(query_),
                StatusIs(StatusCode::kInvalidArgument));
  }
  query_.filter.assign(SqliteSaver::kMaxFilters, {"k", "1"});
  EXPECT_THAT(Found(), IsEmpty());
  query_.filter.push_back({"k", "1"});
  EXPECT_THAT(saver_->ListCheckpoints(query_),
              StatusIs(StatusCode::kInvalidArgument));
  query_.filter.clear();
  query_.limit = -1;
  EXPECT_THAT(saver_->ListCheckpoints(query_),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(CheckpointQueryTest, PruneKeepsTheNewest) {
  for (const char* id : {"4", "3", "2", "1"}) Put(id);
  Put("4");
  EXPECT_THAT(saver_->Prune("t", "ns", 4), IsOkAndHolds(0));
  EXPECT_THAT(saver_->Prune("t", "ns", 2), IsOkAndHolds(2));
  EXPECT_THAT(Found(), ElementsAre("1", "2"));
  EXPECT_THAT(saver_->Prune("t", "other", 0), IsOkAndHolds(0));
  EXPECT_THAT(saver_->Prune("u", "ns", 0), IsOkAndHolds(0));
  EXPECT_THAT(saver_->Prune("t", "ns", -1),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->Prune("", "ns", 1),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Threads(), ElementsAre("t"));
}

}  // namespace
}  // namespace lastcommit::saver
