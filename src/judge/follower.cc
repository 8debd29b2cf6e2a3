#include "judge/follower.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "judge/wal_frames.h"
#include "store/splitmix64.h"

namespace lastcommit {
namespace {

// The thread does what it does when its COMMIT has synced what it syncs: it
// gives a lock back, or says something.
bool IsBehindCommit(const RecordedCall& call) {
  return std::any_of(
      call.effects.begin(), call.effects.end(),
      [](const Effect& effect) { return LeavesFiles(effect.kind); });
}

}  // namespace

Follower::Follower(std::size_t number, const Rebuild& files, Timeline& timeline,
                   const TimelineOptions& options, States& states)
    : number_(number),
      names_(files.PathOf(timeline.databases[number].path)),
      only_call_(options.only_call),
      timeline_(timeline),
      states_(states),
      lapses_(timeline.databases[number].path, names_) {}

void Follower::Begin(const Rebuild& files) {
  state_ = Look(files);
  line().commits.push_back({timeline_.first_call, state_});
  if (HasContent()) Count(timeline_.first_call);
}

void Follower::Before(const RecordedCall& call, const Rebuild& files) {
  touch_ = TouchOf(call, files, names_);
  lapses_.See(call, files);
  for (const Effect& effect : call.effects) {
    SeeLock(call, effect, files);
    SeeWal(call, effect, files);
  }
  half_.reset();
  const bool is_write = call.effects.size() == 1 &&
                        call.effects[0].kind == EffectKind::kWrite &&
                        call.effects[0].bytes.size() > 1;
  if (!touch_.any || !is_write) return;
  const Effect& write = call.effects[0];
  Storage image = FilesOf(files.storage(), names_);
  const std::size_t size = write.bytes.size() / 2;
  image.Write(files.InodeOf(write.file), write.offset,
              std::string_view(write.bytes).substr(0, size));
  half_ = Seen{call.number, static_cast<std::int64_t>(size),
               states_.Of(image, names_)};
}

void Follower::After(const RecordedCall& call, const Rebuild& files) {
  const StateId before = state_;
  if (touch_.any) state_ = Look(files);
  // A call that touches none of its files leaves the image of the one before.
  const std::int64_t images = half_.has_value() ? 2 : touch_.any ? 1 : 0;
  (counts_ ? timeline_.kill_images : timeline_.not_counted) += images;
  if (half_.has_value() && half_->state != before && half_->state != state_ &&
      doubt_ != half_->state) {
    Odd(*half_, before);
  }
  if (touch_.any) last_touch_ = call.number;
  const std::size_t commits = line().commits.size();
  if (state_ != before) Changed(call.number, before);
  if (line().commits.size() > commits && touch_.by != CommitBy::kOwnFiles) {
    committing_ = call.thread;
  } else if (call.thread == committing_ && IsBehindCommit(call)) {
    committing_ = 0;
  }
  if (open_.has_value() && open_->process == 0) open_->process = call.process;
  if (!touch_.unlocks) return;
  if (open_.has_value() && open_->process == call.process) {
    CloseInterval(call.number);
  }
  const bool is_gone = call.effects.front().kind == EffectKind::kExit;
  if (lock_.process == call.process) lock_ = {};
  if (is_gone && index_lock_.process == call.process) index_lock_ = {};
  if (is_gone && checkpoint_.process == call.process) checkpoint_ = {};
}

std::size_t Follower::Promised(std::uint64_t call, std::int32_t thread,
                               const Rebuild& files) {
  if (open_.has_value()) CloseInterval(call);
  if (HasContent() && !counts_) Count(call);
  CompareLiveView(call, files);
  const std::size_t newest = line().commits.size() - 1;
  const bool is_under_way = committing_ != 0 && committing_ != thread;
  const bool is_open = is_under_way || doubt_.has_value();
  return is_open && newest > 0 ? newest - 1 : newest;
}

void Follower::Disturb() {
  const std::vector<CommitPoint>& commits = line().commits;
  if (commits.size() < 2 || commits.back().by != CommitBy::kWal) return;
  const bool is_promised =
      !timeline_.promises.empty() &&
      timeline_.promises.back().call >= commits.back().call;
  if (!is_promised || index_lock_.process != 0) {
    doubt_ = commits[commits.size() - 2].state;
  }
}

std::optional<bool> Follower::Ask(const Rebuild& files,
                                  const std::string& query) {
  return lastcommit::Ask(files.storage(), names_, query);
}

void Follower::ReportNotYet(std::uint64_t call) {
  Report({KillFinding::Kind::kNotYet, number_, call, -1, state_, state_, false,
          false});
}

void Follower::ReportBetween(std::size_t before, std::size_t now) {
  for (std::size_t i = before + 1; i < now; ++i) {
    Report({KillFinding::Kind::kBetween, number_, line().commits[i].call, -1,
            line().commits[now].state, line().commits[i].state, false, false});
  }
}

void Follower::ReportTorn(std::size_t commit, std::size_t other) {
  const CommitPoint& point = line().commits[commit];
  Report({KillFinding::Kind::kTorn, number_, point.call, -1, point.state,
          point.state, false, false, other, Cause::kAttachedWal});
}

void Follower::End(std::uint64_t call) {
  if (open_.has_value()) CloseInterval(call);
  line().lapses = lapses_.Take();
  // A copy that was made while somebody wrote: nobody can say later that it
  // was not finished yet.
  const auto& promises = timeline_.promises;
  const bool is_promised = last_touch_ > 0 && !promises.empty() &&
                           promises.back().call > last_touch_;
  if (counts_ || !is_promised ||
      states_[state_].kind != Recovered::Kind::kDamaged) {
    return;
  }
  Put({KillFinding::Kind::kNotWhole, number_, last_touch_, -1, state_, state_,
       false, false});
}

StateId Follower::Look(const Rebuild& files) {
  return states_.Of(files.storage(), names_);
}

void Follower::SeeLock(const RecordedCall& call, const Effect& effect,
                       const Rebuild& files) {
  const bool is_lock =
      effect.kind == EffectKind::kLock || effect.kind == EffectKind::kUnlock;
  const InodeId inode = files.InodeOf(effect.file);
  if (!is_lock || inode == kNoInode) return;
  const bool is_taken = effect.kind == EffectKind::kLock && effect.exclusive;
  const Holder holder = {call.process, call.thread};
  if (inode == files.storage().Find(names_.database) &&
      Covers(effect, kReservedByte) && is_taken) {
    lock_ = holder;
  }
  if (inode != files.storage().Find(names_.index)) return;
  const auto set = [&](Holder& who) {
    if (is_taken) who = holder;
    if (!is_taken && who.process == call.process) who = {};
  };
  if (Covers(effect, kWalWriteByte)) {
    const bool is_end = !is_taken && index_lock_.process == call.process;
    if (is_end && overwrites_) LookAtFrames(call.number, files);
    set(index_lock_);
  }
  if (Covers(effect, kWalCheckpointByte)) set(checkpoint_);
}

// Frames are written anew where a transaction has spilled a page twice, or
// where one was rolled back.
void Follower::SeeWal(const RecordedCall& call, const Effect& effect,
                      const Rebuild& files) {
  const bool is_gone = effect.kind == EffectKind::kUnlink &&
                       files.PathOf(effect.path) == names_.wal;
  // Without a WAL this may be a file that is gone for good, which does no harm:
  // there are no frames to look at, and a new WAL begins at 0.
  const bool is_write =
      effect.kind == EffectKind::kWrite &&
      files.InodeOf(effect.file) == files.storage().Find(names_.wal);
  if (is_gone || (is_write && effect.offset == 0)) {
    if (!line().broken.empty() && line().broken.back().second > call.number) {
      line().broken.back().second = call.number;
    }
    wal_end_ = 0;
    overwrites_ = false;
  }
  if (!is_write) return;
  overwrites_ |= effect.offset < wal_end_;
  wal_end_ = std::max(
      wal_end_, effect.offset + static_cast<std::int64_t>(effect.bytes.size()));
}

void Follower::LookAtFrames(std::uint64_t call, const Rebuild& files) {
  overwrites_ = false;
  if (!line().IsBrokenAt(call) &&
      HasBrokenCommit(files.storage(), names_.database)) {
    line().broken.emplace_back(call, UINT64_MAX);
  }
}

bool Follower::IsWhole(StateId state) const {
  return states_[state].kind == Recovered::Kind::kWhole;
}

bool Follower::HasContent() const {
  return IsWhole(state_) && !states_[state_].is_empty();
}

void Follower::Count(std::uint64_t call) {
  counts_ = true;
  line().counted.emplace_back(call, UINT64_MAX);
}

// Of all that a living program sees the database through.
std::uint64_t Follower::DigestOfLive(const Storage& storage) const {
  std::uint64_t digest = 0;
  for (const std::string* const path :
       {&names_.database, &names_.journal, &names_.wal, &names_.index}) {
    const InodeId inode = storage.Find(*path);
    const std::uint64_t own =
        inode == kNoInode ? 0 : 1 + storage.DigestOf(inode);
    digest = SplitMix64(digest ^ own).Next();
  }
  return digest;
}

// What was promised is what the living program sees. Not while somebody
// writes: between its commit and the wal-index the two differ.
void Follower::CompareLiveView(std::uint64_t call, const Rebuild& files) {
  if (!counts_ || is_locked() || index_lock_.process != 0) return;
  // Of most databases of a program nothing has changed since.
  const std::uint64_t digest = DigestOfLive(files.storage());
  if (agreed_ == std::pair(digest, state_)) {
    ++timeline_.live_views;
    return;
  }
  const std::optional<Recovered> seen = LiveView(files.storage(), names_);
  if (!seen.has_value()) return;
  ++timeline_.live_views;
  if (*seen == states_[state_]) {
    agreed_ = {digest, state_};
    return;
  }
  if (doubt_.has_value() && *seen == states_[*doubt_]) return;
  const StateId expected = states_.Add(*seen);
  Report({KillFinding::Kind::kUnseen, number_, call, -1, expected, state_,
          false, false});
}

void Follower::Changed(std::uint64_t call, StateId before) {
  const bool is_taken_back = doubt_ == state_ && !touch_.database;
  doubt_.reset();
  if (is_taken_back) {
    line().commits.push_back({call, state_, CommitBy::kNothing});
    return;
  }
  if (touch_.by == CommitBy::kOwnFiles) {
    open_.reset();
    line().commits.push_back({call, state_, touch_.by});
    // Another file, which counts when it is whole.
    if (counts_) line().counted.back().second = call;
    counts_ = false;
    return;
  }
  if (open_.has_value() || (touch_.database && checkpoint_.process == 0)) {
    Odd({call, -1, state_}, before);
    return;
  }
  if (touch_.by == CommitBy::kNothing || !IsWhole(state_)) {
    Report({IsWhole(state_) ? KillFinding::Kind::kElsewhere
                            : KillFinding::Kind::kDamaged,
            number_, call, -1, before, state_, false, is_locked()});
  }
  line().commits.push_back({call, state_, touch_.by});
}

// Something that is neither what was there before nor what was committed. If
// nothing protects the database it is known later what it may be.
void Follower::Odd(const Seen& seen, StateId before) {
  if (!open_.has_value()) {
    open_ = Open{seen.call, before, {}, is_locked()};
  }
  open_->seen.push_back(seen);
}

void Follower::CloseInterval(std::uint64_t call) {
  line().unprotected.emplace_back(open_->first_call, call);
  for (const Seen& seen : open_->seen) {
    if (seen.state == open_->before || seen.state == state_) continue;
    Report({IsWhole(seen.state) ? KillFinding::Kind::kHalf
                                : KillFinding::Kind::kDamaged,
            number_, seen.call, seen.written, open_->before, seen.state, true,
            open_->has_lock});
  }
  if (state_ != open_->before) {
    line().commits.push_back({call, state_, CommitBy::kUnprotected});
  }
  open_.reset();
}

void Follower::Report(KillFinding finding) {
  if (!counts_) return;
  if (line().IsBrokenAt(finding.call)) finding.cause = Cause::kPartialRollback;
  Put(finding);
}

void Follower::Put(const KillFinding& finding) {
  if (only_call_.value_or(finding.call) != finding.call) return;
  if (states_[finding.found].kind == Recovered::Kind::kUnreadable) {
    ++timeline_.unreadable;
    return;
  }
  for (std::size_t i = 0; i < timeline_.kills.size(); ++i) {
    const KillFinding& known = timeline_.kills[i];
    if (known.kind == finding.kind && known.cause == finding.cause &&
        known.database == finding.database) {
      ++timeline_.kill_counts[i];
      return;
    }
  }
  timeline_.kills.push_back(finding);
  timeline_.kill_counts.push_back(1);
}

}  // namespace lastcommit
