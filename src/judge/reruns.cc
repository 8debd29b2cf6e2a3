#include "judge/reruns.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "output/plural.h"
#include "output/shown.h"
#include "record/private_tree.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "status/status.h"
#include "store/splitmix64.h"

namespace lastcommit {
namespace {

// A run may end before its call comes, where threads or processes take turns.
constexpr int kTries = 3;

class Runner {
 public:
  Runner(const RerunOptions& options, const RerunGoesOn& goes_on,
         const RecordingDigest& first)
      : options_(options),
        goes_on_(goes_on),
        calls_(CallsOf(first)),
        has_several_(first.frame.end.processes > 1),
        recording_(absl::StrCat(options.scratch, "/rerun")) {
    outcome_.fault = options.fault;
    outcome_.wanted = options.count;
  }

  absl::StatusOr<RerunOutcome> Run() {
    for (std::int64_t run = 1; run <= options_.count && goes_on_(outcome_);
         ++run) {
      RETURN_IF_ERROR(RunOne(run));
    }
    outcome_.was_ended = !goes_on_(outcome_);
    return std::move(outcome_);
  }

 private:
  static std::uint64_t CallsOf(const RecordingDigest& digest) {
    return std::max<std::uint64_t>(digest.calls - digest.first_call, 1);
  }

  Disturbance Draw(SplitMix64& random, std::uint64_t calls) const {
    Disturbance drawn;
    drawn.call = 1 + random.Next() % calls;
    drawn.is_before = random.Next() % 2 == 0;
    drawn.choice = random.Next();
    drawn.kind = options_.fault == RerunFault::kIoError
                     ? Disturbance::Kind::kFail
                 : has_several_ && random.Next() % 3 == 0
                     ? Disturbance::Kind::kKillProcess
                     : Disturbance::Kind::kKillAll;
    return drawn;
  }

  absl::Status RunOne(std::int64_t run) {
    SplitMix64 random(SplitMix64::Mix(options_.seed) +
                      static_cast<std::uint64_t>(run));
    std::uint64_t calls = calls_;
    for (int i = 0; i < kTries; ++i) {
      const Disturbance disturbance = Draw(random, calls);
      ASSIGN_OR_RETURN(const RecordingDigest digest,
                       RecordOne(run, disturbance));
      const auto removes =
          absl::MakeCleanup([&] { unlink(recording_.c_str()); });
      if (!goes_on_(outcome_)) return absl::OkStatus();
      if (!digest.frame.end.disturbance.empty()) {
        outcome_.one_process +=
            disturbance.kind == Disturbance::Kind::kKillProcess ? 1 : 0;
        return JudgeOne(run, digest);
      }
      calls = CallsOf(digest);
    }
    ++outcome_.too_short;
    return absl::OkStatus();
  }

  absl::StatusOr<RecordingDigest> RecordOne(std::int64_t run,
                                            const Disturbance& disturbance) {
    ASSIGN_OR_RETURN(const ScratchDirectory scratch,
                     ScratchDirectory::MakeIn(options_.scratch));
    RecordOptions options;
    options.command = options_.command;
    options.directory = absl::StrCat(scratch.path(), "/files");
    options.ack = absl::StrCat(scratch.path(), "/ack");
    options.output = absl::StrCat(scratch.path(), "/output");
    options.recording = recording_;
    options.time = options_.time;
    options.is_terminal = options_.is_terminal;
    options.has_stacks = options_.has_stacks;
    options.disturbance = disturbance;
    RETURN_IF_ERROR(CopyTree(options_.directory, options.directory));
    RETURN_IF_ERROR(RecordProgram(options, [&](const RecordProgress&) {
                      return goes_on_(outcome_);
                    }).status());
    ASSIGN_OR_RETURN(RecordingDigest digest, ReadThrough(recording_));
    const absl::Status same = CompareWithFiles(recording_, options.directory);
    if (same.ok()) return digest;
    unlink(recording_.c_str());
    const std::string& what = digest.frame.end.disturbance;
    return absl::Status(
        same.code(),
        absl::StrCat("run ", run, " (",
                     what.empty() ? "it was left alone" : Shown(what),
                     "): ", std::string(same.message())));
  }

  // What a kill leaves is the same for all power there is.
  absl::StatusOr<Judgement> JudgeIt(const RecordingDigest& digest) {
    if (options_.fault == RerunFault::kIoError &&
        options_.judge.promise == PromiseLevel::kPower) {
      return JudgeRecording(
          recording_, options_.judge,
          [&](const JudgeProgress&) { return goes_on_(outcome_); });
    }
    Judgement judgement;
    judgement.header = digest.frame.header;
    judgement.end = digest.frame.end;
    ASSIGN_OR_RETURN(judgement.timeline,
                     TimelineOf(recording_, digest, options_.judge.timeline,
                                judgement.states, [&](std::uint64_t) {
                                  return goes_on_(outcome_);
                                }));
    RETURN_IF_ERROR(FindCallSites(recording_, judgement));
    return judgement;
  }

  absl::Status JudgeOne(std::int64_t run, const RecordingDigest& digest) {
    absl::StatusOr<Judgement> judgement = JudgeIt(digest);
    if (!judgement.ok() && !goes_on_(outcome_)) return absl::OkStatus();
    RETURN_IF_ERROR(judgement.status());
    ++outcome_.runs;
    outcome_.images +=
        judgement->timeline.kill_images + judgement->power.images;
    if (judgement->exit_code() != ExitCode::kViolated) return absl::OkStatus();
    ++outcome_.violated;
    if (outcome_.first.has_value()) return absl::OkStatus();
    outcome_.first = {run, *std::move(judgement)};
    return options_.kept.empty() ? absl::OkStatus() : Keep();
  }

  absl::Status Keep() {
    std::error_code error;
    std::filesystem::copy_file(recording_, options_.kept, error);
    if (error) {
      return absl::ErrnoToStatus(error.value(),
                                 absl::StrCat("cannot make ", options_.kept));
    }
    outcome_.kept = options_.kept;
    return absl::OkStatus();
  }

  const RerunOptions& options_;
  const RerunGoesOn& goes_on_;
  const std::uint64_t calls_;
  const bool has_several_;
  const std::string recording_;  // of each run
  RerunOutcome outcome_;
};

std::string NameOf(RerunFault fault) {
  return fault == RerunFault::kKill ? "real kill" : "failed call";
}

}  // namespace

ExitCode RerunOutcome::exit_code() const {
  if (violated > 0) return ExitCode::kViolated;
  return was_ended || runs == 0 ? ExitCode::kNotExercised : ExitCode::kHeld;
}

absl::StatusOr<RerunOutcome> Rerun(const RerunOptions& options,
                                   const RerunGoesOn& goes_on) {
  if (!options.kept.empty() && access(options.kept.c_str(), F_OK) == 0) {
    return absl::AlreadyExistsError(
        absl::StrCat("cannot make ", options.kept, ": it is there"));
  }
  ASSIGN_OR_RETURN(const RecordingDigest first, ReadThrough(options.recording));
  Runner runner(options, goes_on, first);
  return runner.Run();
}

std::string TextOf(const RerunOutcome& outcome, ExitCode verdict) {
  const std::string name = NameOf(outcome.fault);
  std::string text = absl::StrCat(
      name, "s: ", outcome.runs, " of ", outcome.wanted,
      outcome.one_process > 0
          ? absl::StrCat(", ", outcome.one_process, " of one process alone")
          : "",
      "; each left what its own recording says, byte for byte; ",
      outcome.violated == 0
          ? "nothing is lost"
          : absl::StrCat("what was promised does not hold in ",
                         outcome.violated),
      " (", Plural(outcome.images, "image"), ")\n");
  if (outcome.too_short > 0) {
    absl::StrAppend(&text, "  ", Plural(outcome.too_short, "run"),
                    " ended before the chosen call came\n");
  }
  if (outcome.was_ended) absl::StrAppend(&text, "  interrupted\n");
  if (outcome.first.has_value()) {
    const Judgement& judgement = outcome.first->judgement;
    absl::StrAppend(&text, "run ", outcome.first->run, ": ",
                    Shown(judgement.end.disturbance), "\n",
                    TextOfFindings(judgement));
  }
  if (!outcome.kept.empty()) {
    absl::StrAppend(&text, "its recording: lastcommit judge ", outcome.kept,
                    "\n");
  }
  return absl::StrCat(text, Word(verdict), " (with ",
                      Plural(outcome.runs, name), ")\n");
}

nlohmann::json JsonOf(const RerunOutcome& outcome) {
  nlohmann::json json = {
      {"fault", outcome.fault == RerunFault::kKill ? "kill" : "io-error"},
      {"wanted", outcome.wanted},
      {"runs", outcome.runs},
      {"one_process", outcome.one_process},
      {"too_short", outcome.too_short},
      {"images", outcome.images},
      {"violated", outcome.violated}};
  if (outcome.first.has_value()) {
    json["first"] = {{"run", outcome.first->run},
                     {"disturbance", outcome.first->judgement.end.disturbance},
                     {"judgement", JsonOf(outcome.first->judgement)}};
  }
  return json;
}

}  // namespace lastcommit
