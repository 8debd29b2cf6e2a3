#include "oracle/attached_cuts.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

const ReferenceModel& WorldOf(std::int32_t world, const Worlds& worlds) {
  return world == AttachedPlace::kModel
             ? worlds.model
             : *worlds.alternatives[static_cast<std::size_t>(world)];
}

State StateAt(const AttachedPlace& place, const Worlds& worlds) {
  ReferenceModel model = WorldOf(place.world, worlds);
  model.RevertTo(std::min(place.cut, model.state().cut));
  return model.state();
}

// The newest cut from `lowest` to `highest` at which it holds those rows.
std::optional<std::int64_t> CutOf(int database, std::uint64_t digests,
                                  std::int64_t lowest, std::int64_t highest,
                                  ReferenceModel model) {
  std::int64_t cut = std::min(highest, model.state().cut);
  for (; cut >= std::max<std::int64_t>(lowest, 0); --cut) {
    model.RevertTo(cut);
    if (RowDigestsOf(database, model.state()) == digests) return cut;
  }
  return std::nullopt;
}

class Finder {
 public:
  Finder(const State& found, std::int32_t main, const Worlds& worlds)
      : found_(found), main_{main, found.cut}, worlds_(worlds) {}

  FoundPlaces Find(const std::vector<LegalCuts>& legal) {
    for (std::size_t i = 0; i < legal.size(); ++i) {
      const int database = static_cast<int>(i) + 1;
      places_.places[i] = Place(database, legal[i]);
      if (!places_.verdict.held()) return places_;
    }
    return places_;
  }

 private:
  AttachedPlace Place(int database, const LegalCuts& legal) {
    const std::uint64_t digests = RowDigestsOf(database, found_);
    const bool is_with_main =
        main_.cut >= legal.lowest && main_.cut <= legal.highest &&
        RowDigestsOf(database, StateAt(main_, worlds_)) == digests;
    if (is_with_main) return main_;
    const std::optional<AttachedPlace> place = Legal(database, digests, legal);
    if (place.has_value()) {
      places_.is_mixed = true;
      return *place;
    }
    const std::optional<std::int64_t> cut =
        CutOf(database, digests, 0, worlds_.model.state().cut, worlds_.model);
    if (!cut.has_value()) return main_;
    Blame(database, *cut, legal);
    places_.is_mixed = true;
    return {AttachedPlace::kModel, *cut};
  }

  std::optional<AttachedPlace> Legal(int database, std::uint64_t digests,
                                     const LegalCuts& legal) const {
    std::optional<std::int64_t> cut =
        CutOf(database, digests, legal.lowest, legal.highest, worlds_.model);
    if (cut.has_value()) return AttachedPlace{AttachedPlace::kModel, *cut};
    for (std::size_t i = 0; i < worlds_.alternatives.size(); ++i) {
      const ReferenceModel& other = *worlds_.alternatives[i];
      cut = CutOf(database, digests, legal.lowest, other.state().cut, other);
      if (cut.has_value()) {
        return AttachedPlace{static_cast<std::int32_t>(i), *cut};
      }
    }
    return std::nullopt;
  }

  void Blame(int database, std::int64_t cut, const LegalCuts& legal) {
    const bool is_lost = cut < legal.lowest;
    places_.verdict = Verdict::Violated(
        is_lost ? ViolationClass::kLostCommit : ViolationClass::kPhantomCommit,
        absl::StrCat("the attached database ", database, " holds what it held ",
                     "after commit ", cut, "; legal: cut ", legal.lowest,
                     " to cut ", legal.highest, " (", std::string(legal.source),
                     ")"));
  }

  const State& found_;
  const AttachedPlace main_;
  const Worlds& worlds_;
  FoundPlaces places_;
};

}  // namespace

// Rule: FindPlaces.
FoundPlaces FindPlaces(const State& found, std::int32_t main,
                       const std::vector<LegalCuts>& legal,
                       const Worlds& worlds) {
  return Finder(found, main, worlds).Find(legal);
}

State AttachedRows(std::size_t attached, const AttachedPlaces& places,
                   const Worlds& worlds) {
  State rows;
  for (std::size_t i = 0; i < attached; ++i) {
    State state = StateAt(places[i], worlds);
    std::erase_if(state.rows, [i](const auto& row) {
      return row.first.table.spec().database != static_cast<int>(i) + 1;
    });
    rows.rows.merge(state.rows);
  }
  return rows;
}

State WithAttached(State main, State attached) {
  std::erase_if(main.rows, [](const auto& row) {
    return row.first.table.spec().database > 0;
  });
  main.rows.merge(attached.rows);
  return main;
}

}  // namespace lastcommit
