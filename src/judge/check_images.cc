#include "judge/check_images.h"

#include <algorithm>
#include <array>
#include <compare>
#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "judge/image_files.h"
#include "status/status.h"
#include "store/splitmix64.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kCallsBetween = 16;
constexpr std::int64_t kPage = 4096;
// With more unsynced changes a loss of power is looked at only at promises.
constexpr std::size_t kManyChanges = 256;

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Names an image of a recording.
struct ImageId {
  std::uint64_t call = 0;
  std::int64_t written = -1;
  int survival = -1;  // which of those to try; -1: a kill
  auto operator<=>(const ImageId&) const = default;
};

// The call from which on images count.
std::uint64_t FirstThatCounts(const Timeline& timeline,
                              std::uint64_t first_change) {
  std::uint64_t first = kNever;
  for (const DatabaseTimeline& line : timeline.databases) {
    if (!line.counted.empty()) {
      first = std::min(first, line.counted.front().first);
    }
  }
  if (!timeline.databases.empty()) return first;
  for (const ProgramPromise& promise : timeline.promises) {
    if (promise.call >= first_change) return promise.call;
  }
  return kNever;
}

bool ChangesFiles(EffectKind kind) {
  return IsOfNames(kind) || kind == EffectKind::kWrite ||
         kind == EffectKind::kTruncate || kind == EffectKind::kZero;
}

bool IsOfCrash(EffectKind kind) {
  return ChangesFiles(kind) || kind == EffectKind::kSync ||
         kind == EffectKind::kSyncData || kind == EffectKind::kSyncDirectory ||
         kind == EffectKind::kSyncAll;
}

// A page boundary in the middle of a write, where a kill can end it; 0: none.
std::int64_t MiddleOf(const RecordedCall& call) {
  if (call.effects.size() != 1 || call.name == "mapping") return 0;
  const Effect& write = call.effects[0];
  if (write.kind != EffectKind::kWrite) return 0;
  const auto size = static_cast<std::int64_t>(write.bytes.size());
  const std::int64_t boundary =
      std::max((write.offset + size / 2) / kPage, write.offset / kPage + 1) *
      kPage;
  return boundary < write.offset + size ? boundary - write.offset : 0;
}

// Goes through a recording and its crash images.
class CrashWalk {
 public:
  struct Crash {
    ImageId id;
    bool is_at_promise = false;
    bool counts = false;  // else it is one of the beginning
    std::size_t promises = 0;
    const Storage& image;
    Survival survival = {};
    SurvivalKind kind = SurvivalKind::kAll;
  };
  using Wants = std::function<bool(const ImageId&)>;
  using OnCrash = std::function<void(const Crash&)>;
  // After each call of the program, and before the first.
  using OnState = std::function<void(std::uint64_t call, const Storage&)>;

  struct Visitor {
    Wants wants;
    OnCrash on_crash;
    OnState on_state = [](std::uint64_t, const Storage&) {};
  };

  CrashWalk(const std::string& root, const Timeline& timeline,
            const CheckImageLimits& limits, Visitor visitor)
      : timeline_(timeline),
        limits_(limits.power),
        has_losses_(limits.has_losses),
        has_beginning_(limits.has_beginning),
        visitor_(std::move(visitor)),
        files_(std::make_unique<Rebuild>(root, DiskModel::kPosix)),
        disk_(root, limits.power.model) {
    files_->storage().NeverLosesPower();
  }

  absl::Status Take(const RecordedCall& call) {
    const bool is_of_program = !call.name.empty();
    if (is_of_program && !has_begun_) {
      has_begun_ = true;
      disk_.storage().SyncEverything();
      visitor_.on_state(call.number - 1, files_->storage());
    }
    if (is_of_program) CrashWithin(call);
    bool has_changed = false;
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_->Apply(effect));
      RETURN_IF_ERROR(disk_.Apply(effect));
      has_changed |= IsOfCrash(effect.kind);
      if (is_of_program && ChangesFiles(effect.kind)) {
        first_change_ = std::min(first_change_, call.number);
      }
    }
    if (is_of_program) visitor_.on_state(call.number, files_->storage());
    const bool is_at_promise =
        promises_ < timeline_.promises.size() &&
        timeline_.promises[promises_].call == call.number;
    if (is_at_promise) ++promises_;
    if (is_of_program && IsLookedAt(call.number) &&
        (has_changed || is_at_promise)) {
      CrashAfter(call.number, is_at_promise);
    }
    return absl::OkStatus();
  }

  const Rebuild& files() const { return *files_; }
  std::unique_ptr<Rebuild> TakeFiles() { return std::move(files_); }

 private:
  bool Counts(std::uint64_t call) const {
    return call >= FirstThatCounts(timeline_, first_change_);
  }
  bool IsLookedAt(std::uint64_t call) const {
    return Counts(call) || (has_beginning_ && call >= first_change_);
  }

  void CrashWithin(const RecordedCall& call) {
    const std::int64_t written = MiddleOf(call);
    const ImageId id = {call.number, written};
    if (written == 0 || !visitor_.wants(id) || !IsLookedAt(call.number)) {
      return;
    }
    const Effect& write = call.effects[0];
    const InodeId inode = files_->InodeOf(write.file);
    if (inode == kNoInode) return;
    Storage image = files_->storage();
    image.Write(inode, write.offset,
                std::string_view(write.bytes)
                    .substr(0, static_cast<std::size_t>(written)));
    visitor_.on_crash({id, false, Counts(call.number), promises_, image});
  }

  void CrashAfter(std::uint64_t call, bool is_at_promise) {
    const ImageId id = {call};
    if (visitor_.wants(id)) {
      visitor_.on_crash(
          {id, is_at_promise, Counts(call), promises_, files_->storage()});
    }
    if (!has_losses_) return;
    const std::size_t changes = disk_.storage().CountPendingChanges();
    if (changes == 0 || (changes > kManyChanges && !is_at_promise)) return;
    const std::vector<Survival> survivals =
        SurvivalsToTry(changes, call, limits_.survivals);
    std::optional<LossPoint> point;
    std::vector<Fates> seen;
    for (std::size_t i = 0; i < survivals.size(); ++i) {
      const ImageId loss = {call, -1, static_cast<int>(i)};
      if (survivals[i].kind == SurvivalKind::kAll || !visitor_.wants(loss))
        continue;
      if (!point.has_value()) point.emplace(disk_.storage());
      const Survived survived = point->Resolve(survivals[i]);
      const auto is_same = [&survived](const Fates& fates) {
        return LeaveTheSame(fates, survived.fates);
      };
      if (std::any_of(seen.begin(), seen.end(), is_same)) continue;
      seen.push_back(survived.fates);
      Storage image = disk_.storage().AfterCrash(survived.fates);
      image.DropUnreachable(disk_.root());
      visitor_.on_crash({loss, is_at_promise, Counts(call), promises_, image,
                         Chosen(survived), survivals[i].kind});
    }
  }

  const Timeline& timeline_;
  const PowerLimits& limits_;
  const bool has_losses_;
  const bool has_beginning_;
  const Visitor visitor_;
  std::unique_ptr<Rebuild> files_;  // as they are
  Rebuild disk_;                    // what is synced of them
  bool has_begun_ = false;
  std::uint64_t first_change_ = kNever;
  std::size_t promises_ = 0;
};

// An image, and how many promises were made before it.
struct Candidate {
  ImageId id;
  std::size_t promises = 0;
};

// Gathers the images that differ, in the order in which they tell most.
class Candidates {
 public:
  explicit Candidates(const CheckImageLimits& limits) : limits_(limits) {}

  void See(const CrashWalk::Crash& crash, std::uint64_t digest) {
    const std::uint64_t known =
        limits_.known ? limits_.known(crash.id.call, crash.id.written)
                      : crash.promises;
    const std::uint64_t key = SplitMix64(digest ^ known).Next();
    if (!seen_.insert(key).second) return;
    const bool is_power = crash.id.survival >= 0;
    auto& ranks = is_power ? losses_ : kills_;
    ranks[RankOf(crash, is_power)].push_back({crash.id, crash.promises});
  }

  // In that order; `left_out`: how many more there are.
  std::vector<Candidate> Choose(int most, std::int64_t& left_out) const {
    const auto room = static_cast<std::size_t>(most);
    const std::size_t kills = Count(kills_);
    const std::size_t losses = Count(losses_);
    const std::size_t half = room / 2;
    const std::size_t for_losses =
        std::min(losses, std::max(half, room - std::min(room, kills)));
    const std::size_t for_kills = std::min(kills, room - for_losses);
    std::vector<Candidate> chosen;
    Pick(kills_, for_kills, chosen);
    Pick(losses_, for_losses, chosen);
    left_out = static_cast<std::int64_t>(kills + losses - chosen.size());
    return chosen;
  }

 private:
  static constexpr std::size_t kRanks = 5;
  using Ranks = std::array<std::vector<Candidate>, kRanks>;

  static std::size_t RankOf(const CrashWalk::Crash& crash, bool is_power) {
    if (!crash.counts) return kRanks - 1;
    if (is_power) {
      const bool is_none = crash.kind == SurvivalKind::kNone;
      return (crash.is_at_promise ? 0U : 2U) + (is_none ? 0U : 1U);
    }
    return crash.is_at_promise ? 0 : crash.id.written < 0 ? 1 : 2;
  }
  static std::size_t Count(const Ranks& ranks) {
    std::size_t count = 0;
    for (const auto& rank : ranks) count += rank.size();
    return count;
  }
  void Pick(const Ranks& ranks, std::size_t room,
            std::vector<Candidate>& chosen) const {
    // Kept free for those behind the first rank.
    std::size_t others = 0;
    if (limits_.is_even) {
      others = std::min(Count(ranks) - ranks[0].size(), room / 2);
    }
    for (const auto& rank : ranks) {
      const std::size_t count =
          std::min(room - std::exchange(others, 0), rank.size());
      for (std::size_t i = 0; i < count; ++i) {
        chosen.push_back(rank[i * rank.size() / count]);
      }
      room -= count;
    }
  }

  const CheckImageLimits& limits_;
  std::unordered_set<std::uint64_t> seen_;
  Ranks kills_;
  Ranks losses_;
};

// The wal-index says nothing after a crash.
std::set<std::string> Indexes(const Rebuild& files, const Timeline& timeline) {
  std::set<std::string> indexes;
  for (const DatabaseTimeline& line : timeline.databases) {
    indexes.insert(files.PathOf(line.path) + "-shm");
  }
  return indexes;
}

// Keeps the images that were chosen, and the states that they need.
class Collector {
 public:
  Collector(const std::vector<Candidate>& chosen, const Timeline& timeline,
            const CheckImageLimits& limits)
      : found_(chosen.size()) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      places_[chosen[i].id] = i;
      if (!limits.has_states) continue;
      for (const std::uint64_t call :
           StatesToExpect(timeline, chosen[i].promises, limits.atomic).calls) {
        needed_.insert(call);
      }
    }
  }

  CrashWalk::Visitor Visitor() {
    return {[this](const ImageId& id) { return places_.contains(id); },
            [this](const CrashWalk::Crash& crash) {
              found_[places_.at(crash.id)] = CheckImage{
                  crash.image,      crash.id.survival >= 0, crash.id.call,
                  crash.id.written, crash.survival,         crash.promises};
            },
            [this](std::uint64_t call, const Storage& files) {
              if (needed_.contains(call)) states_.emplace(call, files);
            }};
  }

  void PutInto(CheckImages& images) {
    for (auto& image : found_) {
      if (image.has_value()) images.images.push_back(*std::move(image));
    }
    images.states = std::move(states_);
  }

 private:
  std::map<ImageId, std::size_t> places_;
  std::vector<std::optional<CheckImage>> found_;
  std::set<std::uint64_t> needed_;
  std::map<std::uint64_t, Storage> states_;
};

}  // namespace

ExpectedStates StatesToExpect(const Timeline& timeline, std::size_t promises,
                              bool atomic) {
  const auto& all = timeline.promises;
  const std::uint64_t first =
      promises > 0 ? all[promises - 1].call : timeline.first_call - 1;
  const std::uint64_t last =
      promises < all.size() ? all[promises].call : timeline.calls - 1;
  ExpectedStates expected;
  expected.calls = {first, last};
  if (atomic) return expected;
  for (const DatabaseTimeline& line : timeline.databases) {
    for (const CommitPoint& commit : line.commits) {
      const bool is_between = commit.by != CommitBy::kNothing &&
                              commit.call > first && commit.call < last;
      if (!is_between) continue;
      if (expected.calls.size() == ExpectedStates::kMost) {
        expected.are_all = false;
        return expected;
      }
      expected.calls.push_back(commit.call);
    }
  }
  return expected;
}

absl::StatusOr<CheckImages> ImagesToCheck(const std::string& recording,
                                          const RecordingDigest& digest,
                                          const Timeline& timeline,
                                          const CheckImageLimits& limits,
                                          const JudgeGoesOn& goes_on) {
  CheckImages images;
  const std::string& root = digest.frame.header.directory;
  const auto walk_through = [&](CrashWalk& walk) -> absl::Status {
    const auto take = [&](const RecordedCall& call) -> absl::Status {
      if (call.number % kCallsBetween == 1 && !goes_on(call.number)) {
        images.ended_at = call.number;
        return absl::CancelledError("");
      }
      return walk.Take(call);
    };
    const absl::Status read = ReadRecording(recording, take).status();
    return images.ended_at > 0 ? absl::OkStatus() : read;
  };

  Candidates candidates(limits);
  std::optional<std::set<std::string>> indexes;
  std::optional<CrashWalk> search;
  search.emplace(
      root, timeline, limits,
      CrashWalk::Visitor{
          [&limits](const ImageId& id) {
            return limits.power.only_call.value_or(id.call) == id.call;
          },
          [&](const CrashWalk::Crash& crash) {
            const Rebuild& files = search->files();
            if (!indexes.has_value()) {
              indexes = Indexes(files, timeline);
            }
            candidates.See(crash, DigestOfFiles(crash.image, files, *indexes));
          }});
  RETURN_IF_ERROR(walk_through(*search));
  if (images.ended_at > 0) return images;

  Collector collector(candidates.Choose(limits.images, images.left_out),
                      timeline, limits);
  CrashWalk collection(root, timeline, limits, collector.Visitor());
  RETURN_IF_ERROR(walk_through(collection));
  collector.PutInto(images);
  images.files = collection.TakeFiles();
  return images;
}

}  // namespace lastcommit
