#include "judge/timeline.h"

#include <algorithm>
#include <memory>
#include <set>

#include "judge/wal_frames.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kCallsBetween = 64;

// An image that was seen while a database was written without protection.
struct Seen {
  std::uint64_t call = 0;
  std::int64_t written = -1;
  StateId state = 0;
};

// Follows one database.
class Follower {
 public:
  Follower(std::size_t number, std::string path, Timeline& timeline,
           const TimelineOptions& options, States& states)
      : number_(number),
        path_(std::move(path)),
        only_call_(options.only_call),
        timeline_(timeline),
        states_(states),
        lapses_(path_) {}

  DatabaseTimeline& line() { return timeline_.databases[number_]; }

  void Begin(const Rebuild& files) {
    state_ = Look(files);
    line().commits.push_back({timeline_.first_call, state_});
    if (HasContent()) Count(timeline_.first_call);
  }

  // Before the call is applied: what it will touch, and what a kill in the
  // middle of it leaves.
  void Before(const RecordedCall& call, const Rebuild& files) {
    touch_ = TouchOf(call, files, files.PathOf(path_));
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
    Storage image = files.storage();
    const std::size_t size = write.bytes.size() / 2;
    image.NeverLosesPower();
    image.Write(files.InodeOf(write.file), write.offset,
                std::string_view(write.bytes).substr(0, size));
    half_ = Seen{call.number, static_cast<std::int64_t>(size),
                 states_.Of(image, Full(files))};
  }

  void After(const RecordedCall& call, const Rebuild& files) {
    const StateId before = state_;
    if (touch_.any) state_ = Look(files);
    // A call that touches none of its files leaves the image of the one before.
    const std::int64_t images = half_.has_value() ? 2 : touch_.any ? 1 : 0;
    (counts_ ? timeline_.kill_images : timeline_.not_counted) += images;
    if (half_.has_value() && half_->state != before && half_->state != state_ &&
        !IsWithoutDoubt(half_->state)) {
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

  // The thread has the lock with which a WAL is written.
  bool HasIndexLock(std::int32_t thread) const {
    return thread != 0 && index_lock_.thread == thread;
  }

  // This one's part of a transaction is there before that of `other`.
  void ReportTorn(std::size_t commit, std::size_t other) {
    const CommitPoint& point = line().commits[commit];
    Report({KillFinding::Kind::kTorn, number_, point.call, -1, point.state,
            point.state, false, false, other, Cause::kAttachedWal});
  }
  bool counts() const { return counts_; }

  // That thread promises something: the newest commit that it can know of.
  std::size_t Promised(std::uint64_t call, std::int32_t thread,
                       const Rebuild& files) {
    if (open_.has_value()) CloseInterval(call);
    if (HasContent() && !counts_) Count(call);
    CompareLiveView(call, files);
    const std::size_t newest = line().commits.size() - 1;
    const bool is_under_way = committing_ != 0 && committing_ != thread;
    const bool is_open = is_under_way || doubt_.has_value();
    return is_open && newest > 0 ? newest - 1 : newest;
  }

  // The thread does what it does when its COMMIT has synced what it syncs: it
  // gives a lock back, or says something.
  static bool IsBehindCommit(const RecordedCall& call) {
    return std::any_of(
        call.effects.begin(), call.effects.end(),
        [](const Effect& effect) { return LeavesFiles(effect.kind); });
  }

  // A call was made to fail, or a process was killed and others go on. Whoever
  // had written a commit to the WAL and not yet seen it through may say that it
  // failed: it is there after a kill, the living do not see it, and the next
  // one that writes takes its place.
  void Disturb() {
    const std::vector<CommitPoint>& commits = line().commits;
    if (commits.size() < 2 || commits.back().by != CommitBy::kWal) return;
    const bool is_promised =
        !timeline_.promises.empty() &&
        timeline_.promises.back().call >= commits.back().call;
    if (!is_promised || index_lock_.process != 0) {
      doubt_ = commits[commits.size() - 2].state;
    }
  }

  // Whether what an acknowledgement asks is so after a kill.
  std::optional<bool> Ask(const Rebuild& files, const std::string& query) {
    return lastcommit::Ask(files.storage(), Full(files), query);
  }

  void ReportNotYet(std::uint64_t call) {
    Report({KillFinding::Kind::kNotYet, number_, call, -1, state_, state_,
            false, false});
  }

  // Commit points between two promises, the newer one of them left out.
  void ReportBetween(std::size_t before, std::size_t now) {
    for (std::size_t i = before + 1; i < now; ++i) {
      Report({KillFinding::Kind::kBetween, number_, line().commits[i].call, -1,
              line().commits[now].state, line().commits[i].state, false,
              false});
    }
  }

  void End(std::uint64_t call) {
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

 private:
  // Who has a lock; 0: nobody.
  struct Holder {
    std::int32_t process = 0;
    std::int32_t thread = 0;
  };

  std::string Full(const Rebuild& files) const { return files.PathOf(path_); }

  StateId Look(const Rebuild& files) {
    return states_.Of(files.storage(), Full(files));
  }

  void SeeLock(const RecordedCall& call, const Effect& effect,
               const Rebuild& files) {
    const bool is_lock =
        effect.kind == EffectKind::kLock || effect.kind == EffectKind::kUnlock;
    const InodeId inode = files.InodeOf(effect.file);
    if (!is_lock || inode == kNoInode) return;
    const bool is_taken = effect.kind == EffectKind::kLock && effect.exclusive;
    const Holder holder = {call.process, call.thread};
    if (inode == files.storage().Find(Full(files)) &&
        Covers(effect, kReservedByte) && is_taken) {
      lock_ = holder;
    }
    if (inode != files.storage().Find(Full(files) + "-shm")) return;
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
  void SeeWal(const RecordedCall& call, const Effect& effect,
              const Rebuild& files) {
    const bool is_gone = effect.kind == EffectKind::kUnlink &&
                         files.PathOf(effect.path) == WalOf(Full(files));
    const bool is_write =
        effect.kind == EffectKind::kWrite &&
        files.InodeOf(effect.file) != kNoInode &&
        files.InodeOf(effect.file) == files.storage().Find(WalOf(Full(files)));
    if (is_gone || (is_write && effect.offset == 0)) {
      if (!line().broken.empty() && line().broken.back().second > call.number) {
        line().broken.back().second = call.number;
      }
      wal_end_ = 0;
      overwrites_ = false;
    }
    if (!is_write) return;
    overwrites_ |= effect.offset < wal_end_;
    wal_end_ = std::max(wal_end_, effect.offset + static_cast<std::int64_t>(
                                                      effect.bytes.size()));
  }

  void LookAtFrames(std::uint64_t call, const Rebuild& files) {
    overwrites_ = false;
    if (!line().IsBrokenAt(call) &&
        HasBrokenCommit(files.storage(), Full(files))) {
      line().broken.emplace_back(call, UINT64_MAX);
    }
  }

  bool IsWhole(StateId state) const {
    return states_[state].kind == Recovered::Kind::kWhole;
  }

  bool HasContent() const {
    return IsWhole(state_) && !states_[state_].is_empty();
  }

  void Count(std::uint64_t call) {
    counts_ = true;
    line().counted.emplace_back(call, UINT64_MAX);
  }

  // What was promised is what the living program sees. Not while somebody
  // writes: between its commit and the wal-index the two differ.
  void CompareLiveView(std::uint64_t call, const Rebuild& files) {
    if (!counts_ || is_locked() || index_lock_.process != 0) return;
    const std::optional<Recovered> seen =
        LiveView(files.storage(), Full(files));
    if (!seen.has_value()) return;
    ++timeline_.live_views;
    if (*seen == states_[state_]) return;
    if (doubt_.has_value() && *seen == states_[*doubt_]) return;
    const StateId expected = states_.Add(*seen);
    Report({KillFinding::Kind::kUnseen, number_, call, -1, expected, state_,
            false, false});
  }

  bool IsWithoutDoubt(StateId state) const { return doubt_ == state; }

  void Changed(std::uint64_t call, StateId before) {
    const bool is_taken_back = IsWithoutDoubt(state_) && !touch_.database;
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
  void Odd(const Seen& seen, StateId before) {
    if (!open_.has_value()) {
      open_ = Open{seen.call, before, {}, is_locked()};
    }
    open_->seen.push_back(seen);
  }

  void CloseInterval(std::uint64_t call) {
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

  bool is_locked() const { return lock_.process != 0; }

  void Report(KillFinding finding) {
    if (!counts_) return;
    if (line().IsBrokenAt(finding.call))
      finding.cause = Cause::kPartialRollback;
    Put(finding);
  }

  void Put(const KillFinding& finding) {
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

  struct Open {
    std::uint64_t first_call = 0;
    StateId before = 0;
    std::vector<Seen> seen;
    bool has_lock = false;
    std::int32_t process = 0;  // whose call was the first
  };

  const std::size_t number_;
  const std::string path_;
  const std::optional<std::uint64_t> only_call_;
  Timeline& timeline_;
  States& states_;
  LapseWatch lapses_;
  StateId state_ = 0;
  Touch touch_;
  bool counts_ = false;
  // The thread whose COMMIT made the newest commit point and may not have
  // returned; 0: it has.
  std::int32_t committing_ = 0;
  Holder lock_;        // a writer's, of the database
  Holder index_lock_;  // a writer's, of the wal-index
  Holder checkpoint_;
  std::uint64_t last_touch_ = 0;
  std::int64_t wal_end_ = 0;  // of the frames until now
  bool overwrites_ = false;   // the transaction writes before it
  std::optional<Seen> half_;
  std::optional<Open> open_;
  // What there is without the newest commit, of which nobody can say whether it
  // took place.
  std::optional<StateId> doubt_;
};

std::optional<ProgramPromise> PromiseOf(const RecordedCall& call,
                                        bool has_acks) {
  for (const Effect& effect : call.effects) {
    ProgramPromise promise;
    promise.call = call.number;
    promise.text = effect.bytes;
    if (effect.kind == EffectKind::kAck) {
      promise.kind = ProgramPromise::Kind::kAck;
      return promise;
    }
    if (has_acks) continue;
    if (effect.kind == EffectKind::kOutput) return promise;
    if (effect.kind == EffectKind::kExit && effect.exclusive &&
        effect.offset == 0) {
      promise.kind = ProgramPromise::Kind::kExit;
      return promise;
    }
  }
  return std::nullopt;
}

// "ack 5 ? SELECT ...": the question of each line.
std::vector<std::string> QuestionsOf(const std::string& text) {
  std::vector<std::string> questions;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t mark = line.find('?');
    if (mark != std::string::npos) questions.push_back(line.substr(mark + 1));
    begin = end + 1;
  }
  return questions;
}

using Followers = std::vector<std::unique_ptr<Follower>>;

// A question is answered by the first database that knows an answer.
void AskQuestions(const ProgramPromise& promise, const Followers& followers,
                  const Rebuild& files, Timeline& timeline) {
  if (promise.kind != ProgramPromise::Kind::kAck || followers.empty()) return;
  for (const std::string& question : QuestionsOf(promise.text)) {
    ++timeline.probes;
    std::optional<bool> answer;
    for (const auto& follower : followers) {
      if (!answer.has_value()) answer = follower->Ask(files, question);
    }
    if (!answer.value_or(false)) followers.front()->ReportNotYet(promise.call);
  }
}

// Only one of the program's threads commits, or none is told apart.
class Writers {
 public:
  // A call that commits.
  void See(const RecordedCall& call) { threads_.insert(call.thread); }
  bool are_several() const { return threads_.size() > 1; }

 private:
  std::set<std::int32_t> threads_;
};

// Tells which commits of several databases are one transaction. With a
// super-journal they come about by one call. In WAL mode one thread writes a
// frame with a commit mark into each WAL, and has the locks of all until the
// last one is written (vdbeaux.c, vdbeCommit); a transaction of its own on each
// database would give back the first lock before.
class JointCommits {
 public:
  JointCommits(const Followers& followers, Timeline& timeline)
      : followers_(followers), timeline_(timeline) {}

  // After a call that made the commit points of these databases.
  void See(const RecordedCall& call, const std::vector<std::size_t>& made) {
    std::erase_if(open_, [&](const Open& open) {
      return !followers_[open.part.database]->HasIndexLock(open.thread);
    });
    std::vector<JointCommit::Part> super;
    for (const std::size_t database : made) {
      const auto& commits = followers_[database]->line().commits;
      const JointCommit::Part part = {database, commits.size() - 1};
      if (commits.back().by == CommitBy::kSuperJournal) super.push_back(part);
      if (commits.back().by == CommitBy::kWal) SeeWal(call.thread, part);
    }
    if (super.size() > 1) timeline_.joint.push_back({std::move(super), true});
  }

 private:
  struct Open {
    JointCommit::Part part;
    std::int32_t thread = 0;
  };

  void SeeWal(std::int32_t thread, const JointCommit::Part& part) {
    if (!followers_[part.database]->HasIndexLock(thread)) return;
    JointCommit joint;
    for (const Open& open : open_) {
      if (open.thread != thread || open.part.database == part.database) {
        continue;
      }
      joint.parts.push_back(open.part);
      if (followers_[part.database]->counts()) {
        followers_[open.part.database]->ReportTorn(open.part.commit,
                                                   part.database);
      }
    }
    if (!joint.parts.empty()) {
      joint.parts.push_back(part);
      timeline_.joint.push_back(std::move(joint));
    }
    open_.push_back({part, thread});
  }

  const Followers& followers_;
  Timeline& timeline_;
  std::vector<Open> open_;  // commits whose lock is still there
};

// Follows all databases through a recording.
class Walk {
 public:
  Walk(const std::string& directory, const DatabaseFiles& found,
       const TimelineOptions& options, std::optional<std::uint64_t> disturbed,
       Timeline& timeline, States& states)
      : options_(options),
        disturbed_(disturbed),
        timeline_(timeline),
        files_(directory, DiskModel::kPosix),
        joint_(followers_, timeline) {
    files_.KeepOnly(found.files);
    files_.storage().NeverLosesPower();
    for (const std::string& path : found.databases) {
      timeline.databases.push_back({});
      timeline.databases.back().path = path;
      followers_.push_back(std::make_unique<Follower>(
          followers_.size(), path, timeline, options, states));
    }
  }

  absl::Status Take(const RecordedCall& call) {
    const bool is_of_program = !call.name.empty();
    if (is_of_program) Begin();
    if (disturbed_.has_value() && call.number >= *disturbed_) Disturb();
    for (const auto& follower : followers_) {
      if (is_of_program) follower->Before(call, files_);
    }
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
    }
    if (!is_of_program) return absl::OkStatus();
    std::vector<std::size_t> made;
    for (std::size_t i = 0; i < followers_.size(); ++i) {
      const std::size_t before = followers_[i]->line().commits.size();
      followers_[i]->After(call, files_);
      if (followers_[i]->line().commits.size() > before) made.push_back(i);
    }
    joint_.See(call, made);
    if (!timeline_.promises.empty() && !made.empty()) writers_.See(call);
    if (auto promise = PromiseOf(call, timeline_.has_acks)) {
      Promise(*std::move(promise), call.thread);
    }
    return absl::OkStatus();
  }

  absl::Status End() {
    if (options_.atomic && writers_.are_several()) {
      return absl::FailedPreconditionError(
          "--atomic=ack: several threads or processes commit, and nothing says "
          "whose acknowledgement is whose");
    }
    Begin();
    for (const auto& follower : followers_) follower->End(timeline_.calls);
    return absl::OkStatus();
  }

 private:
  // What is there when the program begins.
  void Begin() {
    if (has_begun_) return;
    has_begun_ = true;
    for (const auto& follower : followers_) follower->Begin(files_);
  }

  void Disturb() {
    disturbed_.reset();
    for (const auto& follower : followers_) follower->Disturb();
  }

  void Promise(ProgramPromise promise, std::int32_t thread) {
    for (const auto& follower : followers_) {
      promise.commits.push_back(
          follower->Promised(promise.call, thread, files_));
    }
    AskQuestions(promise, followers_, files_, timeline_);
    if (options_.atomic && !timeline_.promises.empty()) {
      const ProgramPromise& before = timeline_.promises.back();
      for (std::size_t i = 0; i < followers_.size(); ++i) {
        followers_[i]->ReportBetween(before.commits[i], promise.commits[i]);
      }
    }
    timeline_.promises.push_back(std::move(promise));
  }

  const TimelineOptions& options_;
  std::optional<std::uint64_t> disturbed_;  // before that call
  Timeline& timeline_;
  Rebuild files_;
  Followers followers_;
  JointCommits joint_;
  Writers writers_;
  bool has_begun_ = false;
};

}  // namespace

namespace {

using Intervals = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

bool AreWithin(const Intervals& intervals, std::uint64_t call) {
  return std::any_of(intervals.begin(), intervals.end(),
                     [call](const auto& interval) {
                       return interval.first <= call && call <= interval.second;
                     });
}

}  // namespace

bool DatabaseTimeline::CountsAt(std::uint64_t call) const {
  return std::any_of(counted.begin(), counted.end(),
                     [call](const auto& interval) {
                       return interval.first <= call && call < interval.second;
                     });
}

bool DatabaseTimeline::IsUnprotectedAt(std::uint64_t call) const {
  return AreWithin(unprotected, call);
}

bool DatabaseTimeline::IsBrokenAt(std::uint64_t call) const {
  return AreWithin(broken, call);
}

absl::StatusOr<Timeline> TimelineOf(const std::string& recording,
                                    const RecordingDigest& digest,
                                    const TimelineOptions& options,
                                    States& states,
                                    const JudgeGoesOn& goes_on) {
  Timeline timeline;
  timeline.has_acks = digest.has_acks;
  timeline.first_call = digest.first_call;
  timeline.calls = digest.calls;
  ASSIGN_OR_RETURN(DatabaseFiles found, DatabaseFilesOf(recording));
  timeline.files = found.files;
  timeline.indexes = found.indexes;
  found.files.merge(found.indexes);
  const RecordingEnd& end = digest.frame.end;
  Walk walk(
      digest.frame.header.directory, found, options,
      end.disturbance.empty() ? std::nullopt : std::optional(end.disturbed_at),
      timeline, states);
  const auto take = [&](const RecordedCall& call) -> absl::Status {
    if (call.number % kCallsBetween == 1 && !goes_on(call.number)) {
      timeline.ended_at = call.number;
      return absl::CancelledError("");
    }
    return walk.Take(call);
  };
  const absl::Status read = ReadRecording(recording, take).status();
  // What is open then is left so: its end is not known.
  if (timeline.ended_at > 0) return timeline;
  RETURN_IF_ERROR(read);
  RETURN_IF_ERROR(walk.End());
  return timeline;
}

}  // namespace lastcommit
