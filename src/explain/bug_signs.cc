#include "explain/bug_signs.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>

namespace lastcommit {
namespace {

using Classes = std::initializer_list<ViolationClass>;
using Modes = std::initializer_list<saver::JournalMode>;

bool IsOneOf(ViolationClass violation, Classes classes) {
  return std::find(classes.begin(), classes.end(), violation) != classes.end();
}

bool IsIn(const Plan& plan, Modes modes) {
  return std::any_of(
      modes.begin(), modes.end(),
      [&plan](saver::JournalMode mode) { return MayBeIn(plan, mode); });
}

// What the least careful of the plan's clients does.
Defences WeakestOf(const Plan& plan, const Failure& failure) {
  return Clients(plan) == 1 ? failure.of_first
                            : std::min(failure.of_first, failure.of_others);
}

bool IsUndefended(const Plan& plan, const Failure& failure) {
  return WeakestOf(plan, failure) < Defences::kAll;
}

std::size_t RoundsRun(const Plan& plan, const Failure& failure) {
  return std::min(plan.rounds.size(), failure.scenes.size());
}

// nullptr: the round ended by itself.
const CrashPoint* CrashOf(const Round& round) {
  const std::optional<std::size_t> step = CrashStep(round);
  return step.has_value() ? &*round.steps[*step].crash : nullptr;
}

bool IsKilled(const Round& round) {
  if (TimedKillStep(round).has_value()) return true;
  const CrashPoint* const crash = CrashOf(round);
  return crash != nullptr && crash->survival.kind == SurvivalKind::kAll;
}

bool LosesPower(const Round& round) {
  const CrashPoint* const crash = CrashOf(round);
  return crash != nullptr && crash->survival.kind != SurvivalKind::kAll;
}

// What was written later may be there without what was written earlier.
bool MayReorder(const Survival& survival) {
  return survival.kind == SurvivalKind::kSubset ||
         survival.kind == SurvivalKind::kLoseOne ||
         survival.kind == SurvivalKind::kChosen;
}

bool MayLeaveGarbage(const Survival& survival) {
  return survival.kind == SurvivalKind::kSubset ||
         std::any_of(survival.fates.begin(), survival.fates.end(),
                     [](const Fate& fate) {
                       return fate.kind == FateKind::kHeadGarbage;
                     });
}

// What a round leaves is examined before the next one begins: a loss of power
// that damages something is the end of the last round that was run. nullptr:
// that did not end so.
const Round* LastIfItLostPower(const Plan& plan, const Failure& failure) {
  const std::size_t rounds = RoundsRun(plan, failure);
  if (rounds == 0 || !LosesPower(plan.rounds[rounds - 1])) return nullptr;
  return &plan.rounds[rounds - 1];
}

// The step of a round with an error of one of these kinds.
std::optional<std::size_t> ErrorIn(const Round& round,
                                   std::initializer_list<ErrorKind> kinds) {
  const std::optional<std::size_t> step = ErrorStep(round);
  if (!step.has_value()) return std::nullopt;
  const ErrorKind kind = round.steps[*step].error->kind;
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end()
             ? step
             : std::nullopt;
}

// Whether a transaction may have ended between these two steps.
bool HasCommitBetween(const Round& round, std::size_t after,
                      std::size_t before) {
  bool is_in_transaction = false;
  for (std::size_t i = after + 1; i < before; ++i) {
    const StepKind kind = round.steps[i].kind;
    if (kind == StepKind::kBegin) is_in_transaction = true;
    if (kind == StepKind::kRollback) is_in_transaction = false;
    if (kind == StepKind::kCommit) return true;
    if (IsChange(kind) && !is_in_transaction) return true;
  }
  return false;
}

// No transaction may have ended between it and step `end`.
bool EndsInAVacuum(const Round& round, std::size_t end,
                   const Failure& failure) {
  for (std::size_t i = 0; i < round.steps.size() && i <= end; ++i) {
    const Step& step = round.steps[i];
    if (step.kind == StepKind::kVacuum &&
        failure.Of(step.client) < Defences::kAll &&
        !HasCommitBetween(round, i, end)) {
      return true;
    }
  }
  return false;
}

// Steps `first` and `last` of one client, in that order, the second one after
// the error has begun.
bool HasAfterAnError(const Round& round, std::size_t error, StepKind first,
                     StepKind last) {
  const int client = round.steps[error].client;
  bool has_first = false;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const Step& step = round.steps[i];
    if (step.client != client) continue;
    if (step.kind == last && has_first && i > error) return true;
    has_first |= step.kind == first;
  }
  return false;
}

// The statements that the client has compiled are older than a VACUUM.
bool HasStatementsOlderThanAVacuum(const Round& round, std::size_t step) {
  bool has_vacuum = false;
  for (std::size_t i = 0; i < step; ++i) {
    if (round.steps[i].kind == StepKind::kVacuum) has_vacuum = true;
    if (round.steps[i].kind == StepKind::kReopen &&
        round.steps[i].client == round.steps[step].client) {
      has_vacuum = false;
    }
  }
  return has_vacuum;
}

// The sync of a transaction that is the first one to fail, counted from the
// step with the error: that of the journal comes first, that of its end after
// the one of the database at the earliest.
bool IsFirstSync(const IoError& error) { return error.at == 1; }

bool HasLargeSectors(const Plan& plan) {
  return !plan.profile.powersafe_overwrite &&
         plan.profile.sector_size > plan.profile.page_size;
}

// A journal on disk had no room, and a later loss of power tears a write.
bool HasDamageAfterAFullDisk(const Plan& plan, const Failure& failure) {
  const Round* const last = LastIfItLostPower(plan, failure);
  if (last == nullptr || !failure.had_errors || !IsUndefended(plan, failure) ||
      failure.violation != ViolationClass::kDamaged ||
      !IsIn(plan, {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
                   saver::JournalMode::kPersist})) {
    return false;
  }
  const auto error = ErrorIn(*last, {ErrorKind::kFull});
  return error.has_value() && *error < *CrashStep(*last) &&
         MayReorder(CrashOf(*last)->survival);
}

}  // namespace

// What is lost is lost where the WAL is recovered: after a crash, or after two
// clients that closed at once, so that neither could copy it.
bool LooksLikePartialRollback(const Plan& plan, const Failure& failure) {
  const std::size_t rounds = RoundsRun(plan, failure);
  const bool is_crashed = std::any_of(
      plan.rounds.begin(),
      plan.rounds.begin() + static_cast<std::ptrdiff_t>(rounds),
      [](const Round& round) { return IsKilled(round) || LosesPower(round); });
  return IsIn(plan, {saver::JournalMode::kWal}) &&
         IsUndefended(plan, failure) && failure.was_undone_after_spill &&
         (is_crashed || Clients(plan) > 1) &&
         IsOneOf(failure.violation,
                 {ViolationClass::kLostCommit, ViolationClass::kNotACut,
                  ViolationClass::kDamaged, ViolationClass::kUnstableRecovery});
}

// Needs no crash. Pages that no checkpoint copies are seen as old ones, by
// whatever reads them; pages that a transaction spilled before it was rolled
// back may be copied, and are seen as a commit.
bool LooksLikeWalResetRace(const Plan& plan, const Failure& failure) {
  const bool is_raced = std::any_of(
      failure.left_in_checkpoint.begin(), failure.left_in_checkpoint.end(),
      [&](int client) { return failure.Of(client) < Defences::kAll; });
  return IsIn(plan, {saver::JournalMode::kWal}) && Clients(plan) > 1 &&
         is_raced &&
         !IsOneOf(failure.violation,
                  {ViolationClass::kCrashed, ViolationClass::kHung,
                   ViolationClass::kFlaky});
}

// Needs no crash. SqliteSaver drops its cache in any case.
bool LooksLikeOldPagesAfterWal(const Plan& plan, const Failure& failure) {
  return Clients(plan) > 1 && IsIn(plan, {saver::JournalMode::kWal}) &&
         ChangesJournalMode(plan) &&
         WeakestOf(plan, failure) == Defences::kNone &&
         IsOneOf(failure.violation,
                 {ViolationClass::kLostCommit, ViolationClass::kNotACut,
                  ViolationClass::kDamaged, ViolationClass::kWrongRead,
                  ViolationClass::kWrongAnswer});
}

// Needs no crash, but three connections, of which one waits with a rollback
// journal for another that has the WAL.
bool LooksLikeWalAgainWhileLeft(const Plan& plan, const Failure& failure) {
  constexpr int kConnections = 3;
  return Clients(plan) >= kConnections && failure.was_left_in_mode_change &&
         IsUndefended(plan, failure) &&
         IsOneOf(failure.violation,
                 {ViolationClass::kLostCommit, ViolationClass::kNotACut,
                  ViolationClass::kDamaged, ViolationClass::kWrongRead,
                  ViolationClass::kWrongAnswer});
}

bool LooksLikeVacuumUndone(const Plan& plan, const Failure& failure) {
  const saver::Synchronous level = plan.profile.synchronous;
  const bool has_no_sync = (IsIn(plan, {saver::JournalMode::kDelete}) &&
                            (level == saver::Synchronous::kNormal ||
                             level == saver::Synchronous::kFull)) ||
                           (IsIn(plan, {saver::JournalMode::kTruncate}) &&
                            level == saver::Synchronous::kNormal);
  if (!has_no_sync || LastIfItLostPower(plan, failure) == nullptr ||
      failure.violation != ViolationClass::kDamaged) {
    return false;
  }
  // The first sync of the next transaction covers the end of the journal, also
  // in a later round.
  for (std::size_t r = RoundsRun(plan, failure); r-- > 0;) {
    const Round& round = plan.rounds[r];
    const std::size_t end = CrashStep(round).value_or(round.steps.size());
    if (EndsInAVacuum(round, end, failure)) return true;
    if (HasCommitBetween(round, 0, end)) return false;
    if (r > 0 && LosesPower(plan.rounds[r - 1])) return false;
  }
  return false;
}

// SqliteSaver changes to WAL before it sets `synchronous`.
bool LooksLikeWalSwitchAtNormal(const Plan& plan, const Failure& failure) {
  const Round* const last = LastIfItLostPower(plan, failure);
  return IsIn(plan, {saver::JournalMode::kWal}) &&
         plan.profile.synchronous == saver::Synchronous::kNormal &&
         last != nullptr && failure.violation == ViolationClass::kDamaged &&
         WeakestOf(plan, failure) == Defences::kNone &&
         failure.scenes.back().is_in_creation &&
         MayReorder(CrashOf(*last)->survival);
}

// SqliteSaver opens a file that was rolled back to nothing twice.
bool LooksLikeHeaderRolledBack(const Plan& plan, const Failure& failure) {
  if (failure.violation != ViolationClass::kDamaged ||
      WeakestOf(plan, failure) != Defences::kNone) {
    return false;
  }
  for (std::size_t r = 0; r < RoundsRun(plan, failure); ++r) {
    if (failure.scenes[r].is_in_creation && LosesPower(plan.rounds[r]) &&
        MayLeaveGarbage(CrashOf(plan.rounds[r])->survival)) {
      return true;
    }
  }
  return false;
}

bool LooksLikeMemoryJournalForgotten(const Plan& plan, const Failure& failure) {
  const std::size_t rounds = RoundsRun(plan, failure);
  const bool has_failed_write =
      std::any_of(plan.rounds.begin(),
                  plan.rounds.begin() + static_cast<std::ptrdiff_t>(rounds),
                  [](const Round& round) {
                    return ErrorIn(round, {ErrorKind::kWrite, ErrorKind::kFull})
                        .has_value();
                  });
  return IsIn(plan, {saver::JournalMode::kMemory}) && failure.had_errors &&
         has_failed_write &&
         IsOneOf(failure.violation,
                 {ViolationClass::kNotACut, ViolationClass::kDamaged,
                  ViolationClass::kWrongRead, ViolationClass::kUncleanClose});
}

bool LooksLikeHalfStatement(const Plan& plan, const Failure& failure) {
  if (failure.violation != ViolationClass::kDamaged || !failure.had_errors) {
    return false;
  }
  for (std::size_t r = 0; r < RoundsRun(plan, failure); ++r) {
    const Round& round = plan.rounds[r];
    const auto error = ErrorIn(round, {ErrorKind::kOpen});
    if (error.has_value() &&
        failure.Of(round.steps[*error].client) < Defences::kAll &&
        HasAfterAnError(round, *error, StepKind::kSavepoint,
                        StepKind::kCommit)) {
      return true;
    }
  }
  return false;
}

bool LooksLikeStatementOutlivesTransaction(const Plan& plan,
                                           const Failure& failure) {
  if (!failure.had_errors ||
      !IsOneOf(failure.violation,
               {ViolationClass::kNotACut, ViolationClass::kWrongAnswer,
                ViolationClass::kWrongRead})) {
    return false;
  }
  for (std::size_t r = 0; r < RoundsRun(plan, failure); ++r) {
    const Round& round = plan.rounds[r];
    const auto error = ErrorIn(round, {ErrorKind::kNoMemory});
    if (error.has_value() &&
        failure.Of(round.steps[*error].client) < Defences::kAll &&
        HasStatementsOlderThanAVacuum(round, *error)) {
      return true;
    }
  }
  return false;
}

bool LooksLikeJournalEndNotSynced(const Plan& plan, const Failure& failure) {
  if (!IsIn(plan,
            {saver::JournalMode::kTruncate, saver::JournalMode::kPersist}) ||
      !IsUndefended(plan, failure) ||
      LastIfItLostPower(plan, failure) == nullptr ||
      !IsOneOf(failure.violation,
               {ViolationClass::kDamaged, ViolationClass::kNotACut})) {
    return false;
  }
  const std::size_t rounds = RoundsRun(plan, failure);
  for (std::size_t r = 0; r < rounds; ++r) {
    const Round& round = plan.rounds[r];
    if (r + 1 < rounds && IsKilled(round) &&
        failure.scenes[r].is_at_journal_end) {
      return true;
    }
    const auto error = ErrorIn(round, {ErrorKind::kSync});
    if (failure.had_errors && error.has_value() &&
        !IsFirstSync(*round.steps[*error].error)) {
      return true;
    }
  }
  return false;
}

// A full disk does not end the transaction, and leaves no hot journal.
bool LooksLikeJournalNameNotSynced(const Plan& plan, const Failure& failure) {
  const Round* const last = LastIfItLostPower(plan, failure);
  if (!IsIn(plan,
            {saver::JournalMode::kTruncate, saver::JournalMode::kPersist}) ||
      !IsUndefended(plan, failure) || last == nullptr) {
    return false;
  }
  const auto error = ErrorIn(*last, {ErrorKind::kWrite, ErrorKind::kSync});
  if (failure.had_errors && error.has_value() && *error < *CrashStep(*last)) {
    const IoError& failed = *last->steps[*error].error;
    return (failed.kind != ErrorKind::kSync || IsFirstSync(failed)) &&
           IsOneOf(failure.violation,
                   {ViolationClass::kPhantomCommit, ViolationClass::kNotACut,
                    ViolationClass::kDamaged});
  }
  return std::any_of(failure.scenes.begin(), failure.scenes.end(),
                     [](const CrashScene& scene) {
                       return scene.had_death_in_journal_sync;
                     }) &&
         IsOneOf(failure.violation,
                 {ViolationClass::kLostCommit, ViolationClass::kNotACut,
                  ViolationClass::kDamaged});
}

bool LooksLikeCreationRolledBackByHalf(const Plan& plan,
                                       const Failure& failure) {
  if (failure.violation != ViolationClass::kDamaged ||
      !IsUndefended(plan, failure) ||
      LastIfItLostPower(plan, failure) == nullptr) {
    return false;
  }
  bool has_content = false;  // and a journal that would undo it
  for (std::size_t r = 0; r + 1 < RoundsRun(plan, failure); ++r) {
    const Round& round = plan.rounds[r];
    if (!failure.scenes[r].is_in_creation) continue;
    if (has_content && IsKilled(round)) return true;
    // A kill after the first sync of the database leaves some, too.
    has_content |= IsKilled(round) ||
                   (LosesPower(round) &&
                    CrashOf(round)->survival.kind != SurvivalKind::kNone);
  }
  return false;
}

bool LooksLikeStaleSuperJournal(const Plan& plan, const Failure& failure) {
  if (!failure.has_attached ||
      !IsIn(plan,
            {saver::JournalMode::kTruncate, saver::JournalMode::kPersist}) ||
      !IsOneOf(failure.violation,
               {ViolationClass::kNotACut, ViolationClass::kPhantomCommit,
                ViolationClass::kWrongRead, ViolationClass::kWrongAnswer,
                ViolationClass::kDamaged, ViolationClass::kLostCommit,
                ViolationClass::kBrokenInvariant,
                ViolationClass::kUnstableRecovery})) {
    return false;
  }
  for (std::size_t r = 0; r < RoundsRun(plan, failure); ++r) {
    const bool has_failed =
        failure.had_errors &&
        ErrorIn(plan.rounds[r], {ErrorKind::kTruncate}).has_value();
    if (has_failed || failure.scenes[r].is_past_super_journal) return true;
  }
  return false;
}

bool LooksLikePageNotJournaled(const Plan& plan, const Failure& failure) {
  return HasDamageAfterAFullDisk(plan, failure) && !HasLargeSectors(plan);
}

bool LooksLikeSectorJournaledByHalf(const Plan& plan, const Failure& failure) {
  return HasDamageAfterAFullDisk(plan, failure) && HasLargeSectors(plan);
}

}  // namespace lastcommit
