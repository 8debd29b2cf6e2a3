#include "campaign/ledger.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

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

std::string CrashCell(Engine engine, JournalMode mode, Phase phase) {
  return absl::StrCat("crash/", Word(engine), "/kill/", Word(mode), "/",
                      Word(phase));
}

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

void AddRound(const Plan& plan, const RoundFacts& facts, Ledger::Cells& cells) {
  if (!facts.judged) return;
  const JournalMode mode = plan.profile.journal_mode;
  if (!facts.crashed) {
    ++cells[CalmCell(plan.engine, mode)];
    return;
  }
  ++cells[CrashCell(plan.engine, mode, facts.crash.phase)];
  ++cells[absl::StrCat("moment/", Word(facts.crash.point.moment))];
  if (facts.had_candidate) {
    ++cells[facts.candidate_landed ? kOutcomes[0] : kOutcomes[1]];
  }
  if (facts.wal_frames_recovered > 0) ++cells[kOutcomes[2]];
  if (facts.hot_journal) ++cells[kOutcomes[3]];
}

}  // namespace

void Ledger::Add(const Plan& plan, const TrialResult& result) {
  ++cells_["trials"];
  ++cells_[absl::StrCat("verdict/", Name(result.verdict))];
  cells_["steps"] += result.steps;
  cells_["commits"] += result.commits;
  if (result.verdict.skipped) return;  // what it did is not judged
  for (const RoundFacts& facts : result.rounds) AddRound(plan, facts, cells_);
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

std::string Ledger::Print() const {
  std::string text = "ledger: kills by journal_mode and phase\n";
  absl::StrAppendFormat(&text, "  %-22s", "");
  for (int p = 0; p < kPhases; ++p) {
    absl::StrAppendFormat(&text, "%11s", Word(static_cast<Phase>(p)));
  }
  absl::StrAppendFormat(&text, "%11s\n", "no crash");
  for (const JournalMode mode : kModes) {
    absl::StrAppendFormat(&text, "  fork kill %-12s", Word(mode));
    for (int p = 0; p < kPhases; ++p) {
      const auto phase = static_cast<Phase>(p);
      const std::string cell = CrashCell(Engine::kFork, mode, phase);
      absl::StrAppendFormat(
          &text, "%11s", Exists(mode, phase) ? absl::StrCat(Count(cell)) : "-");
    }
    absl::StrAppendFormat(&text, "%11d\n",
                          Count(CalmCell(Engine::kFork, mode)));
  }
  text += "ledger: everything else\n";
  for (const auto& [cell, count] : cells_) {
    if (cell.starts_with("crash/") || cell.starts_with("round/")) continue;
    absl::StrAppendFormat(&text, "  %-45s%12d\n", cell, count);
  }
  return text;
}

std::vector<std::string> BrokenPromises(const Ledger& ledger,
                                        const GenerateOptions& options) {
  std::vector<std::string> broken;
  if (ledger.trials() == 0) broken.push_back("no trial was run");
  if (ledger.skipped() * 100 > ledger.trials() * kMaxSkippedPercent) {
    broken.push_back(absl::StrCat(ledger.skipped(), " of ", ledger.trials(),
                                  " plans were skipped, more than ",
                                  kMaxSkippedPercent, " %"));
  }
  if (options.fault != FaultChoice::kMixed ||
      ledger.trials() < kTrialsOfAPromise) {
    return broken;
  }
  const auto promise = [&](const std::string& cell) {
    if (ledger.Count(cell) == 0) broken.push_back("empty cell: " + cell);
  };
  for (const JournalMode mode : kModes) {
    promise(CalmCell(options.engine, mode));
    for (int p = 0; p < kPhases; ++p) {
      const auto phase = static_cast<Phase>(p);
      if (IsPromised(mode, phase))
        promise(CrashCell(options.engine, mode, phase));
    }
  }
  for (const char* outcome : kOutcomes) promise(outcome);
  return broken;
}

}  // namespace lastcommit
