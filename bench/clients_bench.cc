// Plans that SimTrial runs in a second of one core, with one client and with
// more, and how often another client goes on meanwhile. The plans of a seed are
// generated before; each number of clients has its own, with the same faults.
//
// Items are plans. A pass over all plans is timed, so that each figure is of
// the same mixture, as CPU time of this process and of the children in which
// the trials are. `of_one_client` is the rate over that of one client with the
// same faults in the same run; not there if that was not run.
//
// It aborts if a plan is violated, or if clients never took turns: such figures
// would be of something else. The time is never judged here.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/time/time.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "generate/arbitrary_plan.h"
#include "harness.h"
#include "plan/plan.h"
#include "status/status.h"
#include "trial/sim_trial.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr int kMostClients = 4;

std::vector<Plan> PlansWith(int clients, FaultChoice fault,
                            std::uint64_t count) {
  GenerateOptions options;
  options.engine = EngineChoice::kSim;
  options.clients = clients;
  options.fault = fault;
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < count; ++i) {
    plans.push_back(PlanAt({kSeed, i}, options));
  }
  return plans;
}

// What happened in one or more passes.
struct Work {
  std::int64_t plans = 0;
  std::int64_t steps = 0;
  std::int64_t images = 0;
  std::int64_t changes = 0;   // of client, for whatever reason
  std::int64_t switches = 0;  // those that a plan or its schedule asked for
  double seconds = 0;

  double rate() const { return static_cast<double>(plans) / seconds; }
};

void Pass(SimTrial& trial, const std::vector<Plan>& plans, Work& work) {
  for (const Plan& plan : plans) {
    const absl::StatusOr<TrialResult> result = trial.Run(plan);
    CHECK(result.ok());
    CHECK(!result->verdict.violation.has_value());
    ++work.plans;
    work.steps += result->steps;
    work.images += result->images.judged + result->images.no_demand;
    work.changes += result->changes_of_client;
    work.switches += static_cast<std::int64_t>(result->switches.size());
  }
}

// Rates of one client, by faults.
using BaseRates = std::map<FaultChoice, double>;

void Report(const Work& work, int clients, const BaseRates& base,
            FaultChoice fault, benchmark::State& state) {
  using benchmark::Counter;
  const auto rate = [](std::int64_t count) {
    return Counter(static_cast<double>(count), Counter::kIsRate);
  };
  state.SetItemsProcessed(work.plans);
  state.counters["steps"] = rate(work.steps);
  if (work.images > 0) state.counters["images"] = rate(work.images);
  if (clients > 1) {
    state.counters["changes"] = rate(work.changes);
    state.counters["switches"] = rate(work.switches);
  }
  const auto one = base.find(fault);
  if (one != base.end()) {
    state.counters["of_one_client"] = work.rate() / one->second;
  }
}

void RunPlans(benchmark::State& state, SimTrial& trial, int clients,
              FaultChoice fault, std::uint64_t count, BaseRates& base) {
  const std::vector<Plan> plans = PlansWith(clients, fault, count);
  Work work;
  for (auto _ : state) {
    const double begin = CpuSeconds();
    Pass(trial, plans, work);
    const double seconds = CpuSeconds() - begin;
    state.SetIterationTime(seconds);
    work.seconds += seconds;
  }
  CHECK((clients > 1) == (work.changes > 0));
  if (clients == 1) base[fault] = work.rate();
  Report(work, clients, base, fault, state);
}

absl::StatusOr<bool> RunAll(std::uint64_t count) {
  RETURN_IF_ERROR(RegisterShimVfs());
  RETURN_IF_ERROR(RegisterSimVfs());
  ASSIGN_OR_RETURN(const std::unique_ptr<SimTrial> trial,
                   SimTrial::Create(absl::Minutes(10)));
  BaseRates base;
  for (const auto& [fault, name] : {std::pair(FaultChoice::kNone, "none"),
                                    std::pair(FaultChoice::kMixed, "mixed")}) {
    for (int clients = 1; clients <= kMostClients; ++clients) {
      const std::string title = std::string("Plans/faults:") + name +
                                "/clients:" + std::to_string(clients);
      benchmark::RegisterBenchmark(
          title.c_str(),
          [&, clients, which = fault](benchmark::State& state) {
            RunPlans(state, *trial, clients, which, count, base);
          })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return true;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);  // takes its own arguments away
  std::uint64_t count = 64;
  CLI::App app("Plans per second of SimTrial, by the number of clients");
  app.add_option("--plans", count, "Plans of a pass")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::RunAll(count); });
}
