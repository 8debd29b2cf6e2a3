#include "explain/failure_of.h"

#include "disk/sim_vfs.h"
#include "explain/known_bugs.h"

namespace lastcommit {
namespace {

// A journal is made cold by a truncation, or by zeros over its header; the sync
// comes next.
bool IsAtJournalEnd(const CrashPlace& place) {
  const IoCall& call = place.call;
  if (place.point.io == 0 || call.role != FileRole::kJournal) return false;
  switch (place.point.moment) {
    case Moment::kBefore:
      return call.kind == IoKind::kSync;
    case Moment::kAfter:
      return call.kind == IoKind::kTruncate ||
             (call.kind == IoKind::kWrite && call.offset == 0);
    case Moment::kDuring:
      return false;
  }
  return false;
}

bool IsInJournalSync(const CrashPlace& place) {
  return place.point.io > 0 && place.call.role == FileRole::kJournal &&
         place.call.kind == IoKind::kSync &&
         place.point.moment == Moment::kDuring;
}

// The super-journal may be deleted, and the journals that name it are still
// there.
bool IsPastSuperJournal(const CrashPlace& place) {
  if (place.point.io == 0) return false;
  const IoCall& call = place.call;
  if (call.role == FileRole::kSuperJournal) {
    return call.kind == IoKind::kDelete &&
           place.point.moment != Moment::kBefore;
  }
  return call.role == FileRole::kJournal && call.kind == IoKind::kTruncate &&
         place.point.moment != Moment::kAfter;
}

CrashScene SceneOf(const RoundFacts& facts, const CrashPlace* crash) {
  CrashScene scene;
  if (crash != nullptr) {
    scene.is_in_creation = crash->phase == Phase::kCreate;
    scene.is_at_journal_end = IsAtJournalEnd(*crash);
  }
  scene.is_past_super_journal =
      (crash != nullptr && IsPastSuperJournal(*crash)) ||
      (facts.has_death && IsPastSuperJournal(facts.death));
  scene.had_death_in_journal_sync =
      facts.has_death && IsInJournalSync(facts.death);
  return scene;
}

std::vector<CrashScene> ScenesOf(const TrialResult& result) {
  std::vector<CrashScene> scenes;
  scenes.reserve(result.rounds.size());
  for (const RoundFacts& facts : result.rounds) {
    scenes.push_back(SceneOf(facts, facts.crashed ? &facts.crash : nullptr));
  }
  if (result.violated_image.has_value()) {
    const ViolatedImage& image = *result.violated_image;
    scenes.resize(image.round + 1);
    scenes.back() = SceneOf(result.rounds[image.round], &image.place);
  }
  return scenes;
}

bool UndoesAPart(const Round& round, const CrashPlace& place) {
  if (place.step >= round.steps.size()) return false;
  const OperationSpec* const spec = round.steps[place.step].operation.spec;
  return spec != nullptr && spec->undoes_a_part;
}

bool DiesWhereAPartIsUndone(const Plan& plan, const TrialResult& result) {
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const RoundFacts& facts = result.rounds[r];
    if ((facts.crashed && UndoesAPart(plan.rounds[r], facts.crash)) ||
        (facts.has_death && UndoesAPart(plan.rounds[r], facts.death))) {
      return true;
    }
  }
  const auto& image = result.violated_image;
  return image.has_value() &&
         UndoesAPart(plan.rounds[image->round], image->place);
}

}  // namespace

Failure FailureOf(const SaverEntry& entry, const Plan& plan,
                  const TrialResult& result) {
  Failure failure;
  failure.violation = *result.verdict.violation;
  failure.of_first = entry.DefencesOf(0);
  failure.of_others = entry.DefencesOf(1);
  failure.scenes = ScenesOf(result);
  failure.had_errors = result.errors > 0;
  failure.has_attached = !entry.attached.empty();
  failure.was_undone_after_spill = result.savepoint_rolled_back_after_spill ||
                                   result.statement_failed_after_spill ||
                                   DiesWhereAPartIsUndone(plan, result);
  for (const TakenSwitch& taken : result.switches) {
    const Step& left = plan.rounds[taken.round].steps[taken.step];
    failure.was_left_in_mode_change |=
        taken.call.has_value() && left.kind == StepKind::kJournalMode &&
        left.journal_mode != saver::JournalMode::kWal;
    if (taken.call.has_value() && taken.call->kind == VfsCallKind::kUnfetch &&
        taken.call->role == FileRole::kDatabase) {
      failure.left_in_checkpoint.push_back(left.client);
    }
  }
  return failure;
}

std::vector<std::string> LikelyBugsOf(const Plan& plan,
                                      const TrialResult& result,
                                      int sqlite_version) {
  const SaverEntry* const entry = FindSaver(plan.saver);
  if (!result.verdict.violation || entry == nullptr ||
      entry->planted.has_value()) {
    return {};
  }
  return LikelyBugs(WithExactCrashes(plan, result),
                    FailureOf(*entry, plan, result), sqlite_version);
}

}  // namespace lastcommit
