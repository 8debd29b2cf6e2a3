#include "oracle/company.h"

#include <algorithm>

namespace lastcommit {

bool Company::IsDead(const Unit& unit) const {
  return death_.has_value() && unit.client == death_->client;
}

bool Company::IsShared(const Unit& unit, std::size_t step) const {
  return std::any_of(units_.begin(), units_.end(), [&](const Units& other) {
    return IsConnected(other, unit, step);
  });
}

// Excuse: HasCompany.
bool Company::HasCompany(const Unit& unit, std::size_t step) const {
  const StepRecord& record = view_.record(step);
  for (const Units& other : units_) {
    if (!IsConnected(other, unit, step)) continue;
    for (std::size_t i = 0; i < other.size(); ++i) {
      if (other[i].began_at >= record.returned_at) break;
      if (LetsGoAt(other, i) > record.intended_at) return true;
    }
  }
  return false;
}

// Whether `other` is of another client, which had the database open at some
// time meanwhile.
bool Company::IsConnected(const Units& other, const Unit& unit,
                          std::size_t step) const {
  const StepRecord& record = view_.record(step);
  return !other.empty() && other.front().client != unit.client &&
         other.front().began_at < record.returned_at &&
         LeftAt(other.back()) > record.intended_at;
}

// `last`: the client's last unit.
Mark Company::LeftAt(const Unit& last) const {
  if (IsDead(last)) return death_->at;
  return view_.step(last.steps.back()).kind == StepKind::kClose ? last.ended_at
                                                                : kNever;
}

// Excuse: LetsGoAt.
// When the client has no lock of its i-th unit any more. The client's next step
// settles what an error has left it.
Mark Company::LetsGoAt(const Units& units, std::size_t i) const {
  const std::int64_t before = i == 0 ? 0 : ErrorsUpTo(units[i - 1]);
  if (ErrorsUpTo(units[i]) == before) return units[i].ended_at;
  return i + 1 == units.size() ? kNever : units[i + 1].ended_at;
}

std::int64_t Company::ErrorsUpTo(const Unit& unit) const {
  return view_.record(unit.steps.back()).errors;
}

// Rule: ClosedAlone.
// Two clients that close at the same time may each take the other for one that
// stays.
bool Company::ClosedAlone() const {
  const Unit* last = nullptr;
  for (const Units& units : units_) {
    const Unit* const unit = LastConnected(units);
    if (unit == nullptr) continue;
    if (last == nullptr || unit->ended_at > last->ended_at) last = unit;
  }
  if (last == nullptr ||
      view_.step(last->steps.back()).kind != StepKind::kClose ||
      MayNotKnowTheMode(*last)) {
    return false;
  }
  return std::all_of(units_.begin(), units_.end(), [&](const Units& units) {
    const Unit* const unit = LastConnected(units);
    return unit == nullptr || unit == last || unit->ended_at < last->began_at;
  });
}

// Excuse: MayNotKnowTheMode.
// A client that has not read since another one went over to WAL knows of none,
// and leaves it (sqlite3PagerClose() in pager.c).
bool Company::MayNotKnowTheMode(const Unit& last) const {
  return std::any_of(units_.begin(), units_.end(), [&](const Units& units) {
    return std::any_of(units.begin(), units.end(), [&](const Unit& unit) {
      const std::size_t step = unit.steps.front();
      return unit.client != last.client &&
             view_.step(step).kind == StepKind::kJournalMode &&
             view_.Code(step) == absl::StatusCode::kOk;
    });
  });
}

// The client's last unit that had a connection: its close, or an open that
// failed.
const Unit* Company::LastConnected(const Units& units) const {
  const auto has_connection = [this](const Unit& unit) {
    const std::size_t step = unit.steps.front();
    return IsOpening(view_.step(step).kind) || view_.HadSaver(step);
  };
  const auto last = std::find_if(units.rbegin(), units.rend(), has_connection);
  return last == units.rend() ? nullptr : &*last;
}

}  // namespace lastcommit
