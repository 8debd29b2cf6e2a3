#include "results/combination_table.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "generate/choices.h"
#include "names/names.h"

namespace lastcommit {
namespace {

using Words = std::vector<std::string>;

// A recording has every crash of all clients.
std::string NameOf(Engine engine, FaultChoice fault) {
  if (engine != Engine::kRecord) {
    return absl::StrCat(Word(engine), " ", Word(fault));
  }
  return fault == FaultChoice::kKill ? "record, one killed alone"
                                     : "record, every crash";
}

// Empty: no plan was run.
Words RowOf(const Ledger& ledger, Engine engine, FaultChoice fault) {
  Words row = {NameOf(engine, fault)};
  std::int64_t all = 0;
  for (int clients = 1; clients <= kMaxClients; ++clients) {
    const Combination combination = {engine, fault, clients};
    const std::int64_t plans = ledger.Count(PlansCell(combination));
    row.push_back(plans == 0
                      ? "-"
                      : absl::StrCat(ledger.Count(ExercisedCell(combination)),
                                     " of ", plans));
    all += plans;
  }
  return all == 0 ? Words() : row;
}

}  // namespace

std::vector<Words> CombinationTable(const Ledger& ledger) {
  std::vector<Words> table;
  for (const Engine engine : {Engine::kFork, Engine::kSim, Engine::kRecord}) {
    for (int fault = 0; fault < kFaultChoices; ++fault) {
      Words row = RowOf(ledger, engine, static_cast<FaultChoice>(fault));
      if (row.empty()) continue;
      if (table.empty()) {
        table.push_back({"engine, fault", "1 client", "2 clients", "3 clients",
                         "4 clients"});
      }
      table.push_back(std::move(row));
    }
  }
  return table;
}

std::string PrintCombinationTable(const Ledger& ledger) {
  const std::vector<Words> table = CombinationTable(ledger);
  if (table.empty()) return "";
  std::string text =
      "ledger: plans that were exercised (judged, with their fault done), of "
      "those run\n";
  for (const Words& row : table) {
    absl::StrAppendFormat(&text, "  %-24s", row.front());
    std::for_each(row.begin() + 1, row.end(), [&](const std::string& word) {
      absl::StrAppendFormat(&text, "%16s", word);
    });
    text += "\n";
  }
  return text;
}

}  // namespace lastcommit
