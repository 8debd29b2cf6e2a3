#include "sql/draw.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/draw.h"

namespace lastcommit::sql {
namespace {

// Nothing is remembered: what is there is the script's to ask.
class ScriptDraw final : public OperationsDraw {
 public:
  ScriptDraw(Draw& draw, const Dialect& dialect, const DrawLimits& limits)
      : draw_(draw),
        dialect_(dialect),
        max_bytes_(std::min(limits.max_bytes, kMaxDrawnBytes)),
        narrow_percent_(draw.Int(0, 60)) {
    for (const OperationSpec& spec : dialect.vocabulary().operations) {
      if (!spec.is_change) continue;
      const int weight = dialect.TransactionOf(Operation(spec)).weight;
      changes_.insert(changes_.end(), static_cast<std::size_t>(weight), &spec);
    }
  }

  bool Fits(const OperationSpec& /*spec*/) const override { return true; }

  Operation DrawFor(const OperationSpec& spec) override {
    Operation operation(spec);
    const Transaction& transaction = dialect_.TransactionOf(operation);
    for (std::size_t p = 0; p < transaction.parameters.size(); ++p) {
      operation.values[p] = DrawValue(transaction.parameters[p]);
    }
    return operation;
  }

  Operation DrawRewrite() override { return DrawFor(*draw_.Of(changes_)); }

  std::vector<Operation> DrawFill() override {
    std::vector<Operation> fill;
    const std::int64_t usual = max_bytes_;
    max_bytes_ = std::min(max_bytes_, kMaxFillBytes);
    for (int count = draw_.Int(50, 200); count > 0; --count) {
      fill.push_back(DrawRewrite());
    }
    max_bytes_ = usual;
    return fill;
  }

  OperationsDraw::Known known() const override { return nullptr; }
  void set_known(const OperationsDraw::Known& /*known*/) override {}

 private:
  // Mostly any value; in some plans often one of the first few, so that
  // transactions meet.
  std::int64_t DrawValue(const Parameter& parameter) {
    if (draw_.Percent(parameter.null_percent)) return parameter.null();
    if (parameter.type != Parameter::Type::kInteger) {
      return DrawContent(parameter);
    }
    const std::int64_t first = parameter.simplest();
    auto count = static_cast<std::uint64_t>(parameter.max() - first) + 1;
    if (draw_.Percent(narrow_percent_)) {
      count = std::min<std::uint64_t>(count, 3);
    }
    return first + static_cast<std::int64_t>(draw_.Below(count));
  }

  // The number of a content is its size, above the smallest, and as many times
  // all sizes as there are contents of that size before it.
  std::int64_t DrawContent(const Parameter& parameter) {
    const std::int64_t sizes = parameter.high - parameter.low + 1;
    const std::int64_t drawn =
        std::clamp<std::int64_t>(max_bytes_ - parameter.low + 1, 1, sizes);
    const auto more = static_cast<std::int64_t>(
        draw_.Below(static_cast<std::uint64_t>(drawn)));
    return more + sizes * draw_.Int(0, Parameter::kContents - 1);
  }

  // The model keeps each state as a whole: these bound what that takes.
  static constexpr std::int64_t kMaxDrawnBytes = 20'000;
  static constexpr std::int64_t kMaxFillBytes = 1'000;

  Draw& draw_;
  const Dialect& dialect_;
  std::int64_t max_bytes_;
  const int narrow_percent_;
  std::vector<const OperationSpec*> changes_;
};

}  // namespace

std::unique_ptr<OperationsDraw> MakeDraw(Draw& draw, const Dialect& dialect,
                                         const DrawLimits& limits) {
  return std::make_unique<ScriptDraw>(draw, dialect, limits);
}

}  // namespace lastcommit::sql
