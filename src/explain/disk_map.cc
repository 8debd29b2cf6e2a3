#include "explain/disk_map.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "disk/file_role.h"
#include "disk/shared_memory.h"
#include "names/names.h"
#include "output/whole_file.h"
#include "status/status.h"
#include "store/attached.h"
#include "trial/change_words.h"
#include "trial/sim_guest.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

using nlohmann::json;

constexpr Names<UnitState, UnitState::kIgnored> kUnitStates(
    "durable", "written", "torn", "lost", "there", "of a commit",
    "of no commit", "put back", "ignored");

std::string NameIn(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// Where units begin in a file.
struct Units {
  const char* name;
  std::int64_t header;  // bytes before the first one, which are unit 0
  std::int64_t size;
  std::int64_t first;  // the number of the first one

  std::int64_t At(std::int64_t offset) const {
    return offset < header ? 0 : (offset - header) / size + first;
  }
  std::int64_t BeginOf(std::int64_t number) const {
    return number < first ? 0 : header + (number - first) * size;
  }
};

Units UnitsOf(const std::string& path, int page_size) {
  // https://sqlite.org/fileformat2.html#walformat
  constexpr std::int64_t kWalHeader = 32;
  constexpr std::int64_t kFrameHeader = 24;
  // A journal has a header wherever the pager synced it: no records to count.
  constexpr std::int64_t kBlock = 4096;
  if (RoleOfPath(path) == FileRole::kWal) {
    return {"frame", kWalHeader, kFrameHeader + page_size, 1};
  }
  const bool is_attached = path == AttachedPath(path, DatabaseOf(path));
  if (NameIn(path) == kDatabaseName || is_attached) {
    return {"page", 0, page_size, 1};
  }
  return {"block", 0, kBlock, 0};
}

// A part of a write that fell into one unit.
struct Written {
  std::int64_t begin;
  std::int64_t end;
  UnitState state;
  std::string change;
};

// Of a unit: those that no later one has written over as a whole.
void Add(Written written, std::vector<Written>& all) {
  std::erase_if(all, [&](const Written& other) {
    return written.begin <= other.begin && other.end <= written.end;
  });
  all.push_back(std::move(written));
}

UnitState StateOf(const std::vector<Written>& all) {
  const UnitState first = all.front().state;
  const bool is_same =
      std::all_of(all.begin(), all.end(),
                  [&](const Written& one) { return one.state == first; });
  return is_same ? first : UnitState::kTorn;
}

// Of one that is there in part, what of it.
std::string InWords(const std::vector<Written>& all) {
  if (StateOf(all) != UnitState::kTorn) return all.back().change;
  if (all.back().change.empty()) return "";
  return absl::StrJoin(all, "; ", [](std::string* text, const Written& one) {
    absl::StrAppend(
        text, one.change, " is ",
        one.state == UnitState::kWritten ? "there" : Word(one.state));
  });
}

UnitState StateOf(const std::optional<Fate>& fate) {
  if (!fate.has_value()) return UnitState::kWritten;
  return fate->kind == FateKind::kLost ? UnitState::kLost : UnitState::kTorn;
}

class Mapper {
 public:
  Mapper(const Storage& before, const Survived& survived, int page_size)
      : before_(before), survived_(survived), page_size_(page_size) {}

  DiskMap Map() {
    before_.ForEachPath([&](const std::string& path) {
      const InodeId inode = before_.Find(path);
      if (!before_.IsDirectory(inode)) names_.emplace(inode, path);
    });
    AddChanges();
    for (const auto& [inode, path] : names_) {
      if (map_.files.size() == kMostFiles) {
        map_.is_cut = true;
        break;
      }
      if (before_.Exists(inode)) map_.files.push_back(FileOf(inode, path));
    }
    std::sort(
        map_.files.begin(), map_.files.end(),
        [](const DiskFile& a, const DiskFile& b) { return a.name < b.name; });
    return std::move(map_);
  }

 private:
  static constexpr std::size_t kMostFiles = 50;

  void AddChanges() {
    const std::vector<PendingChange> all = before_.PendingChanges();
    std::map<std::int64_t, Fate> fates;
    for (const Fate& fate : survived_.fates.files) {
      fates.emplace(fate.change, fate);
    }
    std::int64_t of_files = 0;
    std::int64_t of_directory = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const PendingChange& change = all[i];
      const bool is_named = i < DiskMap::kMostNamed;
      map_.is_cut |= !is_named;
      if (change.is_of_directory()) {
        const std::int64_t kept = survived_.fates.directory;
        const bool is_lost = kept >= 0 && of_directory++ >= kept;
        if (is_lost && is_named) map_.lost.push_back(Words(all, i));
        continue;
      }
      names_.emplace(change.inode, change.path);
      const auto fate = fates.find(of_files++);
      AddChange(change,
                fate == fates.end() ? std::nullopt
                                    : std::optional<Fate>(fate->second),
                is_named ? Words(all, i) : "");
    }
  }

  void AddChange(const PendingChange& change, const std::optional<Fate>& fate,
                 const std::string& words) {
    if (change.kind == PendingChange::Kind::kTruncate) {
      if (fate.has_value() && !words.empty()) map_.lost.push_back(words);
      return;
    }
    const Units units = UnitsOf(change.path, page_size_);
    const std::int64_t end = change.offset + change.amount;
    for (std::int64_t at = change.offset; at < end;) {
      const std::int64_t number = units.At(at);
      const std::int64_t next = std::min(end, units.BeginOf(number + 1));
      Add({at, next, StateOf(fate), words}, written_[change.inode][number]);
      if (next <= at) break;
      at = next;
    }
  }

  DiskFile FileOf(InodeId inode, const std::string& path) {
    const Units units = UnitsOf(path, page_size_);
    const std::int64_t size = before_.Size(inode);
    DiskFile file = {NameIn(path), units.name, {}};
    if (before_.Find(path) != inode) file.name += " (without a name)";
    std::int64_t next = units.header > 0 ? 0 : units.first;
    for (const auto& [number, written] : written_[inode]) {
      // It was cut off since.
      if (units.BeginOf(number) >= size) break;
      Append({next, number - 1}, file);
      Append({number, number, StateOf(written), InWords(written)}, file);
      next = number + 1;
    }
    Append({next, size == 0 ? next - 1 : units.At(size - 1)}, file);
    return file;
  }

  void Append(DiskUnits units, DiskFile& file) {
    if (units.first > units.last) return;
    if (!file.units.empty() && units.change.empty()) {
      DiskUnits& before = file.units.back();
      if (before.change.empty() && before.state == units.state &&
          before.last + 1 == units.first) {
        before.last = units.last;
        return;
      }
    }
    if (units_++ < DiskMap::kMostUnits) {
      file.units.push_back(std::move(units));
    } else {
      map_.is_cut = true;
    }
  }

  // On the disk as it was when change `i` of `all` had been made.
  std::string Words(const std::vector<PendingChange>& all,
                    std::size_t i) const {
    const Survived until = Resolve(before_, {SurvivalKind::kPrefix, i + 1});
    return InWords(all[i], before_.AfterCrash(until.fates), page_size_);
  }

  const Storage& before_;
  const Survived& survived_;
  const int page_size_;
  std::size_t units_ = 0;  // of all files
  std::map<InodeId, std::string> names_;
  std::map<InodeId, std::map<std::int64_t, std::vector<Written>>> written_;
  DiskMap map_;
};

// Memory of a child that may die at any moment.
struct Shared {
  static constexpr std::size_t kMostText = std::size_t{1} << 20;

  bool is_seen = false;
  std::size_t size = 0;  // 0: it is too long
  char text[kMostText] = {};
};

class Viewer : public SimGuest {
 public:
  Viewer(int page_size, Shared& shared)
      : page_size_(page_size), shared_(shared) {}

  void SeePowerLoss(std::size_t round, const Storage& before,
                    const Survived& survived) override {
    DiskMap map = DiskMapOf(before, survived, page_size_);
    map.round = round;
    const std::string text = PrintDiskMap(map);
    shared_.is_seen = true;
    shared_.size = text.size() <= sizeof(shared_.text) ? text.size() : 0;
    std::memcpy(shared_.text, text.data(), shared_.size);
  }

 private:
  const int page_size_;
  Shared& shared_;
};

json ToJson(const DiskUnits& units) {
  json value = {units.first, units.last, Name(units.state)};
  if (!units.change.empty()) value.push_back(units.change);
  return value;
}

DiskUnits UnitsFrom(const json& value) {
  const std::optional<UnitState> state =
      kUnitStates.Parse(value.at(2).get<std::string>());
  if (!state.has_value()) throw std::invalid_argument("no such state");
  return {value.at(0), value.at(1), *state,
          value.size() > 3 ? value.at(3).get<std::string>() : ""};
}

}  // namespace

std::string_view Name(UnitState state) { return kUnitStates.Of(state); }

DiskMap DiskMapOf(const Storage& before, const Survived& survived,
                  int page_size) {
  return Mapper(before, survived, page_size).Map();
}

absl::StatusOr<DiskMap> ViewDisk(SimTrial& trial, const Plan& plan) {
  ASSIGN_OR_RETURN(const SharedMemory<Shared> shared,
                   MakeSharedMemory<Shared>());
  Viewer viewer(plan.profile.page_size, *shared);
  RETURN_IF_ERROR(trial.RunWith(plan, viewer).status());
  if (!shared->is_seen) {
    return absl::NotFoundError("no power is lost in this plan");
  }
  if (shared->size == 0) {
    return absl::ResourceExhaustedError("too much for a map of a disk");
  }
  return ParseDiskMap({shared->text, shared->size});
}

std::string PrintDiskMap(const DiskMap& map) {
  json files = json::array();
  for (const DiskFile& file : map.files) {
    json units = json::array();
    for (const DiskUnits& one : file.units) units.push_back(ToJson(one));
    files.push_back(
        {{"name", file.name}, {"unit", file.unit}, {"units", units}});
  }
  const json value = {{"schema", "lastcommit-disk-1"},
                      {"round", map.round + 1},
                      {"files", files},
                      {"lost", map.lost},
                      {"cut", map.is_cut},
                      {"killed", map.is_killed}};
  return value.dump(-1, ' ', /*ensure_ascii=*/true,
                    json::error_handler_t::replace) +
         "\n";
}

absl::StatusOr<DiskMap> ParseDiskMap(std::string_view text) {
  try {
    const json value = json::parse(text);
    DiskMap map;
    map.round = value.at("round").get<std::size_t>() - 1;
    map.is_cut = value.at("cut");
    map.is_killed = value.value("killed", false);
    map.lost = value.at("lost").get<std::vector<std::string>>();
    std::size_t units = 0;
    for (const json& one : value.at("files")) {
      DiskFile file = {one.at("name"), one.at("unit"), {}};
      units += one.at("units").size();
      if (units > DiskMap::kMostUnits)
        throw std::invalid_argument("too many units");
      for (const json& unit : one.at("units")) {
        file.units.push_back(UnitsFrom(unit));
      }
      map.files.push_back(std::move(file));
    }
    return map;
  } catch (const std::exception& error) {  // json's, and those above
    return absl::InvalidArgumentError(error.what());
  }
}

absl::StatusOr<DiskMap> ReadDiskMap(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   ReadShortFile(path, Shared::kMostText));
  return ParseDiskMap(text);
}

}  // namespace lastcommit
