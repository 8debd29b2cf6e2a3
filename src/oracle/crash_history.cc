#include "oracle/crash_history.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lastcommit {

namespace {

// Excuse: IsHalfCopied.
// Of a checkpoint that a process died in, the WAL that would be copied again is
// gone.
bool IsHalfCopied(const Replayed& replayed) {
  return replayed.was_writing_database &&
         replayed.removals.Has(DatabaseFile::kWal) &&
         !replayed.removals.Has(DatabaseFile::kDatabase);
}

}  // namespace

// Rule: FinishModel.
Verdict CrashHistory::FinishModel(const Round& round, const RoundTrace& trace,
                                  ReferenceModel& model,
                                  Replayed& replayed) const {
  const std::int64_t before = model.state().cut;
  if (replayed.in_flight) model.Apply(round.steps[*replayed.in_flight]);
  model.Crash();  // the model's process is gone too
  if (!replayed.in_flight) return Verdict::Held();
  const std::int64_t after = model.state().cut;
  replayed.highest_cut = after;
  const StepRecord& record = trace.records[*replayed.in_flight];
  if (after > before) {
    replayed.commits.push_back(
        {after, AttemptedAt(after, *replayed.in_flight, trace),
         record.acknowledged_at, /*is_promised=*/true, record.calls.wal_written,
         record.calls.attached_wal_written});
  }
  const std::int64_t acknowledged =
      trace.records[*replayed.in_flight].acknowledged;
  if (!replayed.in_flight_acknowledged || acknowledged == after) {
    return Verdict::Held();
  }
  return Verdict::Violated(
      ViolationClass::kWrongAnswer,
      absl::StrCat("step ", *replayed.in_flight, " acknowledged cut ",
                   acknowledged, ", the model ", after));
}

// Rule: PromisedAt.
// What had been acknowledged at that moment.
std::int64_t CrashHistory::PromisedAt(Mark mark,
                                      const Replayed& replayed) const {
  std::int64_t cut = promises_.acknowledged;
  for (const CommitTimes& commit : replayed.commits) {
    if (commit.is_promised && commit.acknowledged_at <= mark) {
      cut = std::max(cut, commit.cut);
    }
  }
  return cut;
}

// Rule: WalSyncedAt.
// A commit is in the WAL once all of its writes are, which may be before it is
// acknowledged: the checkpoint after a commit is made inside of it.
std::int64_t CrashHistory::WalSyncedAt(Mark now, const SyncMarks& synced,
                                       const Replayed& replayed) const {
  std::int64_t cut = promises_.wal_synced;
  if (synced.wal >= 0) cut = promises_.acknowledged;
  for (const CommitTimes& commit : replayed.commits) {
    if (commit.is_promised && commit.acknowledged_at <= now &&
        commit.wal_written <= synced.wal) {
      cut = std::max(cut, commit.cut);
    }
  }
  return std::max(cut, InDatabaseAt(now, replayed));
}

// Rule: AttachedWalSyncedAt.
// The same of an attached database. What SQLite answers of a checkpoint is
// about the main one (sqlite3Checkpoint() in main.c), but it has synced this
// WAL, too.
std::int64_t CrashHistory::AttachedWalSyncedAt(int database, Mark now,
                                               const SyncMarks& synced,
                                               const Replayed& replayed) const {
  const CallMark sync = Of(database, synced.attached_wal);
  std::int64_t cut = sync >= 0 ? promises_.acknowledged
                               : Of(database, promises_.attached_wal_synced);
  for (const CommitTimes& commit : replayed.commits) {
    if (commit.is_promised && commit.acknowledged_at <= now &&
        Of(database, commit.attached_wal_written) <= sync) {
      cut = std::max(cut, commit.cut);
    }
  }
  return cut;
}

// Rule: InDatabaseAt.
// What SQLite has said to be in the database file.
std::int64_t CrashHistory::InDatabaseAt(Mark now,
                                        const Replayed& replayed) const {
  std::int64_t cut = promises_.in_database;
  for (const DurabilityPromise& promise : replayed.promises) {
    if (promise.returned_at <= now) {
      cut = std::max(cut, PromisedAt(promise.called_at, replayed));
    }
  }
  return cut;
}

// Excuse: KeptAt.
// What stood in the removed file alone may be gone; but nothing that goes there
// may be acknowledged afterwards.
std::optional<std::int64_t> CrashHistory::KeptAt(
    Mark now, const Replayed& replayed) const {
  const Removals& removals = replayed.removals;
  if (!removals.take_commits()) return std::nullopt;
  std::int64_t kept =
      removals.Has(DatabaseFile::kDatabase) ? -1 : InDatabaseAt(now, replayed);
  for (const CommitTimes& commit : replayed.commits) {
    if (commit.is_promised && commit.acknowledged_at > removals.at &&
        commit.acknowledged_at <= now) {
      kept = std::max(kept, commit.cut);
    }
  }
  return kept;
}

CrashHistory::Promises CrashHistory::PromisesAt(
    Mark now, const SyncMarks& synced, const Replayed& replayed) const {
  Promises promises = promises_;
  promises.acknowledged = PromisedAt(now, replayed);
  promises.in_database = InDatabaseAt(now, replayed);
  promises.wal_synced = WalSyncedAt(now, synced, replayed);
  for (int database = 1; database <= attached_; ++database) {
    Of(database, promises.attached_wal_synced) =
        AttachedWalSyncedAt(database, now, synced, replayed);
  }
  if (synced.directory >= 0) {
    promises.directory_synced = PromisedAt(synced.directory, replayed);
  }
  return promises;
}

CrashFacts CrashHistory::FactsAt(Mark now, const SyncMarks& synced,
                                 const Replayed& replayed) const {
  const Promises promises = PromisesAt(now, synced, replayed);
  std::int64_t settled = cut_before_;
  std::int64_t attempted = cut_before_;
  for (const CommitTimes& commit : replayed.commits) {
    if (commit.acknowledged_at <= now) settled = std::max(settled, commit.cut);
    if (commit.attempted_at <= now) attempted = std::max(attempted, commit.cut);
  }
  CrashFacts facts;
  facts.fault = Fault::kPowerLoss;
  facts.candidates = static_cast<int>(std::max(attempted, settled) - settled);
  facts.acknowledged = promises.acknowledged;
  facts.unacknowledged = settled - promises.acknowledged;
  facts.wal_synced = promises.wal_synced;
  facts.attached = attached_;
  facts.attached_wal_synced = promises.attached_wal_synced;
  facts.directory_synced = promises.directory_synced;
  facts.kept = KeptAt(now, replayed);
  facts.is_half_copied = IsHalfCopied(replayed);
  return facts;
}

// Only of a commit to a WAL anything is left that nobody reads: a rollback
// journal is rolled back, or was at its end.
void CrashHistory::NoteUnfound(const Plan& plan, const ReferenceModel& with,
                               std::int64_t found, Interruption how) {
  if (!MayBeIn(plan, saver::JournalMode::kWal)) return;
  if (with.state().cut <= found) return;
  unfound_.Add(with, found, how);
}

// From FULL on a commit to a WAL is synced before it is acknowledged, and a
// kill takes nothing that was written.
void CrashHistory::AddUnfound(const Plan& plan, const CrashFacts& facts,
                              Mark now, const Replayed& replayed,
                              Alternatives& alternatives) const {
  const bool needs_sync = facts.fault == Fault::kPowerLoss &&
                          plan.profile.synchronous < saver::Synchronous::kFull;
  std::int64_t synced = facts.wal_synced;
  for (int database = 1; database <= facts.attached; ++database) {
    synced = std::min(synced, Of(database, facts.attached_wal_synced));
  }
  unfound_.AddTo({facts.fault, needs_sync ? synced : facts.acknowledged,
                  replayed.wal_written_from <= now},
                 alternatives);
}

// Rule: EndRound.
// What another program has removed is gone as after a loss of power.
void CrashHistory::EndRound(bool lost_power, std::int64_t cut, Mark now,
                            const SyncMarks& synced, const Replayed& replayed) {
  if (lost_power || replayed.removals.take_commits()) {
    promises_ = {cut, cut, cut, cut, {cut, cut, cut}};
    in_doubt_.clear();
  } else {
    in_doubt_ = replayed.at_end.after_power_loss;
    promises_ = PromisesAt(now, synced, replayed);
  }
  if (replayed.removals.take_commits()) unfound_.Clear();
  unfound_.EndRound(lost_power, replayed.wal_written_from != kNever);
}

CrashFacts WithoutPowerLoss(CrashFacts facts, Fault fault) {
  facts.acknowledged += facts.unacknowledged;
  facts.unacknowledged = 0;
  facts.fault = fault;
  return facts;
}

}  // namespace lastcommit
