#include "generate/arguments_draw.h"

#include <algorithm>

namespace lastcommit {
namespace {

constexpr std::size_t kRemembered = 8;

std::vector<TaskState> NextStates(TaskState state) {
  using enum TaskState;
  switch (state) {
    case kPending:
      return {kRunning, kRunning, kCancelled};
    case kRunning:
      return {kRunning, kPending, kDone, kFailed, kCancelled};
    case kFailed:
      return {kPending, kPending, kCancelled};
    case kDone:
    case kCancelled:
      return {};
  }
  return {};
}

}  // namespace

ArgumentsDraw::ArgumentsDraw(Draw& draw, int page_size, std::int64_t max_bytes)
    : draw_(draw),
      page_size_(page_size),
      max_bytes_(max_bytes),
      hot_threads_(draw.Int(1, 3)),
      hot_ids_(draw.Int(1, 4)) {}

void ArgumentsDraw::DrawFor(Step& step) {
  step.thread = DrawThread();
  switch (step.kind) {
    case StepKind::kPutCheckpoint:
      DrawForCheckpoint(step);
      break;
    case StepKind::kCommitStep:
      DrawForWrites(step);
      DrawForCheckpoint(step);
      break;
    case StepKind::kPutWrite:
    case StepKind::kPutWrites:
      DrawForWrites(step);
      if (known_.checkpoints.empty() || draw_.Percent(10)) break;
      {
        const Step& checkpoint = draw_.Of(known_.checkpoints);
        step.thread = checkpoint.thread;
        step.ns = checkpoint.ns;
        step.id = checkpoint.id;
      }
      break;
    case StepKind::kPrune:
      step.ns = DrawNamespace();
      step.keep = draw_.Int(0, 3);
      break;
    case StepKind::kAppendLogs:
      step.count = draw_.Int(2, 12);
      [[fallthrough]];
    case StepKind::kAppendLog:
      step.content = DrawContent();
      step.level = DrawLevel();
      step.invalid_at = step.count > 1 && draw_.Percent(30)
                            ? draw_.Int(0, step.count - 1)
                            : DrawInvalid();
      break;
    case StepKind::kCreateTask:
      DrawForCreation(step);
      break;
    case StepKind::kUpdateTask:
      DrawForUpdate(step);
      break;
    case StepKind::kPutBlob:
      step.id = DrawId();
      step.content = DrawContent();
      break;
    case StepKind::kStreamBlob:
      DrawForStream(step);
      break;
    case StepKind::kDeleteThread:
      DeleteThread(step.thread);
      break;
    case StepKind::kListCheckpoints:
      DrawForList(step);
      break;
    default:
      step.thread = 0;
  }
}

void ArgumentsDraw::DrawForCheckpoint(Step& step) {
  step.ns = DrawNamespace();
  step.id = DrawId();
  step.parent = draw_.Percent(50) ? -1 : DrawId();
  step.content = DrawContent();
  step.invalid_at = DrawInvalid();
  known_.checkpoints.push_back(step);
  if (known_.checkpoints.size() > kRemembered)
    known_.checkpoints.erase(known_.checkpoints.begin());
}

// Few tasks and numbers, so that many writes are there already.
void ArgumentsDraw::DrawForWrites(Step& step) {
  step.id = DrawId();
  step.task = draw_.Percent(80) ? draw_.Int(0, 1) : draw_.Int(2, 20);
  step.idx = draw_.Percent(80) ? draw_.Int(0, 2) : draw_.Int(3, 100);
  step.replace = draw_.Percent(50) ? 1 : 0;
  step.content = DrawContent();
  if (step.kind == StepKind::kPutWrites) step.count = draw_.Int(2, 10);
  if (step.kind == StepKind::kCommitStep) step.count = draw_.Int(1, 5);
}

void ArgumentsDraw::DrawForCreation(Step& step) {
  step.task = draw_.Percent(75) ? next_task_++ : DrawId();
  step.content = DrawContent();
  step.invalid_at = DrawInvalid();
  const bool is_there = std::any_of(
      known_.tasks.begin(), known_.tasks.end(), [&](const Task& task) {
        return task.thread == step.thread && task.task == step.task;
      });
  if (is_there || step.invalid_at >= 0) return;
  known_.tasks.push_back({step.thread, step.task});
}

void ArgumentsDraw::DrawForUpdate(Step& step) {
  step.task = DrawId();
  step.state =
      draw_.Element({TaskState::kPending, TaskState::kRunning, TaskState::kDone,
                     TaskState::kFailed, TaskState::kCancelled});
  step.stale = draw_.Percent(8) ? draw_.Int(1, 2) : 0;
  if (draw_.Percent(50)) {
    step.replace = 1;
    step.content = DrawContent();
    step.invalid_at = DrawInvalid();
  }
  if (known_.tasks.empty() || draw_.Percent(8)) return;
  const std::size_t chosen = draw_.Below(known_.tasks.size());
  Task& task = known_.tasks[chosen];
  step.thread = task.thread;
  step.task = task.task;
  step.state = draw_.Of(NextStates(task.state));
  if (step.stale != 0 || step.invalid_at >= 0) return;
  task.state = step.state;
  if (NextStates(task.state).empty()) {
    known_.tasks.erase(known_.tasks.begin() +
                       static_cast<std::ptrdiff_t>(chosen));
  }
}

// Pieces smaller and larger than a page.
void ArgumentsDraw::DrawForStream(Step& step) {
  step.id = DrawId();
  step.content = DrawContent();
  if (draw_.Percent(50)) step.content.size = draw_.Int(1, 100'000);
  step.chunk = draw_.Weighted<int>({
      {2, draw_.Int(PlanLimits::kMinChunk, 500)},
      {3, page_size_},
      {3, draw_.Int(500, 3 * page_size_)},
      {2, 20'000},
  });
}

void ArgumentsDraw::DrawForList(Step& step) {
  step.ns = DrawNamespace();
  if (draw_.Percent(50)) step.filter = draw_.Int(0, PlanLimits::kMaxFilter);
  if (draw_.Percent(30)) step.before = DrawId();
  if (draw_.Percent(50)) step.limit = draw_.Int(1, 4);
}

// Some steps on the deleted thread follow all the same: the cold ones of
// DrawThread.
void ArgumentsDraw::DeleteThread(int thread) {
  std::erase_if(known_.checkpoints,
                [&](const Step& step) { return step.thread == thread; });
  std::erase_if(known_.tasks,
                [&](const Task& task) { return task.thread == thread; });
  const int hot = thread - known_.first_hot_thread;
  if (hot >= 0 && hot < hot_threads_) known_.first_hot_thread += hot_threads_;
}

int ArgumentsDraw::DrawThread() {
  if (known_.first_hot_thread > 0 && draw_.Percent(8)) {
    return draw_.Int(0, known_.first_hot_thread - 1);
  }
  return draw_.Percent(80)
             ? known_.first_hot_thread + draw_.Int(0, hot_threads_ - 1)
             : draw_.Int(0, 40);
}

int ArgumentsDraw::DrawId() {
  return draw_.Percent(75) ? draw_.Int(0, hot_ids_ - 1) : draw_.Int(0, 60);
}

int ArgumentsDraw::DrawNamespace() {
  return draw_.Percent(80) ? 0 : draw_.Int(1, 2);
}

LogLevel ArgumentsDraw::DrawLevel() {
  return draw_.Percent(60)
             ? LogLevel::kInfo
             : static_cast<LogLevel>(draw_.Int(0, kLogLevels - 1));
}

int ArgumentsDraw::DrawInvalid() { return draw_.Percent(4) ? 0 : -1; }

// Sizes around the places where SQLite changes its mind: the cell that still
// fits a page, the overflow page that is just full.
Content ArgumentsDraw::DrawContent() {
  const int page = page_size_;
  const int kind = draw_.Weighted<int>({{2, 0}, {6, 1}, {3, 2}, {2, 3}});
  std::int64_t size = 0;
  if (kind == 0) {
    size = draw_.Int(0, 40);
  } else if (kind == 1) {
    size = draw_.Int(100, 3500);
  } else if (kind == 2) {
    const int pages = draw_.Int(1, 4);
    size = std::int64_t{pages} * page - draw_.Int(0, 120);
  } else {
    size = draw_.Int(page, 12 * page);
  }
  return {std::clamp<std::int64_t>(size, 0, max_bytes_), draw_.Seed()};
}

}  // namespace lastcommit
