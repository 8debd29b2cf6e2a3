#include "oracle/script_reads.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "oracle/round_view.h"

namespace lastcommit {
namespace {

std::size_t SeenOf(const Step& step) {
  return IsChange(step.kind) ? step.operation.spec->seen : 0;
}

// The newest commit that a step had acknowledged before that moment.
std::int64_t AcknowledgedBefore(Mark mark, const Round& round,
                                const RoundTrace& trace, std::int64_t base) {
  std::int64_t newest = base;
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const StepRecord& record = trace.records[i];
    const bool commits =
        IsChange(round.steps[i].kind) && !record.is_in_transaction;
    if (commits && IsOk(record) && record.returned_at < mark) {
      newest = std::max(newest, record.attempted);
    }
  }
  return newest;
}

}  // namespace

Round AsItRan(const Round& round, const RoundTrace& trace) {
  Round ran = round;
  for (std::size_t i = 0; i < ran.steps.size(); ++i) {
    Operation& operation = ran.steps[i].operation;
    const std::size_t count = SeenOf(ran.steps[i]);
    for (std::size_t k = 0; k < count; ++k) {
      operation.values[operation.spec->first_seen + k] =
          trace.records[i].seen[k];
    }
  }
  return ran;
}

// Rule: JudgeSeenReads.
// A read sees every commit that was there when it began
// (https://sqlite.org/isolation.html).
Verdict JudgeSeenReads(const Round& round, const RoundTrace& trace,
                       std::int64_t base) {
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    const std::size_t count = SeenOf(round.steps[i]);
    if (count == 0) continue;
    const StepRecord& record = trace.records[i];
    const std::int64_t newest =
        AcknowledgedBefore(record.intended_at, round, trace, base);
    for (std::size_t k = 0; k < count; ++k) {
      const std::int64_t seen = record.seen[k] - 1;
      if (seen < 0 || seen >= newest) continue;
      return Verdict::Violated(
          ViolationClass::kWrongAnswer,
          absl::StrCat("step ", i, " (", std::string(NameOf(round.steps[i])),
                       ") read at cut ", seen,
                       " before its transaction, when cut ", newest,
                       " had been acknowledged"));
    }
  }
  return Verdict::Held();
}

// Rule: JudgeInvariants.
Verdict JudgeInvariants(const Round& round, const RoundTrace& trace) {
  for (std::size_t i = 0; i < round.steps.size(); ++i) {
    if (!IsOk(trace.records[i]) || !trace.records[i].breaks_invariant) continue;
    return Verdict::Violated(
        ViolationClass::kBrokenInvariant,
        absl::StrCat("step ", i, " (", std::string(NameOf(round.steps[i])),
                     ") read ",
                     trace.message_step == i + 1
                         ? absl::CHexEscape(trace.message)
                         : std::string("rows that break an invariant")));
  }
  return Verdict::Held();
}

}  // namespace lastcommit
