// Losses of power, on the simulated disk, and I/O errors, there and of real
// processes.

#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/contract.h"
#include "plan/plan.h"
#include "props/environment.h"
#include "props/trial_property.h"
#include "subject/registry.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

constexpr int kImages = 32;

TrialProperty OnASimulatedDisk(std::string name, const std::string& saver,
                               FaultChoice fault, std::uint64_t trials) {
  TrialProperty property;
  property.name = std::move(name);
  property.generate.saver = saver;
  property.generate.engine = EngineChoice::kSim;
  property.generate.fault = fault;
  property.trials = PropertyTrials(trials);
  return property;
}

// Each row of the contract in turn. A third of them demand nothing, always or
// as soon as the database file was written, and are counted as skipped.
TrialProperty PowerLossLeavesWhatEachRowPromises(const std::string& saver) {
  TrialProperty property = OnASimulatedDisk("power_loss_in_each_row", saver,
                                            FaultChoice::kPowerLoss, 720);
  property.max_skipped_percent = 60;
  property.bend = [](Plan plan, std::uint64_t index) -> std::optional<Plan> {
    const auto rows = PowerLossContract();
    const PowerLossRow& row = rows[index % rows.size()];
    plan.profile.journal_mode = row.journal_mode;
    plan.profile.synchronous = row.synchronous;
    plan.images = kImages;
    return plan;
  };
  return property;
}

// But where nothing is demanded after a loss of power, which many of these
// plans have as well; and with a journal in memory, which SQLite before 3.44.0
// forgets after an error (docs/findings.md).
TrialProperty ErrorsAreToldTruthfully(const std::string& saver) {
  TrialProperty property =
      OnASimulatedDisk("io_errors", saver, FaultChoice::kIoError, 400);
  // After an error many a program makes fewer calls than its crash point is at;
  // what it did until then is not judged. How many had errors is seen below.
  property.max_skipped_percent = 30;
  property.bend = [](Plan plan, std::uint64_t) -> std::optional<Plan> {
    const saver::JournalMode mode = plan.profile.journal_mode;
    if (mode == saver::JournalMode::kMemory ||
        mode == saver::JournalMode::kOff ||
        plan.profile.synchronous == saver::Synchronous::kOff) {
      return std::nullopt;
    }
    return plan;
  };
  return property;
}

// The same of a real process, whose system calls fail.
TrialProperty ErrorsOfRealProcesses(const std::string& saver) {
  TrialProperty property = ErrorsAreToldTruthfully(saver);
  property.name = "io_errors_of_real_processes";
  property.generate.engine = EngineChoice::kFork;
  property.trials = PropertyTrials(200);
  return property;
}

bool Begins(const Step& step) { return step.kind == StepKind::kBegin; }
bool Ends(const Step& step) {
  return step.kind == StepKind::kCommit || step.kind == StepKind::kRollback ||
         step.kind == StepKind::kReopen;
}

// The first step of the round after which no transaction is open, from `from`
// on. Step 0 opens.
std::size_t PlaceOutsideTransactions(const Round& round, std::size_t from) {
  bool is_open = false;
  for (std::size_t i = 0; i + 1 < round.steps.size(); ++i) {
    if (i > from && !is_open) return i;
    if (Begins(round.steps[i])) is_open = true;
    if (Ends(round.steps[i])) is_open = false;
  }
  return round.steps.size() - 1;
}

// In its last round, after some commits, and no later step moves its changes to
// where they are safe.
TrialProperty PowerLossAfterVacuumDamagesNothing(const std::string& saver) {
  TrialProperty property = OnASimulatedDisk("power_loss_after_vacuum", saver,
                                            FaultChoice::kPowerLoss, 200);
  property.bend = [](Plan plan, std::uint64_t index) -> std::optional<Plan> {
    plan.profile.journal_mode = saver::JournalMode::kDelete;
    plan.profile.synchronous = saver::Synchronous::kFull;
    plan.images = 2 * kImages;
    Round& round = plan.rounds.back();
    for (Step& step : round.steps) step.crash.reset();
    const std::size_t at =
        PlaceOutsideTransactions(round, index % round.steps.size());
    Step vacuum;
    vacuum.kind = StepKind::kVacuum;
    round.steps.insert(round.steps.begin() + static_cast<std::ptrdiff_t>(at),
                       vacuum);
    Survival survival;
    survival.kind = SurvivalKind::kSubset;
    survival.number = index;
    round.steps[at + 1].crash = CrashPoint{0, Moment::kBefore, survival};
    return plan;
  };
  return property;
}

PropertyOutcome ExpectHeld(const TrialProperty& property) {
  PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
  EXPECT_EQ(outcome.failure, "");
  std::printf("%s", outcome.ledger.Print().c_str());
  return outcome;
}

// ---- both sides of the contract ----

std::int64_t CountIn(const Ledger& ledger, const PowerLossRow& row,
                     const char* what) {
  return ledger.Count({.group = CellGroup::kPowerLoss,
                       .journal_mode = row.journal_mode,
                       .synchronous = row.synchronous,
                       .what = what});
}

bool MayLoseCommits(const PowerLossRow& row) {
  return row.lower == LowerBound::kUnlessDirectorySynced ||
         row.lower == LowerBound::kOneMayBeMissing ||
         row.lower == LowerBound::kWalSynced;
}

// A row that may lose commits and never did was not put to the test.
void ExpectBothSides(const Ledger& ledger, const PowerLossRow& row) {
  SCOPED_TRACE(absl::StrCat(std::string(Name(row.journal_mode)), "/",
                            std::string(Name(row.synchronous))));
  const std::int64_t lost = CountIn(ledger, row, "lost_commits");
  if (row.lower == LowerBound::kNone) {
    EXPECT_EQ(CountIn(ledger, row, "judged"), 0);
    EXPECT_GT(CountIn(ledger, row, "no_demand_lost_commits"), 0);
    return;
  }
  EXPECT_GT(CountIn(ledger, row, "judged"), 0);
  EXPECT_GT(CountIn(ledger, row, "lost_changes"), 0);
  EXPECT_EQ(lost > 0, MayLoseCommits(row)) << lost;
}

TEST(PowerLoss, LeavesWhatEachRowPromises) {
  const PropertyOutcome outcome =
      ExpectHeld(PowerLossLeavesWhatEachRowPromises("sqlite"));
  for (const PowerLossRow& row : PowerLossContract()) {
    ExpectBothSides(outcome.ledger, row);
  }
}

TEST(PowerLoss, AfterVacuumDamagesNothing) {
  ExpectHeld(PowerLossAfterVacuumDamagesNothing("sqlite"));
}

TEST(IoError, IsToldTruthfully) {
  const PropertyOutcome outcome = ExpectHeld(ErrorsAreToldTruthfully("sqlite"));
  EXPECT_GE(outcome.ledger.Count("errors/trials") * 2, outcome.ledger.trials());
}

TEST(IoError, OfRealProcessesIsToldTruthfully) {
  const PropertyOutcome outcome = ExpectHeld(ErrorsOfRealProcesses("sqlite"));
  EXPECT_GE(outcome.ledger.Count("errors/trials") * 2, outcome.ledger.trials());
}

struct Twin {
  TrialProperty (*property)(const std::string& saver);
  std::string saver;
  ViolationClass violation;
};

TEST(SimulatedDisk, EachPropertyCatchesItsTwin) {
  const std::vector<Twin> twins = {
      {PowerLossLeavesWhatEachRowPromises, "planted-normal-only",
       ViolationClass::kLostCommit},
      {PowerLossAfterVacuumDamagesNothing, "sqlite-undefended",
       ViolationClass::kDamaged},
      {ErrorsAreToldTruthfully, "planted-failed-commit-ignored",
       ViolationClass::kLostCommit},
      {ErrorsOfRealProcesses, "planted-failed-commit-ignored",
       ViolationClass::kLostCommit},
  };
  for (const Twin& twin : twins) {
    FailureHandling handling = {false, twin.violation};
    handling.also = Catching(*FindSaver(twin.saver)).also;
    const PropertyOutcome outcome =
        CheckTrials(twin.property(twin.saver), PropertySeed(), handling);
    EXPECT_EQ(outcome.violation, twin.violation)
        << twin.saver << " in " << outcome.failed_at << " trials";
  }
}

// The same bytes for the same plan, whatever ran before it.
TEST(SimulatedDisk, GivesTheSameImagesAgain) {
  const TrialProperty property = OnASimulatedDisk(
      "same_images", "sqlite", FaultChoice::kMixed, /*trials=*/200);
  std::vector<std::vector<std::uint64_t>> runs[2];
  for (auto& digests : runs) {
    auto trial = TrialRunner::Create({});
    ASSERT_TRUE(trial.ok()) << trial.status();
    for (std::uint64_t index = 0; index < property.trials; ++index) {
      const auto result =
          (*trial)->Run(PlanAt({PropertySeed(), index}, property.generate));
      ASSERT_TRUE(result.ok()) << result.status();
      digests.push_back(result->image_digests);
    }
  }
  std::size_t images = 0;
  for (const auto& digests : runs[0]) images += digests.size();
  EXPECT_GT(images, property.trials);
  EXPECT_EQ(runs[0], runs[1]);
}

}  // namespace
}  // namespace lastcommit
