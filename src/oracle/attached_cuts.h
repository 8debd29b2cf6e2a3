// Where a crash has left the attached databases of a store without
// super-journals, where a transaction over several of them may be in one and
// not in another one. The main database is at the cut that its counter says;
// what an attached one holds has to be what it held after one of the commits
// that are legal for it.

#ifndef LASTCOMMIT_ORACLE_ATTACHED_CUTS_H_
#define LASTCOMMIT_ORACLE_ATTACHED_CUTS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "model/contract.h"
#include "model/reference_model.h"
#include "model/verdict.h"
#include "oracle/replayed.h"
#include "store/attached.h"
#include "store/state.h"

namespace lastcommit {

// Where one of them is. Plain data.
struct AttachedPlace {
  // Of which world: one of the alternatives, or the model.
  static constexpr std::int32_t kModel = -1;

  std::int32_t world = kModel;
  std::int64_t cut = -1;
};
using AttachedPlaces = std::array<AttachedPlace, kMostAttached>;

// What the databases may hold.
struct Worlds {
  const ReferenceModel& model;
  const Alternatives& alternatives;
};

struct FoundPlaces {
  // lost_commit or phantom_commit of an attached database. Held also where it
  // is at no cut at all: then its place is that of the main one, and its rows
  // differ.
  Verdict verdict;
  AttachedPlaces places;
  bool is_mixed = false;  // not all are where the main one is
};

// `main` is where the main one is, at the cut of `found`; `legal` is what
// AttachedContractFor() says, of each.
FoundPlaces FindPlaces(const State& found, std::int32_t main,
                       const std::vector<LegalCuts>& legal,
                       const Worlds& worlds);

// What so many attached databases hold at their places.
State AttachedRows(std::size_t attached, const AttachedPlaces& places,
                   const Worlds& worlds);
// `main` with these instead of its own.
State WithAttached(State main, State attached);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ATTACHED_CUTS_H_
