#include "results/power_loss_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lastcommit {
namespace {

using Words = std::vector<std::string>;

std::string NameOf(const PowerLossRow& row) {
  return absl::StrCat(std::string(Name(row.journal_mode)), "/",
                      std::string(Name(row.synchronous)));
}

// Every so and so often, not only when something that was written later
// survives what was written earlier.
bool MayLoseCommits(const PowerLossRow& row) {
  switch (row.lower) {
    case LowerBound::kNone:
    case LowerBound::kOneMayBeMissing:
    case LowerBound::kUnlessDirectorySynced:
    case LowerBound::kWalSynced:
      return true;
    case LowerBound::kAcknowledged:
    case LowerBound::kNothingPending:
      return false;
  }
  return false;
}

Words WordsOf(const PowerLossRow& row, const PowerLossCounts& counts) {
  return {NameOf(row),
          absl::StrCat(counts.judged),
          absl::StrCat(counts.no_demand),
          absl::StrCat(counts.lost_legal),
          absl::StrCat(counts.damaged_legal),
          absl::StrCat(counts.violated)};
}

}  // namespace

PowerLossCounts PowerLossCountsOf(const Ledger& ledger,
                                  const PowerLossRow& row) {
  const auto count = [&](const char* what) {
    return ledger.Count({.group = CellGroup::kPowerLoss,
                         .journal_mode = row.journal_mode,
                         .synchronous = row.synchronous,
                         .what = what});
  };
  PowerLossCounts counts;
  counts.judged = count("judged");
  counts.no_demand = count("no_demand");
  counts.lost_legal = count("lost_commits") + count("no_demand_lost_commits");
  counts.damaged_legal = count("no_demand_damaged");
  counts.violated = count("violated");
  return counts;
}

PowerLossImageCounts PowerLossImages(const Ledger& ledger) {
  PowerLossImageCounts all;
  for (const PowerLossRow& row : PowerLossContract()) {
    const PowerLossCounts counts = PowerLossCountsOf(ledger, row);
    all.judged += counts.judged;
    all.no_demand += counts.no_demand;
  }
  return all;
}

std::vector<Words> PowerLossTable(const Ledger& ledger) {
  std::vector<Words> table;
  for (const PowerLossRow& row : PowerLossContract()) {
    const PowerLossCounts counts = PowerLossCountsOf(ledger, row);
    if (counts.judged + counts.no_demand == 0) continue;
    if (table.empty()) {
      table.push_back({"journal_mode/synchronous", "judged", "no demand",
                       "commits lost", "damaged", "violated"});
    }
    table.push_back(WordsOf(row, counts));
  }
  return table;
}

std::string PrintPowerLossTable(const Ledger& ledger) {
  const std::vector<Words> table = PowerLossTable(ledger);
  if (table.empty()) return "";
  std::string text =
      "ledger: images after a loss of power; lost and damaged where that is "
      "legal\n";
  for (const Words& row : table) {
    absl::StrAppendFormat(&text, "  %-24s", row.front());
    std::for_each(row.begin() + 1, row.end(), [&](const std::string& word) {
      absl::StrAppendFormat(&text, "%14s", word);
    });
    text += "\n";
  }
  return text;
}

std::vector<std::string> RowsNotExercised(const Ledger& ledger,
                                          bool is_attached) {
  std::vector<std::string> rows;
  for (const PowerLossRow& row : PowerLossContract()) {
    const PowerLossCounts counts = PowerLossCountsOf(ledger, row);
    const std::int64_t images = counts.judged + counts.no_demand;
    const bool is_kept =
        is_attached && row.lower == LowerBound::kUnlessDirectorySynced;
    if (is_kept || !MayLoseCommits(row) || images < kImagesOfAPromise ||
        counts.lost_legal > 0) {
      continue;
    }
    rows.push_back(absl::StrCat("no commit was lost in ", images,
                                " images after a loss of power with ",
                                NameOf(row), ", which may lose some"));
  }
  return rows;
}

}  // namespace lastcommit
