// ProgramDraw: the steps of the rounds of one plan, mostly well formed. Called
// by arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_PROGRAM_DRAW_H_
#define LASTCOMMIT_GENERATE_PROGRAM_DRAW_H_

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "plan/plan.h"
#include "store/draw.h"

namespace lastcommit {

enum class Shape { kSmall, kMedium, kBig };

// Which kinds of steps a plan prefers, and which it leaves out ("swarm
// testing", Groce et al., ISSTA 2012): plans that lack something go further
// in the rest.
struct Swarm {
  std::array<int, kStepKinds> controls = {};
  std::vector<int> operations;  // of the vocabulary, in its order
};

// Knows whether a transaction is open and how deep the savepoints are.
class ProgramDraw {
 public:
  // All three must outlive it. `is_shared`: others work on the same database.
  // `changes_mode`: the journal mode is changed while it is open.
  ProgramDraw(Draw& draw, const GenerateOptions& options,
              const Profile& profile, Shape shape, bool is_shared,
              bool changes_mode);

  Round DrawRound();

 private:
  // A control, or an operation without its arguments.
  struct DrawnKind {
    StepKind kind;
    const OperationSpec* operation = nullptr;
  };

  int DrawLength();
  Step& Add(const Step& step);
  void AddFrame(StepKind kind);
  void Follow(const Step& step);
  void Fill();
  void AddRewrites();
  void AddSavepoint();
  void AddWrites(int count);
  bool Fits(const DrawnKind& drawn) const;
  DrawnKind DrawKind();
  Step DrawArguments(const DrawnKind& drawn);

  static constexpr std::size_t kMaxDepth = 4;

  Draw& draw_;
  const Vocabulary& dialect_;
  const bool has_transactions_;
  const bool has_savepoints_;
  const Shape shape_;
  const bool is_shared_;
  const Swarm swarm_;
  const bool has_rewrites_;
  std::unique_ptr<OperationsDraw> operations_;
  bool is_filled_ = false;
  bool may_reopen_ = false;  // in the middle of a transaction
  std::vector<Step> steps_;
  // What was known when the open transaction began, and at each of its
  // savepoints.
  std::vector<OperationsDraw::Known> levels_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_PROGRAM_DRAW_H_
