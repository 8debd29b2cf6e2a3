#include "oracle/doubts.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace lastcommit {

Doubts::Doubts(const Plan& plan, const RoundView& view,
               const Alternatives& earlier)
    : plan_(plan), view_(view) {
  in_doubt_.after_power_loss = earlier;
  if (Clients(view_.round()) == 1) return;
  for (const auto& with : earlier) {
    may_come_back_.push_back(overtaken_.size());
    overtaken_.push_back(
        {std::make_shared<const ReferenceModel>(*with), 0, 0, kNever});
  }
}

void Doubts::Doubt(const ReferenceModel& model, InDoubt& in_doubt) {
  const auto copy = std::make_shared<const ReferenceModel>(model);
  in_doubt.after_kill.push_back(copy);
  in_doubt.after_power_loss.push_back(copy);
}

// Excuse: DoubtCommitOfTheDead.
void Doubts::DoubtCommitOfTheDead(std::size_t i, ReferenceModel with,
                                  const ReferenceModel& model) {
  if (view_.HasReturned(i)) return;
  with.Apply(view_.step(i));
  with.Crash();
  if (with.state().cut <= model.state().cut) return;
  Doubt(with, in_doubt_);
  // As one that failed: its frames are in the WAL, and a loss of power may
  // take what was written over them later and leave them.
  may_come_back_.push_back(overtaken_.size());
  overtaken_.push_back({in_doubt_.after_kill.back(),
                        view_.record(i).intended_at, kNever, kNever,
                        /*is_of_the_dead=*/true});
}

// Excuse: DoubtCreation.
// It may have made the schema before another client was in its way.
void Doubts::DoubtCreation(std::size_t i, const ReferenceModel& model) {
  if (model.state().cut >= 0 || !IsOpening(view_.step(i).kind)) return;
  ReferenceModel with = model;
  with.Apply(view_.step(i));
  Doubt(with, in_doubt_);
}

// Excuse: DoubtFailed.
// What became of its transaction is for the saver to say:
// https://sqlite.org/c3ref/get_autocommit.html.
void Doubts::DoubtFailed(std::size_t i, ReferenceModel& model,
                         InDoubt& during) {
  const StepRecord& record = view_.record(i);
  const Step& step = view_.step(i);
  ReferenceModel with = model;
  with.Apply(step);
  const bool would_commit = with.state().cut > model.state().cut;
  if (would_commit) Doubt(with, during);
  PossibleModels behind = BehindAnother(i);
  for (const ReferenceModel& other : behind) Doubt(other, during);
  const bool has_ended = step.kind == StepKind::kReopen || !record.has_saver ||
                         !record.is_in_transaction;
  if (has_ended) {
    model.Crash();
    for (ReferenceModel& other : possible_) other.Crash();
  }
  // Of a schema that was made before opening failed nobody is told anything.
  const bool makes_schema = IsOpening(step.kind);
  if (!would_commit || IsOvertakenByOther(i, with) ||
      !(record.is_in_doubt || makes_schema)) {
    return;
  }
  Doubt(with, in_doubt_);
  for (ReferenceModel& other : behind) {
    Doubt(other, in_doubt_);
    possible_.push_back(std::move(other));
  }
  failed_at_ = record.returned_at;
  if (Clients(view_.round()) > 1) {
    // What others are at meanwhile may come before it in the order.
    undecided_.push_back(overtaken_.size());
    may_come_back_.push_back(overtaken_.size());
    overtaken_.push_back({std::make_shared<const ReferenceModel>(with),
                          record.intended_at, kNever, kNever});
  }
  possible_.push_back(std::move(with));
}

// Excuse: BehindAnother.
// COMMIT may say an error of what comes behind the end of its journal, as in
// pager_end_transaction() in pager.c the truncation of the database: then the
// next transaction finds it there, and by its number one sees that it did.
PossibleModels Doubts::BehindAnother(std::size_t i) const {
  PossibleModels behind;
  for (ReferenceModel other : possible_) {
    const std::int64_t before = other.state().cut;
    other.Apply(view_.step(i));
    const std::int64_t cut = other.state().cut;
    if (cut > before && cut == view_.record(i).attempted) {
      behind.push_back(std::move(other));
    }
  }
  return behind;
}

// Excuse: IsOvertakenByOther.
// Another client may have committed under its number.
bool Doubts::IsOvertakenByOther(std::size_t i,
                                const ReferenceModel& with) const {
  const StepRecord& record = view_.record(i);
  return Clients(view_.round()) > 1 && record.is_in_doubt &&
         with.state().cut != record.attempted;
}

void Doubts::DoubtPossible() {
  for (const ReferenceModel& other : possible_) {
    if (!other.in_transaction()) Doubt(other, in_doubt_);
  }
}

// Excuse: DoubtInFlight.
void Doubts::DoubtInFlight(std::size_t i, InDoubt& at_end) const {
  for (ReferenceModel other : possible_) {
    other.Apply(view_.step(i));
    other.Crash();
    Doubt(other, at_end);
  }
}

// Excuse: IsEarlier.
// It comes later in the order, but not in time.
bool Doubts::IsEarlier(std::size_t i) const {
  return view_.record(i).intended_at < failed_at_;
}

// Excuse: MatchAnswer.
// Of what came later in time the step says nothing by not showing it.
Doubts::Matching Doubts::MatchAnswer(std::size_t i, InDoubt& during) const {
  Matching matching;
  for (const ReferenceModel& as_it_was : possible_) {
    ReferenceModel other = as_it_was;
    if (other.Apply(view_.step(i)) != view_.Found(i)) {
      if (IsEarlier(i)) matching.not_yet_there.push_back(as_it_was);
      continue;
    }
    if (!other.in_transaction()) Doubt(other, during);
    matching.with_it.push_back(std::move(other));
  }
  return matching;
}

void Doubts::Decide(std::size_t i) {
  in_doubt_.after_kill.clear();
  for (const std::size_t commit : undecided_) {
    Mark& until = overtaken_[commit].overtaken_at;
    until = std::min(until, view_.record(i).returned_at);
  }
  undecided_.clear();
}

// Rule: DecideBy.
void Doubts::DecideBy(std::size_t i, const ReferenceModel& before,
                      const ReferenceModel& after, bool is_shared) {
  if (IsEarlier(i)) return;
  // The first client to open recovers (https://sqlite.org/walformat.html
  // section 2.3.3); one that comes later takes what is there.
  const bool has_recovered = IsOpening(view_.step(i).kind) && !is_shared;
  const bool has_committed = after.state().cut > before.state().cut;
  // In WAL mode a commit that failed stays in the WAL until another one
  // overwrites it, whatever readers see.
  if (has_recovered || has_committed ||
      (possible_.empty() && !MayBeIn(plan_, saver::JournalMode::kWal))) {
    Decide(i);
    DoubtPossible();
  }
}

// Rule: Overtake.
void Doubts::Overtake(std::int64_t cut, Mark at) {
  for (Overtaken& gone : overtaken_) {
    if (gone.with->state().cut <= cut) {
      gone.overtaken_at = std::min(gone.overtaken_at, at);
    }
  }
}

// Rule: SyncAway.
// Its sync was one of the directory, or came after one.
void Doubts::SyncAway(std::size_t i) {
  if (plan_.profile.synchronous < saver::Synchronous::kFull) return;
  in_doubt_.after_power_loss = in_doubt_.after_kill;
  if (IsEarlier(i)) return;
  for (const std::size_t commit : may_come_back_) {
    Mark& until = overtaken_[commit].lost_power_until;
    until = std::min(until, view_.AcknowledgedAt(i));
  }
  may_come_back_.clear();
}

}  // namespace lastcommit
