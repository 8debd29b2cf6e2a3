// The table of losses of power: for each row of the contract (docs/
// fault-model.md) how many crash images were judged, what they had really lost
// where that is legal, and what was lost where it is not. Both sides: a row
// that may lose commits and never does was not put to the test.

#ifndef LASTCOMMIT_RESULTS_POWER_LOSS_TABLE_H_
#define LASTCOMMIT_RESULTS_POWER_LOSS_TABLE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "model/contract.h"
#include "results/ledger.h"

namespace lastcommit {

// Of the images of one row.
struct PowerLossCounts {
  std::int64_t judged = 0;
  std::int64_t no_demand = 0;   // not judged, whatever they held
  std::int64_t lost_legal = 0;  // acknowledged commits, with or without demand
  std::int64_t damaged_legal = 0;
  std::int64_t violated = 0;
};

PowerLossCounts PowerLossCountsOf(const Ledger& ledger,
                                  const PowerLossRow& row);

// Of all rows.
struct PowerLossImageCounts {
  std::int64_t judged = 0;
  std::int64_t no_demand = 0;
};
PowerLossImageCounts PowerLossImages(const Ledger& ledger);

// The head and a row of words for each row of the contract that has an image;
// empty without any.
std::vector<std::vector<std::string>> PowerLossTable(const Ledger& ledger);

// As people read it; "" without an image.
std::string PrintPowerLossTable(const Ledger& ledger);

// So many images of a row that may lose commits, and one of them has to.
inline constexpr std::int64_t kImagesOfAPromise = 2000;

// In words, for CheckPromises(): the rows that may lose commits and never did.
// With databases attached a commit deletes a super-journal, with a sync of the
// directory (vdbeCommit() in vdbeaux.c), and is not lost with DELETE.
std::vector<std::string> RowsNotExercised(const Ledger& ledger,
                                          bool is_attached = false);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_POWER_LOSS_TABLE_H_
