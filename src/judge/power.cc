#include "judge/power.h"

#include <algorithm>
#include <set>
#include <utility>

#include "judge/database_files.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kCallsBetween = 16;
// More unsynced changes than that are applied anew for each image, which takes
// time: then only some crash points are tried.
constexpr std::size_t kManyChanges = 256;

bool IsPending(const Storage& storage, const std::string& path) {
  const InodeId inode = storage.Find(path);
  return inode != kNoInode && storage.HasPendingChanges(inode);
}

// What the syncs of a database have shown so far.
class Evidence {
 public:
  explicit Evidence(std::string path) : path_(std::move(path)) {}

  // Before the call is applied.
  void See(const Touch& touch, const RecordedCall& call, const Rebuild& files) {
    const Storage& storage = files.storage();
    const std::string wal = WalOf(path_);
    const InodeId journal_inode = storage.Find(JournalOf(path_));
    const InodeId wal_inode = storage.Find(wal);
    const InodeId index_inode = storage.Find(path_ + "-shm");
    for (const Effect& effect : call.effects) {
      const InodeId inode = files.InodeOf(effect.file);
      const bool is_of_checkpoint = inode != kNoInode && inode == index_inode &&
                                    Covers(effect, kWalCheckpointByte);
      if (is_of_checkpoint && effect.kind == EffectKind::kLock) {
        has_checkpoint_lock_ = true;
        wal_synced_ = !IsPending(storage, wal);
      } else if (is_of_checkpoint && effect.kind == EffectKind::kUnlock) {
        has_checkpoint_lock_ = false;
      }
      const bool is_sync = effect.kind == EffectKind::kSync ||
                           effect.kind == EffectKind::kSyncData;
      if (!is_sync || inode == kNoInode) continue;
      if (inode == journal_inode) ++journal_syncs_;
      if (inode == wal_inode) wal_synced_ = true;
    }
    if (touch.database) SeeDatabase(call, files);
    const bool ends_journal = touch.by == CommitBy::kJournalDeleted ||
                              touch.by == CommitBy::kJournalTruncated ||
                              touch.by == CommitBy::kJournalZeroed;
    if (ends_journal) {
      if (IsPending(storage, path_)) wrote_over_unsynced_ = true;
      journal_syncs_ = 0;
    }
    // A WAL begins anew over frames that are in the database.
    const bool restarts =
        touch.by == CommitBy::kWal && call.effects.front().offset < kFirstFrame;
    if (restarts && IsPending(storage, path_)) wrote_over_unsynced_ = true;
  }

  // Why something that is half or damaged can be.
  Cause OfDamage(const DatabaseTimeline& line, std::uint64_t call) const {
    if (wrote_over_unsynced_) return Cause::kDatabaseNotSynced;
    for (const auto& [first, last] : line.unprotected) {
      if (first <= call) return Cause::kUnprotected;
    }
    return synced_once_ ? Cause::kJournalSyncedOnce : Cause::kUnknown;
  }

  // Why a commit that was made so can be lost.
  Cause OfLoss(CommitBy by, const Storage& storage) const {
    if (by == CommitBy::kWal && IsPending(storage, WalOf(path_))) {
      return Cause::kWalNotSynced;
    }
    const bool ends_in_journal =
        by == CommitBy::kJournalTruncated || by == CommitBy::kJournalZeroed;
    if (ends_in_journal && IsPending(storage, JournalOf(path_))) {
      return Cause::kJournalNotSynced;
    }
    if (by == CommitBy::kJournalDeleted && !wrote_over_unsynced_ &&
        storage.HasPendingName(JournalOf(path_))) {
      return Cause::kDirectoryNotSynced;
    }
    if (IsPending(storage, path_)) return Cause::kDatabaseNotSynced;
    for (const std::string& name : {path_, JournalOf(path_), WalOf(path_)}) {
      if (storage.HasPendingName(name)) return Cause::kDirectoryNotSynced;
    }
    if (IsPending(storage, WalOf(path_))) return Cause::kWalNotSynced;
    return Cause::kUnknown;
  }

 private:
  static constexpr std::int64_t kFirstFrame = 32;  // behind the WAL's header

  // The database is written: what it was before must be safe in the journal, or
  // what it gets in the WAL.
  void SeeDatabase(const RecordedCall& call, const Rebuild& files) {
    const Storage& storage = files.storage();
    const InodeId wal = storage.Find(WalOf(path_));
    // Another one may write frames meanwhile, which are not copied: what counts
    // is that the WAL was synced since the checkpoint began.
    const bool is_unsynced =
        has_checkpoint_lock_ ? !wal_synced_ : IsPending(storage, WalOf(path_));
    if (wal != kNoInode && is_unsynced) wrote_over_unsynced_ = true;
    const InodeId journal = storage.Find(JournalOf(path_));
    if (journal == kNoInode || storage.Size(journal) == 0) return;
    if (journal_syncs_ == 1) synced_once_ = true;
    // What is put behind the end of the database is not in the journal.
    const bool overwrites =
        call.effects.front().offset < storage.Size(storage.Find(path_));
    if (journal_syncs_ == 0 && overwrites &&
        IsPending(storage, JournalOf(path_))) {
      wrote_over_unsynced_ = true;
    }
  }

  const std::string path_;
  int journal_syncs_ = 0;
  bool synced_once_ = false;
  // Somebody has it. The last one that closes checkpoints without: nobody else
  // is there.
  bool has_checkpoint_lock_ = false;
  bool wal_synced_ = true;  // since the checkpoint began
  bool wrote_over_unsynced_ = false;
};

class Explorer {
 public:
  Explorer(const Timeline& timeline, States& states, const PowerLimits& limits,
           const std::string& root)
      : timeline_(timeline),
        states_(states),
        limits_(limits),
        files_(root, limits.model) {
    for (const DatabaseTimeline& line : timeline.databases) {
      const std::string path = files_.PathOf(line.path);
      evidence_.emplace_back(path);
      demands_.push_back(0);
      known_.emplace_back();
      next_.push_back(0);
    }
  }

  absl::Status Take(const RecordedCall& call) {
    if (call.name.empty()) return TakeBeginning(call);
    if (!has_begun_) files_.storage().SyncEverything();
    has_begun_ = true;
    bool has_changed = false;
    for (std::size_t i = 0; i < evidence_.size(); ++i) {
      const Touch touch =
          TouchOf(call, files_, files_.PathOf(timeline_.databases[i].path));
      evidence_[i].See(touch, call, files_);
    }
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
      has_changed |= effect.kind != EffectKind::kLock &&
                     effect.kind != EffectKind::kUnlock;
      NoteRename(effect);
    }
    LearnCommits(call.number);
    if (has_changed) Crash(call.number);
    return absl::OkStatus();
  }

  void Promise(const ProgramPromise& promise) {
    demands_ = promise.commits;
    LookAtSideFiles(promise.call);
    Judge(promise.call);
  }

  PowerOutcome& outcome() { return outcome_; }

 private:
  // One image of the newest crash point.
  struct Image {
    Survival survival;
    std::vector<StateId> found;  // of each database
  };

  // What was there before the program began has been there for long.
  absl::Status TakeBeginning(const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
    }
    return absl::OkStatus();
  }

  // Which states there were until that call.
  void LearnCommits(std::uint64_t call) {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const auto& commits = timeline_.databases[i].commits;
      while (next_[i] < commits.size() && commits[next_[i]].call <= call) {
        known_[i][commits[next_[i]].state] = next_[i];
        ++next_[i];
      }
    }
  }

  void Crash(std::uint64_t call) {
    images_.clear();
    if (limits_.only_call.value_or(call) != call) return;
    const std::size_t changes = files_.storage().PendingChanges().size();
    if (changes == 0) return;
    SurvivalLimits survivals = limits_.survivals;
    if (changes > static_cast<std::size_t>(survivals.changes)) {
      ++outcome_.thinned;
    }
    if (changes > kManyChanges) {
      if (call % (changes / kManyChanges) != 0) {
        ++outcome_.skipped;
        return;
      }
      survivals.changes = std::min(survivals.changes, 4);
    }
    for (const Survival& survival : SurvivalsToTry(changes, call, survivals)) {
      if (survival.kind == SurvivalKind::kAll) continue;
      const Survived survived = Resolve(files_.storage(), survival);
      Storage image = files_.storage().AfterCrash(survived.fates);
      image.DropUnreachable(files_.root());
      Image judged = {Chosen(survived), {}};
      for (const DatabaseTimeline& line : timeline_.databases) {
        judged.found.push_back(states_.Of(image, files_.PathOf(line.path)));
      }
      images_.push_back(std::move(judged));
    }
    Judge(call);
  }

  void Judge(std::uint64_t call) {
    for (const Image& image : images_) {
      for (std::size_t i = 0; i < image.found.size(); ++i) {
        JudgeOne(i, call, image);
      }
    }
  }

  void JudgeOne(std::size_t database, std::uint64_t call, const Image& image) {
    const DatabaseTimeline& line = timeline_.databases[database];
    if (!line.CountsAt(call)) {
      ++outcome_.not_counted;
      return;
    }
    const StateId found = image.found[database];
    if (states_[found].kind == Recovered::Kind::kUnreadable) {
      ++outcome_.unreadable;
      return;
    }
    ++outcome_.images;
    const std::size_t demand = demands_[database];
    const auto known = known_[database].find(found);
    PowerFinding finding;
    finding.database = database;
    finding.call = call;
    finding.survival = image.survival;
    finding.found = found;
    finding.expected = line.commits[demand].state;
    finding.promised = static_cast<std::int64_t>(demand);
    if (known != known_[database].end()) {
      if (known->second >= demand) return;
      finding.kind = PowerKind::kLost;
      finding.lost = static_cast<std::int64_t>(demand - known->second);
      finding.cause = evidence_[database].OfLoss(
          line.commits[known->second + 1].by, files_.storage());
    } else {
      const bool is_damaged = states_[found].kind == Recovered::Kind::kDamaged;
      finding.kind = is_damaged ? PowerKind::kDamaged : PowerKind::kHalf;
      finding.cause = evidence_[database].OfDamage(line, call);
    }
    Add(finding);
  }

  void Add(PowerFinding finding) {
    finding.images = 1;
    for (PowerFinding& known : outcome_.findings) {
      if (known.kind != finding.kind || known.cause != finding.cause ||
          known.database != finding.database) {
        continue;
      }
      finding.images = known.images + 1;
      if (finding.lost > known.lost) {
        known = finding;
      } else {
        known.images = finding.images;
      }
      return;
    }
    outcome_.findings.push_back(finding);
  }

  void NoteRename(const Effect& effect) {
    if (effect.kind == EffectKind::kRename) renamed_.insert(effect.file);
  }

  void LookAtSideFiles(std::uint64_t call) {
    const Storage& storage = files_.storage();
    for (const std::string& path : storage.Paths()) {
      const InodeId inode = storage.Find(path);
      if (!IsPending(storage, path) || IsSqlitesOwn(path) ||
          storage.IsDirectory(inode)) {
        continue;
      }
      const std::string below = path.substr(files_.root().size() + 1);
      const bool is_database = std::any_of(
          timeline_.databases.begin(), timeline_.databases.end(),
          [&](const DatabaseTimeline& line) { return line.path == below; });
      if (is_database || !named_.insert(below).second) continue;
      const bool is_renamed = std::any_of(
          renamed_.begin(), renamed_.end(),
          [&](FileId file) { return files_.InodeOf(file) == inode; });
      outcome_.side_files.push_back({below, is_renamed, call});
    }
  }

  const Timeline& timeline_;
  States& states_;
  const PowerLimits& limits_;
  Rebuild files_;
  bool has_begun_ = false;
  std::vector<Evidence> evidence_;
  std::vector<std::size_t> demands_;  // of each database: the promised commit
  // Of each database: the newest commit point with that state, until now.
  std::vector<std::map<StateId, std::size_t>> known_;
  std::vector<std::size_t> next_;
  std::vector<Image> images_;
  std::set<FileId> renamed_;
  std::set<std::string> named_;
  PowerOutcome outcome_;
};

}  // namespace

absl::StatusOr<PowerOutcome> LosePowerEverywhere(const std::string& recording,
                                                 const RecordingDigest& digest,
                                                 const Timeline& timeline,
                                                 States& states,
                                                 const PowerLimits& limits,
                                                 const JudgeGoesOn& goes_on) {
  Explorer explorer(timeline, states, limits, digest.frame.header.directory);
  auto promise = timeline.promises.begin();
  const auto take = [&](const RecordedCall& call) -> absl::Status {
    if (call.number % kCallsBetween == 1 && !goes_on(call.number)) {
      explorer.outcome().ended_at = call.number;
      return absl::CancelledError("");
    }
    RETURN_IF_ERROR(explorer.Take(call));
    if (promise != timeline.promises.end() && promise->call == call.number) {
      explorer.Promise(*promise++);
    }
    return absl::OkStatus();
  };
  const absl::Status read = ReadRecording(recording, take).status();
  if (explorer.outcome().ended_at == 0) RETURN_IF_ERROR(read);
  return explorer.outcome();
}

}  // namespace lastcommit
