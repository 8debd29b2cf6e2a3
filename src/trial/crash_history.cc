#include "trial/crash_history.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lastcommit {

Mark MarkOf(const SharedPage& page) {
  const std::size_t step = page.position.Get().step;
  const bool is_acknowledged =
      page.records[step].progress == Progress::kAcknowledged ||
      page.records[step].progress == Progress::kReturned;
  return 2 * static_cast<Mark>(step) + (is_acknowledged ? 1 : 0);
}

Verdict CrashHistory::FinishModel(const Round& round, const SharedPage& page,
                                  ReferenceModel& model,
                                  Replayed& replayed) const {
  const std::int64_t before = model.state().cut;
  if (replayed.in_flight) model.Apply(round.steps[*replayed.in_flight]);
  model.Crash();  // the model's process is gone too
  if (!replayed.in_flight) return Verdict::Held();
  const std::int64_t after = model.state().cut;
  const std::int64_t promised = replayed.promised.empty()
                                    ? promises_.acknowledged
                                    : replayed.promised.back();
  replayed.cuts.push_back(after);
  replayed.promised.push_back(after > before ? after : promised);
  const std::int64_t acknowledged =
      page.records[*replayed.in_flight].acknowledged;
  if (!replayed.in_flight_acknowledged || acknowledged == after) {
    return Verdict::Held();
  }
  return Verdict::Violated(
      ViolationClass::kWrongAnswer,
      absl::StrCat("step ", *replayed.in_flight, " acknowledged cut ",
                   acknowledged, ", the model ", after));
}

// What had been acknowledged at that moment.
std::int64_t CrashHistory::PromisedAt(Mark mark,
                                      const Replayed& replayed) const {
  const std::int64_t steps = (mark + 1) / 2;  // whose acknowledgements count
  return mark < 1 ? promises_.acknowledged
                  : replayed.promised[static_cast<std::size_t>(steps - 1)];
}

CrashHistory::Promises CrashHistory::PromisesAt(
    Mark now, const SyncMarks& synced, const Replayed& replayed) const {
  Promises promises = promises_;
  promises.acknowledged = PromisedAt(now, replayed);
  if (synced.wal >= 0) promises.wal_synced = PromisedAt(synced.wal, replayed);
  if (synced.directory >= 0) {
    promises.directory_synced = PromisedAt(synced.directory, replayed);
  }
  return promises;
}

// The cuts of the model around the step it is in say whether that would have
// committed. A moment between two steps is in none.
CrashFacts CrashHistory::FactsAt(Mark now, const SyncMarks& synced,
                                 const Replayed& replayed) const {
  const auto step = static_cast<std::size_t>(now / 2);
  const Promises promises = PromisesAt(now, synced, replayed);
  const bool is_acknowledged = now % 2 == 1;
  const std::int64_t before = step == 0 ? cut_before_ : replayed.cuts[step - 1];
  const std::int64_t after =
      step < replayed.cuts.size() ? replayed.cuts[step] : before;
  CrashFacts facts;
  facts.fault = Fault::kPowerLoss;
  facts.has_candidate = after > before && !is_acknowledged;
  facts.acknowledged = promises.acknowledged;
  facts.unacknowledged =
      (is_acknowledged ? after : before) - promises.acknowledged;
  facts.wal_synced = promises.wal_synced;
  facts.directory_synced = promises.directory_synced;
  return facts;
}

void CrashHistory::EndRound(bool lost_power, std::int64_t cut, Mark now,
                            const SyncMarks& synced, const Replayed& replayed) {
  if (lost_power) {
    promises_ = {cut, cut, cut};
    in_doubt_.clear();
  } else {
    in_doubt_ = replayed.at_end.after_power_loss;
    promises_ = PromisesAt(now, synced, replayed);
  }
}

CrashFacts WithoutPowerLoss(CrashFacts facts, Fault fault) {
  facts.acknowledged += facts.unacknowledged;
  facts.unacknowledged = 0;
  facts.fault = fault;
  return facts;
}

void CountImage(const CrashFacts& facts, const LegalCuts& legal,
                const Survived& survived, std::int64_t cut, bool is_damaged,
                ImageCounts& counts) {
  // The schema, commit 0, is none that a caller asked for.
  const std::int64_t lost = std::max<std::int64_t>(
      0, facts.acknowledged - std::max<std::int64_t>(0, cut));
  if (legal.anything) {
    ++counts.no_demand;
    counts.damaged += is_damaged ? 1 : 0;
    counts.with_lost_commits_without_demand += lost > 0 && !is_damaged ? 1 : 0;
    return;
  }
  ++counts.judged;
  if (is_damaged || cut < legal.lowest) return;  // a violation
  counts.with_lost_changes +=
      survived.lost + survived.directory_lost > 0 ? 1 : 0;
  counts.with_lost_commits += lost > 0 ? 1 : 0;
  counts.lost_commits += lost;
}

}  // namespace lastcommit
