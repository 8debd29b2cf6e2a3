#include "keys/draw.h"

#include <algorithm>
#include <utility>

#include "keys/specs.h"
#include "store/draw.h"

namespace lastcommit::keys {
namespace {

// Few hot keys and some cold ones. Nothing is remembered: every operation finds
// something to work on.
class KeysDraw final : public OperationsDraw {
 public:
  KeysDraw(Draw& draw, const DrawLimits& limits)
      : draw_(draw), limits_(limits), hot_keys_(draw.Int(1, 8)) {}

  bool Fits(const OperationSpec& /*spec*/) const override { return true; }

  Operation DrawFor(const OperationSpec& spec) override {
    Operation operation(spec);
    const Kind kind = KindOf(operation);
    Arguments arguments;
    arguments.key =
        draw_.Percent(80) ? draw_.Int(0, hot_keys_ - 1) : draw_.Int(0, 60);
    if (kind == Kind::kPut) arguments.value = DrawValue();
    if (kind == Kind::kScan && draw_.Percent(70)) {
      arguments.limit = draw_.Int(1, 10);
    }
    return Make(kind, arguments);
  }

  Operation DrawRewrite() override {
    const Kind kind = draw_.Percent(85) ? Kind::kPut : Kind::kDelete;
    return Make(kind, {.key = draw_.Int(0, hot_keys_ - 1),
                       .value = kind == Kind::kPut ? DrawValue() : Content()});
  }

  std::vector<Operation> DrawFill() override {
    std::vector<Operation> puts;
    for (int key = draw_.Int(100, 600); key > 0; --key) {
      puts.push_back(Make(Kind::kPut, {.key = key, .value = DrawValue()}));
    }
    return puts;
  }

  OperationsDraw::Known known() const override { return nullptr; }
  void set_known(const OperationsDraw::Known& /*known*/) override {}

 private:
  // Sizes around the places where SQLite changes its mind.
  Content DrawValue() {
    const int page = limits_.page_size;
    const auto size = draw_.Weighted<std::int64_t>(
        {{3, draw_.Int(0, 40)},
         {6, draw_.Int(100, 3500)},
         {2, std::int64_t{draw_.Int(1, 4)} * page - draw_.Int(0, 120)},
         {1, draw_.Int(page, 8 * page)}});
    return {std::clamp<std::int64_t>(size, 0, limits_.max_bytes), draw_.Seed()};
  }

  Draw& draw_;
  const DrawLimits limits_;
  const int hot_keys_;
};

}  // namespace

std::unique_ptr<OperationsDraw> DrawOperations(const Vocabulary& /*dialect*/,
                                               Draw& draw,
                                               const DrawLimits& limits) {
  return std::make_unique<KeysDraw>(draw, limits);
}

}  // namespace lastcommit::keys
