#include "results/ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "names/names.h"
#include "results/combination_table.h"
#include "results/power_loss_table.h"
#include "results/signature.h"

namespace lastcommit {
namespace {

constexpr std::array<saver::JournalMode, 4> kModes = {
    saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
    saver::JournalMode::kPersist, saver::JournalMode::kWal};

Cell OutcomeCell(const char* what) {
  return {.group = CellGroup::kOutcome, .what = what};
}

Cell TimedKill(const char* what) {
  return {.group = CellGroup::kTimedKill, .what = what};
}

// Of a group whose cells have an engine and a word.
Cell OfEngine(CellGroup group, Engine engine, std::string what) {
  return {.group = group, .engine = engine, .what = std::move(what)};
}

Cell CrashCell(Engine engine, CrashKind crash, saver::JournalMode mode,
               Phase phase) {
  return {.group = CellGroup::kCrash,
          .engine = engine,
          .crash = crash,
          .journal_mode = mode,
          .phase = phase};
}

Cell CalmCell(Engine engine, saver::JournalMode mode) {
  return {.group = CellGroup::kRound,
          .engine = engine,
          .crash = CrashKind::kNone,
          .journal_mode = mode};
}

Cell MomentCell(Moment moment) {
  return {.group = CellGroup::kMoment, .what = Word(moment)};
}

// Only a WAL has checkpoints.
bool Exists(saver::JournalMode mode, Phase phase) {
  return phase != Phase::kCheckpoint || mode == saver::JournalMode::kWal;
}

// Within one trial: those of others come from other programs.
std::int64_t CountDistinct(std::vector<std::uint64_t> digests) {
  std::sort(digests.begin(), digests.end());
  return std::unique(digests.begin(), digests.end()) - digests.begin();
}

// Also of a trial that is skipped because another kill of it came too late: its
// rounds were judged.
void AddTimedKill(const Plan& plan, const RoundFacts& facts, Cells& cells) {
  if (!facts.timed) return;
  ++cells[TimedKill("sent")];
  ++cells[TimedKill(facts.crashed ? "inside" : "too_late")];
  if (!facts.crashed || !facts.judged) return;
  ++cells[TimedKill("judged")];
  ++cells[CrashCell(plan.engine, CrashKind::kTimedKill,
                    plan.profile.journal_mode, facts.crash.phase)];
}

// A trial ends with the first violation.
bool IsAboutALossOfPower(const TrialResult& result) {
  return result.verdict.violation.has_value() &&
         (result.violated_image.has_value() ||
          (!result.rounds.empty() && result.rounds.back().lost_power));
}

// Of every crash image after a loss of power, by what the contract has a row
// for.
void AddImages(const Profile& profile, const TrialResult& result,
               Cells& cells) {
  const ImageCounts& images = result.images;
  const auto add = [&](const char* what, std::int64_t count) {
    if (count == 0) return;
    cells[{.group = CellGroup::kPowerLoss,
           .journal_mode = profile.journal_mode,
           .synchronous = profile.synchronous,
           .what = what}] += count;
  };
  add("judged", images.judged);
  add("lost_changes", images.with_lost_changes);
  add("lost_commits", images.with_lost_commits);
  add("commits_lost", images.lost_commits);
  add("violated", IsAboutALossOfPower(result) ? 1 : 0);
  add("at_different_cuts", images.at_different_cuts);
  add("no_demand", images.no_demand);
  add("no_demand_damaged", images.damaged);
  add("no_demand_lost_commits", images.with_lost_commits_without_demand);
}

void AddRound(const Plan& plan, const RoundFacts& facts, Cells& cells) {
  if (!facts.judged) return;
  const saver::JournalMode mode = plan.profile.journal_mode;
  if (facts.has_death) {
    ++cells[CrashCell(plan.engine, CrashKind::kKill, mode, facts.death.phase)];
    ++cells[MomentCell(facts.death.point.moment)];
  } else if (!facts.crashed) {
    ++cells[CalmCell(plan.engine, mode)];
  }
  if (!facts.crashed && !facts.has_death) return;
  if (facts.crashed && !facts.timed) {
    ++cells[CrashCell(
        plan.engine,
        facts.lost_power ? CrashKind::kPowerLoss : CrashKind::kKill, mode,
        facts.crash.phase)];
    ++cells[MomentCell(facts.crash.point.moment)];
  }
  if (facts.had_candidate) {
    ++cells[OutcomeCell(facts.candidate_landed ? "in_doubt_landed"
                                               : "in_doubt_lost")];
  }
  if (facts.wal_frames_recovered > 0)
    ++cells[OutcomeCell("wal_frames_recovered")];
  if (facts.hot_journal) ++cells[OutcomeCell("hot_journal_rolled_back")];
  if (facts.is_mixed) ++cells[OutcomeCell("databases_at_different_cuts")];
}

std::int64_t KillsOfOne(const TrialResult& result) {
  return std::count_if(
      result.rounds.begin(), result.rounds.end(),
      [](const RoundFacts& facts) { return facts.judged && facts.has_death; });
}

// Of those, how many were followed by a crash of all in the same round.
std::int64_t KillsOfOneThenAll(const TrialResult& result) {
  return std::count_if(
      result.rounds.begin(), result.rounds.end(), [](const RoundFacts& facts) {
        return facts.judged && facts.has_death && facts.crashed;
      });
}

// What makes several clients more than one.
void AddClients(const Plan& plan, const TrialResult& result, Cells& cells) {
  const auto add = [&](const char* what, std::int64_t count) {
    if (count == 0) return;
    cells[OfEngine(CellGroup::kClients, plan.engine, what)] += count;
  };
  add("commits_in_turn", result.commits_in_turn);
  add("checkpoints_across_commits", result.checkpoints_across_commits);
  add("refusals", result.refusals);
  add("refusals_not_judged", result.refusals_not_judged);
  add("switches", static_cast<std::int64_t>(result.switches.size()));
  add("changes_of_client", result.changes_of_client);
  add("kills_of_one", KillsOfOne(result));
  add("kills_of_one_then_all", KillsOfOneThenAll(result));
  if (result.changes_of_client == 0) return;
  ++cells[OfEngine(CellGroup::kSchedule, plan.engine,
                   Word(plan.schedule.kind))];
}

bool WasKilled(const RoundFacts& facts) {
  return facts.judged && (facts.crashed || facts.has_death);
}

bool LostPower(const RoundFacts& facts) {
  return facts.judged && facts.lost_power;
}

// Of a trial that was judged: whether its fault was done.
bool Happened(FaultChoice fault, const TrialResult& result) {
  const auto any = [&](auto has_it) {
    return std::any_of(result.rounds.begin(), result.rounds.end(), has_it);
  };
  switch (fault) {
    case FaultChoice::kKill:
    case FaultChoice::kTimedKill:
      return any(WasKilled);
    case FaultChoice::kPowerLoss:
      return any(LostPower);
    case FaultChoice::kIoError:
      return result.errors > 0;
    case FaultChoice::kNone:
    case FaultChoice::kMixed:
      return true;
  }
  return true;
}

// An error in an open that had something to recover.
bool IsInRecovery(const RoundFacts& before, const RoundFacts& facts) {
  return facts.counts.errors_in_open > 0 &&
         (before.hot_journal || before.wal_frames_recovered > 0);
}

// What was injected, by its kind; of a trial that was judged.
void AddKinds(const Plan& plan, const TrialResult& result, Cells& cells) {
  const std::size_t rounds = std::min(result.rounds.size(), plan.rounds.size());
  for (std::size_t r = 0; r < rounds; ++r) {
    const RoundFacts& facts = result.rounds[r];
    const Round& round = plan.rounds[r];
    const auto error = ErrorStep(round);
    if (error.has_value() && facts.counts.errors > 0) {
      ++cells[OfEngine(CellGroup::kErrors, plan.engine,
                       Word(round.steps[*error].error->kind))];
    }
    if (r > 0 && IsInRecovery(result.rounds[r - 1], facts)) {
      ++cells[OfEngine(CellGroup::kErrors, plan.engine, "in_recovery")];
    }
    const auto crash = CrashStep(round);
    if (crash.has_value() && LostPower(facts) && facts.lost_changes > 0) {
      ++cells[OfEngine(CellGroup::kSurvival, plan.engine,
                       Word(round.steps[*crash].crash->survival.kind))];
    }
  }
}

void AddSignatures(const Plan& plan, const TrialResult& result, Cells& cells) {
  const std::size_t rounds = std::min(result.rounds.size(), plan.rounds.size());
  for (std::size_t r = 0; r < rounds; ++r) {
    const std::optional<Cell> cell =
        SignatureOf(plan.engine, plan.rounds[r], result.rounds[r]);
    if (cell.has_value()) ++cells[*cell];
  }
}

// What another program removed, and the trials that ended where nothing can be
// demanded because of that.
void AddRemovals(const Plan& plan, const TrialResult& result, Cells& cells) {
  const auto cell = [&](std::string what) {
    return OfEngine(CellGroup::kRemoval, plan.engine, std::move(what));
  };
  if (result.verdict.skipped == SkipReason::kNoDemand &&
      !result.rounds.empty() && result.rounds.back().has_removal()) {
    ++cells[cell("not_judged")];
  }
  if (result.verdict.skipped) return;
  for (const RoundFacts& facts : result.rounds) {
    for (int i = 0; i < kDatabaseFiles; ++i) {
      if (!facts.removed[static_cast<std::size_t>(i)]) continue;
      ++cells[cell(Word(static_cast<DatabaseFile>(i)))];
    }
    if (facts.counts.refused_for_removal > 0) {
      cells[cell("refused")] += facts.counts.refused_for_removal;
    }
  }
}

std::int64_t CountPowerLosses(const Ledger& ledger, saver::JournalMode mode) {
  std::int64_t count = 0;
  for (int p = 0; p < kPhases; ++p) {
    count += ledger.Count(CrashCell(Engine::kFork, CrashKind::kPowerLoss, mode,
                                    static_cast<Phase>(p)));
  }
  return count;
}

// Of real processes.
bool HasPowerLosses(const Ledger& ledger) {
  return std::any_of(kModes.begin(), kModes.end(),
                     [&](saver::JournalMode mode) {
                       return CountPowerLosses(ledger, mode) > 0;
                     });
}

bool HasRounds(const Cells& cells, Engine engine) {
  return std::any_of(cells.begin(), cells.end(), [&](const auto& entry) {
    const Cell& cell = entry.first;
    return cell.engine == engine &&
           (cell.group == CellGroup::kCrash || cell.group == CellGroup::kRound);
  });
}

bool HasOnlyRecordings(const Cells& cells) {
  bool has_plans = false;
  for (const auto& [cell, count] : cells) {
    if (cell.group != CellGroup::kPlans) continue;
    if (cell.engine != Engine::kRecord) return false;
    has_plans = true;
  }
  return has_plans;
}

// Also of a trial that was violated: it had been looked at until then.
void AddRecorded(const RecordedCounts& counts, Cells& cells) {
  const auto add = [&](const char* what, std::int64_t count) {
    if (count == 0) return;
    cells[{.group = CellGroup::kRecorded, .what = what}] += count;
  };
  add("calls", counts.calls);
  add("kill_images", counts.kill_images);
  add("power_images", counts.power_images);
  add("kills_recovered", counts.kills_recovered);
  add("losses_recovered", counts.losses_recovered);
  add("commits_in_doubt", counts.commits_in_doubt);
  add("states", counts.states);
  add("answers", counts.answers);
  add("made_good", counts.made_good);
  add("not_compared", counts.not_compared);
  add("overlaps", counts.overlaps);
  add("overlaps_not_judged", counts.overlaps_not_judged);
  add("done", counts.done);
  add("references", counts.references);
  add("only_elsewhere", counts.only_elsewhere);
  add("only_after_others", counts.only_after_others);
  add("outside", counts.outside);
  add("not_recovered", counts.not_recovered);
}

}  // namespace

void Ledger::Add(const Plan& plan, const TrialResult& result) {
  ++cells_[{.group = CellGroup::kTrials}];
  ++cells_[VerdictCell(Name(result.verdict))];
  const Combination combination = CombinationOf(plan);
  ++cells_[PlansCell(combination)];
  if (Clients(plan) > 1) {
    ++cells_[{.group = CellGroup::kClients, .clients = Clients(plan)}];
  }
  cells_[{.group = CellGroup::kSteps}] += result.steps;
  cells_[{.group = CellGroup::kCommits}] += result.commits;
  for (const RoundFacts& facts : result.rounds) {
    AddTimedKill(plan, facts, cells_);
  }
  AddRecorded(result.recorded, cells_);
  // These were judged before what came of the rest.
  AddImages(plan.profile, result, cells_);
  if (!result.image_digests.empty()) {
    cells_[{.group = CellGroup::kImages, .what = "examined"}] +=
        static_cast<std::int64_t>(result.image_digests.size());
    cells_[{.group = CellGroup::kImages, .what = "distinct"}] +=
        CountDistinct(result.image_digests);
  }
  if (result.errors > 0) {
    const auto errors = [](const char* what) {
      return Cell{.group = CellGroup::kErrors, .what = what};
    };
    cells_[errors("injected")] += result.errors;
    if (result.went_on > 0) {
      cells_[errors("same_connection_went_on")] += result.went_on;
    }
    ++cells_[errors("trials")];
  }
  AddRemovals(plan, result, cells_);
  if (result.verdict.skipped) return;  // what it did is not judged
  // Of a recording the crashes that the store recovered are its fault.
  const bool has_crashes = plan.engine != Engine::kRecord ||
                           result.verdict.violation.has_value() ||
                           result.recorded.kills_recovered > 0;
  if (has_crashes && Happened(combination.fault, result)) {
    ++cells_[ExercisedCell(combination)];
  }
  AddKinds(plan, result, cells_);
  const auto add_outcome = [&](const char* what, std::int64_t count) {
    if (count > 0) cells_[OutcomeCell(what)] += count;
  };
  add_outcome("journal_mode_changed", result.mode_changes);
  add_outcome("checkpointed", result.checkpoints);
  add_outcome("vacuumed", result.vacuums);
  for (const RoundFacts& facts : result.rounds) AddRound(plan, facts, cells_);
  AddSignatures(plan, result, cells_);
  if (Clients(plan) > 1) AddClients(plan, result, cells_);
  cells_[OutcomeCell("spilled")] += result.spilled ? 1 : 0;
  cells_[OutcomeCell("savepoint_rolled_back_after_spill")] +=
      result.savepoint_rolled_back_after_spill ? 1 : 0;
  cells_[OutcomeCell("statement_failed_after_spill")] +=
      result.statement_failed_after_spill ? 1 : 0;
}

void Ledger::Add(const Cells& cells) {
  for (const auto& [cell, count] : cells) cells_[cell] += count;
}

std::int64_t Ledger::Count(const Cell& cell) const {
  const auto found = cells_.find(cell);
  return found == cells_.end() ? 0 : found->second;
}

std::int64_t Ledger::judged() const {
  std::int64_t judged = Count(VerdictCell("held"));
  for (const auto& [cell, count] : cells_) {
    if (cell.group == CellGroup::kVerdict &&
        cell.what.starts_with("violated(")) {
      judged += count;
    }
  }
  return judged;
}

std::int64_t Ledger::skipped() const {
  return Count(VerdictCell("skipped(not_reached)")) +
         Count(VerdictCell("skipped(no_demand)"));
}

std::string Ledger::PrintRealProcesses() const {
  // Of a run on real files of which nothing was judged, the zeros are shown.
  const bool is_simulated = HasRounds(cells_, Engine::kSim) &&
                            !HasRounds(cells_, Engine::kFork) &&
                            Count(TimedKill("sent")) == 0;
  if (is_simulated || HasOnlyRecordings(cells_)) return "";
  std::string text =
      "ledger: crashes of real processes by journal_mode and phase\n";
  absl::StrAppendFormat(&text, "  %-22s", "");
  for (int p = 0; p < kPhases; ++p) {
    absl::StrAppendFormat(&text, "%11s", Word(static_cast<Phase>(p)));
  }
  absl::StrAppendFormat(&text, "%11s\n", "no crash");
  const auto append_crashes = [&](CrashKind crash, saver::JournalMode mode) {
    for (int p = 0; p < kPhases; ++p) {
      const auto phase = static_cast<Phase>(p);
      const Cell cell = CrashCell(Engine::kFork, crash, mode, phase);
      absl::StrAppendFormat(
          &text, "%11s", Exists(mode, phase) ? absl::StrCat(Count(cell)) : "-");
    }
  };
  for (const saver::JournalMode mode : kModes) {
    absl::StrAppendFormat(&text, "  fork kill %-12s", Word(mode));
    append_crashes(CrashKind::kKill, mode);
    absl::StrAppendFormat(&text, "%11d\n",
                          Count(CalmCell(Engine::kFork, mode)));
  }
  const auto append_rows = [&](const char* name, CrashKind crash) {
    for (const saver::JournalMode mode : kModes) {
      absl::StrAppendFormat(&text, "  %s %-11s", name, Word(mode));
      append_crashes(crash, mode);
      text += "\n";
    }
  };
  if (Count(TimedKill("sent")) > 0)
    append_rows("timed kill", CrashKind::kTimedKill);
  if (HasPowerLosses(*this)) append_rows("power loss", CrashKind::kPowerLoss);
  return text;
}

std::string Ledger::Print() const {
  std::string text = PrintCombinationTable(*this) + PrintRealProcesses() +
                     PrintPowerLossTable(*this);
  text += "ledger: everything else\n";
  for (const auto& [name, count] : WithNames(CellsOutsideOfTables(*this))) {
    absl::StrAppendFormat(&text, "  %-45s%12d\n", name, count);
  }
  return text;
}

Cells CellsOutsideOfTables(const Ledger& ledger) {
  Cells rest;
  for (const auto& [cell, count] : ledger.cells()) {
    switch (cell.group) {
      case CellGroup::kPlans:
      case CellGroup::kExercised:
      case CellGroup::kRound:
      case CellGroup::kCrash:
      case CellGroup::kSignature:
        break;
      default:
        rest.emplace(cell, count);
    }
  }
  return rest;
}

std::string DescribeTimedKills(const Ledger& ledger) {
  const std::int64_t sent = ledger.Count(TimedKill("sent"));
  const std::int64_t inside = ledger.Count(TimedKill("inside"));
  return absl::StrFormat(
      "timed kills: %d sent, %d came while a program ran (%.1f %%), %d too "
      "late",
      sent, inside,
      sent > 0 ? 100.0 * static_cast<double>(inside) / static_cast<double>(sent)
               : 0.0,
      ledger.Count(TimedKill("too_late")));
}

}  // namespace lastcommit
