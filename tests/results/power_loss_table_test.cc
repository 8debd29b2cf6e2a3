#include "results/power_loss_table.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "results/ledger.h"
#include "results/promises.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Ledger With(const NamedCells& cells) {
  Ledger ledger;
  ledger.Add(ParseCells(cells));
  return ledger;
}

std::string CellOf(const PowerLossRow& row, const char* what) {
  return "power_loss/" + std::string(Name(row.journal_mode)) + "/" +
         std::string(Name(row.synchronous)) + "/" + what;
}

TEST(PowerLossTableTest, HasARowForEachRowWithAnImageInTheirOrder) {
  const Ledger ledger =
      With({{"power_loss/wal/normal/judged", 400},
            {"power_loss/wal/normal/no_demand", 30},
            {"power_loss/wal/normal/lost_commits", 20},
            {"power_loss/wal/normal/no_demand_damaged", 5},
            {"power_loss/wal/normal/violated", 1},
            {"power_loss/delete/off/no_demand", 9},
            {"power_loss/delete/off/no_demand_lost_commits", 3}});
  EXPECT_THAT(
      PowerLossTable(ledger),
      ElementsAre(ElementsAre("journal_mode/synchronous", "judged", "no demand",
                              "commits lost", "damaged", "violated"),
                  ElementsAre("delete/off", "0", "9", "3", "0", "0"),
                  ElementsAre("wal/normal", "400", "30", "20", "5", "1")));
}

TEST(PowerLossTableTest, IsNotPrintedWithoutAnImage) {
  EXPECT_EQ(PrintPowerLossTable(With({{"trials", 5}})), "");
  EXPECT_THAT(PowerLossTable(Ledger()), IsEmpty());
}

TEST(PowerLossTableTest, IsAPartOfThePrintedLedger) {
  const Ledger ledger = With({{"power_loss/persist/full/judged", 4711}});
  EXPECT_THAT(ledger.Print(), HasSubstr(PrintPowerLossTable(ledger)));
  EXPECT_THAT(PrintPowerLossTable(ledger), HasSubstr("persist/full"));
  EXPECT_THAT(PrintPowerLossTable(ledger), HasSubstr("4711"));
}

// Which rows those are is in docs/fault-model.md.
TEST(RowsNotExercisedTest, OfManyImagesOneLosesACommitWhereThatIsLegal) {
  std::vector<std::string> rows;
  for (const PowerLossRow& row : PowerLossContract()) {
    const bool has_demand = row.lower != LowerBound::kNone;
    NamedCells cells = {
        {CellOf(row, has_demand ? "judged" : "no_demand"), kImagesOfAPromise}};
    if (!RowsNotExercised(With(cells)).empty()) {
      rows.push_back(std::string(Name(row.journal_mode)) + "/" +
                     std::string(Name(row.synchronous)));
    }
    cells[CellOf(row, has_demand ? "lost_commits" : "no_demand_lost_commits")] =
        1;
    EXPECT_THAT(RowsNotExercised(With(cells)), IsEmpty());
  }
  EXPECT_THAT(rows,
              ElementsAre("delete/off", "delete/normal", "delete/full",
                          "truncate/off", "truncate/normal", "persist/off",
                          "memory/off", "wal/off", "wal/normal", "off/off"));
}

TEST(RowsNotExercisedTest, FewImagesPromiseNothing) {
  EXPECT_THAT(RowsNotExercised(With(
                  {{"power_loss/wal/normal/judged", kImagesOfAPromise - 1}})),
              IsEmpty());
}

TEST(RowsNotExercisedTest, AreBrokenPromisesOfAnyRun) {
  const Ledger ledger =
      With({{"trials", 90}, {"power_loss/wal/normal/judged", 3000}});
  for (const FaultChoice fault :
       {FaultChoice::kPowerLoss, FaultChoice::kMixed}) {
    const PromiseReport report =
        CheckPromises(ledger, {.engine = EngineChoice::kSim, .fault = fault});
    EXPECT_THAT(report.broken,
                Contains("no commit was lost in 3000 images after a loss of "
                         "power with wal/normal, which may lose some"));
  }
}

}  // namespace
}  // namespace lastcommit
