#include "threads/draw.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "store/draw.h"
#include "threads/arguments.h"
#include "threads/specs.h"

namespace lastcommit::threads {
namespace {

constexpr std::size_t kRemembered = 8;
// Where copies of threads go, so that most of them find room.
constexpr int kFirstCopy = 41;
constexpr int kLastCopy = 99;
constexpr int kMostCopies = 4;  // each may be as big as all that is there

std::vector<saver::TaskState> NextStates(saver::TaskState state) {
  using enum saver::TaskState;
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

class ArgumentsDraw final : public OperationsDraw {
 public:
  ArgumentsDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw),
        page_size_(limits.page_size),
        max_bytes_(limits.max_bytes),
        hot_threads_(draw.Int(1, 3)),
        hot_ids_(draw.Int(1, 4)) {}

  bool Fits(const OperationSpec& spec) const override {
    if (&spec == &SpecOf(Kind::kCopyThread)) {
      return drawn_copies_ < kMostCopies &&
             !(known_.checkpoints.empty() && known_.tasks.empty());
    }
    return &spec != &SpecOf(Kind::kUpdateTask) || !known_.tasks.empty();
  }
  Operation DrawFor(const OperationSpec& spec) override {
    return DrawKind(KindOf(Operation(spec)));
  }
  Operation DrawRewrite() override;
  std::vector<Operation> DrawFill() override;

  OperationsDraw::Known known() const override {
    return std::make_shared<const Known>(known_);
  }
  void set_known(const OperationsDraw::Known& known) override {
    known_ = *std::static_pointer_cast<const Known>(known);
  }

 private:
  struct Task {
    int thread = 0;
    int task = 0;
    saver::TaskState state = saver::TaskState::kPending;
  };
  struct Known {
    // A thread that was deleted can never be used again: the hot ones move on.
    int first_hot_thread = 0;
    std::vector<Arguments> checkpoints;  // the last ones that were put
    std::vector<Task> tasks;  // those that are not in their final state
    std::vector<int> copies;  // threads that are copies
  };

  Operation DrawKind(Kind kind);
  void DrawForCheckpoint(Arguments& step);
  void DrawForWrites(Kind kind, Arguments& step);
  void DrawForCreation(Arguments& step);
  void DrawForUpdate(Arguments& step);
  void DrawForStream(Arguments& step);
  void DrawForList(Arguments& step);
  void DrawForCopy(Arguments& step);
  void Remember(const Arguments& checkpoint);
  void DeleteThread(int thread);
  // Few hot ones, many cold ones.
  int DrawThread();
  int DrawId();
  int DrawNamespace();
  saver::LogLevel DrawLevel();
  // -1, or now and then 0.
  int DrawInvalid();
  Content DrawContent();

  Draw& draw_;
  const int page_size_;
  const std::int64_t max_bytes_;
  const int hot_threads_;
  const int hot_ids_;
  int next_task_ = 0;
  int drawn_copies_ = 0;
  Known known_;
};

Operation ArgumentsDraw::DrawKind(Kind kind) {
  Arguments step;
  step.thread = DrawThread();
  switch (kind) {
    case Kind::kPutCheckpoint:
      DrawForCheckpoint(step);
      break;
    case Kind::kCommitStep:
      DrawForWrites(kind, step);
      DrawForCheckpoint(step);
      break;
    case Kind::kPutWrite:
    case Kind::kPutWrites:
      DrawForWrites(kind, step);
      if (known_.checkpoints.empty() || draw_.Percent(10)) break;
      {
        const Arguments& checkpoint = draw_.Of(known_.checkpoints);
        step.thread = checkpoint.thread;
        step.ns = checkpoint.ns;
        step.id = checkpoint.id;
      }
      break;
    case Kind::kPrune:
      step.ns = DrawNamespace();
      step.keep = draw_.Int(0, 3);
      break;
    case Kind::kAppendLogs:
      step.count = draw_.Int(2, 12);
      [[fallthrough]];
    case Kind::kAppendLog:
      step.content = DrawContent();
      step.level = DrawLevel();
      step.invalid_at = step.count > 1 && draw_.Percent(30)
                            ? draw_.Int(0, step.count - 1)
                            : DrawInvalid();
      break;
    case Kind::kCreateTask:
      DrawForCreation(step);
      break;
    case Kind::kUpdateTask:
      DrawForUpdate(step);
      break;
    case Kind::kPutBlob:
      step.id = DrawId();
      step.content = DrawContent();
      break;
    case Kind::kStreamBlob:
      DrawForStream(step);
      break;
    case Kind::kCopyThread:
      DrawForCopy(step);
      break;
    case Kind::kDeleteThread:
      DeleteThread(step.thread);
      break;
    case Kind::kListCheckpoints:
      DrawForList(step);
      break;
  }
  return Make(kind, step);
}

// Of hot keys, so that what a cache that spills has to get right happens.
Operation ArgumentsDraw::DrawRewrite() {
  const Kind kind = draw_.Weighted<Kind>({{4, Kind::kPutCheckpoint},
                                          {4, Kind::kAppendLog},
                                          {4, Kind::kAppendLogs},
                                          {4, Kind::kPutBlob},
                                          {2, Kind::kPutWrites},
                                          {2, Kind::kCommitStep},
                                          {3, Kind::kUpdateTask},
                                          {1, Kind::kStreamBlob}});
  return DrawKind(Fits(SpecOf(kind)) ? kind : Kind::kCreateTask);
}

std::vector<Operation> ArgumentsDraw::DrawFill() {
  std::vector<Operation> changes;
  for (int i = draw_.Int(2, 6); i > 0; --i) {
    Arguments logs;
    logs.thread = DrawThread();
    logs.count = draw_.Int(100, 400);
    logs.content.size = draw_.Int(20, 200);
    logs.content.seed = draw_.Seed();
    changes.push_back(Make(Kind::kAppendLogs, logs));
  }
  for (int i = draw_.Int(0, 3); i > 0; --i) {
    Arguments blob;
    blob.thread = DrawThread();
    blob.id = i;
    blob.content.size = draw_.Int(50'000, 400'000);
    blob.content.seed = draw_.Seed();
    changes.push_back(Make(Kind::kPutBlob, blob));
  }
  return changes;
}

void ArgumentsDraw::DrawForCheckpoint(Arguments& step) {
  step.ns = DrawNamespace();
  step.id = DrawId();
  step.parent = draw_.Percent(50) ? -1 : DrawId();
  step.content = DrawContent();
  step.invalid_at = DrawInvalid();
  Remember(step);
}

// Few tasks and numbers, so that many writes are there already.
void ArgumentsDraw::DrawForWrites(Kind kind, Arguments& step) {
  step.id = DrawId();
  step.task = draw_.Percent(80) ? draw_.Int(0, 1) : draw_.Int(2, 20);
  step.idx = draw_.Percent(80) ? draw_.Int(0, 2) : draw_.Int(3, 100);
  step.replace = draw_.Percent(50) ? 1 : 0;
  step.content = DrawContent();
  if (kind == Kind::kPutWrites) step.count = draw_.Int(2, 10);
  if (kind == Kind::kCommitStep) step.count = draw_.Int(1, 5);
}

void ArgumentsDraw::DrawForCreation(Arguments& step) {
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

void ArgumentsDraw::DrawForUpdate(Arguments& step) {
  step.task = DrawId();
  step.state =
      draw_.Element({saver::TaskState::kPending, saver::TaskState::kRunning,
                     saver::TaskState::kDone, saver::TaskState::kFailed,
                     saver::TaskState::kCancelled});
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
void ArgumentsDraw::DrawForStream(Arguments& step) {
  step.id = DrawId();
  step.content = DrawContent();
  if (draw_.Percent(50)) step.content.size = draw_.Int(1, 100'000);
  step.chunk = draw_.Weighted<int>({
      {2, draw_.Int(kMinChunk, 500)},
      {3, page_size_},
      {3, draw_.Int(500, 3 * page_size_)},
      {2, 20'000},
  });
}

void ArgumentsDraw::DrawForList(Arguments& step) {
  step.ns = DrawNamespace();
  if (draw_.Percent(50)) step.filter = draw_.Int(0, kMaxFilter);
  if (draw_.Percent(30)) step.before = DrawId();
  if (draw_.Percent(50)) step.limit = draw_.Int(1, 4);
}

// Of a thread with something in it, mostly, into one that is not there, mostly.
// Work goes on in the copy too.
void ArgumentsDraw::DrawForCopy(Arguments& step) {
  ++drawn_copies_;
  if (!known_.checkpoints.empty() && draw_.Percent(80)) {
    step.thread = draw_.Of(known_.checkpoints).thread;
  } else if (!known_.tasks.empty() && draw_.Percent(80)) {
    step.thread = draw_.Of(known_.tasks).thread;
  }
  if (draw_.Percent(10)) {
    step.into = DrawThread();
    return;
  }
  step.into = draw_.Int(kFirstCopy, kLastCopy);
  known_.copies.push_back(step.into);
  const std::vector<Arguments> checkpoints = known_.checkpoints;
  for (Arguments checkpoint : checkpoints) {
    if (checkpoint.thread != step.thread) continue;
    checkpoint.thread = step.into;
    Remember(checkpoint);
  }
  const std::vector<Task> tasks = known_.tasks;
  for (Task task : tasks) {
    if (task.thread != step.thread) continue;
    task.thread = step.into;
    known_.tasks.push_back(task);
  }
}

void ArgumentsDraw::Remember(const Arguments& checkpoint) {
  known_.checkpoints.push_back(checkpoint);
  if (known_.checkpoints.size() > kRemembered)
    known_.checkpoints.erase(known_.checkpoints.begin());
}

// Some steps on the deleted thread follow all the same: the cold ones of
// DrawThread.
void ArgumentsDraw::DeleteThread(int thread) {
  std::erase_if(known_.checkpoints,
                [&](const Arguments& step) { return step.thread == thread; });
  std::erase_if(known_.tasks,
                [&](const Task& task) { return task.thread == thread; });
  std::erase(known_.copies, thread);
  const int hot = thread - known_.first_hot_thread;
  if (hot >= 0 && hot < hot_threads_) known_.first_hot_thread += hot_threads_;
}

int ArgumentsDraw::DrawThread() {
  if (known_.first_hot_thread > 0 && draw_.Percent(8)) {
    return draw_.Int(0, known_.first_hot_thread - 1);
  }
  if (!known_.copies.empty() && draw_.Percent(10)) {
    return draw_.Of(known_.copies);
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

saver::LogLevel ArgumentsDraw::DrawLevel() {
  return draw_.Percent(60) ? saver::LogLevel::kInfo
                           : static_cast<saver::LogLevel>(
                                 draw_.Int(0, saver::kLogLevels - 1));
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

}  // namespace

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<ArgumentsDraw>(draw, limits);
}

}  // namespace lastcommit::threads
