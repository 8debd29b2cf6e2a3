#include "checkpoints/draw.h"

#include <algorithm>
#include <vector>

#include "checkpoints/specs.h"
#include "store/draw.h"

namespace lastcommit::checkpoints {
namespace {

// Few names, so that most operations meet what is there. Nothing is remembered.
class CheckpointsDraw final : public OperationsDraw {
 public:
  CheckpointsDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw),
        limits_(limits),
        threads_(draw.Int(1, 3)),
        ids_(draw.Int(1, 6)) {}

  bool Fits(const OperationSpec& /*spec*/) const override { return true; }

  Operation DrawFor(const OperationSpec& spec) override {
    return Of(KindOf(Operation(spec)));
  }

  Operation DrawRewrite() override { return Of(Kind::kPut); }

  // Each of these is a commit, and each commit is crashed everywhere.
  std::vector<Operation> DrawFill() override {
    std::vector<Operation> puts;
    for (int id = draw_.Int(20, 50); id > 0; --id) {
      Arguments arguments = DrawArguments();
      arguments.id = ids_ + id;
      puts.push_back(Make(Kind::kPut, arguments));
    }
    return puts;
  }

  OperationsDraw::Known known() const override { return nullptr; }
  void set_known(const OperationsDraw::Known& /*known*/) override {}

 private:
  Operation Of(Kind kind) { return Make(kind, DrawArguments()); }

  Arguments DrawArguments() {
    Arguments arguments;
    arguments.thread = draw_.Int(0, threads_ - 1);
    arguments.ns = draw_.Percent(60) ? 0 : draw_.Int(1, 2);
    arguments.id = draw_.Int(0, ids_ - 1);
    arguments.parent = draw_.Percent(40) ? -1 : draw_.Int(0, ids_ - 1);
    arguments.task = draw_.Int(0, 2);
    arguments.count = draw_.Percent(50) ? 1 : draw_.Int(2, 4);
    const auto size = draw_.Weighted<std::int64_t>(
        {{8, draw_.Int(0, 60)},
         {4, draw_.Int(100, 3000)},
         {1, draw_.Int(limits_.page_size, 3 * limits_.page_size)}});
    arguments.value = {std::min<std::int64_t>(size, limits_.max_bytes),
                       draw_.Seed()};
    return arguments;
  }

  Draw& draw_;
  const DrawLimits limits_;
  const int threads_;
  const int ids_;
};

}  // namespace

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<CheckpointsDraw>(draw, limits);
}

}  // namespace lastcommit::checkpoints
