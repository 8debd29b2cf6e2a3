// The table of docs/fault-model.md is the one of the code.

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "docs/page.h"
#include "model/contract.h"
#include "saver/settings.h"

namespace lastcommit {
namespace {

std::string Word(std::string_view word) { return std::string(word); }

std::string RowOf(const PowerLossRow& row) {
  std::string no_demand;
  if (row.lower == LowerBound::kNone) no_demand = "always";
  if (row.needs_order) no_demand = "out of order";
  if (row.needs_powersafe_overwrite) no_demand = "psow 0";
  return "| " + Word(Name(row.journal_mode)) + " | " +
         Word(Name(row.synchronous)) + " | " + Word(Name(row.lower)) + " | " +
         no_demand + (no_demand.empty() ? "|" : " |");
}

std::vector<std::string> RowsOfThePage() {
  std::istringstream page(Page("docs/fault-model.md"));
  std::vector<std::string> rows;
  bool is_in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| journal_mode | synchronous |")) {
      is_in_table = true;
    } else if (is_in_table && !line.starts_with("|")) {
      break;
    } else if (is_in_table && !line.starts_with("|---")) {
      rows.push_back(line);
    }
  }
  return rows;
}

TEST(FaultModelTest, HasTheRowsOfTheContract) {
  std::vector<std::string> expected;
  for (const PowerLossRow& row : PowerLossContract()) {
    expected.push_back(RowOf(row));
  }
  EXPECT_EQ(RowsOfThePage(), expected);
}

TEST(FaultModelTest, EachRowCitesSqlite) {
  for (const PowerLossRow& row : PowerLossContract()) {
    EXPECT_TRUE(row.source.starts_with("https://sqlite.org/")) << RowOf(row);
  }
}

}  // namespace
}  // namespace lastcommit
