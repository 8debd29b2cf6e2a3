#include "results/file_bars.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "names/names.h"

namespace lastcommit {
namespace {

using Tone = FileBars::Tone;

// Units of all files: a page may have two hundred findings.
constexpr std::size_t kMostShown = 200;

Tone ToneOf(UnitState state) {
  switch (state) {
    case UnitState::kDurable:
    case UnitState::kThere:
      return Tone::kPlain;
    case UnitState::kWritten:
    case UnitState::kCommitted:
      return Tone::kGood;
    case UnitState::kTorn:
    case UnitState::kUncommitted:
    case UnitState::kPutBack:
      return Tone::kHalf;
    case UnitState::kLost:
    case UnitState::kIgnored:
      return Tone::kBad;
  }
  return Tone::kPlain;
}

// "pages 1 to 4: durable", "frame 3, WAL frame 3 of commit 2: lost".
std::string InWords(const DiskFile& file, const DiskUnits& units) {
  const bool is_header = units.last == 0 && file.unit == "frame";
  std::string text =
      is_header ? "header"
      : units.first == units.last
          ? absl::StrCat(file.unit, " ", units.first)
          : absl::StrCat(file.unit, "s ", units.first, " to ", units.last);
  if (!units.change.empty()) absl::StrAppend(&text, ", ", units.change);
  return absl::StrCat(text, ": ", Word(units.state));
}

std::string LabelOf(const DiskUnits& units) {
  return units.first == units.last ? absl::StrCat(units.first)
                                   : absl::StrCat(units.first, "-", units.last);
}

}  // namespace

FileBars FileBarsOf(const DiskMap& map) {
  FileBars bars = {.title = absl::StrCat(map.is_killed
                                             ? "The files after the kill in "
                                               "round "
                                             : "The disk after the loss of "
                                               "power in round ",
                                         map.round + 1)};
  if (map.is_killed) {
    bars.legend = {"there", "of a commit in the WAL",
                   "left out by recovery, or put back into the database",
                   "older, or not valid: SQLite ignores it"};
  } else {
    bars.legend = {"durable", "written, not synced, and there",
                   "written, not synced, and torn",
                   "written, not synced, and lost"};
  }
  std::size_t shown = 0;
  for (const DiskFile& file : map.files) {
    if (shown > kMostShown) break;
    FileBars::File row = {file.units.empty()
                              ? absl::StrCat(file.name, ", empty")
                              : absl::StrCat(file.name, ", by ", file.unit),
                          {}};
    for (const DiskUnits& units : file.units) {
      if (shown++ == kMostShown) {
        row.units.push_back({Tone::kPlain, "...", "more is in disk.json"});
        break;
      }
      row.units.push_back(
          {ToneOf(units.state), LabelOf(units), InWords(file, units)});
    }
    bars.files.push_back(std::move(row));
  }
  return bars;
}

}  // namespace lastcommit
