// RoundView: a round together with its trace. It says what each step answered
// and which step its client had made before it.

#ifndef LASTCOMMIT_ORACLE_ROUND_VIEW_H_
#define LASTCOMMIT_ORACLE_ROUND_VIEW_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "model/reference_model.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

inline absl::StatusCode CodeOf(const StepRecord& record) {
  return static_cast<absl::StatusCode>(record.code);
}

inline bool HasReturned(const StepRecord& record) {
  return record.progress.load(std::memory_order_acquire) == Progress::kReturned;
}

inline bool IsOk(const StepRecord& record) {
  return HasReturned(record) && CodeOf(record) == absl::StatusCode::kOk;
}

inline bool IsOpening(StepKind kind) {
  return kind == StepKind::kOpen || kind == StepKind::kReopen;
}

// Besides the saver's; it is closed in the step.
inline bool HasItsOwnConnection(StepKind kind) {
  return kind == StepKind::kLiveRead || kind == StepKind::kBackup;
}

class RoundView {
 public:
  // Both must outlive it.
  RoundView(const Round& round, const RoundTrace& trace);

  const Round& round() const { return round_; }
  const RoundTrace& trace() const { return trace_; }
  std::size_t steps() const { return round_.steps.size(); }
  const Step& step(std::size_t i) const { return round_.steps[i]; }
  const StepRecord& record(std::size_t i) const { return trace_.records[i]; }

  // Of the same client.
  std::optional<std::size_t> Previous(std::size_t i) const {
    return previous_[i];
  }

  bool HasReturned(std::size_t i) const;
  // The answer of a step that returned.
  Outcome Found(std::size_t i) const;
  absl::StatusCode Code(std::size_t i) const { return CodeOf(record(i)); }
  // When the caller could rely on it.
  Mark AcknowledgedAt(std::size_t i) const;
  // How many were injected since the client's step before; they are counted up.
  std::int64_t ErrorsIn(std::size_t i) const;
  // What the client's step before had left.
  bool HadSaver(std::size_t i) const;
  bool WasAborted(std::size_t i) const;
  // The driver answers itself, which says nothing of the database although a
  // saver may give the same answer.
  bool HadNoSaver(std::size_t i) const;

  // For people: "step 3 (commit)".
  std::string Say(std::size_t i) const;

 private:
  const Round& round_;
  const RoundTrace& trace_;
  std::vector<std::optional<std::size_t>> previous_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ROUND_VIEW_H_
