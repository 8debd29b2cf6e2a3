#include "oracle/round_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace lastcommit {

RoundView::RoundView(const Round& round, const RoundTrace& trace)
    : round_(round), trace_(trace), previous_(round.steps.size()) {
  for (const std::vector<std::size_t>& program : Programs(round_)) {
    for (std::size_t n = 1; n < program.size(); ++n) {
      previous_[program[n]] = program[n - 1];
    }
  }
}

bool RoundView::HasReturned(std::size_t i) const {
  return lastcommit::HasReturned(record(i));
}

Outcome RoundView::Found(std::size_t i) const {
  return {Code(i), record(i).value};
}

Mark RoundView::AcknowledgedAt(std::size_t i) const {
  return HasReturned(i) && Found(i).code == absl::StatusCode::kOk
             ? std::min(record(i).acknowledged_at, record(i).returned_at)
             : record(i).acknowledged_at;
}

std::int64_t RoundView::ErrorsIn(std::size_t i) const {
  const std::int64_t before =
      previous_[i].has_value() ? record(*previous_[i]).errors : 0;
  return record(i).errors - before;
}

bool RoundView::HadSaver(std::size_t i) const {
  return previous_[i].has_value() && record(*previous_[i]).has_saver;
}

bool RoundView::WasAborted(std::size_t i) const {
  return previous_[i].has_value() && record(*previous_[i]).is_aborted;
}

// Excuse: HadNoSaver.
bool RoundView::HadNoSaver(std::size_t i) const {
  const StepKind kind = round_.steps[i].kind;
  return previous_[i].has_value() && !HadSaver(i) &&
         kind != StepKind::kReopen && kind != StepKind::kClose;
}

std::string RoundView::Say(std::size_t i) const {
  return absl::StrCat("step ", i, " (", std::string(NameOf(round_.steps[i])),
                      ")");
}

}  // namespace lastcommit
