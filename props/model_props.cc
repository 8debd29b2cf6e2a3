#include <gtest/gtest.h>
// RapidCheck's header for GoogleTest needs gtest.h before it.
#include <rapidcheck/gtest.h>

#include <vector>

#include "generate/arbitrary_plan.h"
#include "model/reference_model.h"
#include "tests/operations.h"
#include "threads/content.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

Step StepOf(StepKind kind) {
  Step step;
  step.kind = kind;
  return step;
}

std::vector<Step> ArbitrarySteps() {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>();
  return PlanAt({seed, 0}, {}).rounds.front().steps;
}

std::vector<Step> ArbitraryChanges() {
  std::vector<Step> changes;
  for (const Step& step : ArbitrarySteps()) {
    if (IsChange(step.kind)) changes.push_back(step);
  }
  return changes;
}

// A model somewhere in the middle of its life, with no transaction open.
ReferenceModel ArbitraryModel() {
  ReferenceModel model;
  for (const Step& step : ArbitrarySteps()) model.Apply(step);
  model.Apply(StepOf(StepKind::kOpen));
  return model;
}

void ApplyAll(ReferenceModel& model, const std::vector<Step>& steps) {
  for (const Step& step : steps) model.Apply(step);
}

RC_GTEST_PROP(Model, RollbackLeavesNoTrace, ()) {
  ReferenceModel model = ArbitraryModel();
  const State before = model.state();
  model.Apply(StepOf(StepKind::kBegin));
  ApplyAll(model, ArbitraryChanges());
  RC_ASSERT(model.Apply(StepOf(StepKind::kRollback)).code ==
            absl::StatusCode::kOk);
  RC_ASSERT(model.state() == before);
}

RC_GTEST_PROP(Model, RollbackToUndoesWhatFollowedTheSavepoint, ()) {
  ReferenceModel model = ArbitraryModel();
  model.Apply(StepOf(StepKind::kBegin));
  ApplyAll(model, ArbitraryChanges());
  const State before = model.state();
  const int depth = *rc::gen::inRange(1, 5);
  for (int i = 0; i < depth; ++i) {
    model.Apply(StepOf(StepKind::kSavepoint));
    ApplyAll(model, ArbitraryChanges());
  }
  Step rollback_to = StepOf(StepKind::kRollbackTo);
  rollback_to.up = depth - 1;
  RC_ASSERT(model.Apply(rollback_to).code == absl::StatusCode::kOk);
  RC_ASSERT(model.state() == before);
  // The savepoint itself is still there, the ones inside it are not.
  RC_ASSERT(model.Apply(StepOf(StepKind::kRelease)).code ==
            absl::StatusCode::kOk);
  RC_ASSERT(model.Apply(StepOf(StepKind::kRelease)).code ==
            absl::StatusCode::kFailedPrecondition);
}

RC_GTEST_PROP(Model, CrashIsRollback, ()) {
  ReferenceModel model;
  ApplyAll(model, ArbitrarySteps());
  model.Apply(StepOf(StepKind::kBegin));
  ApplyAll(model, ArbitraryChanges());
  ReferenceModel rolled_back = model;
  model.Crash();
  rolled_back.Apply(StepOf(StepKind::kRollback));
  RC_ASSERT(model.state() == rolled_back.state());
}

RC_GTEST_PROP(Model, CommitCanBeTakenBack, ()) {
  ReferenceModel model = ArbitraryModel();
  const State before = model.state();
  model.Apply(StepOf(StepKind::kBegin));
  ApplyAll(model, ArbitraryChanges());
  model.Apply(StepOf(StepKind::kCommit));
  RC_ASSERT(model.state().cut == before.cut + 1);
  model.RevertLastCommit();
  RC_ASSERT(model.state() == before);
}

RC_GTEST_PROP(Model, LogNumbersHaveNoGaps, ()) {
  ReferenceModel model;
  ApplyAll(model, ArbitrarySteps());
  const RowKey* previous = nullptr;
  for (const auto& [key, row] : model.state().rows) {
    if (key.table != threads::kLogs) continue;
    const bool is_next =
        previous != nullptr && previous->names[0] == key.names[0];
    RC_ASSERT(key.number == (is_next ? previous->number + 1 : 1));
    previous = &key;
  }
}

// Whatever was undone: the same steps get the same answers as if it had never
// been tried.
RC_GTEST_PROP(Model, WhatWasUndoneIsForgotten, ()) {
  ReferenceModel model = ArbitraryModel();
  ReferenceModel untouched = model;
  model.Apply(StepOf(StepKind::kBegin));
  ApplyAll(model, ArbitraryChanges());
  model.Apply(StepOf(StepKind::kCommit));
  model.RevertLastCommit();
  for (const Step& step : ArbitraryChanges()) {
    RC_ASSERT(model.Apply(step) == untouched.Apply(step));
  }
  RC_ASSERT(model.state() == untouched.state());
}

RC_GTEST_PROP(Model, ARefusedChangeChangesNothing, ()) {
  ReferenceModel model = ArbitraryModel();
  for (const Step& step : ArbitraryChanges()) {
    const State before = model.state();
    if (model.Apply(step).code != absl::StatusCode::kOk) {
      RC_ASSERT(model.state() == before);
    } else {
      RC_ASSERT(model.state().cut == before.cut + 1);
    }
  }
}

RC_GTEST_PROP(Model, NothingComesBackToADeletedThread, ()) {
  ReferenceModel model = ArbitraryModel();
  const int deleted = *rc::gen::inRange(0, 4);
  model.Apply(Op(threads::Kind::kDeleteThread, {.thread = deleted}));
  ApplyAll(model, ArbitrarySteps());
  for (const auto& [key, row] : model.state().rows) {
    RC_ASSERT(key.table == threads::kThreads ||
              key.names[0] != threads::ThreadName(deleted));
  }
}

RC_GTEST_PROP(Model, WritesHaveTheirCheckpoint, ()) {
  const ReferenceModel model = ArbitraryModel();
  for (const auto& [key, row] : model.state().rows) {
    if (key.table != threads::kWrites) continue;
    RC_ASSERT(
        model.state().rows.contains({threads::kCheckpoints,
                                     {key.names[0], key.names[1], key.names[2]},
                                     0}));
  }
}

RC_GTEST_PROP(Model, EveryRowHasItsThread, ()) {
  const ReferenceModel model = ArbitraryModel();
  for (const auto& [key, row] : model.state().rows) {
    RC_ASSERT(
        model.state().rows.contains({threads::kThreads, {key.names[0]}, 0}));
  }
}

RC_GTEST_PROP(Model, DigestTellsStatesApart, ()) {
  const State a = ArbitraryModel().state();
  const State b = ArbitraryModel().state();
  RC_ASSERT((a == b) == (Digest(a) == Digest(b)));
  RC_ASSERT((a == b) == (Difference(a, b, 1).empty() && a.cut == b.cut));
}

}  // namespace
}  // namespace lastcommit
