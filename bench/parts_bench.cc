// What the parts of a trial that are not SQLite cost: generating, printing,
// the reference model, the bytes that steps stand for.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "model/reference_model.h"
#include "plan/codec.h"
#include "status/status.h"
#include "store/state.h"
#include "threads/content.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::uint64_t kPlans = 64;  // in turn, for the mixture

std::vector<Plan> SomePlans() {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < kPlans; ++i) {
    plans.push_back(PlanAt({kSeed, i}, {}));
  }
  return plans;
}

void GeneratePlan(benchmark::State& state) {
  std::uint64_t index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(PlanAt({kSeed, index++ % kPlans}, {}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(GeneratePlan);

void Print(benchmark::State& state) {
  const std::vector<Plan> plans = SomePlans();
  std::size_t index = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(PrintPlan(plans[index++ % plans.size()]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Print);

void Parse(benchmark::State& state) {
  std::vector<std::string> texts;
  for (const Plan& plan : SomePlans()) texts.push_back(PrintPlan(plan));
  std::size_t index = 0;
  for (auto _ : state) {
    const auto plan = ParsePlan(texts[index++ % texts.size()], "plan");
    CHECK(plan.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Parse);

// A step of the model, the making of its bytes included.
void ApplyStep(benchmark::State& state) {
  const std::vector<Plan> plans = SomePlans();
  std::int64_t steps = 0;
  std::size_t index = 0;
  for (auto _ : state) {
    ReferenceModel model;
    for (const Round& round : plans[index++ % plans.size()].rounds) {
      for (const Step& step : round.steps) {
        benchmark::DoNotOptimize(model.Apply(step));
        ++steps;
      }
    }
  }
  state.SetItemsProcessed(steps);
}
BENCHMARK(ApplyStep);

void MakeBytes(benchmark::State& state) {
  std::uint64_t seed = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ContentBytes({state.range(0), seed++}));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(MakeBytes)->Arg(100)->Arg(4096)->Arg(1 << 16);

void MakeJson(benchmark::State& state) {
  std::uint64_t seed = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ContentJson({state.range(0), seed++}, true));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(MakeJson)->Arg(100)->Arg(4096)->Arg(1 << 16);

void DigestState(benchmark::State& state) {
  State rows;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    rows.rows[{threads::kLogs, {threads::ThreadName(0)}, i}] =
        RowHasher().Integer(i).Finish();
  }
  for (auto _ : state) benchmark::DoNotOptimize(Digest(rows));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(DigestState)->Arg(100);

}  // namespace
}  // namespace lastcommit

BENCHMARK_MAIN();
