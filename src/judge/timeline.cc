#include "judge/timeline.h"

#include <algorithm>
#include <memory>
#include <set>

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
        states_(states) {}

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
    for (const Effect& effect : call.effects) SeeLock(effect, files);
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
    if (half_.has_value() && half_->state != before && half_->state != state_) {
      Odd(*half_, before);
    }
    if (state_ != before) Changed(call.number, before);
    if (open_.has_value() && touch_.unlocks) CloseInterval(call.number);
    if (touch_.unlocks) is_locked_ = has_index_lock_ = checkpoints_ = false;
  }

  // Something is promised.
  std::size_t Promised(std::uint64_t call, const Rebuild& files) {
    if (open_.has_value()) CloseInterval(call);
    if (HasContent() && !counts_) Count(call);
    CompareLiveView(call, files);
    return line().commits.size() - 1;
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
  }

 private:
  std::string Full(const Rebuild& files) const { return files.PathOf(path_); }

  StateId Look(const Rebuild& files) {
    return states_.Of(files.storage(), Full(files));
  }

  void SeeLock(const Effect& effect, const Rebuild& files) {
    const bool is_lock =
        effect.kind == EffectKind::kLock || effect.kind == EffectKind::kUnlock;
    const InodeId inode = files.InodeOf(effect.file);
    if (!is_lock || inode == kNoInode) return;
    if (inode == files.storage().Find(Full(files)) &&
        Covers(effect, kReservedByte) && effect.exclusive) {
      is_locked_ |= effect.kind == EffectKind::kLock;
    }
    if (inode != files.storage().Find(Full(files) + "-shm")) return;
    const bool is_taken = effect.kind == EffectKind::kLock && effect.exclusive;
    if (Covers(effect, kWalWriteByte)) has_index_lock_ = is_taken;
    if (Covers(effect, kWalCheckpointByte)) checkpoints_ = is_taken;
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
    if (!counts_ || is_locked_ || has_index_lock_) return;
    const std::optional<Recovered> seen =
        LiveView(files.storage(), Full(files));
    if (!seen.has_value()) return;
    ++timeline_.live_views;
    if (*seen == states_[state_]) return;
    const StateId expected = states_.Add(*seen);
    Report({KillFinding::Kind::kUnseen, number_, call, -1, expected, state_,
            false, false});
  }

  void Changed(std::uint64_t call, StateId before) {
    if (touch_.by == CommitBy::kOwnFiles) {
      open_.reset();
      line().commits.push_back({call, state_, touch_.by});
      // Another file, which counts when it is whole.
      if (counts_) line().counted.back().second = call;
      counts_ = false;
      return;
    }
    if (open_.has_value() || (touch_.database && !checkpoints_)) {
      Odd({call, -1, state_}, before);
      return;
    }
    if (touch_.by == CommitBy::kNothing || !IsWhole(state_)) {
      Report({IsWhole(state_) ? KillFinding::Kind::kElsewhere
                              : KillFinding::Kind::kDamaged,
              number_, call, -1, before, state_, false, is_locked_});
    }
    line().commits.push_back({call, state_, touch_.by});
  }

  // Something that is neither what was there before nor what was committed. If
  // nothing protects the database it is known later what it may be.
  void Odd(const Seen& seen, StateId before) {
    if (!open_.has_value()) {
      open_ = Open{seen.call, before, {}, is_locked_};
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

  void Report(const KillFinding& finding) {
    if (!counts_) return;
    if (only_call_.value_or(finding.call) != finding.call) return;
    if (states_[finding.found].kind == Recovered::Kind::kUnreadable) {
      ++timeline_.unreadable;
      return;
    }
    for (std::size_t i = 0; i < timeline_.kills.size(); ++i) {
      const KillFinding& known = timeline_.kills[i];
      if (known.kind == finding.kind && known.database == finding.database) {
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
  };

  const std::size_t number_;
  const std::string path_;
  const std::optional<std::uint64_t> only_call_;
  Timeline& timeline_;
  States& states_;
  StateId state_ = 0;
  Touch touch_;
  bool counts_ = false;
  bool is_locked_ = false;       // a writer's lock of the database
  bool has_index_lock_ = false;  // a writer's lock of the wal-index
  bool checkpoints_ = false;     // somebody does
  std::optional<Seen> half_;
  std::optional<Open> open_;
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
  void See(const RecordedCall& call, std::size_t commits) {
    if (commits == commits_) return;
    commits_ = commits;
    threads_.insert(call.thread);
  }
  bool are_several() const { return threads_.size() > 1; }

 private:
  std::size_t commits_ = 0;
  std::set<std::int32_t> threads_;
};

// Follows all databases through a recording.
class Walk {
 public:
  Walk(const std::string& directory, const std::set<std::string>& paths,
       const TimelineOptions& options, Timeline& timeline, States& states)
      : options_(options),
        timeline_(timeline),
        files_(directory, DiskModel::kPosix) {
    files_.storage().NeverLosesPower();
    for (const std::string& path : paths) {
      timeline.databases.push_back({});
      timeline.databases.back().path = path;
      followers_.push_back(std::make_unique<Follower>(
          followers_.size(), path, timeline, options, states));
    }
  }

  absl::Status Take(const RecordedCall& call) {
    const bool is_of_program = !call.name.empty();
    if (is_of_program) Begin();
    for (const auto& follower : followers_) {
      if (is_of_program) follower->Before(call, files_);
    }
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
    }
    if (!is_of_program) return absl::OkStatus();
    std::size_t commits = 0;
    for (const auto& follower : followers_) {
      follower->After(call, files_);
      commits += follower->line().commits.size();
    }
    if (!timeline_.promises.empty()) writers_.See(call, commits);
    if (auto promise = PromiseOf(call, timeline_.has_acks)) {
      Promise(*std::move(promise));
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

  void Promise(ProgramPromise promise) {
    for (const auto& follower : followers_) {
      promise.commits.push_back(follower->Promised(promise.call, files_));
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
  Timeline& timeline_;
  Rebuild files_;
  Followers followers_;
  Writers writers_;
  bool has_begun_ = false;
};

}  // namespace

bool DatabaseTimeline::CountsAt(std::uint64_t call) const {
  return std::any_of(counted.begin(), counted.end(),
                     [call](const auto& interval) {
                       return interval.first <= call && call < interval.second;
                     });
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
  ASSIGN_OR_RETURN(const std::set<std::string> paths, DatabasesOf(recording));
  Walk walk(digest.frame.header.directory, paths, options, timeline, states);
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
