#include "queue/draw.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "queue/specs.h"
#include "store/draw.h"

namespace lastcommit::queue {
namespace {

// Roughly how many jobs wait, and how many are claimed.
struct Lengths {
  int waiting = 0;
  int claimed = 0;
};

// Each job has a name that no other one has had, and no two operations have one
// time: which job is the oldest does not depend on what a store does with
// equals.
class QueueDraw final : public OperationsDraw {
 public:
  QueueDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw), limits_(limits), workers_(draw.Int(1, 3)) {}

  bool Fits(const OperationSpec& spec) const override {
    switch (KindOf(Operation(spec))) {
      case Kind::kClaim:
        return lengths_.waiting + lengths_.claimed > 0;
      case Kind::kClaimWaiting:
        return lengths_.waiting > 0;
      case Kind::kComplete:
      case Kind::kFail:
      case Kind::kRelease:
      case Kind::kRequeue:
        return lengths_.claimed > 0;
      case Kind::kCompleteLate:
        return workers_ > 1 && lengths_.claimed > 0;
      case Kind::kEnqueue:
      case Kind::kEnqueueBatch:
        return true;
    }
    return true;
  }

  Operation DrawFor(const OperationSpec& spec) override {
    const Kind kind = KindOf(Operation(spec));
    Arguments arguments;
    arguments.time = DrawTime();
    arguments.worker = draw_.Int(0, workers_ - 1);
    arguments.lease = draw_.Int(0, 6);
    if (kind == Kind::kEnqueue) return Enqueue(kind, arguments);
    if (kind == Kind::kEnqueueBatch) {
      arguments.count = draw_.Int(2, 5);
      return Enqueue(kind, arguments);
    }
    const bool is_claim = kind == Kind::kClaim || kind == Kind::kClaimWaiting;
    // Mostly who has claimed a job just now.
    if (is_claim) {
      claimer_ = arguments.worker;
    } else if (kind != Kind::kCompleteLate && draw_.Percent(70)) {
      arguments.worker = claimer_;
    }
    if (is_claim && lengths_.waiting > 0) {
      --lengths_.waiting;
      ++lengths_.claimed;
    }
    const bool ends = kind == Kind::kComplete || kind == Kind::kFail;
    if (ends && lengths_.claimed > 0) --lengths_.claimed;
    if (kind == Kind::kRelease || kind == Kind::kRequeue) {
      const int again = kind == Kind::kRelease ? std::min(lengths_.claimed, 1)
                                               : lengths_.claimed;
      lengths_.claimed -= again;
      lengths_.waiting += again;
    }
    return Make(kind, arguments);
  }

  Operation DrawRewrite() override {
    return Enqueue(Kind::kEnqueue, {.time = DrawTime()});
  }

  // Each of these is a commit, and each commit is crashed everywhere.
  std::vector<Operation> DrawFill() override {
    std::vector<Operation> jobs;
    for (int left = draw_.Int(20, 50); left > 0; --left) {
      jobs.push_back(DrawRewrite());
    }
    return jobs;
  }

  OperationsDraw::Known known() const override {
    return std::make_shared<const Lengths>(lengths_);
  }
  void set_known(const OperationsDraw::Known& known) override {
    lengths_ = *static_cast<const Lengths*>(known.get());
  }

 private:
  // Now and then so long that all leases run out.
  int DrawTime() {
    time_ += draw_.Percent(12) ? draw_.Int(8, 20) : draw_.Int(1, 3);
    return time_;
  }

  Operation Enqueue(Kind kind, Arguments arguments) {
    arguments.job = jobs_;
    jobs_ += arguments.count;
    lengths_.waiting += arguments.count;
    const auto size = draw_.Weighted<std::int64_t>(
        {{8, draw_.Int(0, 60)},
         {4, draw_.Int(100, 3000)},
         {1, draw_.Int(limits_.page_size, 3 * limits_.page_size)}});
    arguments.value = {std::min<std::int64_t>(size, limits_.max_bytes),
                       draw_.Seed()};
    return Make(kind, arguments);
  }

  Draw& draw_;
  const DrawLimits limits_;
  const int workers_;
  Lengths lengths_;
  int claimer_ = 0;
  int jobs_ = 0;
  int time_ = 100;
};

}  // namespace

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<QueueDraw>(draw, limits);
}

void Settle(std::span<Operation* const> operations) {
  int time = -1;
  int jobs = 0;
  for (Operation* const operation : operations) {
    Arguments arguments = ArgumentsOf(*operation);
    arguments.time = time = std::max(time + 1, arguments.time);
    arguments.job = jobs;
    *operation = Make(KindOf(*operation), arguments);
    const Kind kind = KindOf(*operation);
    if (kind == Kind::kEnqueue || kind == Kind::kEnqueueBatch) {
      jobs += arguments.count;
    }
  }
}

}  // namespace lastcommit::queue
