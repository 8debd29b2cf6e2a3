// ArgumentsDraw: what the steps of one plan are about. It remembers roughly
// what is there, so that most steps find something to work on. Called by
// program_draw.cc.

#ifndef LASTCOMMIT_GENERATE_ARGUMENTS_DRAW_H_
#define LASTCOMMIT_GENERATE_ARGUMENTS_DRAW_H_

#include <cstdint>
#include <vector>

#include "generate/draw.h"
#include "plan/plan.h"

namespace lastcommit {

class ArgumentsDraw {
 public:
  // `draw` must outlive it.
  ArgumentsDraw(Draw& draw, int page_size, std::int64_t max_bytes);

  // Fills in what the step's kind uses.
  void DrawFor(Step& step);

  // Few hot ones, many cold ones.
  int DrawThread();
  // A task was created that is not in its final state.
  bool has_tasks() const { return !known_.tasks.empty(); }

  struct Task {
    int thread = 0;
    int task = 0;
    TaskState state = TaskState::kPending;
  };
  // As if every step took effect.
  struct Known {
    // A thread that was deleted can never be used again: the hot ones move on.
    int first_hot_thread = 0;
    std::vector<Step> checkpoints;  // the last ones that were put
    std::vector<Task> tasks;
  };
  const Known& known() const { return known_; }
  void set_known(const Known& known) { known_ = known; }

 private:
  void DrawForCheckpoint(Step& step);
  void DrawForWrites(Step& step);
  void DrawForCreation(Step& step);
  void DrawForUpdate(Step& step);
  void DrawForStream(Step& step);
  void DrawForList(Step& step);
  void DeleteThread(int thread);
  int DrawId();
  int DrawNamespace();
  LogLevel DrawLevel();
  // -1, or now and then 0.
  int DrawInvalid();
  Content DrawContent();

  Draw& draw_;
  const int page_size_;
  const std::int64_t max_bytes_;
  const int hot_threads_;
  const int hot_ids_;
  int next_task_ = 0;
  Known known_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_ARGUMENTS_DRAW_H_
