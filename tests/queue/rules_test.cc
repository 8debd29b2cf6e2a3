// What the vocabulary `queue` says that a store answers and holds.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "queue/draw.h"
#include "queue/specs.h"
#include "store/draw.h"
#include "store/rows.h"

namespace lastcommit::queue {
namespace {

using absl::StatusCode;

// A lease of 15 seconds, and times before and after its end.
constexpr int kLease = 1;
constexpr int kSoon = 1;
constexpr int kLater = 2;

class QueueTest : public ::testing::Test {
 protected:
  Outcome Do(Kind kind, const Arguments& arguments = {}) {
    const Operation operation = Make(kind, arguments);
    return operation.spec->apply(operation, rows_);
  }
  void Enqueue(int job) {
    Do(Kind::kEnqueue, {.job = job, .value = ContentOf(job)});
  }
  // The job that it gets; -1: none.
  int Claim(Kind kind, int worker, int time) {
    const std::int64_t answer =
        Do(kind, {.worker = worker, .time = time, .lease = kLease}).value;
    if (answer == kNoJob) return -1;
    int job = 0;
    while (answer != AnswerOf(JobName(job), ValueOf(job))) ++job;
    return job;
  }
  int Claim(int worker, int time) { return Claim(Kind::kClaim, worker, time); }
  std::string Of(Kind kind, int worker, int time = 0) const {
    return JobFor(Make(kind, {.worker = worker, .time = time}), rows_)
        .value_or("none");
  }
  bool IsClaimed(int job) const {
    const auto row = rows_.state().rows.find({kJobs, {JobName(job)}, 0});
    EXPECT_NE(row, rows_.state().rows.end());
    return row->second == RowOf(ValueOf(job), JobStatus::kClaimed);
  }
  // Whether a store may say so of it.
  bool MayBe(int job, JobStatus status) const {
    return IsSame(rows_.state().rows.at({kJobs, {JobName(job)}, 0}),
                  RowOf(ValueOf(job), status));
  }
  std::size_t size() const { return rows_.state().rows.size(); }

  static Content ContentOf(int job) {
    return {20, static_cast<std::uint64_t>(job) + 100};
  }
  static std::string ValueOf(int job) {
    return queue::ValueOf({.value = ContentOf(job)}, 0);
  }

  Rows rows_;
};

TEST_F(QueueTest, TheOldestIsClaimedFirst) {
  for (const int job : {5, 2, 7}) Enqueue(job);
  EXPECT_EQ(Claim(0, 0), 5);
  EXPECT_EQ(Claim(1, 0), 2);
  EXPECT_TRUE(IsClaimed(5));
  EXPECT_FALSE(IsClaimed(7));
  EXPECT_EQ(Claim(0, 0), 7);
  EXPECT_EQ(Claim(0, 0), -1);
}

TEST_F(QueueTest, ABatchIsInItsOrder) {
  const Arguments batch = {.job = 3, .count = 3, .value = {20, 1}};
  EXPECT_EQ(Do(Kind::kEnqueueBatch, batch).code, StatusCode::kOk);
  EXPECT_EQ(size(), 3u);
  EXPECT_EQ(Do(Kind::kClaim).value,
            AnswerOf(JobName(3), queue::ValueOf(batch, 0)));
  EXPECT_EQ(Do(Kind::kClaim).value,
            AnswerOf(JobName(4), queue::ValueOf(batch, 1)));
  EXPECT_NE(queue::ValueOf(batch, 0), queue::ValueOf(batch, 1));
}

TEST_F(QueueTest, AJobThatIsThereIsNotEnqueuedAgain) {
  Enqueue(1);
  EXPECT_EQ(Do(Kind::kEnqueue, {.job = 1}).code,
            StatusCode::kFailedPrecondition);
}

TEST_F(QueueTest, ALeaseRunsOut) {
  Enqueue(0);
  EXPECT_EQ(Claim(0, 0), 0);
  EXPECT_EQ(Claim(1, kSoon), -1);
  EXPECT_EQ(Of(Kind::kComplete, 0, kSoon), JobName(0));
  EXPECT_EQ(Of(Kind::kComplete, 0, kLater), "none");
  EXPECT_EQ(Claim(1, kLater), 0);
  EXPECT_TRUE(IsClaimed(0));
  EXPECT_EQ(Of(Kind::kComplete, 1, kLater), JobName(0));
}

// Some put it back when they next look, whatever they look for.
TEST_F(QueueTest, OfALeaseThatHasRunOutAStoreMaySayEither) {
  for (const int job : {0, 1}) Enqueue(job);
  Claim(0, 0);
  EXPECT_TRUE(MayBe(0, JobStatus::kClaimed));
  EXPECT_FALSE(MayBe(0, JobStatus::kWaiting));
  EXPECT_FALSE(MayBe(1, JobStatus::kClaimed));
  Do(Kind::kEnqueue, {.job = 2, .time = kLater, .value = ContentOf(2)});
  EXPECT_TRUE(MayBe(0, JobStatus::kClaimed));
  EXPECT_TRUE(MayBe(0, JobStatus::kWaiting));
  EXPECT_FALSE(MayBe(1, JobStatus::kClaimed));
  EXPECT_EQ(Claim(1, kLater), 0);
  EXPECT_TRUE(MayBe(0, JobStatus::kClaimed));
  EXPECT_FALSE(MayBe(0, JobStatus::kWaiting));
}

TEST_F(QueueTest, AClaimWithoutALeaseDoesNotRunOut) {
  Enqueue(0);
  EXPECT_EQ(Claim(Kind::kClaimWaiting, 0, 0), 0);
  EXPECT_EQ(Claim(1, 1000), -1);
  EXPECT_EQ(Of(Kind::kComplete, 0, 1000), JobName(0));
}

TEST_F(QueueTest, WhatWasClaimedLongAgoIsRequeued) {
  for (const int job : {0, 1}) Enqueue(job);
  EXPECT_EQ(Claim(Kind::kClaimWaiting, 0, 0), 0);
  EXPECT_EQ(Claim(Kind::kClaimWaiting, 0, 1), 1);
  Do(Kind::kRequeue, {.time = kLater, .lease = kLease});
  EXPECT_FALSE(IsClaimed(0));
  EXPECT_TRUE(IsClaimed(1));
  EXPECT_EQ(Of(Kind::kComplete, 0, kLater), JobName(1));
  EXPECT_EQ(Claim(Kind::kClaimWaiting, 1, kLater), 0);
}

TEST_F(QueueTest, WhatIsCompletedOrFailedIsGone) {
  for (const int job : {0, 1}) Enqueue(job);
  Claim(0, 0);
  Claim(1, 0);
  EXPECT_EQ(Do(Kind::kComplete, {.worker = 0}).value, 1);
  EXPECT_EQ(Do(Kind::kFail, {.worker = 1}).value, 1);
  EXPECT_EQ(size(), 0u);
  EXPECT_EQ(Do(Kind::kComplete, {.worker = 0}).code,
            StatusCode::kFailedPrecondition);
}

TEST_F(QueueTest, AWorkerCompletesWhatItClaimedLast) {
  for (const int job : {0, 1}) Enqueue(job);
  Claim(0, 0);
  Claim(0, kSoon);
  EXPECT_EQ(Of(Kind::kComplete, 0, kSoon), JobName(1));
}

TEST_F(QueueTest, WhatIsReleasedWaitsInItsOldPlace) {
  for (const int job : {0, 1}) Enqueue(job);
  EXPECT_EQ(Claim(0, 0), 0);
  EXPECT_EQ(Do(Kind::kRelease, {.worker = 0}).value, 1);
  EXPECT_FALSE(IsClaimed(0));
  EXPECT_EQ(Claim(1, 0), 0);
}

// Late is who has lost the job to another worker that has it.
TEST_F(QueueTest, WhoIsLateCompletesNothing) {
  Enqueue(0);
  Claim(0, 0);
  EXPECT_EQ(Of(Kind::kCompleteLate, 0, kLater), "none");
  Claim(1, kLater);
  EXPECT_EQ(Of(Kind::kCompleteLate, 0, kLater), JobName(0));
  EXPECT_EQ(Of(Kind::kCompleteLate, 1, kLater), "none");
  const Outcome late = Do(Kind::kCompleteLate, {.worker = 0, .time = kLater});
  EXPECT_EQ(late.code, StatusCode::kOk);
  EXPECT_EQ(late.value, 0);
  EXPECT_TRUE(IsClaimed(0));
  // Who has it again is not late.
  Claim(0, 2 * kLater);
  EXPECT_EQ(Of(Kind::kCompleteLate, 0, 2 * kLater), "none");
  EXPECT_EQ(Of(Kind::kCompleteLate, 1, 2 * kLater), JobName(0));
}

TEST_F(QueueTest, WhatIsUndoneWasNeverClaimed) {
  Enqueue(0);
  const std::size_t mark = rows_.mark();
  Claim(0, 0);
  rows_.UndoTo(mark);
  EXPECT_FALSE(IsClaimed(0));
  EXPECT_EQ(Claim(1, 0), 0);
}

TEST_F(QueueTest, NoLeaseEndsAtATimeOfAnOperation) {
  for (int lease = 0; lease < 10; ++lease) {
    EXPECT_NE(SecondsOfLease(lease) % kTick, 0);
  }
}

TEST_F(QueueTest, TimeGoesOnAndNoJobIsEnqueuedTwice) {
  Draw draw((rc::Random(7)));
  const auto operations = DrawOperations(kVocabulary, draw, {4096, 70'000});
  std::set<int> jobs;
  int time = 0;
  for (int i = 0; i < 400; ++i) {
    const OperationSpec& spec =
        kVocabulary.operations[static_cast<std::size_t>(i) %
                               kVocabulary.operations.size()];
    const Operation operation = operations->DrawFor(spec);
    const Arguments arguments = ArgumentsOf(operation);
    EXPECT_GT(arguments.time, time);
    time = arguments.time;
    const Kind kind = KindOf(operation);
    if (kind != Kind::kEnqueue && kind != Kind::kEnqueueBatch) continue;
    for (int job = 0; job < arguments.count; ++job) {
      EXPECT_TRUE(jobs.insert(arguments.job + job).second);
    }
  }
  EXPECT_GT(jobs.size(), 100u);
}

}  // namespace
}  // namespace lastcommit::queue
