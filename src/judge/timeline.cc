#include "judge/timeline.h"

#include <algorithm>
#include <memory>
#include <set>

#include "judge/follower.h"
#include "judge/joint_commits.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kCallsBetween = 64;

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

// Counts lines of acknowledgements, which may come in parts.
class LineCount {
 public:
  // How many begin in that.
  std::int64_t Of(const std::string& text) {
    std::int64_t lines = 0;
    for (const char c : text) {
      if (is_at_end_) ++lines;
      is_at_end_ = c == '\n';
    }
    return lines;
  }

 private:
  bool is_at_end_ = true;  // of a line
};

// "ack 5 ? SELECT ...": the question of each line. What is JSON may have any
// letters, and asks nothing.
std::vector<std::string> QuestionsOf(const std::string& text) {
  std::vector<std::string> questions;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const std::size_t mark = line.find('?');
    if (mark != std::string::npos && !line.starts_with('{')) {
      questions.push_back(line.substr(mark + 1));
    }
    begin = end + 1;
  }
  return questions;
}

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
          followers_.size(), files_, timeline, options, states));
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
    if (promise.kind == ProgramPromise::Kind::kAck) {
      promise.lines = lines_.Of(promise.text);
    }
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
  LineCount lines_;
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

std::int64_t Timeline::acknowledged() const {
  std::int64_t lines = 0;
  for (const ProgramPromise& promise : promises) lines += promise.lines;
  return lines;
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
