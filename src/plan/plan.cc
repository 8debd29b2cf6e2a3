#include "plan/plan.h"

#include <algorithm>
#include <cstddef>

#include "names/names.h"

namespace lastcommit {
namespace {

constexpr Names<StepKind, StepKind::kUnlink> kSteps(
    "open", "close", "reopen", "begin", "commit", "rollback", "savepoint",
    "release", "rollback_to", "change", "query", "read", "live_read",
    "wal_checkpoint", "vacuum", "backup", "journal_mode", "unlink");
constexpr Names<Moment, Moment::kAfter> kMoments("before", "during", "after");
constexpr Names<Engine, Engine::kRecord> kEngineNames("fork", "sim", "record");
constexpr Names<ViolationClass, ViolationClass::kBrokenInvariant> kViolations(
    "lost_commit", "phantom_commit", "not_a_cut", "damaged", "open_failed",
    "wrong_answer", "wrong_read", "unstable_recovery", "not_writable",
    "unclean_close", "crashed", "hung", "flaky", "broken_invariant");
constexpr Names<DatabaseFile, DatabaseFile::kIndex> kFiles("database", "wal",
                                                           "shm");

std::optional<std::size_t> StepWithCrash(const Round& round, bool of_one) {
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const std::optional<CrashPoint>& crash = round.steps[i].crash;
    if (crash.has_value() && crash->is_of_one == of_one) return i;
  }
  return std::nullopt;
}

bool HasStep(const Plan& plan, StepKind kind) {
  return std::any_of(
      plan.rounds.begin(), plan.rounds.end(), [kind](const Round& round) {
        return std::any_of(
            round.steps.begin(), round.steps.end(),
            [kind](const Step& step) { return step.kind == kind; });
      });
}

}  // namespace

std::string_view Name(StepKind kind) { return kSteps.Of(kind); }
std::string_view Name(Moment moment) { return kMoments.Of(moment); }
std::string_view Name(Engine engine) { return kEngineNames.Of(engine); }
std::string_view Name(ViolationClass violation) {
  return kViolations.Of(violation);
}
std::string_view Name(DatabaseFile file) { return kFiles.Of(file); }

std::string_view NameOf(const Step& step) {
  return step.operation.spec != nullptr ? step.operation.spec->name
                                        : Name(step.kind);
}

std::optional<StepKind> ParseStepKind(std::string_view name) {
  const auto kind = kSteps.Parse(name);
  return kind.has_value() && IsOperation(*kind) ? std::nullopt : kind;
}
std::optional<Moment> ParseMoment(std::string_view name) {
  return kMoments.Parse(name);
}
std::optional<Engine> ParseEngine(std::string_view name) {
  return kEngineNames.Parse(name);
}
std::optional<ViolationClass> ParseViolationClass(std::string_view name) {
  return kViolations.Parse(name);
}

std::optional<DatabaseFile> ParseDatabaseFile(std::string_view name) {
  return kFiles.Parse(name);
}

bool OpensTheName(StepKind kind) {
  return kind == StepKind::kReopen || kind == StepKind::kLiveRead ||
         kind == StepKind::kBackup;
}

Step StepOf(const Operation& operation) {
  Step step;
  step.kind = operation.is_change() ? StepKind::kChange : StepKind::kQuery;
  step.operation = operation;
  return step;
}

bool ReadsFirst(const Step& step) {
  return step.operation.spec != nullptr &&
         step.operation.spec->is_spoiled_by != nullptr;
}

Plan WithoutExpectation(Plan plan) {
  plan.expected.reset();
  plan.sqlite = {};
  return plan;
}

std::optional<std::size_t> CrashStep(const Round& round) {
  return StepWithCrash(round, /*of_one=*/false);
}

std::optional<std::size_t> DeathStep(const Round& round) {
  return StepWithCrash(round, /*of_one=*/true);
}

bool HasCrash(const Round& round) {
  return CrashStep(round).has_value() || DeathStep(round).has_value();
}

std::optional<std::size_t> TimedKillStep(const Round& round) {
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    if (round.steps[i].kill_after_us.has_value()) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> ErrorStep(const Round& round) {
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    if (round.steps[i].error.has_value()) return i;
  }
  return std::nullopt;
}

bool HasDiskFaults(const Plan& plan) {
  return std::any_of(
      plan.rounds.begin(), plan.rounds.end(), [](const Round& round) {
        const auto crash = CrashStep(round);
        return ErrorStep(round).has_value() ||
               (crash.has_value() &&
                round.steps[*crash].crash->survival != Survival());
      });
}

int Clients(const Round& round) {
  int last = 0;
  for (const Step& step : round.steps) last = std::max(last, step.client);
  return last + 1;
}

int Clients(const Plan& plan) {
  int most = 1;
  for (const Round& round : plan.rounds) most = std::max(most, Clients(round));
  return most;
}

std::vector<std::vector<std::size_t>> Programs(const Round& round) {
  std::vector<std::vector<std::size_t>> programs(
      static_cast<std::size_t>(Clients(round)));
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    programs[static_cast<std::size_t>(round.steps[i].client)].push_back(i);
  }
  return programs;
}

bool ChangesJournalMode(const Plan& plan) {
  return HasStep(plan, StepKind::kJournalMode);
}

bool RemovesFiles(const Plan& plan) { return HasStep(plan, StepKind::kUnlink); }

bool MayLosePower(const Plan& plan) {
  return !ChangesJournalMode(plan) && !RemovesFiles(plan);
}

bool MayBeIn(const Plan& plan, saver::JournalMode mode) {
  const auto changes_to_it = [mode](const Step& step) {
    return step.kind == StepKind::kJournalMode && step.journal_mode == mode;
  };
  // Who changes another mode to WAL may be followed by one who opened in it and
  // finds DELETE, SQLite's default, when WAL is left.
  return plan.profile.journal_mode == mode ||
         (mode == saver::JournalMode::kDelete && ChangesJournalMode(plan)) ||
         std::any_of(plan.rounds.begin(), plan.rounds.end(),
                     [&](const Round& round) {
                       return std::any_of(round.steps.begin(),
                                          round.steps.end(), changes_to_it);
                     });
}

bool HasTimedKill(const Plan& plan) {
  return std::any_of(
      plan.rounds.begin(), plan.rounds.end(),
      [](const Round& round) { return TimedKillStep(round).has_value(); });
}

bool RunsFreely(const Plan& plan) {
  return plan.schedule.kind == ScheduleKind::kFree;
}

}  // namespace lastcommit
