#include "logs/draw.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "logs/specs.h"
#include "store/draw.h"

namespace lastcommit::logs {
namespace {

// Roughly which numbers there are.
struct Numbers {
  int last = 0;
  int trimmed = 0;  // up to this one
};

class LogDraw final : public OperationsDraw {
 public:
  LogDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw), limits_(limits) {}

  bool Fits(const OperationSpec& spec) const override {
    return KindOf(Operation(spec)) != Kind::kTrim ||
           numbers_.trimmed < numbers_.last;
  }

  Operation DrawFor(const OperationSpec& spec) override {
    const Kind kind = KindOf(Operation(spec));
    Arguments arguments;
    switch (kind) {
      case Kind::kAppend:
        return Append(kind, arguments);
      case Kind::kAppendBatch:
        arguments.count = draw_.Int(2, 5);
        return Append(kind, arguments);
      case Kind::kRead:
        // Also behind the end, and from before the beginning.
        arguments.after = draw_.Percent(50) ? DrawNumber() : numbers_.trimmed;
        if (draw_.Percent(15)) arguments.after = 0;
        if (draw_.Percent(10)) arguments.after *= draw_.Int(2, 3);
        arguments.limit = draw_.Percent(30) ? kMaxEntries : draw_.Int(1, 4);
        break;
      case Kind::kTrim:
        // All of it, now and then: what is appended next must not have numbers
        // that there were.
        arguments.to = draw_.Percent(40) ? numbers_.last : DrawNumber();
        // Of several clients it has appended a part.
        if (draw_.Percent(20)) arguments.to = draw_.Int(2, 3) * numbers_.last;
        numbers_.trimmed =
            std::max(numbers_.trimmed, std::min(arguments.to, numbers_.last));
        break;
    }
    return Make(kind, arguments);
  }

  Operation DrawRewrite() override { return Append(Kind::kAppend, {}); }

  // Each of these is a commit, and each commit is crashed everywhere.
  std::vector<Operation> DrawFill() override {
    std::vector<Operation> entries;
    for (int left = draw_.Int(20, 50); left > 0; --left) {
      entries.push_back(DrawRewrite());
    }
    return entries;
  }

  OperationsDraw::Known known() const override {
    return std::make_shared<const Numbers>(numbers_);
  }
  void set_known(const OperationsDraw::Known& known) override {
    numbers_ = *static_cast<const Numbers*>(known.get());
  }

 private:
  // Of an entry that is there, if there is one.
  int DrawNumber() {
    const int first = std::min(numbers_.trimmed + 1, numbers_.last);
    return draw_.Int(first, numbers_.last);
  }

  Operation Append(Kind kind, Arguments arguments) {
    numbers_.last += arguments.count;
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
  Numbers numbers_;
};

}  // namespace

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<LogDraw>(draw, limits);
}

}  // namespace lastcommit::logs
