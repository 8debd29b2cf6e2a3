// ListThreads by pages, sentence by sentence of ThreadPage.

#include <sqlite3.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

using Ids = std::vector<std::string>;

class ThreadPageTest : public SaverTest {
 protected:
  ThreadPageTest() { Open(); }

  void Make(const Ids& threads) { MakeBy(*saver_, threads); }
  static void MakeBy(SqliteSaver& saver, const Ids& threads) {
    for (const std::string& id : threads) {
      EXPECT_THAT(saver.AppendLog(id, "1"), IsOk());
    }
  }
  Ids Page(const ThreadPage& page) {
    const auto threads = saver_->ListThreads(page);
    EXPECT_THAT(threads, IsOk());
    Ids ids;
    for (const ThreadInfo& thread : *threads) ids.push_back(thread.thread_id);
    return ids;
  }
  // As a program does it that wants all; what `between` does comes after each
  // page.
  std::vector<Ids> Pages(
      std::int64_t limit, const std::function<void()>& between = [] {}) {
    std::vector<Ids> pages;
    ThreadPage page{.limit = limit};
    do {
      pages.push_back(Page(page));
      if (!pages.back().empty()) page.after = pages.back().back();
      between();
    } while (std::ssize(pages.back()) == limit && pages.size() < 100);
    return pages;
  }
};

TEST_F(ThreadPageTest, OfNothingIsEmpty) {
  EXPECT_THAT(Page({}), IsEmpty());
  EXPECT_THAT(Page({.after = "x", .limit = 1}), IsEmpty());
}

TEST_F(ThreadPageTest, HasAtMostTheLimitAndTheNextOneTheRest) {
  EXPECT_THAT(Pages(3), ElementsAre(IsEmpty()));
  Make({"b"});
  EXPECT_THAT(Pages(3), ElementsAre(ElementsAre("b")));
  Make({"c", "a"});
  EXPECT_THAT(Pages(3), ElementsAre(ElementsAre("a", "b", "c"), IsEmpty()));
  Make({"bb"});
  EXPECT_THAT(Pages(3),
              ElementsAre(ElementsAre("a", "b", "bb"), ElementsAre("c")));
  EXPECT_THAT(Pages(1), SizeIs(5));
  EXPECT_THAT(Page({.limit = 9'223'372'036'854'775'807}), SizeIs(4));
}

TEST_F(ThreadPageTest, HasAHundredIfNothingIsSaid) {
  for (int i = 0; i < 101; ++i) Make({absl::StrCat(i)});
  EXPECT_THAT(Page({}), SizeIs(100));
  EXPECT_THAT(saver_->ListThreads(), IsOkAndHolds(SizeIs(101)));
}

TEST_F(ThreadPageTest, BeginsBehindAnIdThatNeedNotBeThere) {
  Make({"a", "c", "e"});
  EXPECT_THAT(Page({.after = ""}), ElementsAre("a", "c", "e"));
  EXPECT_THAT(Page({.after = "a"}), ElementsAre("c", "e"));
  EXPECT_THAT(Page({.after = "b"}), ElementsAre("c", "e"));
  EXPECT_THAT(Page({.after = "e"}), IsEmpty());
}

// Any bytes: not where a text ends with NUL, nor in the order of letters.
TEST_F(ThreadPageTest, IsInByteOrder) {
  Ids ids = {std::string("\0", 1),
             std::string("\0\0", 2),
             std::string("a\0", 2),
             std::string("a\0b", 3),
             "a",
             "A",
             "B",
             "a b",
             "10",
             "9",
             " ",
             "\xc3\xa4",
             "\xe2\x82\xac",
             "\xf0\x9f\x98\x80",
             "\xff",
             "\xff\xfe",
             "\x80"};
  Make(ids);
  std::sort(ids.begin(), ids.end(),
            [](const std::string& a, const std::string& b) {
              return std::lexicographical_compare(
                  a.begin(), a.end(), b.begin(), b.end(),
                  [](unsigned char x, unsigned char y) { return x < y; });
            });
  EXPECT_THAT(Page({}), ElementsAreArray(ids));
  for (const std::int64_t limit : {1, 2, 5}) {
    Ids all;
    for (const Ids& page : Pages(limit)) {
      all.insert(all.end(), page.begin(), page.end());
    }
    EXPECT_THAT(all, ElementsAreArray(ids)) << limit;
  }
}

TEST_F(ThreadPageTest, SaysOfEachWhatListThreadsSays) {
  Make({"a", "a"});
  ASSERT_THAT(saver_->DeleteThread("b"), IsOk());
  Checkpoint checkpoint;
  checkpoint.key = {"c", "", "id"};
  ASSERT_THAT(saver_->PutCheckpoint(checkpoint), IsOk());
  const auto all = saver_->ListThreads();
  const auto page = saver_->ListThreads(ThreadPage{});
  ASSERT_THAT(all, IsOkAndHolds(SizeIs(3)));
  ASSERT_THAT(page, IsOkAndHolds(SizeIs(3)));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*page)[i].thread_id, (*all)[i].thread_id);
    EXPECT_EQ((*page)[i].last_log, (*all)[i].last_log);
    EXPECT_EQ((*page)[i].last_checkpoint, (*all)[i].last_checkpoint);
    EXPECT_EQ((*page)[i].is_deleted, (*all)[i].is_deleted);
  }
  EXPECT_EQ((*page)[0].last_log, 2);
  EXPECT_TRUE((*page)[1].is_deleted);
  EXPECT_EQ((*page)[2].last_checkpoint, 1);
}

TEST_F(ThreadPageTest, TombstonesAreLeftOutIfAskedAndFillNoPage) {
  Make({"a", "b", "c", "d", "e"});
  for (const char* id : {"a", "c", "d"}) {
    ASSERT_THAT(saver_->DeleteThread(id), IsOk());
  }
  EXPECT_THAT(Page({}), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(Page({.limit = 2, .with_deleted = false}), ElementsAre("b", "e"));
  EXPECT_THAT(Page({.after = "b", .limit = 2, .with_deleted = false}),
              ElementsAre("e"));
}

// Each of those that are there all the time comes once, whatever others do
// before it, behind it and to the one that the page ended with.
TEST_F(ThreadPageTest, AnotherOneMakesAndDeletesThreadsBetweenThePages) {
  Make({"b", "d", "f", "h", "j"});
  const auto other = SqliteSaver::Open(path_, Options());
  ASSERT_THAT(other, IsOk());
  int turn = 0;
  const auto pages = Pages(2, [&] {
    if (++turn == 1) {
      MakeBy(**other, {"a", "c", "e"});
      EXPECT_THAT((*other)->DeleteThread("d"), IsOk());
    }
    if (turn == 2) {
      EXPECT_THAT((*other)->DeleteThread("b"), IsOk());
      MakeBy(**other, {"d2", "i"});
    }
  });
  EXPECT_THAT(pages, ElementsAre(ElementsAre("b", "d"), ElementsAre("e", "f"),
                                 ElementsAre("h", "i"), ElementsAre("j")));
}

// A row that another program removes is gone; the page begins behind it.
TEST_F(ThreadPageTest, TheLastOneOfAPageMayBeGone) {
  Make({"a", "b", "c"});
  EXPECT_THAT(Page({.limit = 2}), ElementsAre("a", "b"));
  ASSERT_EQ(StrangersSql("DELETE FROM threads WHERE thread_id = 'b'"), "");
  EXPECT_THAT(Page({.after = "b", .limit = 2}), ElementsAre("c"));
}

TEST_F(ThreadPageTest, SeesWhatItsTransactionHasDone) {
  Make({"b", "d"});
  const auto other = SqliteSaver::Open(path_, Options());
  ASSERT_THAT(other, IsOk());
  {
    Transaction transaction = Begin();
    Make({"a", "c"});
    ASSERT_THAT(saver_->DeleteThread("d"), IsOk());
    EXPECT_THAT(Page({.limit = 3}), ElementsAre("a", "b", "c"));
    EXPECT_THAT(Page({.after = "c", .with_deleted = false}), IsEmpty());
    {
      Transaction savepoint = transaction.Savepoint().value();
      Make({"bb"});
      EXPECT_THAT(Page({.after = "b", .limit = 2}), ElementsAre("bb", "c"));
      ASSERT_THAT(savepoint.RollbackTo(), IsOk());
      EXPECT_THAT(Page({.after = "b", .limit = 2}), ElementsAre("c", "d"));
    }
    const auto seen = (*other)->ListThreads({.limit = 3});
    EXPECT_THAT(seen, IsOkAndHolds(SizeIs(2)));
  }  // rolled back
  EXPECT_THAT(Page({.with_deleted = false}), ElementsAre("b", "d"));
}

// Makes a thread through another saver when a page has given its first row.
struct Interloper {
  SqliteSaver* other;
  bool is_done = false;
  static int OnRow(unsigned, void* self, void*, void*) {
    auto& interloper = *static_cast<Interloper*>(self);
    if (interloper.is_done) return 0;
    interloper.is_done = true;
    EXPECT_THAT(interloper.other->DeleteThread("c"), IsOk());
    EXPECT_THAT(interloper.other->AppendLog("b2", "1"), IsOk());
    return 0;
  }
};

TEST_F(ThreadPageTest, IsOfOneVersionThoughAnotherCommitsInTheMiddle) {
  Make({"a", "b", "c"});
  const auto other = SqliteSaver::Open(path_, Options());
  ASSERT_THAT(other, IsOk());
  Interloper interloper{other->get()};
  sqlite3_trace_v2(saver_->connection(), SQLITE_TRACE_ROW, &Interloper::OnRow,
                   &interloper);
  EXPECT_THAT(Page({.with_deleted = false}), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(interloper.is_done);
  EXPECT_THAT(Page({.with_deleted = false}), ElementsAre("a", "b", "b2"));
}

// A page costs what is in it, not what is in the table.
TEST_F(ThreadPageTest, GoesByTheIndexAndSortsNothing) {
  for (int i = 0; i < 2000; ++i)
    Sql(absl::StrCat("INSERT INTO threads VALUES ('", i, "', 0, 0, 0)"));
  int steps = 0;
  sqlite3_progress_handler(
      saver_->connection(), 1,
      [](void* count) {
        ++*static_cast<int*>(count);
        return 0;
      },
      &steps);
  EXPECT_THAT(Page({.after = "5", .limit = 3}),
              ElementsAre("50", "500", "501"));
  sqlite3_progress_handler(saver_->connection(), 0, nullptr, nullptr);
  EXPECT_GT(steps, 0);
  EXPECT_LT(steps, 200);
}

TEST_F(ThreadPageTest, ALimitBelowOneIsRefused) {
  for (const std::int64_t limit : {0, -1}) {
    EXPECT_THAT(saver_->ListThreads({.limit = limit}),
                StatusIs(StatusCode::kInvalidArgument));
  }
}

}  // namespace
}  // namespace lastcommit::saver
