#include "oracle/client_units.h"

#include <algorithm>
#include <utility>

namespace lastcommit {
namespace {

// Splits the program of a client.
class UnitReader {
 public:
  UnitReader(const Round& round, const RoundTrace& trace)
      : round_(round), trace_(trace) {}

  std::vector<Unit> Read(int client, const std::vector<std::size_t>& program) {
    units_.clear();
    bool is_open = false;
    was_aborted_ = false;
    for (const std::size_t i : program) {
      const StepRecord& record = trace_.records[i];
      const Progress progress = record.progress;
      if (progress == Progress::kNone) break;
      const bool ends_connection = round_.steps[i].kind == StepKind::kReopen ||
                                   round_.steps[i].kind == StepKind::kClose;
      if (is_open && ends_connection) {
        units_.back().is_left = true;
        units_.back().ended_at =
            progress == Progress::kReturned ? record.returned_at : kNever;
        is_open = false;
      }
      if (!is_open) Begin(client, record.intended_at);
      Unit& unit = units_.back();
      unit.steps.push_back(i);
      if (progress != Progress::kReturned) {
        Attempt(unit, i);
        unit.is_in_flight = true;
        break;
      }
      unit.ended_at = record.returned_at;
      is_open = Follow(unit, i, is_open);
      was_aborted_ = record.is_aborted;
    }
    if (is_open) units_.back().ended_at = kNever;
    return std::move(units_);
  }

 private:
  void Begin(int client, Mark at) {
    units_.emplace_back();
    units_.back().client = client;
    units_.back().began_at = at;
  }

  // Rule: Attempt.
  // Whether the step, if it took effect, was a commit.
  void Attempt(Unit& unit, std::size_t i) {
    const StepKind kind = round_.steps[i].kind;
    const bool may_commit =
        unit.is_transaction ? kind == StepKind::kCommit : IsChange(kind);
    if (!may_commit || was_aborted_) return;
    const StepRecord& record = trace_.records[i];
    unit.attempted_at = record.intended_at;
    unit.acknowledged_at = record.acknowledged_at;
    unit.counter = unit.is_transaction ? unit.counter : record.attempted;
  }

  // A step that returned; whether a transaction is open afterwards.
  bool Follow(Unit& unit, std::size_t i, bool is_open) {
    const StepRecord& record = trace_.records[i];
    const StepKind kind = round_.steps[i].kind;
    const bool is_ok = CodeOf(record) == absl::StatusCode::kOk;
    if (!is_open && kind == StepKind::kBegin && is_ok) {
      unit.is_transaction = true;
      unit.counter = record.attempted;
      return true;
    }
    Attempt(unit, i);
    unit.is_committed = is_ok && unit.attempted_at != kNever &&
                        unit.attempted_at == record.intended_at;
    if (unit.is_committed) {
      unit.acknowledged_at =
          std::min(record.acknowledged_at, record.returned_at);
    }
    unit.is_in_doubt = record.is_in_doubt && unit.attempted_at != kNever &&
                       unit.attempted_at == record.intended_at;
    return is_open && record.has_saver && !unit.is_committed &&
           record.is_in_transaction;
  }

  const Round& round_;
  const RoundTrace& trace_;
  bool was_aborted_ = false;  // the transaction, before the step
  std::vector<Unit> units_;
};

}  // namespace

// Excuse: ReadUnits.
// A client that died alone held its locks until then, also against what began
// after its last answer.
RoundUnits ReadUnits(const RoundView& view,
                     const std::optional<DeathOfOne>& death) {
  RoundUnits all;
  for (const std::vector<std::size_t>& program : Programs(view.round())) {
    if (program.empty()) continue;
    const int client = view.step(program.front()).client;
    all.push_back(UnitReader(view.round(), view.trace()).Read(client, program));
    if (!death.has_value() || client != death->client) continue;
    for (Unit& unit : all.back()) {
      unit.ended_at = std::min(unit.ended_at, death->at);
    }
  }
  return all;
}

}  // namespace lastcommit
