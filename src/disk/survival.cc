#include "disk/survival.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "store/splitmix64.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : random_(seed) {}

  // 0 to `bound` - 1.
  std::uint64_t Below(std::uint64_t bound) { return random_.Next() % bound; }
  bool Percent(std::uint64_t percent) { return Below(100) < percent; }

 private:
  SplitMix64 random_;
};

struct Pending {
  const std::vector<PendingChange>& all;
  const std::vector<const PendingChange*>& files;
  std::int64_t directory;
};

void Lose(std::size_t file_change, Fates& fates) {
  fates.files.push_back(
      {static_cast<std::int64_t>(file_change), FateKind::kLost, 0});
}

Fates LoseAll(const Pending& pending) {
  Fates fates;
  for (std::size_t i = 0; i < pending.files.size(); ++i) Lose(i, fates);
  fates.directory = 0;
  return fates;
}

Fates Prefix(const Pending& pending, std::uint64_t number) {
  Fates fates;
  const std::size_t kept = number % (pending.all.size() + 1);
  fates.directory = 0;
  std::size_t file_change = 0;
  for (std::size_t i = 0; i < pending.all.size(); ++i) {
    if (pending.all[i].is_of_directory()) {
      fates.directory += i < kept ? 1 : 0;
    } else {
      if (i >= kept) Lose(file_change, fates);
      ++file_change;
    }
  }
  return fates;
}

// None, all, or any number in between.
std::int64_t DrawPrefix(Numbers& numbers, std::int64_t count) {
  switch (numbers.Below(4)) {
    case 0:
      return 0;
    case 1:
      return count;
    default:
      return static_cast<std::int64_t>(
          numbers.Below(static_cast<std::uint64_t>(count) + 1));
  }
}

Fates FilePrefixes(const Pending& pending, Numbers numbers) {
  std::map<InodeId, std::int64_t> left;
  for (const PendingChange* change : pending.files) ++left[change->inode];
  for (auto& [inode, count] : left) count = DrawPrefix(numbers, count);
  Fates fates;
  for (std::size_t i = 0; i < pending.files.size(); ++i) {
    if (left[pending.files[i]->inode]-- <= 0) Lose(i, fates);
  }
  fates.directory = DrawPrefix(numbers, pending.directory);
  return fates;
}

Fate DrawFate(Numbers& numbers, std::size_t number,
              const PendingChange& change) {
  Fate fate = {static_cast<std::int64_t>(number), FateKind::kLost, 0};
  if (change.kind != PendingChange::Kind::kWrite || change.amount < 2 ||
      numbers.Percent(60)) {
    return fate;
  }
  constexpr FateKind kKinds[] = {FateKind::kHead, FateKind::kTail,
                                 FateKind::kHeadGarbage, FateKind::kHeadGarbage,
                                 FateKind::kZeros};
  fate.kind = kKinds[numbers.Below(std::size(kKinds))];
  const auto amount = static_cast<std::uint64_t>(change.amount);
  if (fate.kind == FateKind::kHead || fate.kind == FateKind::kTail) {
    fate.bytes = static_cast<std::int64_t>(1 + numbers.Below(amount - 1));
  } else if (fate.kind == FateKind::kHeadGarbage) {
    fate.bytes = static_cast<std::int64_t>(numbers.Below(amount));
  }
  return fate;
}

Fates Subset(const Pending& pending, Numbers numbers) {
  constexpr std::uint64_t kShares[] = {10, 50, 90};
  const std::uint64_t share = kShares[numbers.Below(std::size(kShares))];
  Fates fates;
  for (std::size_t i = 0; i < pending.files.size(); ++i) {
    if (numbers.Percent(share)) continue;
    fates.files.push_back(DrawFate(numbers, i, *pending.files[i]));
  }
  fates.directory = DrawPrefix(numbers, pending.directory);
  return fates;
}

// A change of the directory takes those after it with it.
Fates LoseOne(const Pending& pending, std::uint64_t number) {
  Fates fates;
  if (pending.all.empty()) return fates;
  const std::size_t lost = number % pending.all.size();
  if (lost < pending.files.size()) {
    Lose(lost, fates);
  } else {
    fates.directory = static_cast<std::int64_t>(lost - pending.files.size());
  }
  return fates;
}

Fates ChosenFates(const Pending& pending, const Survival& survival) {
  Fates fates;
  for (const Fate& fate : survival.fates) {
    if (fate.change >= static_cast<std::int64_t>(pending.files.size())) break;
    fates.files.push_back(fate);
  }
  fates.directory = survival.directory;
  return fates;
}

Fates FatesOf(const Pending& pending, const Survival& survival) {
  switch (survival.kind) {
    case SurvivalKind::kAll:
      return {};
    case SurvivalKind::kNone:
      return LoseAll(pending);
    case SurvivalKind::kPrefix:
      return Prefix(pending, survival.number);
    case SurvivalKind::kFilePrefixes:
      return FilePrefixes(pending, Numbers(survival.number));
    case SurvivalKind::kSubset:
      return Subset(pending, Numbers(survival.number));
    case SurvivalKind::kLoseOne:
      return LoseOne(pending, survival.number);
    case SurvivalKind::kChosen:
      return ChosenFates(pending, survival);
  }
  return {};
}

bool IsInOrderPerFile(const Pending& pending, const Fates& fates) {
  std::map<InodeId, bool> has_lost;
  auto fate = fates.files.begin();
  for (std::size_t i = 0; i < pending.files.size(); ++i) {
    bool& lost = has_lost[pending.files[i]->inode];
    if (fate != fates.files.end() &&
        fate->change == static_cast<std::int64_t>(i)) {
      if (fate->kind != FateKind::kLost) return false;
      lost = true;
      ++fate;
    } else if (lost) {
      return false;
    }
  }
  return true;
}

// Small enough to be read.
constexpr std::uint64_t kNumbers = 1'000'000;

std::uint64_t Combine(std::uint64_t seed, std::uint64_t number) {
  return XXH3_64bits_withSeed(&number, sizeof(number), seed);
}

// `count` of the numbers from `begin` to before `end`, evenly spread and with
// both ends; all if there are no more.
std::vector<std::uint64_t> Spread(std::uint64_t begin, std::uint64_t end,
                                  std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  const std::uint64_t there = end > begin ? end - begin : 0;
  const std::uint64_t taken = std::min(there, count);
  for (std::uint64_t i = 0; i < taken; ++i) {
    numbers.push_back(taken == 1 ? begin
                                 : begin + i * (there - 1) / (taken - 1));
  }
  return numbers;
}

}  // namespace

LossPoint::LossPoint(const Storage& storage) : all_(storage.PendingChanges()) {
  for (const PendingChange& change : all_) {
    if (!change.is_of_directory()) files_.push_back(&change);
  }
}

Survived Resolve(const Storage& storage, const Survival& survival) {
  return LossPoint(storage).Resolve(survival);
}

Survived LossPoint::Resolve(const Survival& survival) const {
  const Pending pending = {
      all_, files_, static_cast<std::int64_t>(all_.size() - files_.size())};
  Survived survived;
  survived.fates = FatesOf(pending, survival);
  Fates& fates = survived.fates;
  fates.garbage_seed = survival.number;
  if (fates.directory < 0 || fates.directory > pending.directory) {
    fates.directory = pending.directory;
  }
  survived.changes = static_cast<std::int64_t>(pending.files.size());
  survived.lost = static_cast<std::int64_t>(fates.files.size());
  survived.directory_changes = pending.directory;
  survived.directory_lost = pending.directory - fates.directory;
  survived.is_in_order_per_file = IsInOrderPerFile(pending, fates);
  return survived;
}

bool LeaveTheSame(const Fates& a, const Fates& b) {
  if (a.files != b.files || a.directory != b.directory) return false;
  return a.garbage_seed == b.garbage_seed ||
         std::none_of(a.files.begin(), a.files.end(), [](const Fate& fate) {
           return fate.kind == FateKind::kHeadGarbage;
         });
}

Survival Chosen(const Survived& survived) {
  Survival survival;
  survival.kind = SurvivalKind::kChosen;
  survival.number = survived.fates.garbage_seed;
  survival.fates = survived.fates.files;
  survival.directory =
      survived.directory_lost == 0 ? -1 : survived.fates.directory;
  return survival;
}

std::vector<Survival> SurvivalsToTry(std::size_t changes,
                                     std::uint64_t crash_point,
                                     const SurvivalLimits& limits) {
  std::vector<Survival> survivals = {{SurvivalKind::kAll}};
  if (changes == 0) return survivals;
  survivals.push_back({SurvivalKind::kNone});
  const auto most = static_cast<std::uint64_t>(limits.changes);
  for (const std::uint64_t kept : Spread(1, changes, most)) {
    survivals.push_back({SurvivalKind::kPrefix, kept});
  }
  // A single one that is lost is none that survives.
  for (const std::uint64_t lost : Spread(0, changes > 1 ? changes : 0, most)) {
    survivals.push_back({SurvivalKind::kLoseOne, lost});
  }
  const std::uint64_t seed = Combine(limits.seed, crash_point);
  for (int i = 0; i < limits.random; ++i) {
    survivals.push_back(
        {i % 2 == 0 ? SurvivalKind::kSubset : SurvivalKind::kFilePrefixes,
         Combine(seed, static_cast<std::uint64_t>(i)) % kNumbers});
  }
  return survivals;
}

}  // namespace lastcommit
