#include "judge/power.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "disk/smallest_loss.h"
#include "judge/database_files.h"
#include "judge/evidence.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kCallsBetween = 16;
// More unsynced changes than that are applied anew for each image, which takes
// time: then only some crash points are tried.
constexpr std::size_t kManyChanges = 256;
// So many smaller losses are tried of a finding.
constexpr int kMostTrials = 500;

class Explorer {
 public:
  Explorer(const Timeline& timeline, States& states, const PowerLimits& limits,
           const std::string& root)
      : timeline_(timeline),
        states_(states),
        limits_(limits),
        files_(root, limits.model),
        side_files_(timeline, limits.model) {
    files_.KeepOnly(timeline.files);
    for (const DatabaseTimeline& line : timeline.databases) {
      names_.emplace_back(files_.PathOf(line.path));
      evidence_.emplace_back(names_.back(), line);
      demands_.push_back(0);
      known_.emplace_back();
      next_.push_back(0);
      writers_.push_back(std::nullopt);
    }
  }

  absl::Status Take(const RecordedCall& call) {
    if (call.name.empty()) return TakeBeginning(call);
    if (!has_begun_) files_.storage().SyncEverything();
    has_begun_ = true;
    bool has_changed = false;
    std::vector<Touch> touches;
    for (const DatabaseNames& names : names_) {
      touches.push_back(TouchOf(call, files_, names));
    }
    for (const Effect& effect : call.effects) {
      side_files_.SeeBefore(effect, files_);
      RETURN_IF_ERROR(files_.Apply(effect));
      side_files_.See(effect);
      has_changed |= ChangesImages(effect);
    }
    for (std::size_t i = 0; i < touches.size(); ++i) {
      FollowWriter(call, i, touches[i]);
    }
    LearnCommits(call.number);
    if (!has_changed) return absl::OkStatus();
    pending_ = files_.storage().PendingChanges();
    for (std::size_t i = 0; i < evidence_.size() && !pending_.empty(); ++i) {
      evidence_[i].Learn(call.number, touches[i], pending_.back().id);
    }
    Crash(call.number);
    Settle();
    return absl::OkStatus();
  }

  void Promise(const ProgramPromise& promise) {
    demands_ = promise.commits;
    ++promised_;
    if (reduced_ != nullptr) return Reduce(promise.call);
    // Nothing may have changed since a crash point that was left out.
    if (limits_.only_call == promise.call && images_.empty()) TakeImages();
    side_files_.Take(promise.call, files_, outcome_.side_files);
    Judge(promise.call);
  }

  // Instead of judging: the survival of each of these becomes the smallest loss
  // that shows it.
  void ReduceAt(std::vector<PowerFinding>& findings,
                const std::function<bool()>& goes_on) {
    reduced_ = &findings;
    goes_on_ = &goes_on;
  }

  PowerOutcome& outcome() { return outcome_; }

 private:
  struct Known {
    std::size_t oldest = 0;
    std::size_t newest = 0;
  };

  // One image of the newest crash point.
  struct Image {
    Survival survival;
    std::vector<StateId> found;  // of each database
  };

  // A program that syncs nothing would fill the memory.
  void Settle() {
    std::int64_t bytes = 0;
    for (const PendingChange& change : pending_) bytes += change.amount;
    if (bytes <= limits_.unsynced) return;
    files_.storage().SyncEverything();
    ++outcome_.settled;
  }

  // What was there before the program began has been there for long.
  absl::Status TakeBeginning(const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(files_.Apply(effect));
    }
    return absl::OkStatus();
  }

  bool ChangesImages(const Effect& effect) const {
    if (LeavesFiles(effect.kind)) return false;
    switch (effect.kind) {
      case EffectKind::kWrite:
      case EffectKind::kTruncate:
      case EffectKind::kZero:
        return timeline_.files.contains(effect.file);
      default:
        return true;
    }
  }

  // From the first write to a database until its transaction, or a checkpoint,
  // ends, be it by a commit or not.
  void FollowWriter(const RecordedCall& call, std::size_t database,
                    const Touch& touch) {
    std::optional<std::int32_t>& writer = writers_[database];
    const bool is_write = std::any_of(
        call.effects.begin(), call.effects.end(),
        [](const Effect& e) { return e.kind == EffectKind::kWrite; });
    if (touch.by != CommitBy::kNothing ||
        (touch.unlocks && writer == call.process)) {
      writer.reset();
    } else if (touch.database && is_write) {
      writer = call.process;
    }
  }

  // Which states there were until that call.
  void LearnCommits(std::uint64_t call) {
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const auto& commits = timeline_.databases[i].commits;
      while (next_[i] < commits.size() && commits[next_[i]].call <= call) {
        const std::size_t commit = next_[i];
        known_[i]
            .try_emplace(commits[commit].state, Known{commit, commit})
            .first->second.newest = commit;
        ++next_[i];
      }
    }
    const auto& joint = timeline_.joint;
    while (joint_end_ < joint.size() && MayBeThere(joint[joint_end_])) {
      ++joint_end_;
    }
  }

  // A part of it.
  bool MayBeThere(const JointCommit& joint) const {
    return std::any_of(joint.parts.begin(), joint.parts.end(),
                       [this](const JointCommit::Part& part) {
                         return part.commit < next_[part.database] ||
                                (part.commit == next_[part.database] &&
                                 writers_[part.database].has_value());
                       });
  }

  // A transaction that is being written may be there as a whole before the call
  // that ends it: without a journal that outlives the crash nothing takes it
  // back.
  bool IsBeingWritten(std::size_t database, StateId found) const {
    const auto& commits = timeline_.databases[database].commits;
    const std::size_t next = next_[database];
    return writers_[database].has_value() && next < commits.size() &&
           commits[next].state == found;
  }

  // Which commit points hold that.
  std::optional<Known> Find(std::size_t database, StateId found) const {
    const std::size_t next = next_[database];
    const bool is_next = IsBeingWritten(database, found);
    const auto known = known_[database].find(found);
    if (known == known_[database].end()) {
      return is_next ? std::optional(Known{next, next}) : std::nullopt;
    }
    return Known{known->second.oldest, is_next ? next : known->second.newest};
  }

  void Crash(std::uint64_t call) {
    images_.clear();
    crash_call_ = call;
    if (reduced_ != nullptr) return Reduce(call);
    if (limits_.only_call.value_or(call) != call) return;
    TakeImages();
    Judge(call);
  }

  // Of the newest crash point, which is that of `crash_call_`.
  void TakeImages() {
    const std::uint64_t call = crash_call_;
    const std::size_t changes = pending_.size();
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
    const std::vector<bool> is_open = HaveOpenChanges();
    const LossPoint point(files_.storage());
    std::vector<Fates> seen;  // of the images
    for (const Survival& survival : SurvivalsToTry(changes, call, survivals)) {
      if (survival.kind == SurvivalKind::kAll) continue;
      const Survived survived = point.Resolve(survival);
      const auto same =
          std::find_if(seen.begin(), seen.end(), [&](const Fates& fates) {
            return LeaveTheSame(fates, survived.fates);
          });
      images_.push_back(
          same == seen.end()
              ? ImageOf(survived, is_open)
              : Again(survived,
                      images_[static_cast<std::size_t>(same - seen.begin())]));
      seen.push_back(survived.fates);
    }
  }

  // As `image`, of which it leaves the same.
  Image Again(const Survived& survived, const Image& image) {
    Image again = {Chosen(survived), image.found};
    for (StateId& found : again.found) found = states_.Again(found);
    return again;
  }

  // `is_open`: the databases in which it may differ from the first image.
  Image ImageOf(const Survived& survived, const std::vector<bool>& is_open) {
    Storage image = files_.storage().AfterCrash(survived.fates);
    image.DropUnreachable(files_.root());
    Image judged = {Chosen(survived), {}};
    for (std::size_t i = 0; i < names_.size(); ++i) {
      judged.found.push_back(is_open[i] || images_.empty()
                                 ? states_.Of(image, names_[i])
                                 : states_.Again(images_[0].found[i]));
    }
    return judged;
  }

  void Reduce(std::uint64_t call) {
    for (PowerFinding& finding : *reduced_) {
      if (finding.call == call && !finding.is_reduced) ReduceOne(finding);
    }
  }

  // Not if it is of another moment of the same call: of what was promised
  // before it.
  void ReduceOne(PowerFinding& finding) {
    const auto names = std::count_if(
        pending_.begin(), pending_.end(),
        [](const PendingChange& change) { return change.is_of_directory(); });
    const std::vector<bool> all(names_.size(), true);
    PowerFinding shown;
    const auto shows = [&](const Survival& survival) {
      outcome_ = {};
      images_ = {ImageOf(Resolve(files_.storage(), survival), all)};
      Judge(finding.call);
      for (const PowerFinding& other : outcome_.findings) {
        if (!IsSame(finding, other)) continue;
        shown = other;
        return true;
      }
      return false;
    };
    if (!shows(finding.survival)) return;
    int trials = 0;
    const auto fails = [&](const Loss& loss) -> absl::StatusOr<bool> {
      if (++trials > kMostTrials || !(*goes_on_)()) {
        return absl::CancelledError("");
      }
      return shows(WithLoss(finding.survival, loss, names));
    };
    const auto smallest =
        FindSmallestLoss(LossOf(finding.survival, names), fails);
    finding.survival = WithLoss(finding.survival, smallest->loss, names);
    finding.found = shown.found;  // by the last one that was taken
    finding.is_reduced = smallest->is_minimal;
  }

  static bool IsSame(const PowerFinding& one, const PowerFinding& other) {
    return one.kind == other.kind && one.cause == other.cause &&
           one.database == other.database && one.other == other.other &&
           one.promised == other.promised && one.lost == other.lost;
  }

  // Whether images of the newest crash point differ in the files of each
  // database. A name that is not synced may be of anything.
  std::vector<bool> HaveOpenChanges() const {
    std::set<InodeId> changed;
    for (const PendingChange& change : pending_) {
      if (change.is_of_directory()) {
        return std::vector<bool>(names_.size(), true);
      }
      changed.insert(change.inode);
    }
    const auto is_changed = [&](const std::string& path) {
      return changed.contains(files_.storage().Find(path));
    };
    std::vector<bool> have;
    for (const DatabaseNames& names : names_) {
      have.push_back(is_changed(names.database) || is_changed(names.journal) ||
                     is_changed(names.wal));
    }
    return have;
  }

  void Judge(std::uint64_t call) {
    for (const Image& image : images_) {
      for (std::size_t i = 0; i < image.found.size(); ++i) {
        JudgeOne(i, call, image);
      }
      JudgeJoints(call, image);
    }
  }

  // From the newest transaction over several databases back: where an image
  // lacks nothing of one that is over all of them it lacks nothing of an older
  // one.
  void JudgeJoints(std::uint64_t call, const Image& image) {
    for (std::size_t i = joint_end_; i > 0; --i) {
      const JointCommit& joint = timeline_.joint[i - 1];
      const bool is_over_all = joint.parts.size() == timeline_.databases.size();
      if (!JudgeJoint(joint, call, image) && is_over_all) return;
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
    const std::optional<Known> known = Find(database, found);
    if (known.has_value() && known->newest >= demand) return;
    const Changes missing = MissingOf(pending_, image.survival);
    PowerFinding finding;
    finding.database = database;
    finding.call = call;
    finding.survival = image.survival;
    finding.found = found;
    finding.expected = line.commits[demand].state;
    finding.promised = static_cast<std::int64_t>(demand);
    if (known.has_value()) {
      finding.kind = PowerKind::kLost;
      finding.lost = static_cast<std::int64_t>(demand - known->newest);
      finding.cause =
          evidence_[database].OfLoss(call, missing, files_.storage());
    } else {
      const bool is_damaged = states_[found].kind == Recovered::Kind::kDamaged;
      finding.kind = is_damaged ? PowerKind::kDamaged : PowerKind::kHalf;
      finding.cause = evidence_[database].OfDamage(call, pending_, missing,
                                                   files_.storage());
    }
    Add(finding);
  }

  // The image may have one part of a transaction and lack another. False: it
  // lacks none.
  bool JudgeJoint(const JointCommit& joint, std::uint64_t call,
                  const Image& image) {
    const JointCommit::Part* there = nullptr;
    const JointCommit::Part* missing = nullptr;
    for (const JointCommit::Part& part : joint.parts) {
      if (!timeline_.databases[part.database].CountsAt(call)) return true;
      const std::optional<Known> known =
          Find(part.database, image.found[part.database]);
      if (!known.has_value()) return true;  // half by itself
      if (known->oldest >= part.commit) there = &part;
      if (known->newest < part.commit) missing = &part;
    }
    if (there == nullptr || missing == nullptr) return missing != nullptr;
    PowerFinding finding;
    finding.kind = PowerKind::kTorn;
    finding.database = there->database;
    finding.other = missing->database;
    finding.call = call;
    finding.survival = image.survival;
    finding.found = image.found[missing->database];
    finding.expected =
        timeline_.databases[missing->database].commits[missing->commit].state;
    finding.cause = Cause::kAttachedWal;
    if (joint.is_atomic) {
      const Changes lost = MissingOf(pending_, image.survival);
      const auto cause_of = [&](std::size_t database) {
        return evidence_[database].OfDamage(call, pending_, lost,
                                            files_.storage());
      };
      finding.cause =
          std::min(cause_of(there->database), cause_of(missing->database));
    }
    Add(finding);
    return true;
  }

  // An acknowledgement is lost with the newest commit that it covers.
  PowerFinding WithAcknowledgements(PowerFinding finding) const {
    const std::int64_t newest = finding.promised - finding.lost;
    for (std::size_t i = 0; i < promised_ && finding.lost > 0; ++i) {
      const ProgramPromise& promise = timeline_.promises[i];
      finding.acknowledged += promise.lines;
      if (static_cast<std::int64_t>(promise.commits[finding.database]) >
          newest) {
        finding.acknowledged_lost += promise.lines;
      }
    }
    return finding;
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
        known = WithAcknowledgements(std::move(finding));
      } else {
        known.images = finding.images;
      }
      return;
    }
    outcome_.findings.push_back(WithAcknowledgements(std::move(finding)));
  }

  const Timeline& timeline_;
  States& states_;
  const PowerLimits& limits_;
  Rebuild files_;
  SideFiles side_files_;
  bool has_begun_ = false;
  std::vector<DatabaseNames> names_;
  std::vector<Evidence> evidence_;
  std::vector<std::size_t> demands_;  // of each database: the promised commit
  std::size_t promised_ = 0;          // of the promises until now
  // Of each database: which commit points had that state, until now.
  std::vector<std::map<StateId, Known>> known_;
  std::vector<std::size_t> next_;
  // Which process writes each database, in a transaction that has not ended.
  std::vector<std::optional<std::int32_t>> writers_;
  std::size_t joint_end_ = 0;  // of the transactions until now
  Changes pending_;            // all that is not synced
  std::vector<Image> images_;
  std::uint64_t crash_call_ = 0;  // theirs
  // Not null: they are reduced, and nothing else is judged.
  std::vector<PowerFinding>* reduced_ = nullptr;
  const std::function<bool()>* goes_on_ = nullptr;
  PowerOutcome outcome_;
};

// Each call and each promise of the recording, in order.
absl::Status Follow(const std::string& recording, const Timeline& timeline,
                    const std::function<bool(std::uint64_t)>& goes_on,
                    Explorer& explorer) {
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
  return explorer.outcome().ended_at == 0 ? read : absl::OkStatus();
}

// Once more through the recording, to where the worst images are.
absl::Status Reduce(const std::string& recording, const Timeline& timeline,
                    const JudgeGoesOn& goes_on, Explorer& explorer,
                    std::vector<PowerFinding>& findings) {
  if (findings.empty()) return absl::OkStatus();
  std::uint64_t last = 0;
  for (const PowerFinding& finding : findings) {
    last = std::max(last, finding.call);
  }
  const std::function<bool()> may_try = [&] { return goes_on(last); };
  explorer.ReduceAt(findings, may_try);
  return Follow(
      recording, timeline, [last](std::uint64_t call) { return call <= last; },
      explorer);
}

}  // namespace

absl::StatusOr<PowerOutcome> LosePowerEverywhere(const std::string& recording,
                                                 const RecordingDigest& digest,
                                                 const Timeline& timeline,
                                                 States& states,
                                                 const PowerLimits& limits,
                                                 const JudgeGoesOn& goes_on) {
  const std::string& root = digest.frame.header.directory;
  Explorer explorer(timeline, states, limits, root);
  RETURN_IF_ERROR(Follow(recording, timeline, goes_on, explorer));
  PowerOutcome outcome = std::move(explorer.outcome());
  if (outcome.ended_at > 0) return outcome;
  Explorer reducer(timeline, states, limits, root);
  RETURN_IF_ERROR(
      Reduce(recording, timeline, goes_on, reducer, outcome.findings));
  return outcome;
}

}  // namespace lastcommit
