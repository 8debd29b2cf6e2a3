#include "judge/check.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "judge/check_images.h"
#include "judge/image_commands.h"
#include "names/names.h"
#include "output/shown.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr Names<CheckFinding::Kind, CheckFinding::Kind::kOtherState> kKinds(
    "recovery_fails", "check_fails", "dump_fails", "other_state");

// In the order in which they are run on an image.
constexpr CheckFinding::Kind kFailures[] = {CheckFinding::Kind::kRecoveryFails,
                                            CheckFinding::Kind::kCheckFails,
                                            CheckFinding::Kind::kDumpFails};
constexpr std::string_view kOptions[] = {"--recover", "--check", "--dump"};
constexpr std::size_t kDump = 2;

// What is shown of an output: its first line and its last one, where some
// languages have what went wrong. Of errors, if there are any.
std::string BriefOf(const CommandEnd& end) {
  constexpr std::size_t kMost = 120;
  const std::vector<std::string> lines =
      absl::StrSplit(end.errors.empty() ? end.output : end.errors, '\n',
                     absl::SkipWhitespace());
  if (lines.empty()) return "";
  const std::string first = lines.front().substr(0, kMost);
  return lines.size() == 1
             ? first
             : absl::StrCat(first, " ... ", lines.back().substr(0, kMost));
}

// Everything that was promised with until then, as much as the recording has.
std::string PrintedUntil(const Timeline& timeline, std::size_t promises) {
  std::string printed;
  for (std::size_t i = 0; i < promises; ++i) {
    const ProgramPromise& promise = timeline.promises[i];
    printed += promise.text;
    if (promise.kind == ProgramPromise::Kind::kAck &&
        !promise.text.ends_with('\n')) {
      printed += '\n';
    }
  }
  return printed;
}

// The first line in which they differ.
std::string DifferenceOf(const CommandEnd& found, const CommandEnd& expected) {
  const std::vector<std::string> is = absl::StrSplit(found.output, '\n');
  const std::vector<std::string> was = absl::StrSplit(expected.output, '\n');
  const auto line_of = [](const std::vector<std::string>& lines,
                          std::size_t i) -> std::string {
    constexpr std::size_t kMost = 80;
    if (i >= lines.size() || (i + 1 == lines.size() && lines[i].empty())) {
      return "missing";
    }
    return absl::StrCat("\"", Shown(lines[i].substr(0, kMost)), "\"");
  };
  for (std::size_t i = 0; i < std::max(is.size(), was.size()); ++i) {
    if (i < is.size() && i < was.size() && is[i] == was[i]) continue;
    return absl::StrCat("line ", i + 1, " is ", line_of(is, i), ", and was ",
                        line_of(was, i));
  }
  return "it differs behind what is kept of it";
}

bool IsSame(const CommandEnd& a, const CommandEnd& b) {
  return a.digest == b.digest && a.size == b.size;
}

class Checker {
 public:
  Checker(const Timeline& timeline, const CheckOptions& options, bool atomic,
          const CheckImages& images, const JudgeGoesOn& goes_on)
      : timeline_(timeline),
        options_(options),
        atomic_(atomic),
        images_(images),
        goes_on_(goes_on) {
    outcome_.not_checked = images.left_out;
  }

  absl::Status Run() {
    std::vector<ImageTask> tasks;
    for (const CheckImage& image : images_.images) {
      ImageTask task;
      task.image = &image.image;
      task.crash = image.is_power ? "power" : "kill";
      task.call = image.call;
      task.printed = PrintedUntil(timeline_, image.promises);
      task.commands = Commands();
      tasks.push_back(std::move(task));
    }
    ASSIGN_OR_RETURN(const Ends ends, RunAll(tasks));
    if (!options_.dump.empty()) RETURN_IF_ERROR(LearnStates(ends));
    for (std::size_t i = 0; i < ends.size(); ++i) {
      Judge(images_.images[i], ends[i]);
    }
    return absl::OkStatus();
  }

  // Twice: what puts out something else each time says nothing.
  absl::Status TryOn(const Storage& files) {
    ImageTask task;
    task.image = &files;
    task.crash = "none";
    task.call = timeline_.calls;
    task.printed = PrintedUntil(timeline_, timeline_.promises.size());
    task.commands = Commands();
    ASSIGN_OR_RETURN(const Ends ends, RunAll({task, task}));
    if (outcome_.ended_at > 0) return absl::OkStatus();
    for (const ImageTaskEnd& end : ends) RETURN_IF_ERROR(MustSucceed(*end));
    if (options_.dump.empty() ||
        IsSame(ends[0]->at(kDump), ends[1]->at(kDump))) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrCat(
        "--dump puts out something else each time for what the program left "
        "without a crash: ",
        DifferenceOf(ends[0]->at(kDump), ends[1]->at(kDump))));
  }

  CheckOutcome& outcome() { return outcome_; }

 private:
  using Ends = std::vector<ImageTaskEnd>;

  std::vector<std::string> Commands() const {
    return {options_.recover, options_.check, options_.dump};
  }

  absl::StatusOr<Ends> RunAll(const std::vector<ImageTask>& tasks) {
    ImageTaskOptions options;
    options.time = options_.time;
    options.jobs = options_.jobs;
    options.scratch = options_.scratch;
    return RunTasks(tasks, *images_.files, options, [&](std::size_t done) {
      // After the last one there is none that it is at.
      const std::uint64_t call = done < tasks.size() ? tasks[done].call : 0;
      const bool goes_on = goes_on_(call);
      if (!goes_on && outcome_.ended_at == 0) {
        outcome_.ended_at = std::max<std::uint64_t>(1, call);
      }
      return goes_on;
    });
  }

  absl::Status MustSucceed(const std::vector<CommandEnd>& ends) const {
    const CommandEnd& end = ends.back();
    if (end.is_success()) return absl::OkStatus();
    const std::string output = BriefOf(end);
    return absl::FailedPreconditionError(absl::StrCat(
        std::string(kOptions[ends.size() - 1]),
        " fails on what the program left without a crash, so that it judges "
        "nothing: ",
        InWords(end, options_.time),
        output.empty() ? "" : absl::StrCat(": ", Shown(output))));
  }

  // What the dump puts out without a crash where images are compared with it:
  // first at promises, then at the commits between for those that differ.
  absl::Status LearnStates(const Ends& ends) {
    std::set<std::uint64_t> calls;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (!HasDump(ends[i])) continue;
      const ExpectedStates expected = StatesOf(images_.images[i]);
      calls.insert(expected.calls.begin(), expected.calls.begin() + 2);
    }
    RETURN_IF_ERROR(DumpStates(calls));
    calls.clear();
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (!HasDump(ends[i])) continue;
      const ExpectedStates expected = StatesOf(images_.images[i]);
      if (IsExpected(expected, ends[i]->at(kDump))) continue;
      calls.insert(expected.calls.begin(), expected.calls.end());
    }
    return DumpStates(calls);
  }

  absl::Status DumpStates(const std::set<std::uint64_t>& calls) {
    std::vector<ImageTask> tasks;
    for (const std::uint64_t call : calls) {
      const auto state = images_.states.find(call);
      if (state == images_.states.end() || dumps_.contains(call)) continue;
      ImageTask task;
      task.image = &state->second;
      task.crash = "none";
      task.call = call;
      task.commands = {options_.recover, "", options_.dump};
      tasks.push_back(std::move(task));
    }
    ASSIGN_OR_RETURN(const Ends ends, RunAll(tasks));
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (HasDump(ends[i])) dumps_[tasks[i].call] = ends[i]->at(kDump);
    }
    return absl::OkStatus();
  }

  static bool HasDump(const ImageTaskEnd& end) {
    return end.has_value() && end->size() > kDump && end->back().is_success();
  }
  ExpectedStates StatesOf(const CheckImage& image) const {
    return StatesToExpect(timeline_, image.promises, atomic_);
  }
  bool IsExpected(const ExpectedStates& expected,
                  const CommandEnd& dump) const {
    return std::any_of(
        expected.calls.begin(), expected.calls.end(), [&](std::uint64_t call) {
          const auto known = dumps_.find(call);
          return known != dumps_.end() && IsSame(known->second, dump);
        });
  }

  void Judge(const CheckImage& image, const ImageTaskEnd& ends) {
    if (!ends.has_value() || ends->back().how == CommandEnd::How::kStopped) {
      ++outcome_.not_checked;
      return;
    }
    const CommandEnd& last = ends->back();
    CheckFinding finding;
    finding.is_power = image.is_power;
    finding.call = image.call;
    finding.written = image.written;
    finding.survival = image.survival;
    finding.output = BriefOf(last);
    bool is_found = false;
    if (!last.is_success()) {
      is_found = true;
      finding.kind = kFailures[ends->size() - 1];
      finding.how = InWords(last, options_.time);
    } else if (!options_.dump.empty()) {
      const ExpectedStates expected = StatesOf(image);
      const auto promised = dumps_.find(expected.calls.front());
      is_found = !IsExpected(expected, last);
      if (is_found && (promised == dumps_.end() || !expected.are_all ||
                       outcome_.ended_at > 0)) {
        ++outcome_.not_checked;
        return;
      }
      finding.kind = CheckFinding::Kind::kOtherState;
      if (is_found) finding.how = DifferenceOf(last, promised->second);
    }
    ++(image.is_power ? outcome_.power_images : outcome_.kill_images);
    if (is_found) Add(std::move(finding));
  }

  void Add(CheckFinding finding) {
    finding.images = 1;
    for (CheckFinding& known : outcome_.findings) {
      if (known.kind != finding.kind || known.is_power != finding.is_power) {
        continue;
      }
      finding.images = known.images + 1;
      if (finding.call < known.call) {
        known = finding;
      } else {
        known.images = finding.images;
      }
      return;
    }
    outcome_.findings.push_back(std::move(finding));
  }

  const Timeline& timeline_;
  const CheckOptions& options_;
  const bool atomic_;
  const CheckImages& images_;
  const JudgeGoesOn& goes_on_;
  std::map<std::uint64_t, CommandEnd> dumps_;  // without a crash, by call
  CheckOutcome outcome_;
};

}  // namespace

std::string_view Name(CheckFinding::Kind kind) { return kKinds.Of(kind); }

absl::Status TryWithoutCrash(const std::string& recording,
                             const RecordingDigest& digest,
                             const Timeline& timeline,
                             const CheckOptions& options,
                             const JudgeGoesOn& goes_on) {
  CheckImages images;
  images.files = std::make_unique<Rebuild>(digest.frame.header.directory,
                                           DiskModel::kPosix);
  images.files->storage().NeverLosesPower();
  const auto take = [&](const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      RETURN_IF_ERROR(images.files->Apply(effect));
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ReadRecording(recording, take).status());
  return Checker(timeline, options, /*atomic=*/false, images, goes_on)
      .TryOn(images.files->storage());
}

absl::StatusOr<CheckOutcome> CheckEverywhere(
    const std::string& recording, const RecordingDigest& digest,
    const Timeline& timeline, const CheckOptions& options, bool atomic,
    const PowerLimits& power, const JudgeGoesOn& goes_on) {
  CheckImageLimits limits;
  limits.images = options.images;
  limits.has_states = !options.dump.empty();
  limits.atomic = atomic;
  limits.power = power;
  ASSIGN_OR_RETURN(const CheckImages images,
                   ImagesToCheck(recording, digest, timeline, limits, goes_on));
  if (images.ended_at > 0) {
    CheckOutcome outcome;
    outcome.ended_at = images.ended_at;
    return outcome;
  }
  Checker checker(timeline, options, atomic, images, goes_on);
  RETURN_IF_ERROR(checker.Run());
  return std::move(checker.outcome());
}

}  // namespace lastcommit
