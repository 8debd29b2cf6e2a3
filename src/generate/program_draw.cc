#include "generate/program_draw.h"

namespace lastcommit {
namespace {

int Weight(Draw& draw, const DrawnWeight& weight) {
  if (weight.high == 0 ||
      (weight.percent_off > 0 && draw.Percent(weight.percent_off))) {
    return 0;
  }
  return draw.Int(weight.low, weight.high);
}

// One of those that a duel consists of.
const OperationSpec& AlwaysFits(const Vocabulary& dialect) {
  for (const OperationSpec& spec : dialect.operations) {
    if (spec.duel.high > 0) return spec;
  }
  return dialect.operations.front();
}

class SwarmDraw {
 public:
  SwarmDraw(Draw& draw, const Vocabulary& dialect)
      : draw_(draw), dialect_(dialect) {
    swarm_.operations.resize(dialect.operations.size());
  }

  // Hardly anything but changes and checkpoints, by everybody.
  Swarm Duel() {
    Set(&OperationSpec::duel);
    Set(StepKind::kWalCheckpoint, {4, 10});
    Set(StepKind::kRead, {0, 2});
    swarm_.controls[static_cast<std::size_t>(StepKind::kReopen)] =
        draw_.Percent(20) ? 1 : 0;
    return swarm_;
  }

  Swarm Alone(bool is_big) {
    Set(StepKind::kBegin, {1, 14, 10});
    Set(StepKind::kCommit, {1, 10, 5});
    Set(StepKind::kRollback, {1, 2, 40});
    Set(StepKind::kSavepoint, {1, 8, 25});
    Set(StepKind::kRelease, {1, 4, 30});
    Set(StepKind::kRollbackTo, {1, 8, 25});
    Set(&OperationSpec::alone);
    Set(StepKind::kRead, {1, 1, is_big ? 90 : 60});
    Set(StepKind::kLiveRead, {1, 1, is_big ? 90 : 50});
    Set(StepKind::kWalCheckpoint, {1, 3, 40});
    Set(StepKind::kReopen, {1, 1, 60});
    Set(StepKind::kVacuum, {1, 1, 70});
    Set(StepKind::kBackup, {1, 1, is_big ? 95 : 75});
    return swarm_;
  }

  // What clients can do to each other: small changes, checkpoints and
  // snapshots, close together. After Alone().
  Swarm Share() {
    Set(StepKind::kBegin, {1, 6, 30});
    Set(StepKind::kWalCheckpoint, {1, 16, 15});
    Set(StepKind::kRead, {1, 5, 40});
    Set(StepKind::kLiveRead, {1, 4, 40});
    Set(StepKind::kReopen, {1, 4, 50});
    for (std::size_t i = 0; i < swarm_.operations.size(); ++i) {
      const DrawnWeight& weight = dialect_.operations[i].shared;
      if (weight.high > 0) swarm_.operations[i] = Weight(draw_, weight);
    }
    Set(StepKind::kVacuum, {1, 1, 80});
    Set(StepKind::kBackup, {1, 3, 60});
    return swarm_;
  }

 private:
  void Set(StepKind kind, const DrawnWeight& weight) {
    swarm_.controls[static_cast<std::size_t>(kind)] = Weight(draw_, weight);
  }
  void Set(DrawnWeight OperationSpec::*weight) {
    for (std::size_t i = 0; i < swarm_.operations.size(); ++i) {
      swarm_.operations[i] = Weight(draw_, dialect_.operations[i].*weight);
    }
  }

  Draw& draw_;
  const Vocabulary& dialect_;
  Swarm swarm_;
};

Swarm DrawSwarmInOneMode(Draw& draw, const Vocabulary& dialect, Shape shape,
                         bool is_shared) {
  SwarmDraw swarm(draw, dialect);
  if (is_shared && draw.Percent(45)) return swarm.Duel();
  const Swarm alone = swarm.Alone(shape == Shape::kBig);
  return is_shared && !draw.Percent(15) ? swarm.Share() : alone;
}

Swarm DrawSwarmFor(Draw& draw, const GenerateOptions& options, Shape shape,
                   bool is_shared, bool changes_mode) {
  Swarm swarm = DrawSwarmInOneMode(draw, *options.dialect, shape, is_shared);
  for (const StepKind kind : options.lacks) {
    swarm.controls[static_cast<std::size_t>(kind)] = 0;
  }
  for (const OperationSpec* const spec : options.lacks_operations) {
    swarm.operations[static_cast<std::size_t>(
        spec - options.dialect->operations.data())] = 0;
  }
  if (changes_mode) {
    swarm.controls[static_cast<std::size_t>(StepKind::kJournalMode)] =
        draw.Int(1, 4);
  }
  return swarm;
}

}  // namespace

ProgramDraw::ProgramDraw(Draw& draw, const GenerateOptions& options,
                         const Profile& profile, Shape shape, bool is_shared,
                         bool changes_mode)
    : draw_(draw),
      dialect_(*options.dialect),
      has_transactions_(!options.Lacks(StepKind::kBegin)),
      has_savepoints_(!options.Lacks(StepKind::kSavepoint)),
      shape_(shape),
      is_shared_(is_shared),
      swarm_(DrawSwarmFor(draw, options, shape, is_shared, changes_mode)),
      has_rewrites_(draw.Percent(is_shared ? 15 : 60)),
      operations_(dialect_.draw(
          dialect_, draw,
          {profile.page_size, is_shared                ? 9'000
                              : shape == Shape::kSmall ? 70'000
                                                       : 200'000})) {}

Round ProgramDraw::DrawRound() {
  steps_.clear();
  AddFrame(StepKind::kOpen);
  if (shape_ == Shape::kBig && !is_filled_) Fill();
  const int length = DrawLength();
  while (static_cast<int>(steps_.size()) < length) {
    if (draw_.Percent(has_rewrites_ ? 12 : 0)) {
      AddRewrites();
    } else {
      Follow(Add(DrawArguments(DrawKind())));
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

Step& ProgramDraw::Add(const Step& step) { return steps_.emplace_back(step); }

void ProgramDraw::AddFrame(StepKind kind) { Follow(Add({.kind = kind})); }

// What a transaction did is not there any more when it is undone.
void ProgramDraw::Follow(const Step& step) {
  const auto up = static_cast<std::size_t>(step.up);
  switch (step.kind) {
    case StepKind::kBegin:
      if (levels_.empty()) levels_.push_back(operations_->known());
      break;
    case StepKind::kCommit:
      levels_.clear();
      break;
    case StepKind::kRollback:
    case StepKind::kReopen:
    case StepKind::kClose:
      if (!levels_.empty()) operations_->set_known(levels_.front());
      levels_.clear();
      break;
    case StepKind::kSavepoint:
      if (!levels_.empty()) levels_.push_back(operations_->known());
      break;
    case StepKind::kRelease:
      if (levels_.size() > 1) levels_.pop_back();
      break;
    case StepKind::kRollbackTo:
      if (levels_.size() < up + 2) break;
      levels_.resize(levels_.size() - up);
      operations_->set_known(levels_.back());
      break;
    default:
      break;
  }
}

void ProgramDraw::Fill() {
  is_filled_ = true;
  for (const Operation& operation : operations_->DrawFill()) {
    Add(StepOf(operation));
  }
}

// Rows of hot keys written, and written again inside savepoints that are
// undone or kept: what a cache that spills has to get right.
void ProgramDraw::AddRewrites() {
  if (!has_transactions_) return AddWrites(draw_.Int(1, 3));
  if (levels_.empty()) AddFrame(StepKind::kBegin);
  AddWrites(draw_.Int(1, 3));
  if (has_savepoints_) AddSavepoint();
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
  for (; count > 0; --count) Add(StepOf(operations_->DrawRewrite()));
}

// Kinds that fit where the program is; one in 40 steps need not fit, so that
// refusals are tested too.
bool ProgramDraw::Fits(const DrawnKind& drawn) const {
  const bool is_open = !levels_.empty();
  switch (drawn.kind) {
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
    case StepKind::kChange:
    case StepKind::kQuery:
      return operations_->Fits(*drawn.operation);
    default:
      return true;
  }
}

ProgramDraw::DrawnKind ProgramDraw::DrawKind() {
  may_reopen_ = draw_.Percent(5);
  const bool any = draw_.Percent(2);
  std::vector<DrawnKind> kinds;
  std::vector<int> weights;
  int total = 0;
  const auto add = [&](const DrawnKind& kind, int weight) {
    if (weight == 0 || (!any && !Fits(kind))) return;
    kinds.push_back(kind);
    weights.push_back(weight);
    total += weight;
  };
  for (int i = 0; i < kStepKinds; ++i) {
    const auto kind = static_cast<StepKind>(i);
    if (kind == StepKind::kChange) {
      for (std::size_t o = 0; o < swarm_.operations.size(); ++o) {
        add({kind, &dialect_.operations[o]}, swarm_.operations[o]);
      }
    } else if (kind != StepKind::kOpen && kind != StepKind::kClose &&
               kind != StepKind::kQuery) {
      add({kind}, swarm_.controls[static_cast<std::size_t>(i)]);
    }
  }
  if (kinds.empty()) return {StepKind::kChange, &AlwaysFits(dialect_)};
  int left = draw_.Int(0, total - 1);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    left -= weights[i];
    if (left < 0) return kinds[i];
  }
  return kinds.back();
}

Step ProgramDraw::DrawArguments(const DrawnKind& drawn) {
  const int depth = static_cast<int>(levels_.size()) - 1;
  Step step;
  step.kind = drawn.kind;
  switch (drawn.kind) {
    case StepKind::kChange:
    case StepKind::kQuery:
      return StepOf(operations_->DrawFor(*drawn.operation));
    case StepKind::kRollbackTo:
      if (depth > 1 && draw_.Percent(25)) step.up = draw_.Int(1, depth - 1);
      return step;
    case StepKind::kWalCheckpoint:
      // With others about, the one that waits for nobody.
      if (is_shared_ && draw_.Percent(60)) return step;
      step.mode = draw_.Element(
          {saver::CheckpointMode::kPassive, saver::CheckpointMode::kFull,
           saver::CheckpointMode::kRestart, saver::CheckpointMode::kTruncate});
      return step;
    case StepKind::kJournalMode:
      step.journal_mode = draw_.Weighted<saver::JournalMode>(
          {{5, saver::JournalMode::kWal},
           {3, saver::JournalMode::kDelete},
           {2, saver::JournalMode::kTruncate},
           {2, saver::JournalMode::kPersist}});
      return step;
    default:
      return step;
  }
}

}  // namespace lastcommit
