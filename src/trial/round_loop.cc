#include "trial/round_loop.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "oracle/script_reads.h"
#include "oracle/step_claims.h"
#include "sql/dialect.h"
#include "status/status.h"

namespace lastcommit {

absl::Status RoundLoop::Run() {
  sql::BeginTrial();
  for (std::size_t r = 0; r < plan_.rounds.size(); ++r) {
    RETURN_IF_ERROR(RunRound(r));
    if (!result_.verdict.held()) break;
  }
  return absl::OkStatus();
}

bool RoundLoop::Ends(const Verdict& verdict) {
  result_.verdict = verdict;
  return !verdict.held();
}

void RoundLoop::Complete(ExamineTask& task) const {
  task.entry = &entry_;
  task.profile = &plan_.profile;
  task.model = &model_;
}

absl::Status RoundLoop::RunRound(std::size_t r) {
  result_.rounds.emplace_back();
  ClearRound(page_, plan_.rounds[r].steps.size());
  const std::int64_t base = model_.state().cut;
  history_.BeginRound(base);
  ASSIGN_OR_RETURN(const RoundEnd end,
                   world_.RunClients(r, /*creates=*/base < 0));
  const Round round = AsItRan(plan_.rounds[r], page_);
  Note(end);
  RETURN_IF_ERROR(world_.KeepFiles(r));
  BeforeRound before = history_.before_round();
  before.death = end.death;
  RoundCounts counts;
  Replayed replayed = ReplayRound(plan_, round, page_, before, model_, counts);
  const bool has_ended = Ends(end.broke_down) || Ends(replayed.verdict) ||
                         Ends(JudgeClaims(plan_, round, page_, counts)) ||
                         Ends(JudgeSeenReads(round, page_, base)) ||
                         Ends(JudgeInvariants(round, page_));
  RoundFacts& facts = result_.rounds.back();
  facts.counts = counts;
  facts.removed = replayed.removals.of;
  result_ += counts;
  if (has_ended) {
    NoteAcknowledgements(r, replayed);
    return absl::OkStatus();
  }
  if (IsCrashMissing(round, facts)) {
    result_.verdict = Verdict::Skipped(
        SkipReason::kNotReached,
        absl::StrCat("round ", r + 1, " ended before its crash point"));
    return absl::OkStatus();
  }
  const Verdict finished = history_.FinishModel(round, page_, model_, replayed);
  NoteAcknowledgements(r, replayed);
  if (Ends(finished)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool goes_on,
                   world_.JudgeAlongTheWay(r, replayed, *this));
  if (!goes_on || !result_.verdict.held()) return absl::OkStatus();
  return JudgeEnd(r, end, replayed);
}

// A step acknowledges its commit when it returns, or before.
void RoundLoop::NoteAcknowledgements(std::size_t r, const Replayed& replayed) {
  for (std::size_t i = 0; i < plan_.rounds[r].steps.size(); ++i) {
    const StepRecord& record = page_.records[i];
    const Mark at = std::min(record.acknowledged_at, record.returned_at);
    if (at == kNever) continue;
    const auto commit = std::find_if(
        replayed.commits.begin(), replayed.commits.end(),
        [at](const CommitTimes& one) { return one.acknowledged_at == at; });
    if (commit == replayed.commits.end()) continue;
    if (result_.acknowledgements.size() == kMaxAcknowledgements) return;
    result_.acknowledgements.push_back({static_cast<std::uint32_t>(r),
                                        static_cast<std::uint32_t>(i),
                                        commit->cut});
  }
}

void RoundLoop::Note(const RoundEnd& end) {
  RoundFacts& facts = result_.rounds.back();
  facts.timed = end.timed;
  facts.crashed = end.crashed;
  facts.crash = PlaceOfCrash(page_);
  facts.has_death = end.death.has_value();
  if (facts.has_death) facts.death = PlaceOf(end.death->client, page_);
  result_.spilled |= page_.spilled;
  result_.savepoint_rolled_back_after_spill |=
      page_.savepoint_rolled_back_after_spill;
  result_.statement_failed_after_spill |= page_.statement_failed_after_spill;
  result_.changes_of_client += end.changes_of_client;
  result_.switches.insert(result_.switches.end(), end.switches.begin(),
                          end.switches.end());
  if (result_.switches.size() > kMaxSwitches) {
    result_.switches.resize(kMaxSwitches);
  }
}

// What the round left, which the next one begins with.
absl::Status RoundLoop::JudgeEnd(std::size_t r, const RoundEnd& end,
                                 const Replayed& replayed) {
  const Round& round = plan_.rounds[r];
  RoundFacts& facts = result_.rounds.back();
  CrashFacts crash = history_.FactsAt(page_.now, end.synced, replayed);
  crash.database_written_since_commit = page_.database_written_since_commit;
  facts.acknowledged = crash.acknowledged;
  if (replayed.in_flight_acknowledged) ++result_.commits;
  const std::optional<std::size_t> step = CrashStep(round);
  facts.lost_power =
      facts.crashed && step.has_value() &&
      round.steps[*step].crash->survival.kind != SurvivalKind::kAll;
  Survived survived;
  if (facts.lost_power) {
    ASSIGN_OR_RETURN(survived,
                     world_.LosePower(r, round.steps[*step].crash->survival));
    RETURN_IF_ERROR(world_.KeepFiles(r));
    crash.is_in_order_per_file = survived.is_in_order_per_file;
    facts.unsynced_changes = survived.changes + survived.directory_changes;
    facts.lost_changes = survived.lost + survived.directory_lost;
  } else {
    crash = WithoutPowerLoss(
        crash, facts.crashed || facts.has_death ? Fault::kKill : Fault::kNone);
  }
  ExamineTask task;
  task.legal = ContractFor(plan_.profile, crash);
  task.attached_legal = AttachedContractFor(plan_.profile, crash);
  Alternatives alternatives = facts.lost_power
                                  ? replayed.at_end.after_power_loss
                                  : replayed.at_end.after_kill;
  history_.AddUnfound(plan_, crash, page_.now, replayed, alternatives);
  task.alternatives = &alternatives;
  task.closed = !facts.crashed && !facts.has_death && replayed.closes_cleanly();
  task.may_leave_journal = replayed.may_leave_journal;
  task.through_saver = r + 1 == plan_.rounds.size();
  Complete(task);
  facts.had_candidate = crash.candidates > 0;
  ASSIGN_OR_RETURN(const Examination examination, world_.Examine(r, task));
  result_.verdict = examination.verdict;
  if (examination.broke_down) return absl::OkStatus();
  if (facts.lost_power) {
    CountImage(crash, task.legal, survived, examination.cut,
               examination.is_damaged, result_.images);
    if (examination.is_mixed) ++result_.images.at_different_cuts;
  }
  facts.judged = true;
  facts.was_read = examination.was_read;
  facts.cut = examination.cut;
  facts.is_mixed = examination.is_mixed;
  for (std::size_t i = 0; i < kMostAttached; ++i) {
    facts.attached_cuts[i] = examination.attached[i].cut;
  }
  if (examination.was_read) {
    facts.demand = task.legal.anything ? Demand::kNone : Demand::kSome;
    facts.lowest = examination.lowest;
    facts.highest = examination.highest;
  }
  facts.wal_frames_recovered = examination.wal_frames_recovered;
  facts.hot_journal = examination.hot_journal;
  facts.candidate_landed =
      crash.candidates > 0 && examination.cut == replayed.highest_cut;
  if (result_.verdict.held()) {
    Continue(end, replayed, alternatives, examination);
  }
  return absl::OkStatus();
}

void RoundLoop::Continue(const RoundEnd& end, const Replayed& replayed,
                         const Alternatives& alternatives,
                         const Examination& examination) {
  const AttachedPlaces& attached = examination.attached;
  const auto count = entry_.attached.size();
  std::int64_t oldest = examination.cut;
  State of_attached;
  if (examination.is_mixed) {
    of_attached = AttachedRows(count, attached, {model_, alternatives});
    for (std::size_t i = 0; i < count; ++i) {
      oldest = std::min(oldest, attached[i].cut);
    }
  }
  if (examination.alternative >= 0) {
    const auto index = static_cast<std::size_t>(examination.alternative);
    model_ = ReferenceModel(*alternatives[index]);
  }
  const RoundFacts& facts = result_.rounds.back();
  history_.EndRound(facts.lost_power, examination.cut, page_.now, end.synced,
                    replayed);
  if (!replayed.removals.take_commits()) {
    NoteUnfound(facts, replayed, oldest);
  }
  model_.RevertTo(examination.cut);
  if (!examination.is_mixed) return;
  model_.TakeRows(WithAttached(model_.state(), std::move(of_attached)));
}

// Before the model goes back to what was found.
void RoundLoop::NoteUnfound(const RoundFacts& facts, const Replayed& replayed,
                            std::int64_t found) {
  if (facts.lost_power) {
    history_.NoteUnfound(plan_, model_, found, Interruption::kLostPower);
    for (const auto& with : replayed.at_end.after_power_loss) {
      history_.NoteUnfound(plan_, *with, found, Interruption::kLostPower);
    }
  } else if (facts.crashed) {
    history_.NoteUnfound(plan_, model_, found, Interruption::kAllDied);
  } else if (facts.has_death) {
    history_.NoteUnfound(plan_, model_, found, Interruption::kOneDied);
  }
}

}  // namespace lastcommit
