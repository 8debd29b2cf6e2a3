#include "results/promises.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "generate/mix.h"
#include "names/names.h"
#include "plan/fault.h"
#include "plan/schedule.h"
#include "results/power_loss_table.h"
#include "subject/registry.h"
#include "trial/trial.h"

namespace lastcommit {
namespace {

Cell OfEngine(CellGroup group, Engine engine, std::string what) {
  return {.group = group, .engine = engine, .what = std::move(what)};
}

Cell TimedKills(const char* what) {
  return {.group = CellGroup::kTimedKill, .what = what};
}

constexpr saver::JournalMode kModes[] = {
    saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
    saver::JournalMode::kPersist, saver::JournalMode::kWal};

// Which share of the plans of a fault is judged with that fault done, at least.
// The others end before their crash, or an error comes where nothing fails, or
// there is no demand. Measured, and rounded down (docs/ledger.md).
double ExercisedOf(FaultChoice fault) {
  switch (fault) {
    case FaultChoice::kNone:
      return 0.9;
    case FaultChoice::kKill:
    case FaultChoice::kTimedKill:
      return 0.7;
    case FaultChoice::kPowerLoss:
      return 0.6;
    case FaultChoice::kIoError:
    case FaultChoice::kMixed:
      return 0.42;
  }
  return 0;
}

int TotalOf(const std::vector<Share>& mix) {
  int total = 0;
  for (const Share& share : mix) total += share.weight;
  return total;
}

// Of plans that should have many clients some have fewer, as one has nothing to
// do in any round.
double HasThatMany(int clients) {
  return clients == 4 ? 0.75 : clients == 3 ? 0.9 : 1;
}

// Of all trials.
double ShareOf(const Share& share, int total) {
  const Combination& combination = share.combination;
  return static_cast<double>(share.weight) / total *
         HasThatMany(combination.clients) * ExercisedOf(combination.fault);
}

std::int64_t DueAfter(double share) {
  return static_cast<std::int64_t>(std::ceil(kExpectedFills / share));
}

// The shares below are measured, and at most half of what was seen: 4,561
// trials of the whole mix (seed 11, 3.40.1).

// The promises of one run, under the plans that the mix of its options has.
class PromiseList {
 public:
  explicit PromiseList(const GenerateOptions& options)
      : options_(options), mix_(MixOf(options)) {}

  std::vector<Promise> Make() && {
    AddCombinations();
    if (options_.engine == EngineChoice::kRecord) {
      AddRecorded();
      return std::move(promises_);
    }
    for (const Engine engine : {Engine::kFork, Engine::kSim}) {
      AddCrashes(engine);
      AddErrors(engine);
      AddSurvivals(engine);
      AddClients(engine);
      if (!options_.Lacks(StepKind::kUnlink)) AddRemovals(engine);
    }
    AddOutcomes();
    return std::move(promises_);
  }

 private:
  struct Which {
    std::optional<Engine> engine = {};
    std::vector<FaultChoice> faults = {};  // empty: any
    int least_clients = 1;
    int most_clients = kMaxClients;
  };

  std::vector<Cell> Plans(const Which& which) const {
    std::vector<Cell> plans;
    for (const Share& share : mix_) {
      const Combination& c = share.combination;
      const bool is_fault =
          which.faults.empty() ||
          std::count(which.faults.begin(), which.faults.end(), c.fault) > 0;
      if (which.engine.value_or(c.engine) == c.engine && is_fault &&
          c.clients >= which.least_clients && c.clients <= which.most_clients) {
        plans.push_back(PlansCell(c));
      }
    }
    return plans;
  }

  // Of plans that are drawn for a store that is driven from outside; at most
  // half of what was seen.
  void AddRecorded() {
    const auto recorded = [](const char* what) {
      return Cell{.group = CellGroup::kRecorded, .what = what};
    };
    for (const char* what : {"kill_images", "kills_recovered"}) {
      Add({Engine::kRecord}, 0.4, recorded(what));
    }
    // Without a model the store is compared with itself.
    if (options_.dialect != nullptr && !options_.dialect->has_model) {
      Add({Engine::kRecord}, 0.4, recorded("references"));
      Add({Engine::kRecord}, 0.4, recorded("done"));
    } else {
      for (const char* what : {"states", "answers"}) {
        Add({Engine::kRecord}, 0.4, recorded(what));
      }
    }
    Add({Engine::kRecord}, 0.1, recorded("commits_in_doubt"));
    Add({.engine = Engine::kRecord, .least_clients = 2}, 0.3,
        recorded("overlaps"));
    const SaverEntry* const entry = FindSaver(options_.saver);
    if (entry == nullptr || !entry->promises_power) return;
    for (const char* what : {"power_images", "losses_recovered"}) {
      Add({Engine::kRecord}, 0.4, recorded(what));
    }
  }

  // Nothing, if no plan of the mix could fill it.
  void Add(const Which& which, double share, Cell cell) {
    std::vector<Cell> plans = Plans(which);
    if (plans.empty()) return;
    promises_.push_back({std::move(cell), share, std::move(plans)});
  }

  // Of all trials, and, so that an injector that never bites is seen before
  // that, of those that should have been bitten.
  void AddCombinations() {
    const int total = TotalOf(mix_);
    for (const Share& share : mix_) {
      const Combination& combination = share.combination;
      const Cell cell = ExercisedCell(combination);
      promises_.push_back(
          {cell, ShareOf(share, total), {{.group = CellGroup::kTrials}}});
      promises_.push_back(
          {cell, ExercisedOf(combination.fault), {PlansCell(combination)}});
    }
  }

  // Only a WAL has checkpoints, and with a rollback journal a close makes calls
  // only if it has a transaction to roll back.
  static bool IsPromised(saver::JournalMode mode, Phase phase) {
    return mode == saver::JournalMode::kWal ||
           (phase != Phase::kCheckpoint && phase != Phase::kClose);
  }

  void AddCrashes(Engine engine) {
    for (const saver::JournalMode mode : kModes) {
      if (!MayBeIn(mode)) continue;
      Add({engine, {FaultChoice::kNone}}, 0.05,
          {.group = CellGroup::kRound,
           .engine = engine,
           .crash = CrashKind::kNone,
           .journal_mode = mode});
      for (int p = 0; p < kPhases; ++p) {
        const auto phase = static_cast<Phase>(p);
        if (!IsPromised(mode, phase)) continue;
        const auto crash = [&](CrashKind kind) {
          return Cell{.group = CellGroup::kCrash,
                      .engine = engine,
                      .crash = kind,
                      .journal_mode = mode,
                      .phase = phase};
        };
        const bool is_rare = phase == Phase::kCreate;
        Add({engine, {FaultChoice::kKill}}, is_rare ? 0.004 : 0.01,
            crash(CrashKind::kKill));
        Add({engine, {FaultChoice::kPowerLoss}}, is_rare ? 0.003 : 0.006,
            crash(CrashKind::kPowerLoss));
      }
    }
  }

  void AddErrors(Engine engine) {
    const Which which = {engine, {FaultChoice::kIoError}};
    for (int k = 0; k < kErrorKinds; ++k) {
      const auto kind = static_cast<ErrorKind>(k);
      // In DELETE mode hardly anything is truncated.
      if (kind == ErrorKind::kTruncate &&
          options_.journal_mode == saver::JournalMode::kDelete) {
        continue;
      }
      Add(which, kind == ErrorKind::kDelete ? 0.006 : 0.01,
          OfEngine(CellGroup::kErrors, engine, Word(kind)));
    }
    Add(which, 0.01, OfEngine(CellGroup::kErrors, engine, "in_recovery"));
  }

  void AddSurvivals(Engine engine) {
    for (const SurvivalKind kind :
         {SurvivalKind::kNone, SurvivalKind::kPrefix,
          SurvivalKind::kFilePrefixes, SurvivalKind::kSubset,
          SurvivalKind::kLoseOne}) {
      Add({engine, {FaultChoice::kPowerLoss}}, 0.025,
          OfEngine(CellGroup::kSurvival, engine, Word(kind)));
    }
  }

  // What several clients do to each other. When they run freely the kernel
  // decides whether they meet; without switches inside of steps nobody commits
  // during a checkpoint of another one, but for those who wait.
  void AddClients(Engine engine) {
    const auto clients = [&](const char* what) {
      return OfEngine(CellGroup::kClients, engine, what);
    };
    const Which shared = {engine, {}, 2};
    Add(shared, 0.1, clients("commits_in_turn"));
    if (options_.schedule == ScheduleKind::kFree) return;
    Add(shared, 0.05, clients("refusals"));
    Add({engine, {FaultChoice::kKill}, 2}, 0.05, clients("kills_of_one"));
    AddSchedules(engine);
    if (options_.schedule == ScheduleKind::kPlan) return;
    Add(shared, 0.2, clients("switches"));
    // Only a WAL has checkpoints, and with attached databases several clients
    // have none.
    if (MayBeIn(saver::JournalMode::kWal) && !options_.is_attached) {
      Add(shared, 0.05, clients("checkpoints_across_commits"));
    }
  }

  // What another program removes, and that the saver has noticed it.
  void AddRemovals(Engine engine) {
    const Which alone = {
        engine, {FaultChoice::kNone, FaultChoice::kKill}, 1, 1};
    const auto removal = [&](const char* what) {
      return OfEngine(CellGroup::kRemoval, engine, what);
    };
    Add(alone, 0.015, removal("database"));
    Add(alone, 0.007, removal("wal"));
    Add(alone, 0.004, removal("shm"));
    Add(alone, 0.015, removal("refused"));
  }

  void AddSchedules(Engine engine) {
    for (const ScheduleKind kind :
         {ScheduleKind::kPlan, ScheduleKind::kRandom, ScheduleKind::kFew,
          ScheduleKind::kRoundRobin, ScheduleKind::kDirected}) {
      if (options_.schedule.value_or(kind) != kind) continue;
      Add({engine, {}, 2}, 0.02,
          OfEngine(CellGroup::kSchedule, engine, Word(kind)));
    }
  }

  void AddOutcomes() {
    using enum FaultChoice;
    const Which killed = {std::nullopt, {kKill}};
    for (const Moment moment :
         {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
      Add(killed, 0.01, {.group = CellGroup::kMoment, .what = Word(moment)});
    }
    const auto outcome = [](const char* what) {
      return Cell{.group = CellGroup::kOutcome, .what = what};
    };
    for (const char* what :
         {"in_doubt_landed", "in_doubt_lost", "hot_journal_rolled_back"}) {
      Add(killed, 0.01, outcome(what));
    }
    if (MayBeIn(saver::JournalMode::kWal)) {
      Add(killed, 0.01, outcome("wal_frames_recovered"));
    }
    const Which any = {};
    // What a store does in one call mostly fits into the cache.
    if (!options_.Lacks(StepKind::kBegin)) {
      Add(any, 0.01, outcome("spilled"));
      Add(any, 0.01, outcome("savepoint_rolled_back_after_spill"));
    }
    if (MayFailMidway(*options_.dialect)) {
      Add(any, 0.01, outcome("statement_failed_after_spill"));
    }
    Add({std::nullopt, {kIoError}}, 0.02,
        {.group = CellGroup::kErrors, .what = "same_connection_went_on"});
    if (options_.Lacks(StepKind::kJournalMode)) return;
    Add({std::nullopt, {kNone, kKill}}, 0.03, outcome("journal_mode_changed"));
  }

  bool MayBeIn(saver::JournalMode mode) const {
    return options_.journal_mode.value_or(mode) == mode;
  }

  static bool MayFailMidway(const Vocabulary& dialect) {
    return std::any_of(
        dialect.operations.begin(), dialect.operations.end(),
        [](const OperationSpec& spec) { return spec.may_fail_midway; });
  }

  const GenerateOptions& options_;
  const std::vector<Share> mix_;
  std::vector<Promise> promises_;
};

// What a run must be apart from the cells that it fills.
void CheckRun(const Ledger& ledger, const GenerateOptions& options,
              std::vector<std::string>& broken) {
  const std::int64_t enough = TrialsOfAPromise(options);
  if (ledger.trials() == 0) {
    broken.push_back("no trial was run");
  } else if (ledger.trials() < enough) {
    broken.push_back(absl::StrCat(ledger.trials(),
                                  " trials are too few, and a run like this "
                                  "promises something from ",
                                  enough, " on"));
  }
  // After a fault of the disk plans without a demand are meant to be: the
  // contract has such rows.
  const bool is_always_judged = options.engine == EngineChoice::kFork &&
                                options.fault != FaultChoice::kMixed &&
                                options.fault != FaultChoice::kPowerLoss &&
                                options.fault != FaultChoice::kIoError;
  const std::int64_t skipped =
      is_always_judged ? ledger.skipped()
                       : ledger.Count(VerdictCell("skipped(not_reached)"));
  if (skipped * 100 > ledger.trials() * kMaxSkippedPercent) {
    broken.push_back(absl::StrCat(skipped, " of ", ledger.trials(),
                                  " plans were skipped, more than ",
                                  kMaxSkippedPercent, " %"));
  }
  for (std::string& row : RowsNotExercised(ledger, options.is_attached)) {
    broken.push_back(std::move(row));
  }
  if (options.fault == FaultChoice::kTimedKill && !AreInside(ledger)) {
    broken.push_back(absl::StrCat(ledger.Count(TimedKills("inside")), " of ",
                                  ledger.Count(TimedKills("sent")),
                                  " timed kills came while a program ran, "
                                  "fewer than ",
                                  kLeastInsidePercent, " %"));
  }
}

std::int64_t SumOf(const Ledger& ledger, const std::vector<Cell>& cells) {
  std::int64_t sum = 0;
  for (const Cell& cell : cells) sum += ledger.Count(cell);
  return sum;
}

}  // namespace

bool AreInside(const Ledger& ledger) {
  const std::int64_t sent = ledger.Count(TimedKills("sent"));
  return sent > 0 &&
         ledger.Count(TimedKills("inside")) * 100 >= sent * kLeastInsidePercent;
}

std::int64_t Promise::due() const { return DueAfter(share); }

std::int64_t TrialsOfAPromise(const GenerateOptions& options) {
  const std::vector<Share> mix = MixOf(options);
  std::int64_t trials =
      options.engine == EngineChoice::kRecord ? kLeastRecordings : kLeastTrials;
  for (const Share& share : mix) {
    trials = std::max(trials, DueAfter(ShareOf(share, TotalOf(mix))));
  }
  return trials;
}

std::vector<Promise> PromisesOf(const GenerateOptions& options) {
  return PromiseList(options).Make();
}

PromiseReport CheckPromises(const Ledger& ledger,
                            const GenerateOptions& options) {
  PromiseReport report;
  CheckRun(ledger, options, report.broken);
  std::set<Cell> empty;  // a cell may be promised twice
  for (const Promise& promise : PromisesOf(options)) {
    const std::int64_t plans = SumOf(ledger, promise.plans);
    if (ledger.Count(promise.cell) > 0) {
      ++(plans >= promise.due() ? report.kept : report.pending);
    } else if (plans < promise.due()) {
      ++report.pending;
    } else if (empty.insert(promise.cell).second) {
      report.broken.push_back(absl::StrCat("empty cell: ", Name(promise.cell)));
    }
  }
  return report;
}

}  // namespace lastcommit
