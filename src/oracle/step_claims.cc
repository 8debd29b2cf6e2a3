#include "oracle/step_claims.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "oracle/durability_promises.h"
#include "oracle/round_view.h"

namespace lastcommit {
namespace {

// It acknowledged a commit of its own.
bool HasCommitted(const Step& step, const StepRecord& record) {
  return IsOk(record) && (step.kind == StepKind::kCommit ||
                          (IsChange(step.kind) && !record.is_in_transaction));
}

std::optional<saver::JournalMode> ModeThatEndsWith(TransactionEnd end) {
  switch (end) {
    case TransactionEnd::kUnseen:
      return std::nullopt;
    case TransactionEnd::kJournalDeleted:
      return saver::JournalMode::kDelete;
    case TransactionEnd::kJournalTruncated:
      return saver::JournalMode::kTruncate;
    case TransactionEnd::kJournalZeroed:
      return saver::JournalMode::kPersist;
    case TransactionEnd::kWalWritten:
      return saver::JournalMode::kWal;
  }
  return std::nullopt;
}

// A change of the journal mode that was answered with OK.
struct ModeClaim {
  std::size_t step = 0;
  saver::JournalMode mode = saver::JournalMode::kDelete;
  // What the client's commits had shown before.
  std::optional<saver::JournalMode> before;
};

class ClaimJudge {
 public:
  ClaimJudge(const Plan& plan, const Round& round, const RoundTrace& trace,
             RoundCounts& counts)
      : plan_(plan), round_(round), trace_(trace), counts_(counts) {}

  Verdict Judge() {
    for (const std::vector<std::size_t>& program : Programs(round_)) {
      claim_.reset();
      shown_.reset();
      for (const std::size_t i : program) {
        if (!HasReturned(trace_.records[i])) break;
        Verdict verdict = JudgeStep(i);
        if (!verdict.held()) return verdict;
      }
    }
    return Verdict::Held();
  }

 private:
  Verdict JudgeStep(std::size_t i) {
    const Step& step = round_.steps[i];
    const StepRecord& record = trace_.records[i];
    if (IsOpening(step.kind)) {
      claim_.reset();
      shown_ = plan_.profile.journal_mode;
    }
    if (step.kind == StepKind::kJournalMode) {
      // After an error the mode may be either.
      claim_.reset();
      if (IsOk(record)) claim_ = ModeClaim{i, step.journal_mode, shown_};
    }
    if (step.kind == StepKind::kVacuum && IsOk(record)) return JudgeVacuum(i);
    if (step.kind == StepKind::kWalCheckpoint && IsOk(record)) {
      return JudgeCheckpoint(i);
    }
    return HasCommitted(step, record) ? JudgeModeChange(i) : Verdict::Held();
  }

  // Rule: JudgeVacuum.
  // It writes every page anew (https://sqlite.org/lang_vacuum.html), also of a
  // database from which nothing was deleted.
  Verdict JudgeVacuum(std::size_t i) {
    if (trace_.records[i].calls.writes == 0) {
      return Untrue(i, "VACUUM, and has written nothing");
    }
    ++counts_.vacuums;
    return Verdict::Held();
  }

  // Rule: JudgeCheckpoint.
  Verdict JudgeCheckpoint(std::size_t i) {
    const StepRecord& record = trace_.records[i];
    if (!IsComplete(record.checkpoint)) return Verdict::Held();
    if (MayNotKnowOfTheWal()) return Verdict::Held();
    const CallMark committed = NewestCommitInWal(record.intended_at);
    if (committed > record.calls.database_written) {
      return Untrue(i,
                    "a checkpoint of the whole WAL, but nobody has written to "
                    "the database since the last commit before it");
    }
    if (round_.steps[i].mode == saver::CheckpointMode::kTruncate &&
        committed > record.calls.wal_emptied) {
      return Untrue(i,
                    "a checkpoint that truncates, but nobody has truncated the "
                    "WAL since the last commit before it");
    }
    if (record.calls.writes > 0) ++counts_.checkpoints;
    return Verdict::Held();
  }

  // Excuse: MayNotKnowOfTheWal.
  // A client that does not know that another one has gone over to WAL sees
  // none, and the saver does not tell that from an empty one.
  bool MayNotKnowOfTheWal() const {
    return Clients(round_) > 1 && ChangesJournalMode(plan_);
  }

  // The last write to the WAL of those that were acknowledged before `mark`.
  CallMark NewestCommitInWal(Mark mark) const {
    CallMark newest = 0;
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const StepRecord& record = trace_.records[i];
      if (HasCommitted(round_.steps[i], record) && record.returned_at < mark) {
        newest = std::max(newest, record.calls.wal_written);
      }
    }
    return newest;
  }

  // Rule: JudgeModeChange.
  // DELETE, TRUNCATE and PERSIST are a state of the connection, which no file
  // shows: what its next commit does with its journal does.
  Verdict JudgeModeChange(std::size_t i) {
    const auto mode = ModeThatEndsWith(trace_.records[i].calls.end);
    if (!mode.has_value()) return Verdict::Held();
    shown_ = mode;
    if (!claim_.has_value()) return Verdict::Held();
    const ModeClaim claim = *claim_;
    claim_.reset();
    if (MayBeChangedByOthers(claim.step, i)) return Verdict::Held();
    if (mode != claim.mode) {
      return Untrue(claim.step,
                    absl::StrCat("journal mode ", std::string(Name(claim.mode)),
                                 ", but the commit of step ", i, " was one of ",
                                 std::string(Name(*mode))));
    }
    if (mode != claim.before) ++counts_.mode_changes;
    return Verdict::Held();
  }

  // Excuse: MayBeChangedByOthers.
  // WAL is a state of the file, and so is that it is not WAL.
  bool MayBeChangedByOthers(std::size_t from, std::size_t until) const {
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const Step& step = round_.steps[i];
      const StepRecord& record = trace_.records[i];
      const bool sets_mode =
          step.kind == StepKind::kJournalMode || IsOpening(step.kind);
      if (!sets_mode || step.client == round_.steps[from].client) continue;
      if (record.progress == Progress::kNone) continue;
      const Mark ended = HasReturned(record) ? record.returned_at : kNever;
      if (record.intended_at < trace_.records[until].returned_at &&
          ended > trace_.records[from].intended_at) {
        return true;
      }
    }
    return false;
  }

  Verdict Untrue(std::size_t i, const std::string& claim) const {
    return Verdict::Violated(
        ViolationClass::kWrongAnswer,
        absl::StrCat("step ", i, " (", std::string(NameOf(round_.steps[i])),
                     ") said that it had made ", claim));
  }

  const Plan& plan_;
  const Round& round_;
  const RoundTrace& trace_;
  RoundCounts& counts_;
  // Of the client that is judged:
  std::optional<ModeClaim> claim_;
  std::optional<saver::JournalMode> shown_;  // by its newest commit
};

}  // namespace

Verdict JudgeClaims(const Plan& plan, const Round& round,
                    const RoundTrace& trace, RoundCounts& counts) {
  return ClaimJudge(plan, round, trace, counts).Judge();
}

}  // namespace lastcommit
