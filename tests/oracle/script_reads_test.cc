#include "oracle/script_reads.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "plan/plan.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

// A change that reads twice before its transaction, and has one argument.
const OperationSpec& ReadingSpec() {
  static const OperationSpec spec = {
      .name = "pay", .is_change = true, .seen = 2, .first_seen = 1};
  return spec;
}

Step Pay() {
  Step step;
  step.kind = StepKind::kChange;
  step.operation.spec = &ReadingSpec();
  step.operation.values[0] = 7;
  return step;
}

class ScriptReadsTest : public testing::Test {
 protected:
  // One after the other; the commits are 1, 2, ...
  explicit ScriptReadsTest(std::vector<Step> steps = {Pay(), Pay(), Pay()}) {
    round_.steps = std::move(steps);
    ClearRound(*trace_, round_.steps.size());
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      StepRecord& record = Record(i);
      record.intended_at = ++trace_->now;
      record.returned_at = ++trace_->now;
      record.attempted = static_cast<std::int64_t>(i) + 1;
      Saw(i, record.attempted - 1);
      record.progress = Progress::kReturned;
    }
  }

  StepRecord& Record(std::size_t i) { return trace_->records[i]; }
  void Saw(std::size_t i, std::int64_t cut) {
    Record(i).seen[0] = Record(i).seen[1] = cut + 1;
  }
  Verdict JudgeSeen(std::int64_t base = 0) {
    return JudgeSeenReads(round_, *trace_, base);
  }

  Round round_;
  std::unique_ptr<RoundTrace> trace_ = std::make_unique<RoundTrace>();
};

TEST_F(ScriptReadsTest, WhatWasSeenStandsBehindTheArguments) {
  Record(1).seen = {3, 4, 5, 6};
  const Round ran = AsItRan(round_, *trace_);
  EXPECT_EQ(ran.steps[1].operation.values[0], 7);
  EXPECT_EQ(ran.steps[1].operation.values[1], 3);
  EXPECT_EQ(ran.steps[1].operation.values[2], 4);
  EXPECT_EQ(ran.steps[1].operation.values[3], 0);
  EXPECT_EQ(round_.steps[1].operation.values[1], 0);
}

TEST_F(ScriptReadsTest, AReadSeesWhatWasAcknowledgedBeforeIt) {
  EXPECT_TRUE(JudgeSeen().held());
  Record(2).seen[1] = 2;  // cut 1
  const Verdict verdict = JudgeSeen();
  EXPECT_EQ(verdict.violation, ViolationClass::kWrongAnswer);
  EXPECT_THAT(verdict.why, HasSubstr("step 2 (pay) read at cut 1 before its "
                                     "transaction, when cut 2"));
}

TEST_F(ScriptReadsTest, WhatWasThereWhenTheRoundBeganToo) {
  EXPECT_TRUE(JudgeSeen(0).held());
  EXPECT_EQ(JudgeSeen(1).violation, ViolationClass::kWrongAnswer);
}

TEST_F(ScriptReadsTest, WhatIsAcknowledgedMeanwhileMayBeMissing) {
  Record(2).intended_at = Record(1).intended_at;
  Saw(2, 1);
  EXPECT_TRUE(JudgeSeen().held());
}

TEST_F(ScriptReadsTest, AFailedCommitNeedNotBeSeen) {
  Record(1).code = static_cast<std::int32_t>(absl::StatusCode::kUnavailable);
  Saw(2, 1);
  EXPECT_TRUE(JudgeSeen().held());
}

TEST_F(ScriptReadsTest, OneThatHasNotReadSaysNothing) {
  Record(2).seen = {};
  EXPECT_TRUE(JudgeSeen().held());
}

TEST_F(ScriptReadsTest, ABrokenInvariantIsSaid) {
  EXPECT_TRUE(JudgeInvariants(round_, *trace_).held());
  Record(1).breaks_invariant = true;
  EXPECT_EQ(JudgeInvariants(round_, *trace_).violation,
            ViolationClass::kBrokenInvariant);
  trace_->message_step = 2;
  std::snprintf(trace_->message, sizeof(trace_->message),
                "broken invariant paid: (1)");
  EXPECT_THAT(JudgeInvariants(round_, *trace_).why,
              HasSubstr("step 1 (pay) read broken invariant paid: (1)"));
}

}  // namespace
}  // namespace lastcommit
