#include "campaign/ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "campaign/power_loss_table.h"

namespace lastcommit {
namespace {

constexpr std::array<JournalMode, 4> kModes = {
    JournalMode::kDelete, JournalMode::kTruncate, JournalMode::kPersist,
    JournalMode::kWal};

constexpr const char* kOutcomes[] = {
    "outcome/in_doubt_landed",
    "outcome/in_doubt_lost",
    "outcome/wal_frames_recovered",
    "outcome/hot_journal_rolled_back",
    "outcome/spilled",
    "outcome/savepoint_rolled_back_after_spill",
    "outcome/statement_failed_after_spill"};

// absl::string_view of Debian 12 is not std::string_view.
template <typename Enum>
std::string Word(Enum value) {
  return std::string(Name(value));
}

enum class Kill { kPlanned, kTimed, kPowerLoss };

std::string CrashCell(Engine engine, Kill kill, JournalMode mode, Phase phase) {
  constexpr const char* kNames[] = {"/kill/", "/timed_kill/", "/power_loss/"};
  return absl::StrCat("crash/", Word(engine),
                      kNames[static_cast<std::size_t>(kill)], Word(mode), "/",
                      Word(phase));
}

constexpr const char kErrors[] = "errors/injected";
constexpr const char kWentOn[] = "errors/same_connection_went_on";
constexpr const char kModeChanges[] = "outcome/journal_mode_changed";
constexpr const char kCheckpoints[] = "outcome/checkpointed";
constexpr const char kVacuums[] = "outcome/vacuumed";
constexpr const char kTimedSent[] = "timed_kill/sent";
constexpr const char kTimedInside[] = "timed_kill/inside";
constexpr const char kTimedTooLate[] = "timed_kill/too_late";

constexpr const char kCommitsInTurn[] = "clients/commits_in_turn";
constexpr const char kCheckpointsAcross[] =
    "clients/checkpoints_across_commits";
constexpr const char kRefusals[] = "clients/refusals";
constexpr const char kSwitches[] = "clients/switches";

std::string CalmCell(Engine engine, JournalMode mode) {
  return absl::StrCat("round/", Word(engine), "/none/", Word(mode));
}

// Only a WAL has checkpoints.
bool Exists(JournalMode mode, Phase phase) {
  return phase != Phase::kCheckpoint || mode == JournalMode::kWal;
}

// With a rollback journal a close makes calls only if it has a transaction to
// roll back.
bool IsPromised(JournalMode mode, Phase phase) {
  return mode == JournalMode::kWal ||
         (phase != Phase::kCheckpoint && phase != Phase::kClose);
}

// Within one trial: those of others come from other programs.
std::int64_t CountDistinct(std::vector<std::uint64_t> digests) {
  std::sort(digests.begin(), digests.end());
  return std::unique(digests.begin(), digests.end()) - digests.begin();
}

// Also of a trial that is skipped because another kill of it came too late: its
// rounds were judged.
void AddTimedKill(const Plan& plan, const RoundFacts& facts,
                  Ledger::Cells& cells) {
  if (!facts.timed) return;
  ++cells[kTimedSent];
  ++cells[facts.crashed ? kTimedInside : kTimedTooLate];
  if (!facts.crashed || !facts.judged) return;
  ++cells["timed_kill/judged"];
  ++cells[CrashCell(plan.engine, Kill::kTimed, plan.profile.journal_mode,
                    facts.crash.phase)];
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
               Ledger::Cells& cells) {
  const ImageCounts& images = result.images;
  const std::string row =
      absl::StrCat("power_loss/", Word(profile.journal_mode), "/",
                   Word(profile.synchronous), "/");
  const auto add = [&](const char* cell, std::int64_t count) {
    if (count > 0) cells[row + cell] += count;
  };
  add("judged", images.judged);
  add("lost_changes", images.with_lost_changes);
  add("lost_commits", images.with_lost_commits);
  add("commits_lost", images.lost_commits);
  add("violated", IsAboutALossOfPower(result) ? 1 : 0);
  add("no_demand", images.no_demand);
  add("no_demand_damaged", images.damaged);
  add("no_demand_lost_commits", images.with_lost_commits_without_demand);
}

void AddRound(const Plan& plan, const RoundFacts& facts, Ledger::Cells& cells) {
  if (!facts.judged) return;
  const JournalMode mode = plan.profile.journal_mode;
  if (facts.has_death) {
    ++cells[CrashCell(plan.engine, Kill::kPlanned, mode, facts.death.phase)];
    ++cells[absl::StrCat("moment/", Word(facts.death.point.moment))];
  } else if (!facts.crashed) {
    ++cells[CalmCell(plan.engine, mode)];
  }
  if (!facts.crashed && !facts.has_death) return;
  if (facts.crashed && !facts.timed) {
    ++cells[CrashCell(plan.engine,
                      facts.lost_power ? Kill::kPowerLoss : Kill::kPlanned,
                      mode, facts.crash.phase)];
    ++cells[absl::StrCat("moment/", Word(facts.crash.point.moment))];
  }
  if (facts.had_candidate) {
    ++cells[facts.candidate_landed ? kOutcomes[0] : kOutcomes[1]];
  }
  if (facts.wal_frames_recovered > 0) ++cells[kOutcomes[2]];
  if (facts.hot_journal) ++cells[kOutcomes[3]];
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
void AddClients(const TrialResult& result, Ledger::Cells& cells) {
  const auto add = [&](const std::string& cell, std::int64_t count) {
    if (count > 0) cells[cell] += count;
  };
  add(kCommitsInTurn, result.commits_in_turn);
  add(kCheckpointsAcross, result.checkpoints_across_commits);
  add(kRefusals, result.refusals);
  add(kSwitches, static_cast<std::int64_t>(result.switches.size()));
  add("clients/changes_of_client", result.changes_of_client);
  add("clients/kills_of_one", KillsOfOne(result));
  add("clients/kills_of_one_then_all", KillsOfOneThenAll(result));
}

std::int64_t CountPowerLosses(const Ledger& ledger, JournalMode mode) {
  std::int64_t count = 0;
  for (int p = 0; p < kPhases; ++p) {
    count += ledger.Count(CrashCell(Engine::kFork, Kill::kPowerLoss, mode,
                                    static_cast<Phase>(p)));
  }
  return count;
}

// Of real processes.
bool HasPowerLosses(const Ledger& ledger) {
  return std::any_of(kModes.begin(), kModes.end(), [&](JournalMode mode) {
    return CountPowerLosses(ledger, mode) > 0;
  });
}

bool HasRounds(const Ledger::Cells& cells, Engine engine) {
  const std::string crashes = absl::StrCat("crash/", Word(engine), "/");
  const std::string ends = absl::StrCat("round/", Word(engine), "/");
  return std::any_of(cells.begin(), cells.end(), [&](const auto& cell) {
    return cell.first.starts_with(crashes) || cell.first.starts_with(ends);
  });
}

void Promise(const Ledger& ledger, const std::string& cell,
             std::vector<std::string>& empty) {
  if (ledger.Count(cell) == 0) empty.push_back("empty cell: " + cell);
}

// What several clients promise to fill. Without switches inside of steps nobody
// commits during a checkpoint of another one, but for those who wait.
std::vector<std::string> EmptyCellsOfClients(const Ledger& ledger,
                                             const GenerateOptions& options) {
  std::vector<std::string> empty;
  Promise(ledger, kCommitsInTurn, empty);
  if (options.fault == FaultChoice::kMixed ||
      options.fault == FaultChoice::kKill ||
      options.fault == FaultChoice::kNone) {
    Promise(ledger, kModeChanges, empty);
  }
  // Whether one is in the way of another the kernel decides.
  if (options.schedule == ScheduleKind::kFree) return empty;
  Promise(ledger, kRefusals, empty);
  if (options.schedule == ScheduleKind::kPlan) return empty;
  Promise(ledger, kCheckpointsAcross, empty);
  Promise(ledger, kSwitches, empty);
  return empty;
}

// What real processes promise to fill.
std::vector<std::string> EmptyCells(const Ledger& ledger, FaultChoice fault) {
  std::vector<std::string> empty;
  const auto promise = [&](const std::string& cell) {
    Promise(ledger, cell, empty);
  };
  const Kill kill =
      fault == FaultChoice::kPowerLoss ? Kill::kPowerLoss : Kill::kPlanned;
  for (const JournalMode mode : kModes) {
    if (fault == FaultChoice::kMixed) promise(CalmCell(Engine::kFork, mode));
    for (int p = 0; p < kPhases; ++p) {
      const auto phase = static_cast<Phase>(p);
      if (!IsPromised(mode, phase)) continue;
      promise(CrashCell(Engine::kFork, kill, mode, phase));
    }
  }
  if (fault != FaultChoice::kMixed) return empty;
  for (const char* outcome : kOutcomes) promise(outcome);
  promise(kModeChanges);
  // Few enough that not each phase has one.
  for (const JournalMode mode : kModes) {
    if (CountPowerLosses(ledger, mode) > 0) continue;
    empty.push_back("no loss of power in journal_mode " + Word(mode));
  }
  promise(kErrors);
  promise(kWentOn);
  return empty;
}

}  // namespace

void Ledger::Add(const Plan& plan, const TrialResult& result) {
  ++cells_["trials"];
  ++cells_[absl::StrCat("verdict/", Name(result.verdict))];
  if (Clients(plan) > 1) ++cells_[absl::StrCat("clients/", Clients(plan))];
  cells_["steps"] += result.steps;
  cells_["commits"] += result.commits;
  for (const RoundFacts& facts : result.rounds) {
    AddTimedKill(plan, facts, cells_);
  }
  // These were judged before what came of the rest.
  AddImages(plan.profile, result, cells_);
  if (!result.image_digests.empty()) {
    cells_["images/examined"] +=
        static_cast<std::int64_t>(result.image_digests.size());
    cells_["images/distinct"] += CountDistinct(result.image_digests);
  }
  if (result.errors > 0) {
    cells_[kErrors] += result.errors;
    if (result.went_on > 0) cells_[kWentOn] += result.went_on;
    ++cells_["errors/trials"];
  }
  if (result.verdict.skipped) return;  // what it did is not judged
  if (result.mode_changes > 0) cells_[kModeChanges] += result.mode_changes;
  if (result.checkpoints > 0) cells_[kCheckpoints] += result.checkpoints;
  if (result.vacuums > 0) cells_[kVacuums] += result.vacuums;
  for (const RoundFacts& facts : result.rounds) AddRound(plan, facts, cells_);
  if (Clients(plan) > 1) AddClients(result, cells_);
  cells_[kOutcomes[4]] += result.spilled ? 1 : 0;
  cells_[kOutcomes[5]] += result.savepoint_rolled_back_after_spill ? 1 : 0;
  cells_[kOutcomes[6]] += result.statement_failed_after_spill ? 1 : 0;
}

void Ledger::Add(const Cells& cells) {
  for (const auto& [cell, count] : cells) cells_[cell] += count;
}

std::int64_t Ledger::Count(const std::string& cell) const {
  const auto found = cells_.find(cell);
  return found == cells_.end() ? 0 : found->second;
}

std::int64_t Ledger::skipped() const {
  return Count("verdict/skipped(not_reached)") +
         Count("verdict/skipped(no_demand)");
}

std::string Ledger::PrintRealProcesses() const {
  // Of a run on real files of which nothing was judged, the zeros are shown.
  const bool is_simulated = HasRounds(cells_, Engine::kSim) &&
                            !HasRounds(cells_, Engine::kFork) &&
                            Count(kTimedSent) == 0;
  if (is_simulated) return "";
  std::string text =
      "ledger: crashes of real processes by journal_mode and phase\n";
  absl::StrAppendFormat(&text, "  %-22s", "");
  for (int p = 0; p < kPhases; ++p) {
    absl::StrAppendFormat(&text, "%11s", Word(static_cast<Phase>(p)));
  }
  absl::StrAppendFormat(&text, "%11s\n", "no crash");
  const auto append_crashes = [&](Kill kill, JournalMode mode) {
    for (int p = 0; p < kPhases; ++p) {
      const auto phase = static_cast<Phase>(p);
      const std::string cell = CrashCell(Engine::kFork, kill, mode, phase);
      absl::StrAppendFormat(
          &text, "%11s", Exists(mode, phase) ? absl::StrCat(Count(cell)) : "-");
    }
  };
  for (const JournalMode mode : kModes) {
    absl::StrAppendFormat(&text, "  fork kill %-12s", Word(mode));
    append_crashes(Kill::kPlanned, mode);
    absl::StrAppendFormat(&text, "%11d\n",
                          Count(CalmCell(Engine::kFork, mode)));
  }
  const auto append_rows = [&](const char* name, Kill kill) {
    for (const JournalMode mode : kModes) {
      absl::StrAppendFormat(&text, "  %s %-11s", name, Word(mode));
      append_crashes(kill, mode);
      text += "\n";
    }
  };
  if (Count(kTimedSent) > 0) append_rows("timed kill", Kill::kTimed);
  if (HasPowerLosses(*this)) append_rows("power loss", Kill::kPowerLoss);
  return text;
}

std::string Ledger::Print() const {
  std::string text = PrintRealProcesses() + PrintPowerLossTable(*this);
  text += "ledger: everything else\n";
  for (const auto& [cell, count] : cells_) {
    if (cell.starts_with("crash/") || cell.starts_with("round/")) continue;
    absl::StrAppendFormat(&text, "  %-45s%12d\n", cell, count);
  }
  return text;
}

// What a simulated disk promises is not in these cells, but for what several
// clients do on it.
std::optional<std::int64_t> TrialsOfAPromise(const GenerateOptions& options) {
  if (options.clients > 1) return kTrialsOfAPromise;
  if (options.engine != EngineChoice::kFork) return std::nullopt;
  switch (options.fault) {
    case FaultChoice::kMixed:
      return kTrialsOfAPromise;
    case FaultChoice::kPowerLoss:
      return 2 * kTrialsOfAPromise;
    default:
      return std::nullopt;
  }
}

bool AreInside(const Ledger& ledger) {
  const std::int64_t sent = ledger.Count(kTimedSent);
  return sent > 0 &&
         ledger.Count(kTimedInside) * 100 >= sent * kLeastInsidePercent;
}

std::string DescribeTimedKills(const Ledger& ledger) {
  const std::int64_t sent = ledger.Count(kTimedSent);
  const std::int64_t inside = ledger.Count(kTimedInside);
  return absl::StrFormat(
      "timed kills: %d sent, %d came while a program ran (%.1f %%), %d too "
      "late",
      sent, inside,
      sent > 0 ? 100.0 * static_cast<double>(inside) / static_cast<double>(sent)
               : 0.0,
      ledger.Count(kTimedTooLate));
}

std::vector<std::string> BrokenPromises(const Ledger& ledger,
                                        const GenerateOptions& options) {
  std::vector<std::string> broken;
  if (ledger.trials() == 0) broken.push_back("no trial was run");
  // After a fault of the disk plans without a demand are meant to be: the
  // contract has such rows.
  const bool has_kills_mostly = options.engine == EngineChoice::kFork &&
                                options.fault != FaultChoice::kPowerLoss &&
                                options.fault != FaultChoice::kIoError;
  const std::int64_t skipped =
      has_kills_mostly ? ledger.skipped()
                       : ledger.Count("verdict/skipped(not_reached)");
  if (skipped * 100 > ledger.trials() * kMaxSkippedPercent) {
    broken.push_back(absl::StrCat(skipped, " of ", ledger.trials(),
                                  " plans were skipped, more than ",
                                  kMaxSkippedPercent, " %"));
  }
  for (std::string& row : RowsNotExercised(ledger)) {
    broken.push_back(std::move(row));
  }
  if (options.fault == FaultChoice::kTimedKill && !AreInside(ledger)) {
    broken.push_back(absl::StrCat(ledger.Count(kTimedInside), " of ",
                                  ledger.Count(kTimedSent),
                                  " timed kills came while a program ran, "
                                  "fewer than ",
                                  kLeastInsidePercent, " %"));
  }
  const auto enough = TrialsOfAPromise(options);
  if (!enough.has_value() || ledger.trials() < *enough) return broken;
  for (std::string& empty : options.clients > 1
                                ? EmptyCellsOfClients(ledger, options)
                                : EmptyCells(ledger, options.fault)) {
    broken.push_back(std::move(empty));
  }
  return broken;
}

}  // namespace lastcommit
