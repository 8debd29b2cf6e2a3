#include "generate/program_draw.h"

namespace lastcommit {
namespace {

// Hardly anything but changes and checkpoints, by everybody.
Swarm DrawDuel(Draw& draw) {
  Swarm swarm;
  const auto set = [&](StepKind kind, int weight) {
    swarm.weight[static_cast<std::size_t>(kind)] = weight;
  };
  set(StepKind::kAppendLog, draw.Int(4, 10));
  set(StepKind::kPutBlob, draw.Int(0, 4));
  set(StepKind::kWalCheckpoint, draw.Int(4, 10));
  set(StepKind::kRead, draw.Int(0, 2));
  set(StepKind::kReopen, draw.Percent(20) ? 1 : 0);
  return swarm;
}

// What clients can do to each other: small changes, checkpoints and snapshots,
// close together.
void Share(Draw& draw, Swarm& swarm) {
  const auto set = [&](StepKind kind, int most, int percent_off) {
    swarm.weight[static_cast<std::size_t>(kind)] =
        draw.Percent(percent_off) ? 0 : draw.Int(1, most);
  };
  set(StepKind::kBegin, 6, 30);
  set(StepKind::kWalCheckpoint, 16, 15);
  set(StepKind::kRead, 5, 40);
  set(StepKind::kLiveRead, 4, 40);
  set(StepKind::kReopen, 4, 50);
  set(StepKind::kUpdateTask, 10, 40);
  set(StepKind::kVacuum, 1, 80);
  set(StepKind::kBackup, 3, 60);
}

Swarm DrawSwarm(Draw& draw, bool is_big) {
  Swarm swarm;
  const auto set = [&](StepKind kind, int most, int percent_off) {
    swarm.weight[static_cast<std::size_t>(kind)] =
        draw.Percent(percent_off) ? 0 : draw.Int(1, most);
  };
  set(StepKind::kBegin, 14, 10);
  set(StepKind::kCommit, 10, 5);
  set(StepKind::kRollback, 2, 40);
  set(StepKind::kSavepoint, 8, 25);
  set(StepKind::kRelease, 4, 30);
  set(StepKind::kRollbackTo, 8, 25);
  set(StepKind::kPutCheckpoint, 12, 15);
  set(StepKind::kPutWrite, 4, 55);
  set(StepKind::kPutWrites, 6, 45);
  set(StepKind::kCommitStep, 8, 45);
  set(StepKind::kPrune, 2, 55);
  set(StepKind::kAppendLog, 8, 25);
  set(StepKind::kAppendLogs, 8, 25);
  set(StepKind::kCreateTask, 4, 45);
  set(StepKind::kUpdateTask, 6, 40);
  set(StepKind::kPutBlob, 8, 25);
  set(StepKind::kStreamBlob, 5, 45);
  set(StepKind::kDeleteThread, 3, 30);
  set(StepKind::kListCheckpoints, 2, 60);
  set(StepKind::kRead, 1, is_big ? 90 : 60);
  set(StepKind::kLiveRead, 1, is_big ? 90 : 50);
  set(StepKind::kWalCheckpoint, 3, 40);
  set(StepKind::kReopen, 1, 60);
  set(StepKind::kVacuum, 1, 70);
  set(StepKind::kBackup, 1, is_big ? 95 : 75);
  return swarm;
}

Swarm DrawSwarmInOneMode(Draw& draw, Shape shape, bool is_shared) {
  if (is_shared && draw.Percent(45)) return DrawDuel(draw);
  Swarm swarm = DrawSwarm(draw, shape == Shape::kBig);
  if (is_shared && !draw.Percent(15)) Share(draw, swarm);
  return swarm;
}

Swarm DrawSwarmFor(Draw& draw, Shape shape, bool is_shared, bool changes_mode) {
  Swarm swarm = DrawSwarmInOneMode(draw, shape, is_shared);
  if (changes_mode) {
    swarm.weight[static_cast<std::size_t>(StepKind::kJournalMode)] =
        draw.Int(1, 4);
  }
  return swarm;
}

}  // namespace

ProgramDraw::ProgramDraw(Draw& draw, const Profile& profile, Shape shape,
                         bool is_shared, bool changes_mode)
    : draw_(draw),
      shape_(shape),
      is_shared_(is_shared),
      swarm_(DrawSwarmFor(draw, shape, is_shared, changes_mode)),
      has_rewrites_(draw.Percent(is_shared ? 15 : 60)),
      arguments_(draw, profile.page_size,
                 is_shared                ? 9'000
                 : shape == Shape::kSmall ? 70'000
                                          : 200'000) {}

Round ProgramDraw::DrawRound() {
  steps_.clear();
  AddFrame(StepKind::kOpen);
  if (shape_ == Shape::kBig && !is_filled_) Fill();
  const int length = DrawLength();
  while (static_cast<int>(steps_.size()) < length) {
    if (draw_.Percent(has_rewrites_ ? 12 : 0)) {
      AddRewrites();
    } else {
      DrawStep();
    }
  }
  // A transaction that is still open at the close is rolled back there.
  if (!levels_.empty() && draw_.Percent(70)) AddFrame(StepKind::kCommit);
  AddFrame(StepKind::kClose);
  return {steps_};
}

int ProgramDraw::DrawLength() {
  switch (shape_) {
    case Shape::kSmall:
      return draw_.Int(3, 20);
    case Shape::kMedium:
      return draw_.Int(15, 70);
    case Shape::kBig:
      return draw_.Int(20, 60);
  }
  return 3;
}

Step& ProgramDraw::Add(StepKind kind) {
  Step& step = steps_.emplace_back();
  step.kind = kind;
  return step;
}

void ProgramDraw::AddFrame(StepKind kind) { Follow(Add(kind)); }

// What a transaction did is not there any more when it is undone.
void ProgramDraw::Follow(const Step& step) {
  const auto up = static_cast<std::size_t>(step.up);
  switch (step.kind) {
    case StepKind::kBegin:
      if (levels_.empty()) levels_.push_back(arguments_.known());
      break;
    case StepKind::kCommit:
      levels_.clear();
      break;
    case StepKind::kRollback:
    case StepKind::kReopen:
    case StepKind::kClose:
      if (!levels_.empty()) arguments_.set_known(levels_.front());
      levels_.clear();
      break;
    case StepKind::kSavepoint:
      if (!levels_.empty()) levels_.push_back(arguments_.known());
      break;
    case StepKind::kRelease:
      if (levels_.size() > 1) levels_.pop_back();
      break;
    case StepKind::kRollbackTo:
      if (levels_.size() < up + 2) break;
      levels_.resize(levels_.size() - up);
      arguments_.set_known(levels_.back());
      break;
    default:
      break;
  }
}

// Some thousand rows and some big blobs, so that trees have inner pages and
// WALs more than one index page.
void ProgramDraw::Fill() {
  is_filled_ = true;
  for (int i = draw_.Int(2, 6); i > 0; --i) {
    Step& logs = Add(StepKind::kAppendLogs);
    logs.thread = arguments_.DrawThread();
    logs.count = draw_.Int(100, 400);
    logs.content = {draw_.Int(20, 200), draw_.Seed()};
  }
  for (int i = draw_.Int(0, 3); i > 0; --i) {
    Step& blob = Add(StepKind::kPutBlob);
    blob.thread = arguments_.DrawThread();
    blob.id = i;
    blob.content = {draw_.Int(50'000, 400'000), draw_.Seed()};
  }
}

// Rows of hot keys written, and written again inside savepoints that are
// undone or kept: what a cache that spills has to get right.
void ProgramDraw::AddRewrites() {
  if (levels_.empty()) AddFrame(StepKind::kBegin);
  AddWrites(draw_.Int(1, 3));
  AddSavepoint();
  AddWrites(draw_.Int(0, 2));
  if (draw_.Percent(75)) AddFrame(StepKind::kCommit);
}

void ProgramDraw::AddSavepoint() {
  AddFrame(StepKind::kSavepoint);
  AddWrites(draw_.Int(1, 3));
  if (levels_.size() <= kMaxDepth && draw_.Percent(30)) AddSavepoint();
  if (draw_.Percent(70)) {
    AddFrame(StepKind::kRollbackTo);
    AddWrites(draw_.Int(0, 2));
  }
  if (draw_.Percent(60)) AddFrame(StepKind::kRelease);
}

void ProgramDraw::AddWrites(int count) {
  for (; count > 0; --count) {
    Step& step = Add(draw_.Weighted<StepKind>({{4, StepKind::kPutCheckpoint},
                                               {4, StepKind::kAppendLog},
                                               {4, StepKind::kAppendLogs},
                                               {4, StepKind::kPutBlob},
                                               {2, StepKind::kPutWrites},
                                               {2, StepKind::kCommitStep},
                                               {3, StepKind::kUpdateTask},
                                               {1, StepKind::kStreamBlob}}));
    const bool fits =
        step.kind != StepKind::kUpdateTask || arguments_.has_tasks();
    if (!fits) step.kind = StepKind::kCreateTask;
    arguments_.DrawFor(step);
  }
}

// Kinds that fit where the program is; one in 40 steps need not fit, so that
// refusals are tested too.
bool ProgramDraw::Fits(StepKind kind) const {
  const bool is_open = !levels_.empty();
  switch (kind) {
    case StepKind::kOpen:
    case StepKind::kClose:
      return false;
    case StepKind::kBegin:
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return !is_open;
    case StepKind::kReopen:
      return !is_open || may_reopen_;
    case StepKind::kCommit:
    case StepKind::kRollback:
      return is_open;
    case StepKind::kSavepoint:
      return is_open && levels_.size() <= kMaxDepth;
    case StepKind::kRelease:
    case StepKind::kRollbackTo:
      return levels_.size() > 1;
    case StepKind::kUpdateTask:
      return arguments_.has_tasks();
    default:
      return true;
  }
}

StepKind ProgramDraw::DrawKind() {
  may_reopen_ = draw_.Percent(5);
  const bool any = draw_.Percent(2);
  std::vector<StepKind> kinds;
  std::vector<int> weights;
  int total = 0;
  for (int i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    const bool is_frame = kind == StepKind::kOpen || kind == StepKind::kClose;
    if (is_frame || swarm_[kind] == 0 || (!any && !Fits(kind))) continue;
    kinds.push_back(kind);
    weights.push_back(swarm_[kind]);
    total += swarm_[kind];
  }
  if (kinds.empty()) return StepKind::kAppendLog;
  int left = draw_.Int(0, total - 1);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    left -= weights[i];
    if (left < 0) return kinds[i];
  }
  return kinds.back();
}

void ProgramDraw::DrawStep() {
  Step& step = Add(DrawKind());
  const int depth = static_cast<int>(levels_.size()) - 1;
  switch (step.kind) {
    case StepKind::kRollbackTo:
      if (depth > 1 && draw_.Percent(25)) step.up = draw_.Int(1, depth - 1);
      break;
    case StepKind::kWalCheckpoint:
      // With others about, the one that waits for nobody.
      if (is_shared_ && draw_.Percent(60)) break;
      step.mode =
          draw_.Element({CheckpointMode::kPassive, CheckpointMode::kFull,
                         CheckpointMode::kRestart, CheckpointMode::kTruncate});
      break;
    case StepKind::kJournalMode:
      step.journal_mode =
          draw_.Weighted<JournalMode>({{5, JournalMode::kWal},
                                       {3, JournalMode::kDelete},
                                       {2, JournalMode::kTruncate},
                                       {2, JournalMode::kPersist}});
      break;
    default:
      arguments_.DrawFor(step);
  }
  Follow(step);
}

}  // namespace lastcommit
