#include "explain/finding.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explain/deterministic.h"
#include "explain/disk_map.h"
#include "explain/failure_of.h"
#include "explain/killed_files.h"
#include "explain/known_bugs.h"
#include "explain/replay.h"
#include "explain/shape.h"
#include "explain/story.h"
#include "explain/story_facts.h"
#include "names/names.h"
#include "output/shell_word.h"
#include "output/version.h"
#include "output/whole_file.h"
#include "plan/codec.h"
#include "status/status.h"
#include "subject/registry.h"
#include "token/token.h"

namespace lastcommit {
namespace {

constexpr Names<FindingState, FindingState::kExplained> kStates("seen", "kept",
                                                                "explained");

// A rate that means something.
constexpr int kRepeatsOfFlaky = 20;

constexpr char kFoundByTheClock[] =
    "a timed kill found it (original.plan); in this plan the kill stands where "
    "that one fell\n";
constexpr char kNotDeterministic[] =
    "NOT DETERMINISTIC: the clock decides when the kill comes, and no plan "
    "with a crash point where it fell, or beside that, failed\n";
constexpr char kNotSearched[] =
    "NOT DETERMINISTIC: the clock decides when the kill comes, and the search "
    "for a plan without one was stopped\n";
constexpr char kFoundFreely[] =
    "processes that ran freely found it (original.plan); in this plan they "
    "take turns\n";
constexpr char kRunsFreely[] =
    "NOT REPLAYABLE: the processes ran freely, and the plan did not fail so "
    "with any of the schedules in which they take turns; it is neither changed "
    "nor shrunk, and fails as often as stands above\n";
constexpr char kFreeNotSearched[] =
    "NOT REPLAYABLE: the processes ran freely, and the search for a schedule "
    "in which they take turns was stopped\n";

absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(),
      absl::StrCat("cannot make the directory ", absl::CHexEscape(directory)));
}

std::size_t CountSteps(const Plan& plan) {
  std::size_t steps = 0;
  for (const Round& round : plan.rounds) steps += round.steps.size();
  return steps;
}

std::string TokenOf(const Plan& plan) { return PrintToken(plan).value_or(""); }

absl::Status Keep(const Plan& plan, const FindingOptions& options,
                  Finding& finding) {
  finding.directory =
      absl::StrCat(options.directory, "/", finding.filed_under, "/",
                   finding.key.seed, "-", finding.key.index);
  RETURN_IF_ERROR(MakeDirectory(finding.directory));
  const std::string path = absl::StrCat(finding.directory, "/original.plan");
  RETURN_IF_ERROR(WritePlanFile(path, plan));
  finding.plan_path = path;
  finding.lines = CountSteps(plan);
  finding.state = FindingState::kKept;
  return absl::OkStatus();
}

// Which SQLite it was: of a driver that of the store, too.
std::string SqliteOf(const Plan& plan) {
  const SaverEntry* const entry = FindSaver(plan.saver);
  const bool is_said = entry != nullptr && !entry->sqlite.empty();
  return absl::StrCat(
      SqliteUnderTest(),
      is_said ? absl::StrCat("; the store says SQLite ", entry->sqlite) : "");
}

// `program`: the plan as people read it. `note`: what they must know of it, a
// line or nothing.
std::string StoryOf(const Finding& finding, const Plan& plan,
                    const TrialResult& result, const std::string& program,
                    const std::string& note, const FindingOptions& options) {
  const std::string likeness = LikenessInWords(finding.looks_like);
  return absl::StrCat(
      "VIOLATED ", finding.verdict, "\n", result.verdict.why, "\n",
      likeness.empty() ? "" : absl::StrCat(likeness, "\n"), "\n",
      TesterVersion(), ", ", SqliteOf(plan),
      "\nfound with --seed=", finding.key.seed, " at index ", finding.key.index,
      "; it repeats: ", finding.repeats, "\n", note, CountSteps(plan),
      " lines after the header, ", finding.shrink_trials,
      " trials of shrinking",
      finding.counted ? ", which ended at the shape of an earlier finding" : "",
      "\n\n", program, "\n", TokenLine(finding, options),
      "replay:  ", ReplayCommand(options.program, finding.plan_path), "\n");
}

// The plan as it ran. One that was violated in an image along the way ends
// there, unless what came later was needed to see it: then it keeps its images.
absl::StatusOr<Plan> Exact(TrialRunner& trial, const Plan& plan,
                           const TrialResult& result) {
  Plan exact = WithExactCrashes(plan, result);
  if (!result.violated_image.has_value()) return exact;
  ASSIGN_OR_RETURN(const TrialResult again, trial.Run(exact));
  const bool has_lost_rows =
      again.verdict.rows.empty() && !result.verdict.rows.empty();
  if (again.verdict.violation == result.verdict.violation && !has_lost_rows) {
    return exact;
  }
  TrialResult without_image = result;
  without_image.violated_image.reset();
  return WithExactCrashes(plan, without_image);
}

// With programs that go on from plan to plan, which is faster, and without a
// look at new ones, which is faster still. What it comes to a new one has to
// see, and a used one again. Otherwise it needs one that has run no other plan:
// then a turn of new ones follows.
absl::StatusOr<ShrinkResult> ShrinkDriven(const Plan& failing,
                                          const StillFails& still_fails,
                                          DrivenBy& by,
                                          const ShrinkLimits& limits) {
  const absl::Time deadline = absl::Now() + limits.max_time;
  ShrinkLimits left = limits;
  const auto shrink = [&](const Plan& plan) -> absl::StatusOr<ShrinkResult> {
    left.max_time = deadline - absl::Now();
    ASSIGN_OR_RETURN(ShrinkResult shrunk, Shrink(plan, still_fails, left));
    left.max_trials -= shrunk.trials;
    return shrunk;
  };
  const auto is_seen_by = [&](DrivenBy who,
                              const Plan& plan) -> absl::StatusOr<bool> {
    by = who;
    ASSIGN_OR_RETURN(const auto seen, still_fails(plan));
    --left.max_trials;
    return seen.has_value();
  };
  Plan smallest = failing;
  for (const DrivenBy used : {DrivenBy::kUsedAlone, DrivenBy::kUsed}) {
    by = used;
    ASSIGN_OR_RETURN(ShrinkResult shrunk, shrink(failing));
    if (shrunk.plan == failing) continue;
    // Before a new one, which may leave another new one behind.
    const absl::StatusOr<bool> again = is_seen_by(used, shrunk.plan);
    const absl::StatusOr<bool> by_new =
        again.ok() ? is_seen_by(DrivenBy::kNew, shrunk.plan) : again;
    if (absl::IsCancelled(by_new.status())) {
      // Of the first way nobody knows whether a new one sees it.
      if (used == DrivenBy::kUsed) smallest = std::move(shrunk.plan);
      break;
    }
    RETURN_IF_ERROR(by_new.status());
    if (!*by_new) continue;
    smallest = shrunk.plan;
    if (!*again) break;
    shrunk.trials = limits.max_trials - left.max_trials;
    return shrunk;
  }
  by = DrivenBy::kNew;
  ASSIGN_OR_RETURN(ShrinkResult shrunk, shrink(smallest));
  shrunk.trials = limits.max_trials - left.max_trials;
  return shrunk;
}

}  // namespace

std::string_view Name(FindingState state) { return kStates.Of(state); }

std::optional<FindingState> ParseFindingState(std::string_view name) {
  return kStates.Parse(name);
}

absl::Status PrepareFindings(const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectory(directory));
  if (access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the directory for findings cannot be written: ",
                   absl::CHexEscape(directory)));
}

absl::StatusOr<ShrinkResult> ShrinkPlan(TrialRunner& trial, const Plan& plan,
                                        const TrialResult& result,
                                        const FindingOptions& options) {
  const ViolationClass violation = *result.verdict.violation;
  ASSIGN_OR_RETURN(Plan failing, Exact(trial, plan, result));
  if (IsByChance(plan)) {
    ASSIGN_OR_RETURN(
        std::optional<Deterministic> found,
        FindDeterministic(trial, plan, result, options.is_cancelled));
    if (!found.has_value()) {
      return absl::FailedPreconditionError(
          RunsFreely(plan)
              ? "the plan's processes run freely, and with none of the "
                "schedules in which they take turns does it fail so"
              : "the plan is killed by the clock, and none with a crash point "
                "where that kill fell fails");
    }
    failing = std::move(found->plan);
  }
  const bool has_rows = !result.verdict.rows.empty();
  DrivenBy by = DrivenBy::kNew;
  const auto still_fails =
      [&](const Plan& candidate) -> absl::StatusOr<std::optional<Plan>> {
    if (options.is_cancelled()) return absl::CancelledError("stopped");
    // In another journal mode it may be one that the saver does not have.
    if (!SaverOf(candidate).ok()) return std::nullopt;
    ASSIGN_OR_RETURN(const TrialResult tried, trial.RunBy(by, candidate));
    // By itself it must show, too; and a row that people can look for stays.
    if (tried.verdict.violation != violation ||
        tried.recorded.only_after_others > 0 ||
        (has_rows && tried.verdict.rows.empty())) {
      return std::nullopt;
    }
    return Exact(trial, candidate, tried);
  };
  ShrinkLimits limits = options.shrink;
  limits.is_enough = [&](const Plan& shrunk) {
    return options.is_known_shape(ShapeOf(shrunk, violation));
  };
  if (plan.engine != Engine::kRecord) {
    return Shrink(failing, still_fails, limits);
  }
  return ShrinkDriven(failing, still_fails, by, limits);
}

Plan WithExpectation(Plan plan, ViolationClass violation) {
  plan.expected = violation;
  // What is driven from outside has an SQLite of its own.
  if (plan.engine == Engine::kRecord) return plan;
  plan.sqlite = {sqlite3_libversion_number(), sqlite3_libversion_number() + 1};
  return plan;
}

std::string ReplayCommand(const std::string& program, const std::string& plan) {
  // Which SQLite was under test, if it was not the system's.
  const char* libraries = std::getenv("LD_LIBRARY_PATH");
  const std::string environment =
      libraries == nullptr || *libraries == '\0'
          ? ""
          : absl::StrCat("LD_LIBRARY_PATH=", ShellWord(libraries), " ");
  const std::string options = OptionsOfRegistered();
  return absl::StrCat(environment, ShellWord(program), " replay ", options,
                      options.empty() ? "" : " ", ShellWord(plan));
}

std::string TokenLine(const Finding& finding, const FindingOptions& options) {
  if (finding.token.empty()) return "token:   none, the plan is too long\n";
  return absl::StrCat(
      "replay:  ", ReplayCommand(options.program, finding.token), "\n");
}

Finding SeenFinding(const CaseKey& key, const Plan& plan,
                    const TrialResult& result) {
  Finding finding;
  finding.key = key;
  finding.filed_under = std::string(Name(*result.verdict.violation));
  finding.verdict = Name(result.verdict);
  finding.looks_like = LikelyBugsOf(plan, result, sqlite3_libversion_number());
  finding.token = TokenOf(plan);
  return finding;
}

absl::StatusOr<Finding> KeepPlan(const CaseKey& key, const Plan& plan,
                                 const TrialResult& result,
                                 const FindingOptions& options) {
  Finding finding = SeenFinding(key, plan, result);
  RETURN_IF_ERROR(
      Keep(WithExpectation(plan, *result.verdict.violation), options, finding));
  return finding;
}

absl::StatusOr<Finding> KeepWorkerPlan(const CaseKey& key, const Plan& plan,
                                       const std::string& filed_under,
                                       const std::string& how,
                                       const FindingOptions& options) {
  Finding finding;
  finding.key = key;
  finding.filed_under = filed_under;
  finding.verdict = filed_under;
  finding.repeats = how;
  finding.deaths = 1;
  finding.token = TokenOf(plan);
  RETURN_IF_ERROR(Keep(plan, options, finding));
  return finding;
}

namespace {

// What there is of the disk after the last crash; nullopt: nothing is known. A
// finding is one without it, too, so that no error of it counts.
std::optional<DiskMap> DiskAfter(TrialRunner& trial, const Plan& plan,
                                 const TrialResult& told,
                                 const Finding& finding) {
  if (plan.engine == Engine::kRecord || told.rounds.empty()) {
    return std::nullopt;
  }
  absl::StatusOr<DiskMap> map = absl::NotFoundError("no crash");
  for (std::size_t r = told.rounds.size(); r-- > 0;) {
    const RoundFacts& facts = told.rounds[r];
    if (!facts.crashed) continue;
    if (!facts.lost_power) {
      map = KilledFiles(absl::StrCat(finding.directory, "/round-", r + 1), r);
    } else if (plan.engine == Engine::kSim) {
      map = ViewDisk(trial.sim(), plan);
    }
    break;
  }
  return map.ok() ? std::optional(*std::move(map)) : std::nullopt;
}

// Runs the plan for people. Its files are kept, and of a run that is violated
// as the finding is, what happened. nullopt: it was not.
absl::StatusOr<std::optional<TrialResult>> RunToTell(TrialRunner& trial,
                                                     const Plan& plan,
                                                     const Verdict& verdict,
                                                     const Finding& finding) {
  const std::string facts = absl::StrCat(finding.directory, "/facts.json");
  const std::string disk = absl::StrCat(finding.directory, "/disk.json");
  unlink(facts.c_str());
  unlink(disk.c_str());
  const ShownValues values;
  ASSIGN_OR_RETURN(TrialResult told, trial.RunAndKeep(plan, finding.directory));
  if (Name(told.verdict) != Name(verdict)) return std::nullopt;
  RETURN_IF_ERROR(WriteWholeFile(facts, PrintStoryFacts(StoryFactsOf(told))));
  const std::optional<DiskMap> map = DiskAfter(trial, plan, told, finding);
  if (map.has_value()) {
    RETURN_IF_ERROR(WriteWholeFile(disk, PrintDiskMap(*map)));
  }
  return told;
}

// So many lines somebody reads.
constexpr std::size_t kFewLines = 15;

// Shrinks the plan of a finding. As soon as it has few lines it lies in
// smaller.plan, until that is done: for who does not wait, and after a death.
absl::StatusOr<ShrinkResult> ShrinkInSight(TrialRunner& trial, const Plan& plan,
                                           const TrialResult& result,
                                           FindingOptions options,
                                           const Finding& finding) {
  const std::string path = absl::StrCat(finding.directory, "/smaller.plan");
  const auto remove = absl::MakeCleanup([&path] { unlink(path.c_str()); });
  // Of what a driver shows that has run other plans nobody knows more.
  if (plan.engine != Engine::kRecord) {
    options.shrink.on_taken = [&](const Plan& smaller) {
      if (CountSteps(smaller) > kFewLines) return;
      // Where that cannot be written shrinking goes on: what counts comes
      // later.
      (void)WritePlanFile(path,
                          WithExpectation(smaller, *result.verdict.violation));
    };
  }
  return ShrinkPlan(trial, plan, result, options);
}

// Sees whether a plan without timed kills fails again, and shrinks it.
absl::Status ExplainRepeatable(TrialRunner& trial, const Plan& plan,
                               const TrialResult& result,
                               const std::string& note,
                               const FindingOptions& options,
                               Finding& finding) {
  Plan kept = WithExpectation(plan, *result.verdict.violation);
  ASSIGN_OR_RETURN(Repetition repetition,
                   Repeat(trial, plan, kRepeats, options.is_cancelled));
  const auto is_same = [&](const Repetition& again) {
    return again.is_stable() &&
           Name(again.first.verdict) == Name(result.verdict);
  };
  if (repetition.times > 0 && !is_same(repetition)) {
    finding.verdict = "violated(flaky)";
    finding.looks_like.clear();
    kept = WithExpectation(plan, ViolationClass::kFlaky);
    RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
    ASSIGN_OR_RETURN(
        const Repetition more,
        Repeat(trial, plan, kRepeatsOfFlaky - kRepeats, options.is_cancelled));
    repetition.Add(more);
  } else {
    ASSIGN_OR_RETURN(const ShrinkResult shrunk,
                     ShrinkInSight(trial, plan, result, options, finding));
    finding.shrink_trials = shrunk.trials;
    ASSIGN_OR_RETURN(
        const Repetition again,
        Repeat(trial, shrunk.plan, kRepeats, options.is_cancelled));
    if (again.times == 0 || is_same(again)) {  // else keep the original
      repetition = again;
      kept = WithExpectation(shrunk.plan, *result.verdict.violation);
      finding.token = TokenOf(kept);
      finding.plan_path = absl::StrCat(finding.directory, "/shrunk.plan");
      RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
      finding.counted = shrunk.is_enough;
      if (shrunk.is_minimal || shrunk.is_enough) {
        finding.shape = ShapeOf(kept, *result.verdict.violation);
      }
    }
  }
  ASSIGN_OR_RETURN(const std::optional<TrialResult> told,
                   RunToTell(trial, kept, result.verdict, finding));
  finding.lines = CountSteps(kept);
  finding.repeats = Describe(repetition);
  finding.verdicts = repetition.verdicts;
  const bool is_of_kept = is_same(repetition);
  if (is_of_kept) {
    finding.looks_like =
        LikelyBugsOf(kept, repetition.first, sqlite3_libversion_number());
  }
  const TrialResult* const ran = told.has_value() ? &*told
                                 : is_of_kept     ? &repetition.first
                                                  : nullptr;
  finding.story = StoryOf(
      finding, kept, ran != nullptr ? *ran : result,
      ran != nullptr ? ReadableProgram(kept, *ran) : ReadableProgram(kept),
      note, options);
  finding.state = FindingState::kExplained;
  return WriteWholeFile(absl::StrCat(finding.directory, "/story.txt"),
                        finding.story);
}

// How often chance makes it fail; the files are those of a run that did, if
// another one does.
absl::Status ExplainByChance(TrialRunner& trial, const Plan& plan,
                             const TrialResult& result, const std::string& note,
                             const FindingOptions& options, Finding& finding) {
  ASSIGN_OR_RETURN(const Repetition repetition,
                   Repeat(trial, plan, kRepeatsOfFlaky, options.is_cancelled));
  std::optional<TrialResult> told;
  for (int i = 0; i < kRepeatsOfFlaky && !options.is_cancelled(); ++i) {
    ASSIGN_OR_RETURN(told, RunToTell(trial, plan, result.verdict, finding));
    if (told.has_value()) break;
  }
  finding.repeats = Describe(repetition);
  finding.verdicts = repetition.verdicts;
  finding.story = told.has_value()
                      ? StoryOf(finding, plan, *told,
                                ReadableProgram(plan, *told), note, options)
                      : StoryOf(finding, plan, result, ReadableProgram(plan),
                                note, options);
  finding.state = FindingState::kExplained;
  return WriteWholeFile(absl::StrCat(finding.directory, "/story.txt"),
                        finding.story);
}

}  // namespace

absl::Status ExplainFinding(TrialRunner& trial, const Plan& plan,
                            const TrialResult& result,
                            const FindingOptions& options, Finding& finding) {
  // Of an earlier try, which has died.
  unlink(absl::StrCat(finding.directory, "/smaller.plan").c_str());
  if (!IsByChance(plan)) {
    return ExplainRepeatable(trial, plan, result, "", options, finding);
  }
  const bool is_free = RunsFreely(plan);
  const absl::StatusOr<std::optional<Deterministic>> found =
      FindDeterministic(trial, plan, result, options.is_cancelled);
  if (absl::IsCancelled(found.status())) {
    return ExplainByChance(trial, plan, result,
                           is_free ? kFreeNotSearched : kNotSearched, options,
                           finding);
  }
  RETURN_IF_ERROR(found.status());
  if (!found->has_value()) {
    return ExplainByChance(trial, plan, result,
                           is_free ? kRunsFreely : kNotDeterministic, options,
                           finding);
  }
  const Deterministic& exact = **found;
  finding.plan_path = absl::StrCat(finding.directory, "/deterministic.plan");
  RETURN_IF_ERROR(
      WritePlanFile(finding.plan_path,
                    WithExpectation(exact.plan, *result.verdict.violation)));
  finding.token = TokenOf(exact.plan);
  return ExplainRepeatable(trial, exact.plan, exact.result,
                           is_free ? kFoundFreely : kFoundByTheClock, options,
                           finding);
}

}  // namespace lastcommit
