#include "token/plan_alignment.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "plan/step_fields.h"

namespace lastcommit {
namespace {

// About the bits that it takes to say something. They only choose between
// alignments, all of which are right.
using Cost = std::uint32_t;
constexpr Cost kImpossible = std::numeric_limits<Cost>::max() / 4;
constexpr Cost kSimplified = 1;
constexpr Cost kChanged = 16;
constexpr Cost kGap = 4;
constexpr Cost kNewStep = 24;
// More pairs of steps than this are not compared: no generated plan has them.
constexpr std::size_t kMaxPairs = 1 << 20;

Cost CostOf(const Step& step, const Step& generated) {
  if (step.kind != generated.kind) return kImpossible;
  Cost cost = 0;
  for (int field = 0; field < StepFields(); ++field) {
    const std::uint64_t value = StepFieldBits(step, field);
    if (value == StepFieldBits(generated, field)) continue;
    cost += value == StepFieldBits(Step(), field) ? kSimplified : kChanged;
  }
  return cost;
}

// Cost of steps [0, s] with step s being generated step g, for all s and g, row
// by row, and which generated step the one before is then.
struct Table {
  std::size_t width = 0;
  std::vector<Cost> cost;
  std::vector<std::size_t> before;
};

Table Fill(const std::vector<Step>& generated, const std::vector<Step>& steps) {
  Table table;
  table.width = generated.size();
  table.cost.assign(steps.size() * table.width, kImpossible);
  table.before.assign(table.cost.size(), 0);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    std::size_t best = 0;  // of the row above, up to g - 1
    for (std::size_t g = s; g < table.width; ++g) {
      const std::size_t at = s * table.width + g;
      const Cost own = CostOf(steps[s], generated[g]);
      if (s == 0) {
        table.cost[at] = own == kImpossible ? own : own + (g == 0 ? 0 : kGap);
        continue;
      }
      const Cost* above = &table.cost[at - g - table.width];
      if (above[g - 1] < above[best]) best = g - 1;
      const Cost next = above[g - 1];
      const Cost later = above[best] + kGap;
      table.before[at] = next <= later ? g - 1 : best;
      table.cost[at] = std::min(own + std::min(next, later), kImpossible);
    }
  }
  return table;
}

struct Match {
  Cost cost = kImpossible;
  std::vector<std::size_t> steps;
};

Match MatchRound(const Round& generated, const Round& round) {
  const std::size_t rows = round.steps.size();
  const std::size_t width = generated.steps.size();
  if (rows == 0 || rows > width || rows * width > kMaxPairs) return {};
  const Table table = Fill(generated.steps, round.steps);
  const auto last = table.cost.end() - static_cast<std::ptrdiff_t>(width);
  const auto best = std::min_element(last, table.cost.end());
  if (*best >= kImpossible) return {};
  Match match = {*best, std::vector<std::size_t>(rows)};
  auto g = static_cast<std::size_t>(best - last);
  for (std::size_t s = rows; s-- > 0;) {
    match.steps[s] = g;
    g = table.before[s * width + g];
  }
  return match;
}

class RoundChoice {
 public:
  RoundChoice(const Plan& generated, const Plan& plan) : plan_(plan) {
    for (const Round& round : plan.rounds) {
      for (const Round& other : generated.rounds) {
        matches_.push_back(MatchRound(other, round));
      }
    }
    generated_rounds_ = generated.rounds.size();
    chosen_.resize(plan.rounds.size());
    Choose(0, 0, 0);
  }

  std::vector<RoundAlignment> Best() const {
    std::vector<RoundAlignment> alignment(plan_.rounds.size());
    for (std::size_t r = 0; r < best_.size(); ++r) {
      alignment[r].round = best_[r];
      if (best_[r].has_value()) alignment[r].steps = At(r, *best_[r]).steps;
    }
    return alignment;
  }

 private:
  const Match& At(std::size_t round, std::size_t generated) const {
    return matches_[round * generated_rounds_ + generated];
  }

  // Tries everything for the rounds from r on: there are at most four.
  void Choose(std::size_t r, std::size_t first, Cost cost) {
    if (cost >= best_cost_) return;
    if (r == plan_.rounds.size()) {
      best_cost_ = cost;
      best_ = chosen_;
      return;
    }
    for (std::size_t g = first; g < generated_rounds_; ++g) {
      chosen_[r] = g;
      Choose(r + 1, g + 1, cost + At(r, g).cost);
    }
    chosen_[r].reset();
    const auto steps = static_cast<Cost>(plan_.rounds[r].steps.size());
    Choose(r + 1, first, cost + kNewStep * steps);
  }

  const Plan& plan_;
  std::size_t generated_rounds_ = 0;
  std::vector<Match> matches_;  // of each round with each generated one
  std::vector<std::optional<std::size_t>> chosen_;
  std::vector<std::optional<std::size_t>> best_;
  Cost best_cost_ = kImpossible;
};

}  // namespace

std::vector<RoundAlignment> Align(const Plan& generated, const Plan& plan) {
  return RoundChoice(generated, plan).Best();
}

}  // namespace lastcommit
